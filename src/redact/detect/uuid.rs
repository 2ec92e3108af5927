//! UUIDs: long, common, never the same twice, and of no concern to nearly all detectors, which
//! is told once for all of them.

use crate::redact::detect::Detector;
use crate::redact::detect::outline::{Outline, Pattern, mask};
use crate::redact::plainly::{FIRST_GROUP, Uuid};
use regex_syntax::hir::{Hir, HirKind, Look};
use std::sync::OnceLock;

/// The longest name of a type in front of one.
const LONGEST_TYPE: usize = 24;

/// Which detectors may find something in a UUID, by what is in front of it and how it begins.
#[derive(Clone, Debug)]
pub(super) struct Uuids {
    /// By detector.
    asks: OnceLock<Box<[Asks]>>,
    alone: Known,
    urn: Known,
    /// By the length of the type.
    typed: Box<[Known]>,
}

/// Of UUIDs that begin with a digit each, and of others.
type Known = [OnceLock<Box<[Concerned]>>; 2];

/// A detector that may find something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Concerned {
    pub(super) detector: usize,
    /// Only where a key is its cue.
    pub(super) waits: bool,
    head: Option<Head>,
    /// Whether what passes its check can begin with two letters.
    begins: Option<fn([u8; 2]) -> bool>,
}

impl Concerned {
    /// Whether it may find something in this UUID. Where it is `cued`, also what fails its check.
    pub(super) fn may_find(&self, text: &str, uuid: Uuid<'_>, cued: bool) -> bool {
        let Some(head) = self.head else { return true };
        let begins = |word: usize| {
            let letters = text.as_bytes().get(word..).and_then(<[u8]>::first_chunk);
            cued || self.begins.is_none_or(|begins| letters.is_some_and(|letters| begins(*letters)))
        };
        uuid.words().any(|word| head.is_at(text, word) && begins(word))
    }
}

/// What all that a pattern matches begins with, where a word does.
#[derive(Clone, Copy, Debug)]
struct Head([u128; Self::LENGTH]);

impl Head {
    const LENGTH: usize = 4;

    /// None if it may begin elsewhere, or with what is not told here.
    fn of(pattern: &Hir) -> Option<Self> {
        let HirKind::Concat(parts) = pattern.kind() else { return None };
        let (HirKind::Look(Look::WordAscii | Look::WordUnicode), parts) =
            parts.split_first().map(|(first, parts)| (first.kind(), parts))?
        else {
            return None;
        };
        let mut head = Vec::new();
        for part in parts {
            let (class, least, is_exact) = match part.kind() {
                HirKind::Class(class) => (class, 1, true),
                HirKind::Repetition(repetition) => match repetition.sub.kind() {
                    HirKind::Class(class) => (class, repetition.min, repetition.max == Some(repetition.min)),
                    _ => break,
                },
                _ => break,
            };
            head.extend(std::iter::repeat_n(mask(class), least.min(4) as usize));
            if !is_exact {
                break;
            }
        }
        let head: [u128; Self::LENGTH] = head.get(..Self::LENGTH)?.try_into().ok()?;
        // A word may end, too, where what is no part of one begins.
        let begins_words =
            (0..=127_u8).all(|byte| head[0] >> byte & 1 == 0 || byte.is_ascii_alphanumeric() || byte == b'_');
        begins_words.then_some(Self(head))
    }

    fn is_at(&self, text: &str, place: usize) -> bool {
        let fits = |(byte, mask): (&u8, &u128)| mask >> byte & 1 == 1;
        text.as_bytes()
            .get(place..)
            .is_some_and(|text| text.len() >= Self::LENGTH && text.iter().zip(&self.0).all(fits))
    }
}

/// What a detector asks of a text.
#[derive(Clone, Debug)]
enum Asks {
    Nothing,
    /// It cannot be told.
    Anything,
    /// A pattern, and one of the cues, if it waits for any.
    Pattern(Pattern, Option<Vec<Pattern>>, Starts),
}

/// What all that a detector finds starts with.
type Starts = (Option<Head>, Option<fn([u8; 2]) -> bool>);

impl Uuids {
    pub(super) fn new() -> Self {
        let typed = std::iter::repeat_with(Known::default).take(LONGEST_TYPE).collect();
        Self { asks: OnceLock::new(), alone: Known::default(), urn: Known::default(), typed }
    }

    /// The detectors whose patterns are to be asked. None if that is not known.
    pub(super) fn concerned(&self, detectors: &[Detector], uuid: Uuid<'_>) -> Option<&[Concerned]> {
        let known = match uuid.before.strip_suffix('/') {
            None if uuid.before.is_empty() => &self.alone,
            None => &self.urn,
            Some(name) => self.typed.get(name.len())?,
        };
        let [begins_with_digits, begins_with_any] = known;
        let known = if uuid.begins_with_digits { begins_with_digits } else { begins_with_any };
        Some(known.get_or_init(|| {
            let asks = self.asks.get_or_init(|| detectors.iter().map(Asks::of).collect());
            let outlines = outlines(uuid);
            let asked = asks.iter().enumerate();
            asked.filter_map(|(detector, asks)| asks.among(detector, &outlines)).collect()
        }))
    }
}

impl Asks {
    fn of(detector: &Detector) -> Self {
        let Some(pattern) = &detector.pattern else { return Self::Nothing };
        let Some(pattern) = pattern.syntax() else { return Self::Anything };
        let cue = |word: &String| Pattern::new(&Hir::literal(word.to_lowercase().into_bytes()));
        let cues = detector.needs_context.then(|| detector.cue_words.iter().map(cue).collect());
        Self::Pattern(Pattern::new(pattern), cues, (Head::of(pattern), detector.begins))
    }

    fn among(&self, detector: usize, outlines: &[Outline]) -> Option<Concerned> {
        let may_match = |pattern: &Pattern| outlines.iter().any(|outline| outline.may_match(pattern));
        match self {
            Self::Nothing => None,
            Self::Anything => Some(Concerned { detector, waits: false, head: None, begins: None }),
            Self::Pattern(pattern, cues, (head, begins)) => may_match(pattern).then(|| {
                let waits = cues.as_ref().is_some_and(|cues| !cues.iter().any(may_match));
                Concerned { detector, waits, head: *head, begins: *begins }
            }),
        }
    }
}

/// The outlines that UUIDs like this one have.
fn outlines(uuid: Uuid<'_>) -> Vec<Outline> {
    const DIGIT: &str = "[0-9]";
    const HEXADECIMAL: &str = "[0-9a-f]";
    let before = match uuid.before.strip_suffix('/') {
        Some(name) => Outline::default().then("[A-Za-z]", name.len()).literally("/"),
        None => Outline::default().literally(uuid.before),
    };
    let rest = |first: Outline| {
        let group = |outline: Outline, digits| outline.literally("-").then(HEXADECIMAL, digits);
        [4, 4, 4, 12].into_iter().fold(first, group)
    };
    if uuid.begins_with_digits {
        return vec![rest(before.then(DIGIT, FIRST_GROUP))];
    }
    let letter_at = |place| {
        let first = before.clone().then(HEXADECIMAL, place).then("[a-f]", 1);
        rest(first.then(HEXADECIMAL, FIRST_GROUP - place - 1))
    };
    (0..FIRST_GROUP).map(letter_at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::builtin;
    use crate::redact::detect::pattern::in_ascii;
    use crate::redact::rules::Rules;

    #[test]
    fn of_the_detectors_that_ship_few_concern_a_uuid() {
        let rules = Rules::load(&builtin::rules()).unwrap_or_else(|faults| panic!("{faults:?}"));
        let detectors: Vec<Detector> = rules.detectors.iter().cloned().collect();
        let uuids = Uuids::new();
        // A word such as `fax` may be in the name of a type.
        for (text, known) in [
            ("550e8400-e29b-41d4-a716-446655440000", &["iban"][..]),
            ("urn:uuid:550e8400-e29b-41d4-a716-446655440000", &["iban"]),
            ("Patient/550e8400-e29b-41d4-a716-446655440000", &["iban", "phone-local"]),
            (
                "55018400-e29b-41d4-a716-446655440000",
                &["card-number", "iban", "payment-account", "se-personnummer"],
            ),
        ] {
            let concerned = uuids.concerned(&detectors, Uuid::of(text).unwrap()).unwrap();
            let asked = concerned.iter().filter(|concerned| !concerned.waits);
            let names: Vec<&str> = asked.map(|asked| detectors[asked.detector].id.as_str()).collect();
            assert_eq!(names, known, "{text}");
        }
    }

    #[test]
    fn every_detector_that_matches_is_asked() {
        let patterns = [
            r"\b[A-Z]{4}[a-z]",
            r"(?i)\b[A-Z]{2}[0-9]{2}",
            r"\b[a-z]{4}:",
            r"\b[0-9a-f]{4}-[0-9]",
            r"[0-9]{2}[a-f]{2}",
            r"\b[a-z]{2}[0-9]{2}|^P",
            r"\b[a-z]{3,}[0-9]{1,3}-",
        ];
        let heads = patterns.map(|pattern| {
            let pattern = in_ascii(pattern);
            (regex::Regex::new(&pattern).unwrap(), Head::of(&regex_syntax::parse(&pattern).unwrap()))
        });
        assert!(heads.iter().filter(|(_, head)| head.is_some()).count() >= 4);
        let mut random = 1_u128;
        for _ in 0..20_000 {
            random = random.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645).wrapping_add(1);
            let digits = format!("{random:032x}");
            let uuid =
                [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-");
            for before in ["", "urn:uuid:", "Patient/", "ABCDe/"] {
                let text = format!("{before}{uuid}");
                let Some(uuid) = Uuid::of(&text) else { continue };
                for (pattern, head) in &heads {
                    let asked = head.is_none_or(|head| uuid.words().any(|word| head.is_at(&text, word)));
                    assert!(asked || !pattern.is_match(&text), "{pattern} in {text}");
                }
            }
        }
    }
}
