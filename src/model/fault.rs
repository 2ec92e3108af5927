//! Faults in files that people write: rules, policies, configuration.
//!
//! Such a fault names its file, line and column and says what to do, since the
//! person reading it is looking at that file.

use serde::de::DeserializeOwned;
use std::fmt;

/// A fault in a source file. `line` and `column` count from 1; both are 0 when
/// the fault concerns the file as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFault {
    pub file: String,
    pub line: u64,
    pub column: u64,
    pub message: String,
}

impl SourceFault {
    pub fn whole(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: 0, column: 0, message: message.into() }
    }

    /// A fault at the place where `spanned` was read.
    pub fn at<T>(file: &str, spanned: &serde_saphyr::Spanned<T>, message: impl Into<String>) -> Self {
        let place = spanned.referenced;
        Self { file: file.to_owned(), line: place.line(), column: place.column(), message: message.into() }
    }
}

/// Where a rule is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    pub file: String,
    pub line: u64,
}

impl Origin {
    pub fn of<T>(file: &str, spanned: &serde_saphyr::Spanned<T>) -> Self {
        Self { file: file.to_owned(), line: spanned.referenced.line() }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}", self.file),
        }
    }
}

impl fmt::Display for SourceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}:{}: {}", self.file, self.column, self.message),
        }
    }
}

impl std::error::Error for SourceFault {}

/// Reads one YAML document. Unknown members are refused where `T` denies them:
/// a misspelt rule must not be a rule that silently does nothing.
pub fn read_yaml<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, SourceFault> {
    serde_saphyr::from_str(text).map_err(|error| {
        let (line, column) = error.location().map_or((0, 0), |place| (place.line(), place.column()));
        SourceFault { file: file.to_owned(), line, column, message: plain_message(&error) }
    })
}

/// The parser's message without its own rendering of the place or a source excerpt.
fn plain_message(error: &serde_saphyr::Error) -> String {
    let text = error.without_snippet().to_string();
    let first = text.lines().next().unwrap_or_default();
    first.split(" at line ").next().unwrap_or(first).to_owned()
}
