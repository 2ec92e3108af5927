//! A pattern with what must stand around a value that begins or ends with a digit: a number
//! within a longer run, a hash or a decimal is not the value. What is not ASCII may stand beside it.

use super::need::kinds;
use crate::redact::class::Class;
use regex_syntax::hir::{Hir, HirKind};
use std::ops::Range;

/// In front of a value that begins with a digit.
const BEFORE: &str = r"(?-u:\A|[\x00-\xFF--[0-9A-Za-z_.\-]]|(?:\A|[\x00-\xFF--[0-9A-Za-z]])[.\-])";
/// Behind a value that ends with one.
const BEHIND: &str = r"(?-u:\z|[\x00-\xFF--[0-9A-Za-z_.\-]]|[.\-](?:\z|[\x00-\xFF--[0-9]]))";

/// Matches in every text in which the pattern matches a value that stands alone.
pub(crate) fn alone(pattern: &Hir) -> Hir {
    // What stands alone is the value, which a group may begin later.
    if pattern.properties().explicit_captures_len() > 0 {
        return pattern.clone();
    }
    let around = |is_digit: bool, around: &str| {
        let mut bytes = regex_syntax::ParserBuilder::new().utf8(false).build();
        let around = if is_digit { bytes.parse(around).ok() } else { None };
        around.unwrap_or_else(Hir::empty)
    };
    Hir::concat(vec![
        around(edge(pattern, End::First).is_digit(), BEFORE),
        pattern.clone(),
        around(edge(pattern, End::Last).is_digit(), BEHIND),
    ])
}

#[derive(Clone, Copy)]
pub(super) enum End {
    First,
    Last,
}

/// What the first or last character of a match may be.
pub(super) struct Edge {
    pub(super) kinds: Class,
    /// There may be none.
    pub(super) empty: bool,
}

impl Edge {
    fn is_digit(&self) -> bool {
        !self.empty && self.kinds == Class::DIGIT
    }
}

pub(super) fn edge(hir: &Hir, end: End) -> Edge {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Edge { kinds: Class::default(), empty: true },
        HirKind::Literal(literal) => {
            let byte = match end {
                End::First => literal.0.first(),
                End::Last => literal.0.last(),
            };
            Edge { kinds: byte.map_or(Class::default(), |byte| Class::byte(*byte)), empty: byte.is_none() }
        }
        HirKind::Class(class) => Edge { kinds: kinds(class), empty: false },
        HirKind::Repetition(repetition) => {
            let sub = edge(&repetition.sub, end);
            Edge { empty: sub.empty || repetition.min == 0, ..sub }
        }
        HirKind::Capture(capture) => edge(&capture.sub, end),
        HirKind::Concat(parts) => match end {
            End::First => outermost(parts.iter(), end),
            End::Last => outermost(parts.iter().rev(), end),
        },
        HirKind::Alternation(choices) => choices.iter().map(|choice| edge(choice, end)).fold(
            Edge { kinds: Class::default(), empty: false },
            |all, next| Edge { kinds: all.kinds.join(next.kinds), empty: all.empty || next.empty },
        ),
    }
}

/// Of parts that follow each other, from the end on.
fn outermost<'h>(parts: impl Iterator<Item = &'h Hir>, end: End) -> Edge {
    let mut all = Edge { kinds: Class::default(), empty: true };
    for part in parts {
        let next = edge(part, end);
        all = Edge { kinds: all.kinds.join(next.kinds), empty: next.empty };
        if !all.empty {
            break;
        }
    }
    all
}

/// A number within a longer run of digits, a hash or a decimal is not the value.
pub(super) fn stands_alone(text: &str, range: &Range<usize>) -> bool {
    let (head, tail) =
        (text.get(..range.start).unwrap_or_default(), text.get(range.end..).unwrap_or_default());
    let inner = text.get(range.clone()).unwrap_or_default();
    let numeric = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    if numeric(inner.chars().next()) {
        let mut before = head.chars().rev();
        let (last, other) = (before.next(), before.next());
        if last.is_some_and(goes_on)
            || (matches!(last, Some('-' | '.')) && other.is_some_and(char::is_alphanumeric))
        {
            return false;
        }
    }
    if numeric(inner.chars().next_back()) {
        let mut after = tail.chars();
        let (next, other) = (after.next(), after.next());
        if next.is_some_and(goes_on) || (matches!(next, Some('-' | '.')) && numeric(other)) {
            return false;
        }
    }
    true
}

/// Whether a number beside this character is part of something longer. A letter of a script that
/// numbers are not spelt with, as in `口座…です`, is of another word, blank or no blank.
fn goes_on(c: char) -> bool {
    const ALPHABETS_END: char = '\u{590}';
    c == '_' || c.is_alphanumeric() && c < ALPHABETS_END
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use regex::Regex;
    use regex::bytes;

    const PATTERNS: [&str; 9] = [
        "[0-9]{3}-[0-9]{2}",
        "[0-9]{2}-?[a-b]?",
        "(?:a|1)[0-9]",
        "a?[0-9]{2}",
        "[0-9]+|ab",
        r"\b[0-9]{2}\b",
        "-?1",
        "1_?",
        r"(?:[0-9]{1,2}\.){2}[0-9]",
    ];

    fn with_context(pattern: &str) -> bytes::Regex {
        bytes::Regex::new(&alone(&regex_syntax::parse(pattern).unwrap()).to_string()).unwrap()
    }

    #[test]
    fn numbers_within_others_are_told() {
        let ssn = with_context("[0-9]{3}-[0-9]{2}");
        for text in ["123-45", "(123-45)", "x: 123-45.", "-123-45", "123-45-x", "é".trim_matches('é')] {
            assert_eq!(ssn.is_match(text.as_bytes()), !text.is_empty(), "{text}");
        }
        for text in
            ["a123-45", "1-123-45", "x.123-45", "123-45a", "123-45-6", "123-45.6", "_123-45", "123-45_"]
        {
            assert!(!ssn.is_match(text.as_bytes()), "{text}");
        }
    }

    proptest! {
        /// It may match more than what stands alone, and never less: wherever any match of the
        /// pattern, at any place and of any length, stands alone, it matches the text.
        #[test]
        fn nothing_that_stands_alone_is_missed(text in r"[0-2ab_. \-]{0,12}") {
            for pattern in PATTERNS {
                let whole = Regex::new(&format!("^(?:{})$", pattern.replace(r"\b", ""))).unwrap();
                let context = with_context(pattern);
                let within = Regex::new(pattern).unwrap();
                let ranges = (0..text.len()).flat_map(|start| (start + 1..=text.len()).map(move |end| start..end));
                let alone = ranges.filter(|range| whole.is_match(&text[range.clone()]));
                // A look at the neighbours is the pattern's own.
                let alone = alone.filter(|range| !pattern.contains(r"\b") || within.find_iter(&text).any(|found| found.range() == *range));
                for range in alone.filter(|range| stands_alone(&text, range)) {
                    prop_assert!(context.is_match(text.as_bytes()), "{pattern}: {range:?} of {text}");
                }
            }
        }
    }

    #[test]
    fn a_number_stands_alone_among_letters_of_scripts_without_blanks() {
        for (text, alone) in [
            ("口座12です", true),
            ("ن12ن", true),
            ("é12", false),
            ("12я", false),
            ("a12", false),
            ("12_", false),
        ] {
            let start = text.find("12").unwrap();
            assert_eq!(stands_alone(text, &(start..start + 2)), alone, "{text}");
        }
    }
}
