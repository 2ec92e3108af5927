//! What may match in texts of one outline, such as any UUID, told of the pattern alone.
//!
//! Identifiers made by chance are the one kind of value that is long, common and never the same
//! twice. Which patterns could match one does not depend on which it is.
//!
//! Invariant: a pattern that matches a text, with a value that stands alone, is told of each
//! outline that the text has.

use crate::redact::detect::alone::alone;
use crate::redact::detect::shadow;
use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

/// Of each byte of a text, which it may be: bit `n` for the byte `n` of ASCII.
#[derive(Clone, Debug, Default)]
pub(super) struct Outline(Vec<u128>);

/// A pattern as it is asked of outlines.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Hir);

impl Pattern {
    pub(super) fn new(pattern: &Hir) -> Self {
        Self(alone(&shadow::of_pattern(pattern)))
    }
}

/// Places of an outline, the one behind its end among them.
type Places = u64;

/// Beyond this many bytes the places do not fit.
const LONGEST: usize = Places::BITS as usize - 1;

impl Outline {
    /// Adds bytes, each one of a regular expression's class, such as `[0-9a-f]`.
    pub(super) fn then(mut self, class: &str, times: usize) -> Self {
        let mask = match regex_syntax::parse(class).map(Hir::into_kind) {
            Ok(HirKind::Class(class)) => mask(&class),
            Ok(HirKind::Literal(literal)) => literal.0.iter().fold(0, |mask, byte| mask | bit(*byte)),
            _ => u128::MAX,
        };
        self.0.extend(std::iter::repeat_n(mask, times));
        self
    }

    pub(super) fn literally(mut self, text: &str) -> Self {
        self.0.extend(text.bytes().map(bit));
        self
    }

    /// Whether a pattern may match in some text of this outline.
    pub(super) fn may_match(&self, Pattern(pattern): &Pattern) -> bool {
        self.0.len() > LONGEST || self.ends(pattern, self.all()) != 0
    }

    fn all(&self) -> Places {
        Places::MAX >> (LONGEST - self.0.len())
    }

    /// The places at which a part may end that begins at one of these.
    fn ends(&self, hir: &Hir, starts: Places) -> Places {
        if starts == 0 {
            return 0;
        }
        match hir.kind() {
            HirKind::Empty => starts,
            HirKind::Look(look) => starts & self.looks(*look),
            HirKind::Literal(literal) => {
                literal.0.iter().fold(starts, |starts, byte| self.step(bit(*byte), starts))
            }
            HirKind::Class(class) => self.step(mask(class), starts),
            HirKind::Repetition(repetition) => self.repeated(repetition, starts),
            HirKind::Capture(capture) => self.ends(&capture.sub, starts),
            HirKind::Concat(parts) => parts.iter().fold(starts, |starts, part| self.ends(part, starts)),
            HirKind::Alternation(choices) => {
                choices.iter().fold(0, |ends, choice| ends | self.ends(choice, starts))
            }
        }
    }

    /// Over one byte that is one of these.
    fn step(&self, mask: u128, mut starts: Places) -> Places {
        let mut ends = 0;
        while starts != 0 {
            let place = starts.trailing_zeros();
            starts &= starts - 1;
            if self.0.get(place as usize).is_some_and(|byte| byte & mask != 0) {
                ends |= Places::from(true) << (place + 1);
            }
        }
        ends
    }

    fn repeated(&self, repetition: &Repetition, starts: Places) -> Places {
        let Repetition { min, max, sub, .. } = repetition;
        let most = u32::try_from(self.0.len() + 1).unwrap_or(u32::MAX);
        // Beyond so many times it repeats nothing.
        let least = (0..(*min).min(most)).fold(starts, |starts, _| self.ends(sub, starts));
        let (mut all, mut last) = (least, least);
        for _ in *min..max.unwrap_or(u32::MAX).min(min.saturating_add(most)) {
            last = self.ends(sub, last) & !all;
            if last == 0 {
                break;
            }
            all |= last;
        }
        all
    }

    /// The places at which a look may hold.
    fn looks(&self, look: Look) -> Places {
        let (first, last) = (1, Places::from(true) << self.0.len());
        match look {
            Look::Start => first,
            Look::End => last,
            Look::StartLF | Look::StartCRLF if self.is_one_line() => first,
            Look::EndLF | Look::EndCRLF if self.is_one_line() => last,
            Look::WordAscii => self.all() & self.boundaries(),
            Look::StartLF
            | Look::EndLF
            | Look::StartCRLF
            | Look::EndCRLF
            | Look::WordAsciiNegate
            | Look::WordUnicode
            | Look::WordUnicodeNegate
            | Look::WordStartAscii
            | Look::WordEndAscii
            | Look::WordStartUnicode
            | Look::WordEndUnicode
            | Look::WordStartHalfAscii
            | Look::WordEndHalfAscii
            | Look::WordStartHalfUnicode
            | Look::WordEndHalfUnicode => self.all(),
        }
    }

    fn is_one_line(&self) -> bool {
        self.0.iter().all(|bytes| bytes & (bit(b'\n') | bit(b'\r')) == 0)
    }

    /// Where a word may begin or end.
    fn boundaries(&self) -> Places {
        let word = (0..=127_u8).filter(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        let word = word.fold(0, |mask, byte| mask | bit(byte));
        // Nothing is no part of a word.
        let nothing = !word;
        let before = std::iter::once(&nothing).chain(&self.0);
        let behind = self.0.iter().chain(std::iter::once(&nothing));
        let parts = |(one, other): (&u128, &u128)| {
            one & word != 0 && other & !word != 0 || one & !word != 0 && other & word != 0
        };
        before
            .zip(behind)
            .map(parts)
            .enumerate()
            .fold(0, |all, (place, parts)| if parts { all | Places::from(true) << place } else { all })
    }
}

/// Bytes outside ASCII are in no text that an outline tells of.
fn bit(byte: u8) -> u128 {
    if byte.is_ascii() { 1 << byte } else { 0 }
}

/// The bytes of a class.
pub(super) fn mask(class: &Class) -> u128 {
    let ascii = |start: u32, end: u32| (start..=end.min(127)).fold(0, |mask, code| mask | 1_u128 << code);
    match class {
        Class::Unicode(class) => {
            let range = |mask, range: &regex_syntax::hir::ClassUnicodeRange| {
                mask | ascii(range.start().into(), range.end().into())
            };
            class.iter().fold(0, range)
        }
        Class::Bytes(class) => {
            let range = |mask, range: &regex_syntax::hir::ClassBytesRange| {
                mask | ascii(range.start().into(), range.end().into())
            };
            class.iter().fold(0, range)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::detect::alone::stands_alone;
    use proptest::prelude::*;
    use regex::Regex;

    const PATTERNS: [&str; 10] = [
        "[0-9]{3}-[0-9]{2}",
        "[0-9]{2}-?[a-b]?",
        "(?:a|1)[0-9]",
        "[0-9]+|ab",
        r"(?-u:\b)[0-9]{2}(?-u:\b)",
        "^-?1",
        "(?:ab){2,}c?$",
        r"(?:[0-9]{1,2}-){2}[0-9]",
        "a{0,2}b{3}",
        "(?:a?){9}",
    ];

    /// Two of `[0-2ab]`, a dash, three of them.
    fn outline() -> Outline {
        Outline::default().then("[0-2ab]", 2).literally("-").then("[0-2ab]", 3)
    }

    #[test]
    fn what_no_text_of_the_outline_holds_is_told() {
        let may_match =
            |pattern: &str| outline().may_match(&Pattern::new(&regex_syntax::parse(pattern).unwrap()));
        for pattern in [
            "c",
            "[0-2]{4}",
            "--",
            "^-",
            "(?m)^-",
            "(?m)-$",
            r"a(?-u:\b)b",
            "[ab]{4}",
            "b-[ab]{4}",
            "[0-2]{3}-a",
        ] {
            assert!(!may_match(pattern), "{pattern}");
        }
        for pattern in ["a-b", "^ab", "[ab]{3}", r"(?-u:\b)abb$", "b?-", "[0-2]{2}-[0-2]{3}"] {
            assert!(may_match(pattern), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_matches_is_missed(text in "[0-2ab]{2}-[0-2ab]{3}") {
            for pattern in PATTERNS {
                let alone = |range| stands_alone(&text, &range);
                if Regex::new(pattern).unwrap().find_iter(&text).any(|found| alone(found.range())) {
                    let pattern = Pattern::new(&regex_syntax::parse(pattern).unwrap());
                    prop_assert!(outline().may_match(&pattern), "{pattern:?} in {text}");
                }
            }
        }
    }
}
