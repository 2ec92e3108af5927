//! Values that a key named as personal, looked for in the free text of the same result: a
//! note that says "Maria" is found by the record's own `given: Maria`.

use crate::redact::class::Class;
use crate::redact::detect::Finding;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Shorter words are too common to be looked for.
const SHORTEST: usize = 3;
/// A word in capitals throughout is looked for too, if it is this long.
const SHORTEST_CAPITALS: usize = 4;
/// Bounds what is kept of one result.
const MOST: usize = 10_000;

/// The first pass learns, the second finds.
#[derive(Default)]
pub(crate) struct Echo {
    known: HashSet<Box<str>>,
    /// What was learned, by its first word.
    by_word: HashMap<Box<str>, Vec<Learned>>,
    /// The first bytes of those words, and the second.
    starts: Bytes,
    seconds: Bytes,
    /// Free text shown while there was something still to be learned.
    shown: String,
    settled: bool,
}

/// A set of bytes.
struct Bytes([bool; 256]);

impl Default for Bytes {
    fn default() -> Self {
        Self([false; 256])
    }
}

struct Learned {
    detector: usize,
    text: Box<str>,
}

impl Echo {
    /// `by_words`: "Maria de la Cruz" is looked for whole and by its capitalised words; the
    /// words of an address are too common for that.
    pub(crate) fn learn(&mut self, detector: usize, value: &str, by_words: bool) {
        let value = value.trim();
        if self.settled || self.known.len() >= MOST || self.known.contains(value) {
            return;
        }
        self.add(detector, value);
        self.known.insert(value.into());
        if by_words {
            let capital = |word: &&str| word.chars().next().is_some_and(char::is_uppercase);
            value.split_whitespace().filter(capital).for_each(|word| self.add(detector, word));
        }
    }

    fn add(&mut self, detector: usize, text: &str) {
        let text = text.trim_matches(|c: char| !c.is_alphanumeric());
        let length = text.chars().count();
        if length < SHORTEST {
            return;
        }
        self.keep(detector, text);
        let capitals = text.to_uppercase();
        if length >= SHORTEST_CAPITALS && capitals != text {
            self.keep(detector, &capitals);
        }
    }

    fn keep(&mut self, detector: usize, text: &str) {
        let word = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let (first, second) = (word.as_bytes().first().copied(), word.as_bytes().get(1).copied());
        let same_word = self.by_word.entry(word.into()).or_default();
        if same_word.iter().any(|learned| *learned.text == *text) {
            return;
        }
        same_word.push(Learned { detector, text: text.into() });
        // The longest first, so that a full name is one finding rather than two.
        same_word.sort_by_key(|learned| std::cmp::Reverse(learned.text.len()));
        for (set, byte) in [(&mut self.starts, first), (&mut self.seconds, second)] {
            match byte {
                Some(byte) => set.0[usize::from(byte)] = true,
                // A word of one letter, as in "J. Doe": anything may follow.
                None => set.0.fill(true),
            }
        }
    }

    /// Notes free text that was shown before all was learned.
    pub(crate) fn show(&mut self, text: &str) {
        if !self.settled {
            self.shown.push_str(text);
            self.shown.push('\n');
        }
    }

    /// Whether the text shown so far holds something learned since. From then on
    /// [`Echo::find`] finds. True at most once.
    pub(crate) fn settle(&mut self) -> bool {
        if self.settled || self.by_word.is_empty() {
            return false;
        }
        let shown = std::mem::take(&mut self.shown);
        let holds = self.words(&shown).any(|start| self.at(&shown, start).is_some());
        self.settled = holds;
        holds
    }

    /// Whether a learned value stands in `text`, once [`Echo::settle`] has said that some do.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        self.settled && self.words(text).any(|start| self.at(text, start).is_some())
    }

    /// Adds findings for learned values that stand in `text` as whole words.
    pub(crate) fn find(&self, text: &str, findings: &mut Vec<Finding>) {
        if !self.settled {
            return;
        }
        let (before, mut from) = (findings.len(), 0);
        for start in self.words(text) {
            let Some(learned) = self.at(text, start).filter(|_| start >= from) else { continue };
            let range = start..start + learned.text.len();
            from = range.end;
            if free(findings.get(..before).unwrap_or_default(), &range) {
                findings.push(Finding::by_pattern(learned.detector, range, text));
            }
        }
        if findings.len() > before && before > 0 {
            findings.sort_by_key(|finding| finding.range.start);
        }
    }

    /// The learned value that begins at a word's start.
    fn at(&self, text: &str, start: usize) -> Option<&Learned> {
        let rest = text.get(start..)?;
        let word = rest.split(|c: char| !c.is_alphanumeric()).next()?;
        let follows = |learned: &&Learned| {
            rest.strip_prefix(&*learned.text)
                .is_some_and(|after| !after.chars().next().is_some_and(char::is_alphanumeric))
        };
        self.by_word.get(word)?.iter().find(follows)
    }

    /// Where words begin that could be learned ones.
    fn words<'t>(&'t self, text: &'t str) -> impl Iterator<Item = usize> + 't {
        let follows = |place: usize| {
            let next = text.as_bytes().get(place + 1);
            next.is_none_or(|byte| self.seconds.0[usize::from(*byte)])
        };
        let starts = text.bytes().enumerate().filter(|(_, byte)| self.starts.0[usize::from(*byte)]);
        starts.map(|(place, _)| place).filter(move |&place| follows(place) && begins_word(text, place))
    }
}

fn begins_word(text: &str, place: usize) -> bool {
    const WORD: Class = Class::LOWER.join(Class::UPPER).join(Class::DIGIT);
    let byte = place.checked_sub(1).and_then(|before| text.as_bytes().get(before));
    match byte {
        None => true,
        Some(byte) if byte.is_ascii() => !Class::byte(*byte).meets(WORD) && text.is_char_boundary(place),
        Some(_) => text.get(..place).is_some_and(|head| !head.ends_with(char::is_alphanumeric)),
    }
}

/// Whether no finding, of those in order, overlaps the range.
fn free(findings: &[Finding], range: &Range<usize>) -> bool {
    let next = findings.partition_point(|finding| finding.range.end <= range.start);
    findings.get(next).is_none_or(|finding| finding.range.start >= range.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(learned: &[&str], text: &str) -> Vec<String> {
        let mut echo = Echo::default();
        for value in learned {
            echo.learn(0, value, true);
        }
        echo.show(text);
        let mut findings = Vec::new();
        if echo.settle() {
            echo.find(text, &mut findings);
        }
        findings.into_iter().map(|finding| text[finding.range].to_owned()).collect()
    }

    #[test]
    fn learned_names_are_found_as_whole_words() {
        let names = ["Maria Halloran", "Élodie"];
        assert_eq!(found(&names, "MARIA, Maria Halloran's, Mariana"), ["MARIA", "Maria Halloran"]);
        assert_eq!(found(&names, "—Élodie—Halloran ÉLODIE"), ["Élodie", "Halloran", "ÉLODIE"]);
        assert!(found(&names, "the Hallorans of Élodieville").is_empty());
        assert!(found(&["Al"], "Al said").is_empty());
    }
}
