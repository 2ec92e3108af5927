//! Which of many patterns match a text, asked of all at once.
//!
//! The automaton reads a pattern's shadow ([`shadow`]), with no more of it than decides whether
//! it matches. Patterns that name a word are asked only of texts that hold one: apart from
//! those the automaton is small, and soon built.
//!
//! Invariant: a pattern that matches a text, with a value that stands alone, is among those
//! that are told; more may be.

use crate::redact::class;
use crate::redact::detect::alone::alone;
use crate::redact::detect::narrow::{MAX_CACHE_BYTES, apart};
use crate::redact::detect::worded::Choices;
use crate::redact::detect::{need, shadow};
use aho_corasick::AhoCorasick;
use regex::bytes::{RegexSet, RegexSetBuilder, SetMatches};
use regex_syntax::hir::{Hir, HirKind, Look, Repetition};

#[derive(Clone, Debug)]
pub(super) struct Set {
    bare: RegexSet,
    /// What matches only where one of the words is.
    worded: RegexSet,
    words: AhoCorasick,
    /// By pattern, where it is in either of them.
    places: Vec<Place>,
}

/// Of a pattern's choices, those that name a word and those that name none.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    bare: Option<usize>,
    worded: Option<usize>,
}

/// Which patterns may match a text.
pub(super) struct Matches<'s> {
    bare: Option<SetMatches>,
    worded: Option<SetMatches>,
    places: &'s [Place],
}

impl Set {
    /// Patterns without syntax match nothing. None if they are too many.
    pub(super) fn new<'h>(patterns: impl Iterator<Item = Option<&'h Hir>>) -> Option<Self> {
        let (mut bare, mut worded, mut words) = (Vec::new(), Vec::new(), Vec::new());
        let mut place = |pattern: Option<&Hir>| {
            let mut place = Place::default();
            let Some(pattern) = pattern else { return place };
            let pattern = alone(&shadow::of_pattern(pattern));
            let Choices { worded: with, words: named, bare: without, .. } = Choices::of(&pattern);
            words.extend(named);
            let add = |all: &mut Vec<String>, choices: Vec<Hir>| {
                let choices = choices.iter().map(|choice| least(&coarse(choice))).collect();
                let pattern = apart(&Hir::alternation(choices));
                all.push(pattern.to_string());
                all.len() - 1
            };
            place.worded = (!with.is_empty()).then(|| add(&mut worded, with));
            place.bare = (!without.is_empty()).then(|| add(&mut bare, without));
            place
        };
        let places = patterns.map(&mut place).collect();
        words.sort_unstable();
        words.dedup();
        let build = |patterns: Vec<String>| {
            let mut builder = RegexSetBuilder::new(patterns);
            builder.size_limit(1 << 26).dfa_size_limit(MAX_CACHE_BYTES).build().ok()
        };
        let words = AhoCorasick::builder().ascii_case_insensitive(true).build(&words).ok()?;
        Some(Self { bare: build(bare)?, worded: build(worded)?, words, places })
    }

    /// Takes the shadow of a text.
    pub(super) fn matches(&self, shadow: &str) -> Matches<'_> {
        let bytes = shadow.as_bytes();
        // Whether anything matches is told sooner than what, and of most texts nothing does.
        let of = |set: &RegexSet| set.is_match(bytes).then(|| set.matches(bytes));
        let worded = self.words.is_match(shadow).then(|| of(&self.worded)).flatten();
        Matches { bare: of(&self.bare), worded, places: &self.places }
    }
}

impl Matches<'_> {
    pub(super) fn has(&self, pattern: usize) -> bool {
        let among = |set: &Option<SetMatches>, index: Option<usize>| {
            set.as_ref().zip(index).is_some_and(|(set, index)| set.matched(index))
        };
        let Place { bare, worded } = self.places.get(pattern).copied().unwrap_or_default();
        among(&self.bare, bare) || among(&self.worded, worded)
    }
}

/// The pattern without what may be left out at either end: it matches in the same texts, and
/// what goes on to match is not asked on.
fn least(hir: &Hir) -> Hir {
    trimmed(&trimmed(hir, End::First), End::Last)
}

fn trimmed(hir: &Hir, end: End) -> Hir {
    match hir.kind() {
        HirKind::Repetition(repetition) => {
            let Repetition { min, greedy, ref sub, .. } = *repetition;
            match min {
                1 => trimmed(sub, end),
                _ => Hir::repetition(Repetition { min, max: Some(min), greedy, sub: sub.clone() }),
            }
        }
        HirKind::Concat(parts) => {
            let mut parts = parts.clone();
            loop {
                let place = match end {
                    End::First => 0,
                    End::Last => parts.len().saturating_sub(1),
                };
                let Some(part) = parts.get_mut(place) else { break };
                *part = trimmed(part, end);
                if !matches!(part.kind(), HirKind::Empty) {
                    break;
                }
                parts.remove(place);
            }
            Hir::concat(parts)
        }
        HirKind::Alternation(parts) => {
            Hir::alternation(parts.iter().map(|part| trimmed(part, end)).collect())
        }
        HirKind::Capture(capture) => trimmed(&capture.sub, end),
        HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) | HirKind::Class(_) => hir.clone(),
    }
}

#[derive(Clone, Copy)]
enum End {
    First,
    Last,
}

/// What text is made of.
const TEXT: class::Class = class::Class::LOWER.join(class::Class::UPPER).join(class::Class::SPACE);

/// The pattern without the upper bounds of repetitions that text of letters may be read with:
/// each place that such a count has come to is a state, and for many patterns at once a
/// multiple of states.
fn coarse(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Repetition(repetition) => {
            let Repetition { min, max, greedy, .. } = *repetition;
            let counts = max.is_some_and(|max| max > 1 && max > min);
            let max = max.filter(|_| !counts || !need::all_kinds(&repetition.sub).meets(TEXT));
            Hir::repetition(Repetition { min, max, greedy, sub: Box::new(coarse(&repetition.sub)) })
        }
        HirKind::Capture(capture) => coarse(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(coarse).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(coarse).collect()),
        // What is a word in Unicode cannot be told of a shadow.
        HirKind::Look(
            Look::WordUnicode
            | Look::WordUnicodeNegate
            | Look::WordStartUnicode
            | Look::WordEndUnicode
            | Look::WordStartHalfUnicode
            | Look::WordEndHalfUnicode,
        ) => Hir::empty(),
        HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) | HirKind::Class(_) => hir.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::builtin;
    use crate::redact::detect::fold::fold;
    use crate::redact::detect::scan::stands_alone;
    use crate::redact::detect::{Detector, rule};
    use crate::redact::rules::Rules;
    use proptest::prelude::*;
    use serde::Deserialize;

    const PATTERNS: [&str; 16] = [
        r"[0-9]{3}-[0-9]{2}",
        r"\b[A-Z]{2}[0-9]{2,4}\b",
        r"(?i)\bkey\s*[:=]\s*[a-z0-9]{3,5}",
        r"\p{Lu}\p{Ll}+\ \p{Lu}",
        r"[^\sa]{2,3}1",
        r"(?:straße|rue)\ \pL{2,}",
        r"1[–—-]2",
        r"\bé\b|a\b",
        r"^x|k$",
        r"(?:ab?){2,3}0*",
        r"(?i)s(?:ecret)?_[ké]",
        r"key[0-9]*(?P<value>[a-z]{1,2})",
        r"\w+@\w",
        r"(?:[0-9]{1,2}\.){2}[0-9]",
        r"\b[0-9]{2}\b",
        r"\b(?:key_[a-z]|[A-Z][0-9])\b",
    ];

    /// Whether a pattern matches a value that stands alone, from any place on.
    fn matches(pattern: &regex::Regex, text: &str) -> bool {
        let value = |place| {
            let groups = pattern.captures_at(text, place)?;
            Some(groups.name("value").or(groups.get(0))?.range())
        };
        let mut places = (0..=text.len()).filter(|place| text.is_char_boundary(*place));
        places.any(|place| value(place).is_some_and(|range| stands_alone(text, &range)))
    }

    proptest! {
        #[test]
        fn no_pattern_that_matches_is_missed(
            text in "[0-2aAbk xXsSé–ſK²é:=_@.\\-中´‿\u{301}]{0,14}",
            word in "|key|secret|straße ab|Ünal Z|é12|12´|中A1|key_a‿",
        ) {
            // As rules have them compiled.
            let compiled = PATTERNS.map(|pattern| {
                let written = rule::ascii(pattern);
                let regex = regex::RegexBuilder::new(&written).ignore_whitespace(true).build().unwrap();
                (regex, rule::syntax(pattern).unwrap())
            });
            let set = Set::new(compiled.iter().map(|(_, syntax)| Some(syntax))).unwrap();
            let mut shadow = String::new();
            for text in [format!("{word}{text}"), format!("{text}{word}"), format!("{text} {word}")] {
                let folded = fold(&text).text;
                shadow::cast(&folded, &mut shadow);
                let told = set.matches(&shadow);
                for (index, (pattern, _)) in compiled.iter().enumerate() {
                    prop_assert!(
                        !matches(pattern, &folded) || told.has(index),
                        "{pattern} in {folded:?}, whose shadow is {shadow:?}"
                    );
                }
            }
        }
    }

    #[derive(Deserialize)]
    struct File {
        id: String,
        examples: Examples,
    }

    #[derive(Deserialize)]
    struct Examples {
        #[serde(rename = "match")]
        matching: Vec<Example>,
    }

    #[derive(Deserialize)]
    struct Example {
        text: String,
    }

    /// What glues to a value and is no ASCII: letters, marks, and what folding takes apart.
    const GLUE: [&str; 9] = ["é", "中", "は", "É", "´", "‿", "\u{301}", "½", "—"];

    /// A rule proves its examples by itself; here they are told among all the others.
    #[test]
    fn the_examples_of_every_rule_are_told_whatever_stands_beside_them() {
        let rules = Rules::load(&builtin::rules()).unwrap_or_else(|faults| panic!("{faults:?}"));
        let detectors: Vec<&Detector> = rules.detectors.iter().collect();
        let set = Set::new(detectors.iter().map(|detector| detector.syntax.as_ref())).unwrap();
        let (mut shadow, mut held) = (String::new(), 0);
        for source in builtin::rules().detectors {
            let file: File = serde_saphyr::from_str(&source.text).unwrap();
            let index = detectors.iter().position(|detector| detector.id.as_str() == file.id).unwrap();
            let Some(pattern) = &detectors[index].pattern else { continue };
            for Example { text } in file.examples.matching {
                let beside = |glue: &str| {
                    [format!("{glue}{text}"), format!("{text}{glue}"), format!("{glue}{text}{glue}")]
                };
                for text in std::iter::once(text.clone()).chain(GLUE.iter().flat_map(|glue| beside(glue))) {
                    let folded = fold(&text).text;
                    shadow::cast(&folded, &mut shadow);
                    if matches(pattern, &folded) {
                        held += 1;
                        assert!(set.matches(&shadow).has(index), "{} in {text:?}", file.id);
                    }
                }
            }
        }
        assert!(held > 10_000, "{held}");
    }

    #[test]
    fn what_matches_nowhere_is_told() {
        let syntaxes = PATTERNS.map(|pattern| rule::syntax(pattern).unwrap());
        let set = Set::new(syntaxes.iter().map(Some)).unwrap();
        for text in ["", "plain words", "9123-45x", "1a2"] {
            let told = |index: &usize| set.matches(text).has(*index);
            assert_eq!((0..PATTERNS.len()).find(told), None, "{text}");
        }
    }
}
