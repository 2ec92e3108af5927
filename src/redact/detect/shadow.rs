//! The shadow of a text: one ASCII character for each character, for whatever is not ASCII
//! one that tells its kind. Patterns are first asked of it, since those of Unicode need
//! thousands of states and those of shadows a handful.
//!
//! Patterns are compiled with `\b` and `\d` in ASCII (`detect::rule`), where a letter such as
//! `é` or `は` is no part of a word. So it is in the shadow: what stands for a character
//! outside ASCII is a control character.
//!
//! Invariant: what a pattern matches in a folded text, its shadow matches in the text's shadow.

use crate::redact::detect::narrow::{in_ascii, rewrite};
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind};
use std::sync::LazyLock;

/// The kinds of character that are told apart, the first that fits: as a class, and as what
/// stands for it.
const KINDS: [(&str, char); 5] =
    [(r"\p{Uppercase}", '\u{2}'), (r"\d", '\u{3}'), (r"\w", '\u{4}'), (r"\s", ' '), (r"[\s\S]", '\u{1}')];

/// What matches a letter where case is ignored, and stands in no folded text.
const FOLDED: [char; 2] = ['\u{17f}', '\u{212a}'];

static OUTSIDE_ASCII: LazyLock<Vec<(ClassUnicode, char)>> = LazyLock::new(|| {
    let mut left = ClassUnicode::new([ClassUnicodeRange::new('\u{80}', char::MAX)]);
    left.difference(&ClassUnicode::new(FOLDED.map(|c| ClassUnicodeRange::new(c, c))));
    let kind = |(class, shadow): (&str, char)| {
        let HirKind::Class(Class::Unicode(mut kind)) = regex_syntax::parse(class).ok()?.into_kind() else {
            return None;
        };
        kind.intersect(&left);
        left.difference(&kind);
        Some((kind, shadow))
    };
    KINDS.into_iter().filter_map(kind).collect()
});

/// Every character outside ASCII, in order, by ranges of one kind.
static RANGES: LazyLock<Vec<(char, char, char)>> = LazyLock::new(|| {
    let of = |(class, shadow): &(ClassUnicode, char)| {
        let shadow = *shadow;
        class.iter().map(move |range| (range.start(), range.end(), shadow)).collect::<Vec<_>>()
    };
    let mut ranges: Vec<_> = OUTSIDE_ASCII.iter().flat_map(of).collect();
    ranges.sort_unstable();
    ranges
});

/// Writes the shadow of a text.
pub(super) fn cast(text: &str, shadow: &mut String) {
    shadow.clear();
    shadow.extend(text.chars().map(|c| if c.is_ascii() { c } else { of(c) }));
}

fn of(c: char) -> char {
    let behind = RANGES.partition_point(|(start, ..)| *start <= c);
    let range = behind.checked_sub(1).and_then(|index| RANGES.get(index));
    range.map_or('\u{1}', |(.., shadow)| *shadow)
}

/// A pattern that matches the shadows of what the pattern does, whatever else.
pub(super) fn of_pattern(pattern: &Hir) -> Hir {
    let of_class = |class: &Class| match class {
        Class::Unicode(class) => Class::Unicode(of_class(class)),
        Class::Bytes(_) => class.clone(),
    };
    rewrite(pattern, &of_class, &of_literal)
}

/// Whether two classes have a character in common.
fn meet(one: &ClassUnicode, other: &ClassUnicode) -> bool {
    one.iter().any(|range| {
        let place = other.ranges().partition_point(|other| other.end() < range.start());
        other.ranges().get(place).is_some_and(|other| other.start() <= range.end())
    })
}

/// What a character of the class casts.
fn of_class(class: &ClassUnicode) -> ClassUnicode {
    let mut shadow = in_ascii(class);
    if !class.is_ascii() {
        for (kind, cast) in OUTSIDE_ASCII.iter() {
            if meet(class, kind) {
                shadow.push(ClassUnicodeRange::new(*cast, *cast));
            }
        }
    }
    shadow
}

/// The shadow of a pattern's literal.
fn of_literal(literal: &[u8]) -> Vec<u8> {
    let mut shadow = String::new();
    match std::str::from_utf8(literal) {
        Ok(text) => cast(text, &mut shadow),
        Err(_) => return literal.to_vec(),
    }
    shadow.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::detect::fold::fold;

    #[test]
    fn each_character_casts_one_of_its_kind() {
        let mut shadow = String::new();
        cast("Zoë ÉT — ٣½\u{a0}’\u{301}日x", &mut shadow);
        assert_eq!(shadow, "Zo\u{4} \u{2}T \u{1} \u{3}\u{1} \u{1}\u{4}\u{4}x");
    }

    #[test]
    fn no_character_is_without_a_kind_but_those_that_folding_replaces() {
        let mut without: Vec<char> = FOLDED.to_vec();
        let mut next = '\u{80}';
        for (start, end, _) in RANGES.iter() {
            if *start != next {
                assert_eq!(without.iter().position(|c| *c == next).map(|at| without.remove(at)), Some(next));
                next = char::from_u32(u32::from(next) + 1).unwrap_or_default();
            }
            assert_eq!(*start, next);
            next = char::from_u32(u32::from(*end) + 1).unwrap_or('\u{e000}');
        }
        assert_eq!(RANGES.last().map(|range| range.1), Some(char::MAX));
        assert!(without.is_empty());
        assert_eq!(fold("\u{17f}\u{212a}").text, "sK");
    }
}
