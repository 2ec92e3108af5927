//! Values that a key named as personal, looked for in the free text of the same result: a
//! note that says "Maria" is found by the record's own `given: Maria`.

use crate::redact::class::Class;
use crate::redact::detect::Finding;
use foldhash::fast::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher as _;
use std::ops::Range;

/// Shorter words are too common to be looked for.
const SHORTEST: usize = 3;
/// A word in capitals throughout is looked for too, if it is this long.
const SHORTEST_CAPITALS: usize = 4;
/// Bounds what is kept of one result.
const MOST: usize = 10_000;
/// Room for free text that is kept for the next result.
const MOST_ROOM: usize = 1 << 16;
/// A value of more words is looked for by as many of them.
const MOST_WORDS: usize = 12;
/// Characters that may stand between two words of a value, whatever they are.
const WIDEST_GAP: usize = 3;

/// What a part of the result teaches is looked for at its end in all the free text of that
/// part. Only where a later part, or a member name, turns out to matter for what was shown
/// before must the whole be filtered once more.
///
/// What was learned is a tree by words, so that looking for it takes a bounded number of
/// steps at each word of a text, however many values begin alike. Words are kept as hashes
/// under a key of this result's own: the tree is two tables, whatever was learned.
pub(crate) struct Echo {
    hasher: RandomState,
    known: HashSet<u64, RandomState>,
    /// From a node by a word to the next.
    steps: HashMap<(usize, u64), usize, RandomState>,
    /// For each node the detector whose value ends there.
    ends: Vec<Option<usize>>,
    /// The words that values begin with, a line each.
    firsts: String,
    /// The first bytes of first words, and the second.
    starts: Bytes,
    seconds: Bytes,
    /// Free text as it was shown, and its parts: how much was known at the end of each, and
    /// where it ends.
    shown: String,
    parts: Vec<(usize, usize)>,
    /// All that the result teaches is known: it is filtered once more.
    settled: bool,
    /// A value in capitals, while it is learned.
    capitals: String,
}

/// A set of bytes.
struct Bytes([bool; 256]);

const ROOT: usize = 0;

impl Default for Echo {
    fn default() -> Self {
        Self {
            hasher: RandomState::default(),
            known: HashSet::default(),
            steps: HashMap::default(),
            ends: vec![None],
            firsts: String::new(),
            starts: Bytes([false; 256]),
            seconds: Bytes([false; 256]),
            shown: String::new(),
            parts: Vec::new(),
            settled: false,
            capitals: String::new(),
        }
    }
}

impl Echo {
    /// Ends a result: the next has its room and nothing else.
    pub(crate) fn forget(&mut self) {
        if self.shown.capacity().max(self.firsts.capacity()) > MOST_ROOM {
            *self = Self::default();
        }
        self.known.clear();
        self.steps.clear();
        self.ends.truncate(ROOT + 1);
        self.firsts.clear();
        self.starts = Bytes([false; 256]);
        self.seconds = Bytes([false; 256]);
        self.shown.clear();
        self.parts.clear();
        self.settled = false;
        self.capitals.clear();
    }

    /// `by_words`: "Maria de la Cruz" is looked for whole and by its capitalised words; the
    /// words of an address are too common for that.
    pub(crate) fn learn(&mut self, detector: usize, value: &str, by_words: bool) {
        let value = value.trim();
        if self.known.len() >= MOST || !self.known.insert(self.hasher.hash_one(value)) {
            return;
        }
        self.add(detector, value);
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
        if length >= SHORTEST_CAPITALS {
            let mut capitals = std::mem::take(&mut self.capitals);
            capitals.clear();
            if text.is_ascii() {
                capitals.push_str(text);
                capitals.make_ascii_uppercase();
            } else {
                capitals.extend(text.chars().flat_map(char::to_uppercase));
            }
            if capitals != text {
                self.keep(detector, &capitals);
            }
            self.capitals = capitals;
        }
    }

    fn keep(&mut self, detector: usize, text: &str) {
        let mut at = ROOT;
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        for word in words.take(MOST_WORDS) {
            let next = self.ends.len();
            let reached = *self.steps.entry((at, self.hasher.hash_one(word))).or_insert(next);
            if reached == next {
                self.ends.push(None);
                if at == ROOT {
                    self.begin(word);
                }
            }
            at = reached;
        }
        if let Some(ends) = self.ends.get_mut(at).filter(|_| at != ROOT) {
            ends.get_or_insert(detector);
        }
    }

    fn begin(&mut self, word: &str) {
        self.firsts.push_str(word);
        self.firsts.push('\n');
        let word = word.as_bytes();
        for (set, byte) in [(&mut self.starts, word.first()), (&mut self.seconds, word.get(1))] {
            match byte {
                Some(byte) => set.0[usize::from(*byte)] = true,
                // A word of one letter, as in "J. Doe": anything may follow.
                None => set.0.fill(true),
            }
        }
    }

    fn step(&self, at: usize, word: &str) -> Option<usize> {
        self.steps.get(&(at, self.hasher.hash_one(word))).copied()
    }

    /// Makes room for so many bytes of free text.
    pub(crate) fn expect(&mut self, length: usize) {
        if !self.settled {
            self.shown.reserve(length);
        }
    }

    /// Notes free text that is shown.
    pub(crate) fn show(&mut self, text: &str) {
        if !self.settled {
            self.shown.push_str(text);
            self.shown.push('\n');
        }
    }

    /// Ends a part of the result, in which all was found that is known by now.
    pub(crate) fn end_part(&mut self) {
        if !self.settled {
            self.parts.push((self.known.len(), self.shown.len()));
        }
    }

    /// Whether a part, or one of the member names made of these words, holds something
    /// learned after it was shown. True at most once.
    pub(crate) fn settle(&mut self, names: &HashSet<Box<str>>) -> bool {
        if self.settled || self.known.is_empty() {
            return false;
        }
        let known = self.known.len();
        let last = self.parts.iter().rfind(|(known_then, _)| *known_then < known);
        let shown = last.and_then(|(_, end)| self.shown.get(..*end)).unwrap_or_default();
        self.settled = self.firsts.lines().any(|word| names.contains(word)) || self.holds(shown);
        self.shown.clear();
        self.settled
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.settled
    }

    /// Whether a member name that was clean by itself holds a learned value, once
    /// [`Echo::settle`] has said that something was missed.
    pub(crate) fn is_in(&self, name: &str) -> bool {
        self.settled && self.holds(name)
    }

    fn holds(&self, text: &str) -> bool {
        self.words(text).any(|start| self.at(text, start).is_some())
    }

    /// Adds findings for learned values that stand in `text` as whole words.
    pub(crate) fn find(&self, text: &str, findings: &mut Vec<Finding>) {
        if self.known.is_empty() {
            return;
        }
        let (before, mut from) = (findings.len(), 0);
        for start in self.words(text) {
            if start < from {
                continue;
            }
            let Some((end, detector)) = self.at(text, start) else { continue };
            from = end;
            if free(findings.get(..before).unwrap_or_default(), &(start..end)) {
                findings.push(Finding::by_pattern(detector, start..end, text));
            }
        }
        if findings.len() > before && before > 0 {
            findings.sort_by_key(|finding| finding.range.start);
        }
    }

    /// Where the longest learned value ends that begins at a word's start, so that a full
    /// name is one finding rather than two.
    fn at(&self, text: &str, start: usize) -> Option<(usize, usize)> {
        let (mut at, mut place, mut found) = (ROOT, start, None);
        loop {
            let rest = text.get(place..)?;
            let word = rest.split(|c: char| !c.is_alphanumeric()).next()?;
            let Some(next) = self.step(at, word) else { return found };
            place += word.len();
            if let Some(detector) = self.ends.get(next).copied().flatten() {
                found = Some((place, detector));
            }
            let gap = text.get(place..)?.chars().take(WIDEST_GAP).take_while(|c| !c.is_alphanumeric());
            place += gap.map(char::len_utf8).sum::<usize>();
            at = next;
        }
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
        let mut findings = Vec::new();
        echo.find(text, &mut findings);
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

    #[test]
    fn one_name_that_begins_another_hides_neither() {
        let names = ["Maria Ha", "J. Doe-Smith"];
        assert_eq!(found(&names, "Maria Hallo, Maria  Ha, Maria\nHa"), ["Maria", "Maria  Ha", "Maria\nHa"]);
        assert_eq!(found(&names, "J Doe Smith; J. Doe"), ["J Doe Smith"]);
        let long = "Uno Dos Tres Cuatro Cinco Seis Siete Ocho Nueve Diez Once Doce Trece Catorce";
        assert_eq!(found(&[long], &format!("— {long}")).len(), 3);
    }

    /// What was shown before a name was learned counts, and what was shown after does not:
    /// it was found there.
    #[test]
    fn what_was_shown_too_early_is_filtered_once_more() {
        let settles = |early: &str, late: &str, names: &[&str]| {
            let mut echo = Echo::default();
            echo.show(early);
            echo.end_part();
            echo.learn(0, "Maria Halloran", true);
            echo.show(late);
            echo.end_part();
            let settles = echo.settle(&names.iter().map(|name| Box::from(*name)).collect());
            assert!(!echo.settle(&HashSet::new()), "at most once");
            settles
        };
        assert!(settles("a note on Maria", "", &[]));
        assert!(!settles("a note", "a note on Maria", &["note"]));
        assert!(settles("a note", "", &["Halloran"]));
    }

    /// Very many names that begin alike, and a text of their beginning: the steps taken at
    /// each word are those of one name, not of all.
    #[test]
    fn names_that_begin_alike_are_one_branch() {
        let mut echo = Echo::default();
        for number in 0..1_000 {
            echo.learn(0, &format!("Maria X{number}"), false);
        }
        assert_eq!(echo.firsts, "Maria\nMARIA\n");
        assert_eq!(echo.ends.len(), 1 + 2 + 2_000);
    }
}
