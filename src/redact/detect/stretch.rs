//! How long a run without blanks a pattern needs: keys and tokens are long words, and prose
//! has none.

use crate::redact::class::{self, Class};
use crate::redact::detect::need;
use regex_syntax::hir::{Hir, HirKind};

/// Runs are told apart by so many bytes, so that few kinds of text are.
const STEP: usize = 8;
/// Longer ones are taken for these.
const MOST: usize = 40;

/// The longest run of bytes in a text that is no blank, rounded down.
pub(super) fn of_text(text: &str) -> usize {
    let (mut longest, mut run) = (0, 0);
    // No run is longer than its text.
    if text.len() >= STEP {
        for byte in text.bytes() {
            run = if class::OF[usize::from(byte)].meets(Class::SPACE) { 0 } else { run + 1 };
            longest = longest.max(run);
        }
    }
    rounded(longest)
}

/// The run that is in whatever a pattern matches, in bytes, rounded down.
pub(super) fn of_pattern(pattern: &Hir) -> usize {
    rounded(runs(pattern).longest)
}

fn rounded(run: usize) -> usize {
    run.min(MOST) / STEP * STEP
}

/// The runs of what a part of a pattern matches, at least.
#[derive(Clone, Copy)]
struct Runs {
    first: usize,
    longest: usize,
    last: usize,
    /// No blank can be in it: it is one run.
    whole: bool,
}

impl Runs {
    fn one(length: usize) -> Self {
        Self { first: length, longest: length, last: length, whole: true }
    }

    fn then(self, next: Self) -> Self {
        let joined = self.last + next.first;
        Self {
            first: if self.whole { joined } else { self.first },
            longest: self.longest.max(next.longest).max(joined),
            last: if next.whole { joined } else { next.last },
            whole: self.whole && next.whole,
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            longest: self.longest.min(other.longest),
            last: self.last.min(other.last),
            whole: self.whole && other.whole,
        }
    }
}

fn runs(hir: &Hir) -> Runs {
    let none = Runs { first: 0, longest: 0, last: 0, whole: false };
    let is_blank = |kinds: Class| kinds.meets(Class::SPACE);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Runs::one(0),
        HirKind::Literal(literal) if literal.0.iter().any(|byte| is_blank(Class::byte(*byte))) => none,
        HirKind::Class(class) if is_blank(need::kinds(class)) => none,
        HirKind::Literal(_) | HirKind::Class(_) => Runs::one(hir.properties().minimum_len().unwrap_or(0)),
        HirKind::Capture(capture) => runs(&capture.sub),
        HirKind::Repetition(repetition) => match (runs(&repetition.sub), repetition.min) {
            (sub, min) if sub.whole => Runs::one(sub.longest.saturating_mul(min as usize)),
            (_, 0) => none,
            (sub, _) => sub,
        },
        HirKind::Concat(parts) => parts.iter().map(runs).fold(Runs::one(0), Runs::then),
        HirKind::Alternation(parts) => parts.iter().map(runs).reduce(Runs::or).unwrap_or(none),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(pattern: &str) -> usize {
        runs(&regex_syntax::parse(pattern).unwrap()).longest
    }

    #[test]
    fn a_run_is_as_long_as_what_no_blank_may_part() {
        for (pattern, longest) in [
            ("[a-z]{16}", 16),
            ("ab[ ]?cd", 2),
            ("ab?c", 2),
            (r"key\s*=\s*[a-z]{9,}", 9),
            ("ab(?:cd| e)fg", 2),
            ("(?:a{9}|b{12}c)d", 10),
            ("(?:a{9} b?)+c", 9),
            ("a{9}(?: b{20})*", 9),
            ("[^a]{30}", 0),
        ] {
            assert_eq!(of(pattern), longest, "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn what_a_pattern_matches_has_the_run_it_needs(text in "[ab \t]{0,24}") {
            for pattern in ["a{8,}b?", "(?:a{4}|b{5} )[ab]{5}", r"(?:b{2}\s?){3}a{9}", "(?:a|b{9} ?){2,}", "[ab]{9}|a"] {
                let regex = regex::Regex::new(pattern).unwrap();
                let needed = of_pattern(&regex_syntax::parse(pattern).unwrap());
                prop_assert!(!regex.is_match(&text) || of_text(&text) >= needed, "{} in {:?}", pattern, text);
            }
        }
    }
}
