//! Faults in files that people write: rules, policies, configuration.
//!
//! Such a fault names its file, line and column and says what to do, since the
//! person reading it is looking at that file.

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

/// Why a file that somebody names cannot be read, in words and with what to do.
pub fn unread(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => "there is no such file: see how it is spelt, and from which folder".to_owned(),
        ErrorKind::PermissionDenied => "this user may not read it: let its owner grant that".to_owned(),
        ErrorKind::IsADirectory => "it is a folder: name a file in it".to_owned(),
        ErrorKind::InvalidData => "it is not in UTF-8: save it so".to_owned(),
        _ => format!("it cannot be read: {error}"),
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
