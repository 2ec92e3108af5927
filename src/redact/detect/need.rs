//! What a text must be made of for a pattern to match it, read off the pattern itself.

use crate::redact::class::{self, Class};
use crate::redact::detect::stretch;
use regex_syntax::hir::{Hir, HirKind};

/// A kind of byte that is in most texts tells none apart.
const COMMONEST: u32 = 24;

/// What makes a word of digits a word of something else.
const LETTER: Class = Class::LOWER.join(Class::UPPER).join(Class::byte(b'_'));

/// Longer demands are taken for these.
const MOST_LENGTH: usize = 40;
const MOST_DIGITS: usize = 20;

/// What a text is made of, as far as needs ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Makeup {
    pub(crate) length: usize,
    pub(crate) class: Class,
    pub(crate) digits: usize,
    /// Digits of words that have nothing but digits.
    pub(crate) bare: usize,
    /// The longest run without a blank.
    pub(crate) run: usize,
}

impl Makeup {
    pub(crate) fn of(text: &str, class: Class) -> Self {
        let run = stretch::of_text(text);
        let mut makeup = Self { length: text.len(), class, digits: 0, bare: 0, run };
        if !class.meets(Class::DIGIT) {
            return makeup;
        }
        let (mut run, mut mixed) = (0, false);
        for byte in text.bytes() {
            let class = class::OF[usize::from(byte)];
            if class.meets(Class::DIGIT) {
                run += 1;
            } else if class.meets(LETTER) {
                mixed = true;
            } else {
                makeup.end(&mut run, &mut mixed);
            }
        }
        makeup.end(&mut run, &mut mixed);
        makeup
    }

    /// The same where more makes no difference to any need, so that few kinds of text are
    /// told apart.
    pub(crate) fn rounded(self) -> Self {
        Self {
            length: self.length.min(MOST_LENGTH),
            digits: self.digits.min(MOST_DIGITS),
            bare: self.bare.min(MOST_DIGITS),
            ..self
        }
    }

    fn end(&mut self, run: &mut usize, mixed: &mut bool) {
        self.digits += *run;
        self.bare += if *mixed { 0 } else { *run };
        (*run, *mixed) = (0, false);
    }
}

/// A necessary condition of a match: one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Need(Vec<Demand>);

/// All of this.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Demand {
    /// Bytes.
    length: usize,
    digits: usize,
    /// Digits of words that have nothing else. A value that begins with a digit begins a
    /// word, and one that ends with one ends it, or it does not stand alone.
    bare: usize,
    /// A run without a blank.
    run: usize,
    /// Of each of these, one kind of byte at least.
    kinds: Vec<Class>,
}

impl Need {
    pub(crate) fn of(pattern: &Hir) -> Self {
        let mut demands = Vec::new();
        for choice in choices(pattern) {
            let mut demand = walk(choice);
            demand.length = choice.properties().minimum_len().unwrap_or_default().min(MOST_LENGTH);
            demand.digits = demand.digits.min(MOST_DIGITS);
            demand.bare = bare(choice).min(MOST_DIGITS);
            demand.run = stretch::of_pattern(choice);
            demand.kinds.retain(|kind| weight(*kind) <= COMMONEST);
            demand.kinds.sort_by_key(|kind| weight(*kind));
            demand.kinds.dedup();
            if !demands.contains(&demand) {
                demands.push(demand);
            }
        }
        Self(demands)
    }

    /// The need of a pattern that nothing is known of.
    pub(crate) fn anything() -> Self {
        Self(vec![Demand::default()])
    }

    /// Whether one character of whatever meets it is a digit.
    pub(super) fn has_digits(&self) -> bool {
        self.0.iter().all(|demand| demand.digits > 0)
    }

    /// The run without a blank that whatever meets it has.
    pub(super) fn run(&self) -> usize {
        self.0.iter().map(|demand| demand.run).min().unwrap_or_default()
    }

    pub(crate) fn is_met(&self, makeup: &Makeup) -> bool {
        self.0.iter().any(|demand| {
            makeup.length >= demand.length
                && makeup.digits >= demand.digits
                && makeup.bare >= demand.bare
                && makeup.run >= demand.run
                && demand.kinds.iter().all(|kind| makeup.class.meets(*kind))
        })
    }
}

/// How common a kind of byte is, roughly: a text without it is told apart the sooner, the
/// rarer it is.
fn weight(kind: Class) -> u32 {
    [(Class::LOWER, 32), (Class::UPPER, 16), (Class::SPACE, 8), (Class::DIGIT, 8), (Class::byte(b'-'), 3)]
        .into_iter()
        .map(|(common, weight)| if kind.meets(common) { weight } else { 0 })
        .sum::<u32>()
        + kind.breadth()
}

fn choices(hir: &Hir) -> &[Hir] {
    match hir.kind() {
        HirKind::Alternation(choices) => choices,
        _ => std::slice::from_ref(hir),
    }
}

impl Demand {
    /// The weaker of two demands holds of whatever meets either.
    fn either(self, other: &Self) -> Self {
        let rarest = |demand: &Self| demand.kinds.iter().copied().min_by_key(|kind| weight(*kind));
        let kinds = match (rarest(&self), rarest(other)) {
            (Some(one), Some(two)) => vec![one.join(two)],
            _ => Vec::new(),
        };
        Self { digits: self.digits.min(other.digits), kinds, ..Self::default() }
    }

    fn both(mut self, other: Self) -> Self {
        self.digits = self.digits.saturating_add(other.digits);
        self.kinds.extend(other.kinds);
        self
    }
}

fn walk(hir: &Hir) -> Demand {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Demand::default(),
        HirKind::Literal(literal) => Demand {
            digits: literal.0.iter().filter(|byte| byte.is_ascii_digit()).count(),
            kinds: literal.0.iter().map(|byte| Class::byte(*byte)).collect(),
            ..Demand::default()
        },
        HirKind::Class(class) => {
            let kinds = kinds(class);
            Demand { digits: usize::from(kinds == Class::DIGIT), kinds: vec![kinds], ..Demand::default() }
        }
        HirKind::Repetition(repetition) if repetition.min == 0 => Demand::default(),
        HirKind::Repetition(repetition) => {
            let times = usize::try_from(repetition.min).unwrap_or(usize::MAX);
            let mut demand = walk(&repetition.sub);
            demand.digits = demand.digits.saturating_mul(times);
            demand
        }
        HirKind::Capture(capture) => walk(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(walk).fold(Demand::default(), Demand::both),
        HirKind::Alternation(choices) => {
            choices.iter().map(walk).reduce(|one, other| one.either(&other)).unwrap_or_default()
        }
    }
}

/// The kinds of byte that one character of a class may be.
pub(super) fn kinds(class: &regex_syntax::hir::Class) -> Class {
    let ranges: Vec<(u32, u32)> = match class {
        regex_syntax::hir::Class::Unicode(class) => {
            class.iter().map(|range| (u32::from(range.start()), u32::from(range.end()))).collect()
        }
        regex_syntax::hir::Class::Bytes(class) => {
            class.iter().map(|range| (u32::from(range.start()), u32::from(range.end()))).collect()
        }
    };
    let mut kinds = Class::default();
    for (start, end) in ranges {
        let ascii = (start..=end).take_while(|code| *code < 128).filter_map(|code| u8::try_from(code).ok());
        kinds = ascii.fold(kinds, |kinds, byte| kinds.join(Class::byte(byte)));
        if end >= 128 {
            kinds = kinds.join(Class::WIDE);
        }
    }
    kinds
}

/// Digits at the front of a pattern that are sure to be in words of digits alone: all
/// before the first letter may come, but for those of the word it may come in.
fn bare(hir: &Hir) -> usize {
    // What stands alone is the value, which a group may begin later.
    if hir.properties().explicit_captures_len() > 0 {
        return 0;
    }
    let mut front = Front::default();
    let open = front.read(hir);
    if open { front.sure + front.word } else { front.sure }
}

#[derive(Default)]
struct Front {
    begun: bool,
    sure: usize,
    /// Digits since the last byte that is sure to be no part of a word.
    word: usize,
}

impl Front {
    /// False once a letter may come, or what may be left out.
    fn read(&mut self, hir: &Hir) -> bool {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => true,
            HirKind::Literal(literal) => literal.0.iter().all(|byte| self.take(Class::byte(*byte))),
            HirKind::Class(class) => self.take(kinds(class)),
            HirKind::Capture(_) => false,
            HirKind::Repetition(repetition) => {
                let times = repetition.min.min(64);
                let same = (0..times).all(|_| self.read(&repetition.sub));
                // A separator that may be left out, and digits that may be more, are no letters.
                let rest = all_kinds(&repetition.sub);
                let harmless = !rest.meets(LETTERS);
                if harmless && rest.meets(Class::DIGIT) && repetition.min == 0 {
                    return false;
                }
                same && harmless
            }
            HirKind::Concat(parts) => parts.iter().all(|part| self.read(part)),
            HirKind::Alternation(_) => false,
        }
    }

    fn take(&mut self, kinds: Class) -> bool {
        if kinds == Class::DIGIT {
            self.begun = true;
            self.word += 1;
            true
        } else if !self.begun || kinds.meets(LETTERS) || kinds.meets(Class::DIGIT) {
            false
        } else {
            self.sure += std::mem::take(&mut self.word);
            true
        }
    }
}

const LETTERS: Class = LETTER.join(Class::WIDE);

pub(super) fn all_kinds(hir: &Hir) -> Class {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Class::default(),
        HirKind::Literal(literal) => {
            literal.0.iter().fold(Class::default(), |kinds, byte| kinds.join(Class::byte(*byte)))
        }
        HirKind::Class(class) => kinds(class),
        HirKind::Repetition(repetition) => all_kinds(&repetition.sub),
        HirKind::Capture(capture) => all_kinds(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().fold(Class::default(), |kinds, part| kinds.join(all_kinds(part)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(pattern: &str, text: &str) -> bool {
        let hir = regex_syntax::parse(pattern).unwrap();
        Need::of(&hir).is_met(&Makeup::of(text, Class::of(text)))
    }

    #[test]
    fn texts_without_what_a_pattern_needs_are_told() {
        for (pattern, may, cannot) in [
            (r"[0-9]{3}-[0-9]{2}-[0-9]{4}", "536-90-4399", vec!["536 90 4399", "53-90-4399", "abc"]),
            (r"[0-9]{4}-?[0-9]{4}-?[0-9]{4}", "1234-56781234", vec!["a1234-5678-1234", "12345678123a"]),
            (r"[a-z]+@[a-z]+\.[a-z]{2,}", "a@b.example", vec!["a at b.example", "a@b"]),
            (r"(?:-[0-9]{2}-|\ [0-9]{2}\ )[0-9]{4}", " 12 3456", vec!["_12_3456", "-12-345"]),
            (r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]+)?", "2026-03-05T09", vec!["a2026-b3-05", "2026/03/05"]),
            (r"[0-9]{9}|[a-z]+@", "123456789", vec!["12345678", "a1234567890"]),
        ] {
            assert!(met(pattern, may), "{pattern}: {may}");
            for text in cannot {
                assert!(!met(pattern, text), "{pattern}: {text}");
            }
        }
    }

    #[test]
    fn what_may_be_absent_is_not_needed() {
        assert!(met("a?", ""));
        assert!(met("(?:[0-9]@)*x", "x"));
        assert!(met("x|[0-9]{9}", "x"));
        assert!(met(r"(?i)mrn[:\#]?\s*(?P<value>[A-Z]{0,4}[0-9]{5,})", "MRN AB12345"));
        assert!(met(r"\+?[0-9]{3}[a-z]", "123a"));
    }
}
