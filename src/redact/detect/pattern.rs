//! The regular expression of a rule. It is compiled when a text first asks for it: of all that
//! ship, a process that reads a few texts asks for few.

use crate::redact::detect::narrow;
use crate::redact::detect::need::Need;
use regex::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::Hir;
use std::sync::{Arc, OnceLock};

/// What is written may not compile to more than this.
const MAX_BYTES: usize = 1 << 20;
/// What the lazy DFA may hold; Unicode classes need more than the default.
const MAX_CACHE_BYTES: usize = 1 << 24;

/// Clones are one expression, and compile it once.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    written: String,
    /// None if it does not parse.
    syntax: Option<Hir>,
    need: OnceLock<Need>,
    /// None inside if it does not compile.
    any: OnceLock<Option<Regex>>,
    ascii: OnceLock<Option<Regex>>,
}

impl Pattern {
    pub(super) fn new(written: &str) -> Self {
        let written = in_ascii(written);
        let syntax = ParserBuilder::new().ignore_whitespace(true).build().parse(&written).ok();
        let (need, any, ascii) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Self(Arc::new(Compiled { written, syntax, need, any, ascii }))
    }

    /// Compiles it now, for any text.
    ///
    /// # Errors
    /// When it is no regular expression, or one too large: why.
    pub(super) fn compile(&self) -> Result<(), String> {
        if let Some(Some(_)) = self.0.any.get() {
            return Ok(());
        }
        let built = build(&self.0.written).map_err(|error| {
            let text = error.to_string();
            text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        })?;
        self.0.any.get_or_init(|| Some(built));
        Ok(())
    }

    /// As it is compiled.
    pub(super) fn as_str(&self) -> &str {
        &self.0.written
    }

    /// As it was parsed. None if it does not parse.
    pub(super) fn syntax(&self) -> Option<&Hir> {
        self.0.syntax.as_ref()
    }

    /// What a text must have for it to match.
    pub(super) fn need(&self) -> &Need {
        self.0.need.get_or_init(|| self.syntax().map_or_else(Need::anything, Need::of))
    }

    /// What to search any text with. None if it does not compile.
    pub(crate) fn on_any(&self) -> Option<&Regex> {
        self.0.any.get_or_init(|| build(&self.0.written).ok()).as_ref()
    }

    /// What to search ASCII text with.
    pub(super) fn on_ascii(&self) -> Option<&Regex> {
        let narrow = self.0.ascii.get_or_init(|| self.syntax().and_then(narrow::pattern)).as_ref();
        narrow.or_else(|| self.on_any())
    }

    /// What does not compile could be in any text.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.on_any().is_none_or(|regex| regex.is_match(text))
    }
}

fn build(written: &str) -> Result<Regex, regex::Error> {
    let mut builder = RegexBuilder::new(written);
    builder.size_limit(MAX_BYTES).dfa_size_limit(MAX_CACHE_BYTES).ignore_whitespace(true).build()
}

/// Patterns see folded text, where digits are ASCII and what is not is a letter or a sign:
/// so `\d` and `\b` are taken in ASCII. In full Unicode they cost hundreds of states, and
/// at the first letter beyond ASCII a `\b` would send the search to a far slower engine.
pub(super) fn in_ascii(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, false) => out.push(c),
            (_, true) => match chars.next() {
                Some('d') => out.push_str("[0-9]"),
                Some('b') => out.push_str(r"(?-u:\b)"),
                other => {
                    out.push(c);
                    out.extend(other);
                }
            },
        }
    }
    out
}
