//! `portcullis redact --explain`: what became of each value, by which rule, and which scope
//! would release it.

use super::input::Form;
use super::{Whose, is_tool_result};
use crate::cli::counted;
use crate::model::trail::Filtered;
use crate::redact::plan::Plan;
use crate::redact::tools::{Detected, Explained, Fate, explain};
use serde_json::Value;
use std::collections::HashSet;
use std::fmt::Write as _;

/// A table with a line for each value, or for values beside each other that fare alike; then
/// how many fared how, and which rules acted.
pub(super) fn explained(
    whose: &Whose<'_>,
    plan: &Plan,
    form: &Form,
    output: Option<&str>,
    report: &Filtered,
) -> String {
    let mut out = match form {
        Form::Json(document) => table(whose, plan, document, output).unwrap_or_else(|| {
            "the result holds text and no JSON: there are no values to tell apart\n".to_owned()
        }),
        Form::Broken(fault) => format!("{fault}: it is read as text\n"),
        Form::Text => "it is text and no JSON document: there are no values to tell apart\n".to_owned(),
    };
    for action in &report.actions {
        let entity = action.entity.as_ref().map(|entity| format!(" {entity}")).unwrap_or_default();
        let _ = writeln!(out, "  {:>5} × {}{entity} by {}", action.count, action.operator, action.rule);
    }
    // They are counted whatever is released of them.
    if report.subjects > 0 {
        let subjects = counted(report.subjects, "data subject counts", "data subjects count");
        let _ = writeln!(out, "{subjects} against the caller's budget");
    }
    out
}

fn table(whose: &Whose<'_>, plan: &Plan, document: &Value, output: Option<&str>) -> Option<String> {
    let input = structure(document)?;
    let is_blocked = output.is_none();
    let output = serde_json::from_str(output.unwrap_or("null")).ok();
    let output = output.as_ref().and_then(structure).unwrap_or_default();
    let mut shown = HashSet::new();
    strings(&output, &mut shown);
    let lines = explain(whose.tool.map(|(_, tool)| tool), &whose.scopes, plan.detection(), &input);
    let width = lines.iter().map(|line| line.path.chars().count()).max().unwrap_or_default().min(48);
    let mut out = String::new();
    let mut fared = [("unchanged", 0), ("changed", 0), ("dropped", 0)];
    for line in &lines {
        let (fate, why) = words(line, &input, &shown);
        let values = if line.values > 1 { format!(" ({} values)", line.values) } else { String::new() };
        let _ = writeln!(out, "  {:<width$}  {fate:<9} {why}{values}", line.path);
        let [released, changed, dropped] = &mut fared;
        match fate.as_str() {
            _ if is_blocked => dropped.1 += line.values,
            "released" | "keep" => released.1 += line.values,
            "dropped" | "drop" => dropped.1 += line.values,
            // Of values on one line not all need be.
            "changed" => {
                let others = absent(at(&input, line.path.trim_start_matches('$')), &shown).min(line.values);
                changed.1 += others;
                released.1 += line.values - others;
            }
            _ => changed.1 += line.values,
        }
    }
    let all = fared.iter().map(|(_, values)| values).sum();
    let how: Vec<String> = fared.iter().map(|(how, values)| format!("{values} {how}")).collect();
    let _ = writeln!(out, "{}: {}", counted(all, "value", "values"), how.join(", "));
    Some(out)
}

/// What the paths of rules are held against: of a tool's result its structure, or the JSON that
/// is its only text. None if it has neither.
pub(super) fn structure(value: &Value) -> Option<Value> {
    if !is_tool_result(value) {
        return Some(value.clone());
    }
    if let Some(structure) = value.get("structuredContent") {
        return Some(structure.clone());
    }
    let texts = value.get("content")?.as_array()?.iter().filter_map(|block| block.get("text")?.as_str());
    let mut documents = texts.map(serde_json::from_str);
    match (documents.next(), documents.next()) {
        (Some(Ok(document)), None) => Some(document),
        _ => None,
    }
}

/// How many strings of a value are not among those that are shown.
fn absent(value: Option<&Value>, shown: &HashSet<String>) -> usize {
    match value {
        Some(Value::String(text)) => usize::from(!shown.contains(text)),
        Some(Value::Array(elements)) => elements.iter().map(|element| absent(Some(element), shown)).sum(),
        Some(Value::Object(members)) => members.values().map(|member| absent(Some(member), shown)).sum(),
        _ => 0,
    }
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
        Fate::Withheld { by, .. } if by.is_empty() => ("dropped".into(), "no scope releases it".into()),
        Fate::Withheld { by, acts } => {
            let scopes: Vec<&str> = by.iter().map(String::as_str).collect();
            let acts: Vec<&str> = acts.iter().copied().collect();
            let through =
                if acts.is_empty() { String::new() } else { format!(", through {}", acts.join(", ")) };
            ("dropped".into(), format!("{} would release it{through}", scopes.join(" or ")))
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
