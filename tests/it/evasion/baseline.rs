//! What gateways in common use do to a result: patterns over its serialised text. The
//! patterns are the usual ones, generously read.

use regex::Regex;
use std::sync::LazyLock;

static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"\b\d{3}[- ]\d{2}[- ]\d{4}\b",
        r"\b(?:\d[ -]?){12,18}\d\b",
        r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\b",
        r"(?:\+?1[-. ]?)?\(?\b\d{3}\)?[-. ]?\d{3}[-. ]?\d{4}\b",
        r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,4})?\b",
        r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36,}|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?",
        r"(?i)\b(?:dob|date of birth|born(?: on)?)\b\W{0,3}\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}",
        r"(?i)\b(?:mrn|medical record(?: number)?)\b\W{0,3}[A-Z0-9-]{5,12}",
    ]
    .iter()
    .map(|pattern| Regex::new(pattern).unwrap())
    .collect()
});

pub(crate) fn mask(text: &str) -> String {
    PATTERNS
        .iter()
        .fold(text.to_owned(), |text, pattern| pattern.replace_all(&text, "[REDACTED]").into_owned())
}
