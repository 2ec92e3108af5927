//! The shadow of a text: one ASCII character for each character, for whatever is not ASCII
//! one that tells its kind. Patterns are first asked of it, since those of Unicode need
//! thousands of states and those of shadows a handful.
//!
//! Invariant: what a pattern matches in a text, its shadow matches in the text's shadow.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};
use std::sync::LazyLock;

/// The kinds of character that are told apart, the first that fits: as a class, and as what
/// stands for it. Two are what an ASCII letter may be written as where case is ignored; `\w`
/// is what `\b` asks for.
const KINDS: [(&str, char); 7] = [
    ("[\u{17f}]", 's'),
    ("[\u{212a}]", 'K'),
    (r"\p{Uppercase}", 'X'),
    (r"\d", '0'),
    (r"\w", 'x'),
    (r"\s", ' '),
    (r"[\s\S]", '\u{1}'),
];

static OUTSIDE_ASCII: LazyLock<Vec<(ClassUnicode, char)>> = LazyLock::new(|| {
    let mut left = ClassUnicode::new([ClassUnicodeRange::new('\u{80}', char::MAX)]);
    let kind = |(class, shadow): (&str, char)| {
        // A class of one character is read as a literal.
        let mut kind = match regex_syntax::parse(class).ok()?.into_kind() {
            HirKind::Class(Class::Unicode(class)) => class,
            HirKind::Literal(literal) => {
                let only = std::str::from_utf8(&literal.0).ok()?.chars().next()?;
                ClassUnicode::new([ClassUnicodeRange::new(only, only)])
            }
            _ => return None,
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

/// What a character of the class casts.
pub(super) fn of_class(class: &ClassUnicode) -> ClassUnicode {
    let mut shadow = class.clone();
    shadow.intersect(&ClassUnicode::new([ClassUnicodeRange::new('\0', '\u{7f}')]));
    if !class.is_ascii() {
        for (kind, cast) in OUTSIDE_ASCII.iter() {
            let mut common = class.clone();
            common.intersect(kind);
            if common.iter().next().is_some() {
                shadow.push(ClassUnicodeRange::new(*cast, *cast));
            }
        }
    }
    shadow
}

/// The shadow of a pattern's literal.
pub(super) fn of_literal(literal: &[u8]) -> Vec<u8> {
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

    #[test]
    fn each_character_casts_one_of_its_kind() {
        let mut shadow = String::new();
        cast("Zoë ÉTÉ — ٣½\u{a0}’\u{301}日x\u{17f}", &mut shadow);
        assert_eq!(shadow, "Zox XTX \u{1} 0\u{1} \u{1}xxxs");
    }

    #[test]
    fn no_character_is_without_a_kind() {
        let mut next = '\u{80}';
        for (start, end, _) in RANGES.iter() {
            assert_eq!(*start, next);
            next = char::from_u32(u32::from(*end) + 1).unwrap_or('\u{e000}');
        }
        assert_eq!(RANGES.last().map(|range| range.1), Some(char::MAX));
    }
}
