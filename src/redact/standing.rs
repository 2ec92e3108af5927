//! Markers that a document comes with, from another gateway's filter or this one's: they stay
//! what they are, and no new one takes their number.
//!
//! A number in brackets may as well be a part of somebody's. So a marker is known by its entity,
//! which detectors must have, and by the markers beside it: a filter numbers them from one on
//! without a gap, so `[US_SSN_536]` alone is none.

use crate::redact::detect::Detector;
use crate::redact::marker;
use std::collections::BTreeSet;

/// What every document with a marker holds.
const FIRST: &str = "_1]";
/// Longer markers are none: each bracket may ask for so many bytes.
const LONGEST: usize = 64;
/// A value of more of them may be spelt by their numbers.
const MOST_IN_A_VALUE: usize = 4;

/// The markers met, by entity: how many there are, numbered from one on.
#[derive(Debug, Default)]
pub(crate) struct Standing(Vec<(String, usize)>);

impl Standing {
    /// Adds those of a document.
    pub(crate) fn read(&mut self, detectors: &[Detector], document: &str) {
        if memchr::memmem::find(document.as_bytes(), FIRST.as_bytes()).is_none() {
            return;
        }
        let mut numbers = BTreeSet::new();
        for (open, _) in document.match_indices('[') {
            numbers.extend(at(document, open).and_then(parts));
        }
        let known = |entity: &str| detectors.iter().any(|detector| detector.entity.as_str() == entity);
        let mut last: Option<(&str, usize)> = None;
        for (entity, number) in numbers {
            let before = last.filter(|(last, _)| *last == entity).map_or(0, |(_, number)| number);
            if number == before + 1 && (before > 0 || known(entity)) {
                last = Some((entity, number));
                self.count(entity, number);
            }
        }
    }

    fn count(&mut self, entity: &str, number: usize) {
        match self.0.iter_mut().find(|(known, _)| known == entity) {
            Some((_, count)) => *count = number.max(*count),
            None => self.0.push((entity.to_owned(), number)),
        }
    }

    /// Whether a text is one of them and nothing else.
    #[inline]
    pub(crate) fn has(&self, text: &str) -> bool {
        !self.0.is_empty()
            && parts(text).is_some_and(|(entity, number)| (1..=self.of(entity)).contains(&number))
    }

    /// What else a text says that holds some of them: a digit of a marker is none of a value's.
    /// None if it holds none, or so many that their numbers may spell one.
    pub(crate) fn without(&self, text: &str) -> Option<String> {
        if self.0.is_empty() || !text.contains('[') {
            return None;
        }
        let (mut rest, mut behind, mut count) = (String::new(), 0, 0);
        for (open, _) in text.match_indices('[') {
            if let Some(marker) = at(text, open).filter(|marker| self.has(marker)) {
                rest.push_str(text.get(behind..open)?);
                behind = open + marker.len();
                count += 1;
            }
        }
        rest.push_str(text.get(behind..)?);
        (1..=MOST_IN_A_VALUE).contains(&count).then_some(rest)
    }

    /// How many there are of an entity.
    pub(crate) fn of(&self, entity: &str) -> usize {
        self.0.iter().find(|(known, _)| known == entity).map_or(0, |(_, count)| *count)
    }

    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }
}

/// What stands in brackets from here on.
fn at(text: &str, open: usize) -> Option<&str> {
    let text = text.get(open..)?;
    let end = text.bytes().take(LONGEST).position(|byte| byte == b']')?;
    text.get(..=end)
}

fn parts(text: &str) -> Option<(&str, usize)> {
    let (entity, number) = marker::parts(text.strip_prefix('[')?.strip_suffix(']')?)?;
    Some((entity, number.parse().ok().filter(|_| !number.starts_with('0'))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::builtin;
    use crate::redact::rules::Rules;

    fn standing(document: &str) -> Standing {
        let rules = Rules::load(&builtin::rules()).unwrap_or_else(|faults| panic!("{faults:?}"));
        let mut standing = Standing::default();
        standing.read(rules.detectors.scanner(|_| true).detectors(), document);
        standing
    }

    #[test]
    fn a_marker_is_known_by_its_entity_and_by_those_before_it() {
        let met = standing(r#"{"a":["[PERSON_2]","[x]"],"b":"x [PERSON_1], [PAN_1][PERSON_4]"}"#);
        assert_eq!([met.of("PERSON"), met.of("PAN"), met.of("US_SSN")], [2, 1, 0]);
        for (text, is_one) in [
            ("[PERSON_1]", true),
            ("[PERSON_2]", true),
            ("[PAN_1]", true),
            ("[PERSON_4]", false),
            ("[PERSON_01]", false),
            ("[PERSON_0]", false),
            ("PERSON_1", false),
            ("[PERSON_1] ", false),
            ("[PAN_2]", false),
        ] {
            assert_eq!(met.has(text), is_one, "{text}");
        }
    }

    #[test]
    fn what_a_text_says_beside_them_is_told() {
        let met = standing("[PERSON_1][PERSON_2] [PAN_1]");
        for (text, rest) in [
            ("[PERSON_1] y", Some(" y")),
            ("5[PERSON_1]36[PAN_1]", Some("536")),
            ("[[PERSON_2]]", Some("[]")),
            ("é [PERSON_1]", Some("é ")),
            ("[PERSON_3] y", None),
            ("[PERSON_\u{200b}1] y", None),
            ("y", None),
            ("[PAN_1][PAN_1][PAN_1][PAN_1][PAN_1]", None),
        ] {
            assert_eq!(met.without(text).as_deref(), rest, "{text}");
        }
    }

    #[test]
    fn what_is_only_spelt_like_one_is_none() {
        for document in [
            "",
            "[_1]",
            "[JOHN_SMITH_1]",
            "[PERSON_2]",
            "[PERSON_536][PERSON_90]",
            "[PERSON_1",
            "[é_1]",
            "[a_1] [A_1]",
            "[PERSON_99999999999999999999999_1]",
        ] {
            assert!(standing(document).0.is_empty(), "{document}");
        }
    }
}
