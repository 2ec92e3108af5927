//! Text blocks. Servers repeat their structured result as text, so JSON in text
//! gets the same plan: as one document, as JSON lines, in fenced blocks, amid other text,
//! or in the form that Python prints.

use crate::redact::Blocked;
use crate::redact::apply;
use crate::redact::forms;
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
    match walk::filter(plan, run, places, text) {
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
    match walk::filter(plan, run, places, &json) {
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
        let filtered = match filtered {
            Some(filtered) => filtered,
            None => mixed(plan, run, places, body)?,
        };
        match filtered {
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

/// Text with JSON in it: the JSON is filtered like a structure, the rest is prose.
fn mixed(plan: &Plan, run: &mut Run, places: &mut Places, text: &str) -> Result<Option<String>, Blocked> {
    let (mut around, mut documents, mut end) = (String::with_capacity(text.len()), Vec::new(), 0);
    for span in forms::embedded_json(text) {
        let Some(stand_in) = stand_in(documents.len()) else { return Err(Blocked::TooMany) };
        let Some(filtered) = whole(plan, run, places, text.get(span.clone()).unwrap_or_default())? else {
            continue;
        };
        around.extend(text.get(end..span.start).unwrap_or_default().chars().filter(|c| !is_stand_in(*c)));
        around.push(stand_in);
        documents.push(filtered);
        end = span.end;
    }
    if documents.is_empty() {
        return Ok(prose(plan, run, text));
    }
    around.extend(text.get(end..).unwrap_or_default().chars().filter(|c| !is_stand_in(*c)));
    let says_more = |c: char| !c.is_whitespace() && !is_stand_in(c);
    let around = if around.contains(says_more) {
        prose(plan, run, &around).unwrap_or_else(|| withheld(&around))
    } else {
        around
    };
    let shown =
        documents.iter().any(Option::is_some) || around.replace(super::REDACTED, "").contains(says_more);
    Ok(shown.then(|| filled(&around, &documents)))
}

/// The letter that stands for a document while the text around it is read in one piece,
/// so that a key before it still holds behind it. They are for private use and mean
/// nothing; what the text has of them is left out.
fn stand_in(number: usize) -> Option<char> {
    let letter =
        u32::try_from(number).ok().and_then(|number| char::from_u32(0xf_0000_u32.checked_add(number)?));
    letter.filter(|letter| is_stand_in(*letter))
}

fn is_stand_in(letter: char) -> bool {
    ('\u{f0000}'..='\u{10ffff}').contains(&letter)
}

/// Documents alone, with a mark for each text between them.
fn withheld(around: &str) -> String {
    let mut out = String::new();
    for part in around.split_inclusive(is_stand_in) {
        let text = part.trim_end_matches(is_stand_in);
        out.push_str(if text.trim().is_empty() { text } else { super::REDACTED });
        out.push_str(part.get(text.len()..).unwrap_or_default());
    }
    out
}

/// Puts the documents where they stood. One that a finding covers is gone with it.
fn filled(around: &str, documents: &[Option<String>]) -> String {
    let mut out = String::with_capacity(around.len());
    for letter in around.chars() {
        let number = u32::from(letter).checked_sub(0xf_0000).and_then(|number| usize::try_from(number).ok());
        match number.and_then(|number| documents.get(number)) {
            Some(document) => out.push_str(document.as_deref().unwrap_or(super::REDACTED)),
            None => out.push(letter),
        }
    }
    out
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
