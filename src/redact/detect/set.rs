//! Which of many patterns match a text, asked of all at once.
//!
//! An automaton reads a pattern's shadow ([`shadow`]), with no more of it than decides whether
//! it matches. Patterns that name a word are asked only of texts that hold one ([`spoken`]).
//! The others are automata by what they begin with and need: those of numbers forget all they
//! read at the next letter, and together with those of words each would keep the other's
//! states apart.
//!
//! Invariant: a pattern that matches a text, with a value that stands alone, is among those
//! that are told; more may be.

use crate::redact::class::Class;
use crate::redact::detect::alone::{End, alone, edge};
use crate::redact::detect::coarse::{alike, coarse, least, one_of};
use crate::redact::detect::narrow::{MAX_CACHE_BYTES, apart};
use crate::redact::detect::need::Need;
use crate::redact::detect::shadow;
use crate::redact::detect::spoken::{Heard, Spoken, Worded};
use crate::redact::detect::worded::Choices;
use regex::bytes::{RegexSet, RegexSetBuilder, SetMatches};
use regex_syntax::hir::Hir;
use std::collections::BTreeMap;

/// A word of prose is rarely as long.
const LONG: usize = 16;

#[derive(Clone, Debug)]
pub(super) struct Set {
    bare: Vec<RegexSet>,
    spoken: Spoken,
    /// By pattern, where it is in them.
    places: Vec<Place>,
}

/// Of a pattern's choices, those that name a word and those that name none.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// The automaton, and the pattern in it.
    bare: Option<(usize, usize)>,
    spoken: Option<usize>,
}

/// What patterns are in one automaton by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    is_long: bool,
    has_digits: bool,
    begins_with_letter: bool,
}

/// As many as there are.
const KINDS: usize = 8;

impl Kind {
    fn of(pattern: &Hir) -> Self {
        let need = Need::of(pattern);
        let first = edge(pattern, End::First);
        Self {
            is_long: need.run() >= LONG,
            has_digits: need.has_digits(),
            begins_with_letter: first.empty || first.kinds.meets(Class::LOWER.join(Class::UPPER)),
        }
    }
}

/// Which patterns may match a text. Each automaton is asked when a pattern of its first is.
pub(super) struct Matches<'s> {
    set: &'s Set,
    shadow: &'s str,
    bare: [Option<Option<SetMatches>>; KINDS],
    heard: &'s mut Heard,
    has_listened: bool,
}

impl Set {
    /// Patterns without syntax match nothing. None if they are too many.
    pub(super) fn new<'h>(patterns: impl Iterator<Item = Option<&'h Hir>>) -> Option<Self> {
        let (mut bare, mut spoken) = (BTreeMap::<Kind, Vec<(usize, String)>>::new(), Vec::new());
        let mut places = Vec::new();
        for (index, pattern) in patterns.enumerate() {
            let mut place = Place::default();
            if let Some(pattern) = pattern {
                let choices = Choices::of(&coarse(&alone(&shadow::of_pattern(pattern))));
                if !choices.worded.is_empty() {
                    place.spoken = Some(spoken.len());
                    spoken.push(Worded { pattern: written(&choices.worded, least), words: choices.words });
                }
                if !choices.bare.is_empty() {
                    let kind = Kind::of(&Hir::alternation(choices.bare.clone()));
                    bare.entry(kind)
                        .or_default()
                        .push((index, written(&choices.bare, |choice| least(&alike(choice)))));
                }
            }
            places.push(place);
        }
        let mut automata = Vec::new();
        for patterns in bare.into_values() {
            for (at, (index, _)) in patterns.iter().enumerate() {
                if let Some(place) = places.get_mut(*index) {
                    place.bare = Some((automata.len(), at));
                }
            }
            let mut builder = RegexSetBuilder::new(patterns.into_iter().map(|(_, pattern)| pattern));
            automata.push(builder.size_limit(1 << 26).dfa_size_limit(MAX_CACHE_BYTES).build().ok()?);
        }
        Some(Self { bare: automata, spoken: Spoken::new(spoken)?, places })
    }

    /// Takes the shadow of a text.
    pub(super) fn matches<'s>(&'s self, shadow: &'s str, heard: &'s mut Heard) -> Matches<'s> {
        Matches { set: self, shadow, bare: Default::default(), heard, has_listened: false }
    }
}

impl Matches<'_> {
    pub(super) fn has(&mut self, pattern: usize) -> bool {
        let Place { bare, spoken } = self.set.places.get(pattern).copied().unwrap_or_default();
        bare.is_some_and(|(automaton, at)| self.has_bare(automaton, at))
            || spoken.is_some_and(|pattern| self.has_spoken(pattern))
    }

    fn has_bare(&mut self, automaton: usize, pattern: usize) -> bool {
        let Some((set, told)) = self.set.bare.get(automaton).zip(self.bare.get_mut(automaton)) else {
            return true;
        };
        let bytes = self.shadow.as_bytes();
        // Whether anything matches is told sooner than what, and of most texts nothing does.
        let told = told.get_or_insert_with(|| set.is_match(bytes).then(|| set.matches(bytes)));
        told.as_ref().is_some_and(|matches| matches.matched(pattern))
    }

    fn has_spoken(&mut self, pattern: usize) -> bool {
        let spoken = &self.set.spoken;
        if !std::mem::replace(&mut self.has_listened, true) {
            spoken.listen(self.shadow, self.heard);
        }
        self.heard.has(pattern) && spoken.may_match(pattern, self.shadow)
    }
}

fn written(choices: &[Hir], asked: impl Fn(&Hir) -> Hir) -> String {
    apart(&one_of(choices.iter().map(asked))).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::builtin;
    use crate::redact::detect::alone::stands_alone;
    use crate::redact::detect::fold::fold;
    use crate::redact::detect::{Detector, pattern::Pattern};
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
            let compiled = PATTERNS.map(Pattern::new);
            let set = Set::new(compiled.iter().map(Pattern::syntax)).unwrap();
            let (mut shadow, mut heard) = (String::new(), Heard::default());
            for text in [format!("{word}{text}"), format!("{text}{word}"), format!("{text} {word}")] {
                let folded = fold(&text).text;
                shadow::cast(&folded, &mut shadow);
                let mut told = set.matches(&shadow, &mut heard);
                for (index, pattern) in compiled.iter().filter_map(Pattern::on_any).enumerate() {
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
        let set = Set::new(detectors.iter().map(|detector| detector.syntax())).unwrap();
        let (mut shadow, mut heard, mut held) = (String::new(), Heard::default(), 0);
        for source in builtin::rules().detectors {
            let file: File = serde_saphyr::from_str(&source.text).unwrap();
            let index = detectors.iter().position(|detector| detector.id.as_str() == file.id).unwrap();
            let Some(pattern) = detectors[index].pattern.as_ref().and_then(Pattern::on_any) else { continue };
            for Example { text } in file.examples.matching {
                let beside = |glue: &str| {
                    [format!("{glue}{text}"), format!("{text}{glue}"), format!("{glue}{text}{glue}")]
                };
                for text in std::iter::once(text.clone()).chain(GLUE.iter().flat_map(|glue| beside(glue))) {
                    let folded = fold(&text).text;
                    shadow::cast(&folded, &mut shadow);
                    if matches(pattern, &folded) {
                        held += 1;
                        assert!(set.matches(&shadow, &mut heard).has(index), "{} in {text:?}", file.id);
                    }
                }
            }
        }
        assert!(held > 10_000, "{held}");
    }

    #[test]
    fn what_matches_nowhere_is_told() {
        let compiled = PATTERNS.map(Pattern::new);
        let set = Set::new(compiled.iter().map(Pattern::syntax)).unwrap();
        let mut heard = Heard::default();
        for text in ["", "plain words", "9123-45x", "1a2"] {
            let mut told = set.matches(text, &mut heard);
            assert_eq!((0..PATTERNS.len()).find(|index| told.has(*index)), None, "{text}");
        }
    }
}
