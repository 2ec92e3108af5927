//! Text blocks. Servers repeat their structured result as text, so JSON in text
//! gets the same plan: as one document, as JSON lines, in fenced blocks, or in the
//! form that Python prints.

use crate::redact::Blocked;
use crate::redact::apply;
use crate::redact::literal;
use crate::redact::places::Places;
use crate::redact::plan::{Plan, TextMode};
use crate::redact::run::Run;
use crate::redact::walk;
use std::borrow::Cow;

pub(crate) fn filter(
    plan: &Plan,
    run: &mut Run,
    places: &mut Places,
    text: &str,
) -> Result<Option<String>, Blocked> {
    if plan.text == TextMode::Drop {
        run.withheld();
        return Ok(None);
    }
    if let Some(filtered) = whole(plan, run, places, text)? {
        return Ok(filtered);
    }
    if let Some(filtered) = lines(plan, run, places, text)? {
        return Ok(filtered);
    }
    fenced(plan, run, places, text)
}

/// The text is one JSON document. `None` if it is not JSON.
fn whole(
    plan: &Plan,
    run: &mut Run,
    places: &mut Places,
    text: &str,
) -> Result<Option<Option<String>>, Blocked> {
    if !text.trim_start().starts_with(['{', '[', '(']) {
        return Ok(None);
    }
    match walk::filter(plan, run, places, text.as_bytes()) {
        Ok(filtered) => Ok(Some(filtered.map(Cow::into_owned))),
        Err(Blocked::Syntax) => literal(plan, run, places, text),
        Err(bound) => Err(bound),
    }
}

/// The text is a Python literal; what is left of it is shown as JSON.
fn literal(
    plan: &Plan,
    run: &mut Run,
    places: &mut Places,
    text: &str,
) -> Result<Option<Option<String>>, Blocked> {
    let Some(json) = literal::to_json(text) else { return Ok(None) };
    match walk::filter(plan, run, places, json.as_bytes()) {
        Ok(filtered) => Ok(Some(filtered.map(Cow::into_owned))),
        // Python reads `[2024-01-05]`; JSON does not. Not `whole` again: it would end here.
        Err(Blocked::Syntax) => Ok(None),
        Err(bound) => Err(bound),
    }
}

/// Every line that is not blank is a JSON document (JSON lines).
fn lines(
    plan: &Plan,
    run: &mut Run,
    places: &mut Places,
    text: &str,
) -> Result<Option<Option<String>>, Blocked> {
    let documents = || text.lines().filter(|line| !line.trim().is_empty());
    if documents().count() < 2 || !documents().all(|line| line.trim_start().starts_with(['{', '['])) {
        return Ok(None);
    }
    let mut kept = Vec::new();
    for line in documents() {
        match whole(plan, run, places, line)? {
            Some(filtered) => kept.extend(filtered),
            None => return Ok(None),
        }
    }
    Ok(Some((!kept.is_empty()).then(|| kept.join("\n"))))
}

/// Text with fenced blocks: JSON in a fence is filtered, the rest is prose.
fn fenced(plan: &Plan, run: &mut Run, places: &mut Places, text: &str) -> Result<Option<String>, Blocked> {
    const FENCE: &str = "```";
    let mut out = String::with_capacity(text.len());
    let mut shown = false;
    for (position, part) in text.split(FENCE).enumerate() {
        if position > 0 {
            out.push_str(FENCE);
        }
        let (language, body) =
            if position % 2 == 1 { part.split_once('\n').unwrap_or(("", part)) } else { ("", part) };
        let filtered = if position % 2 == 1 { whole(plan, run, places, body)? } else { None };
        match filtered.unwrap_or_else(|| prose(plan, run, body)) {
            Some(text) => {
                shown |= !text.trim().is_empty();
                if !language.is_empty() {
                    out.push_str(language);
                    out.push('\n');
                }
                out.push_str(&text);
                if part.ends_with('\n') && !text.ends_with('\n') {
                    out.push('\n');
                }
            }
            None => out.push_str(super::REDACTED),
        }
    }
    Ok(shown.then_some(out))
}

/// Text without structure stands for the whole document: no path can tell its
/// parts apart, so it is shown only where the whole is released.
fn prose(plan: &Plan, run: &mut Run, text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return Some(text.to_owned());
    }
    if plan.releases_root || plan.text == TextMode::Detect {
        return Some(apply::prose(plan, run, text));
    }
    run.withheld();
    None
}
