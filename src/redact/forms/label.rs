//! The key in front of a `:` or `=` that no quotes enclose.

use super::lines::{trim, trim_of};
use std::ops::Range;

/// How far a key is looked for.
const REACH: usize = 72;
const LONGEST_KEY: usize = 48;
const MOST_WORDS: usize = 4;

/// A key, and whether something other than running text stands before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) range: Range<usize>,
    pub(super) delimited: bool,
}

/// The key that ends at `end` and begins not before `floor`, which is a delimiter or
/// only the beginning of another field's value.
pub(super) fn before(text: &str, floor: usize, floor_delimits: bool, end: usize) -> Option<Label> {
    let mut from = floor.max(end.saturating_sub(REACH));
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let range = without_parenthesis(text, clean(text, from..end));
    let part = text.get(range.clone())?;
    let delimiter = last_delimiter(part);
    let start = range.start + delimiter.unwrap_or(0);
    let delimited = delimiter.is_some() || (floor_delimits && from == floor);
    let range = without_number(text, clean(text, start..range.end));
    let words = text.get(range.clone())?.split_whitespace().count();
    let label = if delimited && words <= MOST_WORDS {
        Label { range, delimited }
    } else {
        Label { range: last_word(text, range), delimited: false }
    };
    is_key(text.get(label.range.clone())?).then_some(label)
}

/// The words at the end of a key of several words, longest first: in `Patient Home
/// Phone`, `Home Phone` and `Phone`.
pub(super) fn endings(text: &str, key: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let part = text.get(key.clone()).unwrap_or_default();
    let (start, end) = (key.start, key.end);
    part.match_indices(' ').take(MOST_WORDS).map(move |(space, _)| start + space + 1..end)
}

pub(super) fn is_key(key: &str) -> bool {
    key.len() <= LONGEST_KEY
        && key.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '$' | '@'))
        && key.chars().filter(|c| c.is_alphabetic()).nth(1).is_some()
}

/// Without white space, list marks and emphasis around it.
fn clean(text: &str, range: Range<usize>) -> Range<usize> {
    let marks = |c: char| {
        c.is_whitespace() || matches!(c, '*' | '_' | '`' | '#' | '>' | '-' | '+' | '•' | '–' | '"' | '\'')
    };
    let end = trim_of(text, range.clone(), marks).end.max(range.start);
    let start = trim_of(text, range.start..end, |c| marks(c) && c != '_').start;
    start..end
}

fn without_parenthesis(text: &str, range: Range<usize>) -> Range<usize> {
    let part = text.get(range.clone()).unwrap_or_default();
    let open = if part.ends_with(')') { part.rfind('(') } else { None };
    open.map_or(range.clone(), |open| trim(text, range.start..range.start + open))
}

/// `3. Name` and `2) Name` are numbered items.
fn without_number(text: &str, range: Range<usize>) -> Range<usize> {
    let part = text.get(range.clone()).unwrap_or_default();
    let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = rest.len() < part.len() && rest.starts_with(['.', ')', ' ']);
    if numbered { clean(text, range.end - rest.len() + 1..range.end) } else { range }
}

/// Behind the last character that no key has in it.
fn last_delimiter(part: &str) -> Option<usize> {
    const ONE: &[u8] = b",;|{}[]()&?\t<>=:\"";
    const TWO: [&str; 6] = ["  ", ". ", "? ", "! ", "- ", "– "];
    let ends = |at: &usize| {
        let head = part.as_bytes().get(..*at).unwrap_or_default();
        let one = head.last().is_some_and(|last| ONE.contains(last));
        one || TWO.iter().any(|two| head.ends_with(two.as_bytes()))
    };
    (1..=part.len()).rev().find(ends)
}

fn last_word(text: &str, range: Range<usize>) -> Range<usize> {
    let part = text.get(range.clone()).unwrap_or_default();
    let space = part.char_indices().rev().find(|(_, c)| c.is_whitespace());
    range.start + space.map_or(0, |(at, c)| at + c.len_utf8())..range.end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_short_and_stands_behind_a_delimiter() {
        for (text, key, delimited) in [
            ("Patient name", "Patient name", true),
            ("**SSN**", "SSN", true),
            ("- **Date of Birth", "Date of Birth", true),
            ("3. Name", "Name", true),
            ("### Name", "Name", true),
            ("Name (legal)", "Name", true),
            ("x, ssn", "ssn", true),
            ("(SSN", "SSN", true),
            ("seen today. SSN", "SSN", true),
            ("Zoë Müller    Straße", "Straße", true),
            ("_ssn", "_ssn", true),
            ("one two three four five SSN", "SSN", false),
        ] {
            let found = before(text, 0, true, text.len());
            let found = found.map(|label| (&text[label.range], label.delimited));
            assert_eq!(found, Some((key, delimited)), "{text}");
        }
        for text in ["10", "", "   ", "a", "**", "12:30", "\u{1f600}"] {
            assert_eq!(before(text, 0, true, text.len()), None, "{text}");
        }
    }

    #[test]
    fn behind_another_value_only_the_last_word_is_sure() {
        let text = "Ann Lee DOB";
        let label = before(text, 0, false, text.len()).unwrap();
        assert_eq!((&text[label.range], label.delimited), ("DOB", false));
    }

    #[test]
    fn the_endings_of_a_long_key() {
        let text = "Patient Home Phone";
        let found: Vec<&str> = endings(text, &(0..text.len())).map(|range| &text[range]).collect();
        assert_eq!(found, ["Home Phone", "Phone"]);
    }
}
