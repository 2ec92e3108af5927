//! `portcullis redact --explain`: what became of each value, by which rule, and which scope
//! would release it.

use crate::model::scope::Scopes;
use crate::redact::plan::Detection;
use crate::redact::tools::{Detected, Explained, Fate, ToolRules, explain};
use serde_json::Value;
use std::collections::HashSet;
use std::fmt::Write as _;

/// A table with a line for each value, or for values beside each other that fare alike.
/// Empty for text that is no JSON.
pub(super) fn table(
    tool: Option<&ToolRules>,
    scopes: &Scopes,
    detection: Option<&Detection>,
    input: &[u8],
    filtered: &Result<Option<String>, &'static str>,
) -> String {
    let Ok(output) = filtered else { return String::new() };
    let output = output.as_deref().unwrap_or("null");
    let Ok(input) = serde_json::from_slice::<Value>(input) else { return String::new() };
    let structure = |value: Value| value.get("structuredContent").cloned().unwrap_or(value);
    let (input, output) = (structure(input), structure(serde_json::from_str(output).unwrap_or_default()));
    let mut shown = HashSet::new();
    strings(&output, &mut shown);
    let lines = explain(tool, scopes, detection, &input);
    let width = lines.iter().map(|line| line.path.chars().count()).max().unwrap_or_default().min(48);
    let mut out = String::new();
    for line in &lines {
        let (fate, why) = words(line, &input, &shown);
        let values = if line.values > 1 { format!(" ({} values)", line.values) } else { String::new() };
        let _ = writeln!(out, "  {:<width$}  {fate:<9} {why}{values}", line.path);
    }
    out
}

fn words(line: &Explained, input: &Value, shown: &HashSet<String>) -> (String, String) {
    match &line.fate {
        Fate::Released { scope, origin } => {
            let by = match (scope, origin) {
                (_, None) => "no detector acts on it".to_owned(),
                (None, Some(origin)) => format!("for every caller  {origin}"),
                (Some(scope), Some(origin)) => format!("for {scope}  {origin}"),
            };
            // What the detectors let pass and is not there all the same was changed for what
            // stands elsewhere in the result.
            let mut before = HashSet::new();
            let pointer = line.path.trim_start_matches('$');
            strings(at(input, pointer).unwrap_or(&Value::Null), &mut before);
            if before.is_subset(shown) {
                ("released".into(), by)
            } else {
                let why = "something in it: a hidden spelling, JSON or a key of its own, or a name that \
                           another value gives";
                ("changed".into(), why.to_owned())
            }
        }
        Fate::Withheld { by } if by.is_empty() => ("dropped".into(), "no scope releases it".into()),
        Fate::Withheld { by } => {
            let scopes: Vec<&str> = by.iter().map(String::as_str).collect();
            ("dropped".into(), format!("{} would release it", scopes.join(" or ")))
        }
        Fate::Redacted { operator, rule, origin } => ((*operator).into(), format!("by {rule}  {origin}")),
        Fate::Detected(found) => {
            let operators: HashSet<&str> = found.iter().map(|found| found.operator).collect();
            let operator =
                if operators.len() == 1 { operators.into_iter().collect() } else { "several".to_owned() };
            (operator, found.iter().map(detected).collect::<Vec<_>>().join("; "))
        }
    }
}

fn detected(found: &Detected) -> String {
    let how = if found.by_key { "its key" } else { "its shape" };
    format!("{} by {how}, {}  {}", found.entity, found.rule, found.file)
}

/// The value at a path as [`explain`] writes it.
fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let mut at = value;
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix('.') {
            let end = tail.find(['.', '[']).unwrap_or(tail.len());
            at = at.get(tail.get(..end)?)?;
            rest = tail.get(end..)?;
        } else {
            let tail = rest.strip_prefix('[')?;
            let mut read = serde_json::Deserializer::from_str(tail).into_iter::<Value>();
            at = match read.next()?.ok()? {
                Value::String(name) => at.get(name)?,
                index => at.get(usize::try_from(index.as_u64()?).ok()?)?,
            };
            rest = tail.get(read.byte_offset() + 1..)?;
        }
    }
    Some(at)
}

fn strings(value: &Value, found: &mut HashSet<String>) {
    match value {
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Array(elements) => elements.iter().for_each(|element| strings(element, found)),
        Value::Object(members) => members.values().for_each(|member| strings(member, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
