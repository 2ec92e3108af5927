//! Annotated texts, a JSON object a line.

use anyhow::{Context as _, anyhow};
use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::path::Path;

/// `{"id", "text", "spans": [[start, end, TYPE, …]]}`; offsets count Unicode code points.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::cli) struct Record {
    pub(in crate::cli) id: Value,
    #[serde(default)]
    pub(in crate::cli) text: String,
    #[serde(default)]
    pub(in crate::cli) spans: Vec<Span>,
}

/// What a line must have, besides.
#[derive(Deserialize)]
struct Line {
    spans: Option<IgnoredAny>,
    /// Why a text was refused, in the place of spans.
    error: Option<IgnoredAny>,
}

/// A part of a text; what follows the type in the array is left unread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Span {
    pub(in crate::cli) start: usize,
    pub(in crate::cli) end: usize,
    pub(in crate::cli) kind: String,
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parts: Vec<Value> = Deserialize::deserialize(deserializer)?;
        let place = |at: usize| parts.get(at)?.as_u64().and_then(|place| usize::try_from(place).ok());
        let kind = parts.get(2).and_then(Value::as_str);
        match (place(0), place(1), kind) {
            (Some(start), Some(end), Some(kind)) if start <= end => {
                Ok(Self { start, end, kind: kind.to_owned() })
            }
            _ => Err(D::Error::custom("a span is [start, end, \"TYPE\"]")),
        }
    }
}

impl Span {
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The share of what both cover in what either covers.
    #[allow(clippy::cast_precision_loss, reason = "texts are far shorter than 2^52")]
    pub(super) fn together(&self, other: &Self) -> f64 {
        if !self.overlaps(other) {
            return 0.0;
        }
        let both = self.end.min(other.end) - self.start.max(other.start);
        let either = self.end.max(other.end) - self.start.min(other.start);
        both as f64 / either as f64
    }
}

/// # Errors
/// When the file cannot be read, or with the line that is no record.
pub(in crate::cli) fn read(path: &Path) -> anyhow::Result<Vec<Record>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            let wanted = r#"expected {"id": …, "text": …, "spans": [[start, end, "TYPE"]]}"#;
            let record = serde_json::from_str(line).and_then(|record: Record| {
                let Line { spans, error } = serde_json::from_str(line)?;
                spans.or(error).map(|_| record).ok_or_else(|| serde_json::Error::missing_field("spans"))
            });
            record.map_err(|error| anyhow!("{}:{}: {wanted}: {error}", path.display(), number + 1))
        })
        .collect()
}
