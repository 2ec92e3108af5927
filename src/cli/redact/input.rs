//! What stands on standard input: one JSON document, one that breaks off, or text.

use anyhow::{Context as _, bail};
use serde::de::IgnoredAny;
use serde_json::Value;
use std::io::Read as _;

/// More than this is not taken.
const MOST_BYTES: usize = 256 << 20;

pub(super) enum Form {
    Json(Value),
    /// It begins as JSON does, and this is why it is none.
    Broken(String),
    /// JSON lines too: they are read as text that holds JSON.
    Text,
}

/// # Errors
/// Where there is nothing to filter, or too much.
pub(super) fn read() -> anyhow::Result<Vec<u8>> {
    let mut input = Vec::new();
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    std::io::stdin().take(most).read_to_end(&mut input).context("read standard input")?;
    if input.iter().all(u8::is_ascii_whitespace) {
        bail!(
            "standard input is empty: give it a tool's result or a text, such as `… | portcullis redact …`"
        );
    }
    if input.len() > MOST_BYTES {
        bail!("standard input has more than {} MiB: split it", MOST_BYTES >> 20);
    }
    Ok(input)
}

impl Form {
    pub(super) fn of(text: &str) -> Self {
        let text = text.trim_end();
        let fault = match serde_json::from_str(text) {
            Ok(document) => return Self::Json(document),
            Err(fault) => fault,
        };
        let lines = || {
            serde_json::Deserializer::from_str(text)
                .into_iter::<IgnoredAny>()
                .all(|document| document.is_ok())
        };
        if !text.trim_start().starts_with(['{', '[']) || lines() {
            return Self::Text;
        }
        Self::Broken(if fault.is_eof() {
            format!("not JSON: it breaks off after byte {} ({fault})", text.len())
        } else {
            format!("not JSON at byte {} ({fault})", byte(text, fault.line(), fault.column()))
        })
    }
}

/// Which byte a line and column are; all of them count from 1.
fn byte(text: &str, line: usize, column: usize) -> usize {
    let before = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    before + column
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_told_by_its_form() {
        let broken = |text: &str| match Form::of(text) {
            Form::Broken(why) => why,
            Form::Json(_) => "JSON".to_owned(),
            Form::Text => "text".to_owned(),
        };
        assert_eq!(broken(" {\"a\": 1}\n"), "JSON");
        assert_eq!(broken("{\"a\": 1}\n{\"a\": 2}\n"), "text");
        assert_eq!(broken("[note] all is well").split(" (").next(), Some("not JSON at byte 3"));
        assert_eq!(broken("Ann Lee"), "text");
        let cut = broken("{\"a\": 1,\n\"b\": x}");
        assert!(cut.starts_with("not JSON at byte 15 (expected value at line 2"), "{cut}");
        assert!(broken("{\"a\": \"b\n").starts_with("not JSON: it breaks off after byte 8 (EOF while"));
    }
}
