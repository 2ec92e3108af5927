//! Names with a particle between their parts, which may be a plain word: "Ulrike ten Whitlock"
//! is one name, and all of it.

use super::Kind;
use super::feature::Reader;
use super::token::{Cap, Token};
use std::ops::Range;

/// What joins the parts of names, in many languages.
const PARTICLES: [&str; 50] = [
    "ab", "abu", "af", "al", "ap", "av", "bar", "bat", "ben", "bin", "bint", "binti", "da", "dal", "dalla",
    "das", "de", "dei", "del", "della", "den", "der", "des", "di", "do", "dos", "du", "el", "ibn", "la",
    "las", "le", "lo", "los", "mac", "op", "san", "st", "te", "ten", "ter", "tot", "ud", "ul", "van", "vd",
    "vom", "von", "zu", "zur",
];
/// Those that are no common word of their language: behind a name, "de" and "von" may as well
/// say where somebody is from, and what the model makes of them stands.
const JOINING: [&str; 18] = [
    "ab", "abu", "af", "al", "ap", "av", "bar", "bat", "ben", "bin", "bint", "binti", "ibn", "ten", "ter",
    "ud", "ul", "vd",
];
/// As in "van der".
const MOST: usize = 2;

/// Lengthens the names of persons over particles to the word behind and before them, where that
/// may be a name, and makes one of those that meet.
pub(super) fn join(text: &str, tokens: &[Token], reader: &Reader, spans: &mut Vec<(Range<usize>, Kind)>) {
    let word = |index: usize| tokens.get(index).map(|token| token.text(text));
    let at_particle = |index: usize| word(index).is_some_and(is_particle);
    let joins = |from: usize, count: usize| {
        (from..from + count).filter_map(word).any(|word| JOINING.binary_search(&word).is_ok())
    };
    let is_name = |index: usize| {
        let capital = |token: &Token| matches!(token.cap, Cap::Capital | Cap::Mixed | Cap::Upper);
        tokens.get(index).is_some_and(capital) && reader.known(index).may_name()
    };
    for (span, _) in spans.iter_mut().filter(|(_, kind)| *kind == Kind::Person) {
        let behind = (span.end..).take(MOST).take_while(|index| at_particle(*index)).count();
        if joins(span.end, behind) && is_name(span.end + behind) {
            span.end += behind + 1;
        }
        let before = (0..span.start).rev().take(MOST).take_while(|index| at_particle(*index)).count();
        let first = span.start.checked_sub(before + 1);
        let first = first.filter(|first| joins(first + 1, before) && is_name(*first));
        span.start = first.unwrap_or(span.start);
    }
    spans.dedup_by(|(next, next_kind), (span, kind)| {
        let meet = *kind == Kind::Person && *next_kind == Kind::Person && next.start < span.end;
        if meet {
            span.end = span.end.max(next.end);
        }
        meet
    });
}

/// Whether a word joins the parts of names.
pub(crate) fn is_particle(word: &str) -> bool {
    PARTICLES.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_particles_are_in_order() {
        assert!(PARTICLES.is_sorted() && JOINING.is_sorted());
        assert!(JOINING.iter().all(|word| is_particle(word)));
    }
}
