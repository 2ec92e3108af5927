//! Names that the model finds in free text, as candidates beside those of the patterns.

use crate::redact::class::Class;
use crate::redact::detect::Detector;
use crate::redact::detect::choose::Candidate;
use crate::redact::detect::sense::Sense;
use crate::redact::names::{self, Kind};
use std::cell::OnceCell;

/// A value is read with its key before it if it is no longer than this: what is longer tells
/// by itself what it is about.
const LONGEST_SPOKEN: usize = 200;

/// A text with so many plain words in lower case is prose.
const FEWEST_PLAIN: usize = 3;

/// The detectors whose findings are the model's.
#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    person: Option<usize>,
    place: Option<usize>,
    address: Option<usize>,
}

/// What reading names writes on.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    names: names::Scratch,
    spoken: String,
}

impl Named {
    pub(super) fn new(detectors: &[Detector]) -> Self {
        let of = |kind| detectors.iter().position(|detector| detector.model == Some(kind));
        Self { person: of(Kind::Person), place: of(Kind::Place), address: of(Kind::Address) }
    }

    fn detector(&self, kind: Kind) -> Option<usize> {
        match kind {
            Kind::Person => self.person,
            Kind::Place => self.place,
            Kind::Address => self.address,
        }
    }

    /// Whether the model is to read the text: some detector waits for it, and there are words.
    pub(super) fn listens(&self, sense: &Sense, text: &str, class: Class) -> bool {
        let all = || [self.person, self.place, self.address].into_iter().flatten();
        class.meets(Class::SPACE)
            && class.meets(Class::LOWER.join(Class::UPPER).join(Class::WIDE))
            && (all().any(|detector| !sense.vetoes(detector)) || all().next().is_some() && is_sentence(text))
    }

    pub(super) fn collect(
        &self,
        detectors: &[Detector],
        sense: &Sense,
        text: &str,
        scratch: &mut Scratch,
        candidates: &mut Vec<Candidate>,
    ) {
        let Some(model) = names::shipped() else { return };
        let Scratch { names, spoken } = scratch;
        spoken.clear();
        if text.len() <= LONGEST_SPOKEN {
            speak(sense, spoken);
        }
        let key = spoken.len();
        if key > 0 {
            spoken.push_str(text);
        }
        let prose = is_prose(text);
        let told = OnceCell::new();
        names::find(model, if key > 0 { spoken } else { text }, names, |name| {
            // What is said of a key holds for labels, not for what people write under it.
            let heard =
                |detector: &usize| !sense.vetoes(*detector) || *told.get_or_init(|| is_sentence(text));
            let Some(detector) = self.detector(name.kind).filter(heard) else { return };
            let expected =
                prose || !name.plain && (name.listed || name.kind == Kind::Address || sense.cues(detector));
            let Some(start) = name.range.start.checked_sub(key).filter(|_| expected) else { return };
            let score = detectors.get(detector).map_or(0.0, |detector| detector.score);
            candidates.push(Candidate { range: start..name.range.end - key, detector, score, yields: true });
        });
    }
}

/// Whether there are sentences in a text, not labels alone: "Standard Delivery" reads like a
/// name where nothing stands around it.
fn is_prose(text: &str) -> bool {
    // What ends with a colon is a label.
    let plain = |word: &&str| {
        let word = word.trim_end_matches(['.', ',', ';', '?', '!']);
        word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    text.split_ascii_whitespace().filter(plain).nth(FEWEST_PLAIN - 1).is_some()
}

/// Whether somebody tells something in a text: there are words that no label has.
fn is_sentence(text: &str) -> bool {
    const TELLING: [&str; 44] = [
        "is", "was", "are", "were", "has", "had", "have", "will", "would", "should", "did", "does", "says",
        "said", "told", "tells", "asked", "asks", "called", "calls", "spoke", "wants", "wanted", "reports",
        "states", "lives", "he", "she", "they", "his", "her", "him", "my", "me", "your", "you", "we", "our",
        "us", "please", "ist", "hat", "est", "fue",
    ];
    const LONGEST_TELLING: usize = 7;
    let tells = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        word.len() <= LONGEST_TELLING && TELLING.iter().any(|telling| telling.eq_ignore_ascii_case(word))
    };
    is_prose(text) && text.split_ascii_whitespace().any(tells)
}

/// Writes the key of a value as a person would say it: `assigned to: `.
fn speak(sense: &Sense, out: &mut String) {
    let path = sense.path();
    let unwrapped = path.unwrapped();
    if let Some(key) = unwrapped.as_ref().unwrap_or(path).last() {
        out.extend(key.chars().map(|c| if c == '_' { ' ' } else { c }));
        out.push_str(": ");
    }
}
