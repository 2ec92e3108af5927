//! The labels that name values, each read once, and which of them stand together.
//!
//! Objects that are alike have the same labels in the same order. Each such row of labels
//! has a number, so that what it says of a value is asked for once.
//!
//! Labels are values, and may be personal data. From one result to the next only hashes are kept,
//! under a key of this process, and keys that are words of the rules.

use super::siblings;
use crate::redact::detect::Told;
use crate::redact::plainly::Uuid;
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::collections::hash_map::RandomState as Keyed;
use std::hash::BuildHasher as _;
use std::sync::Arc;

/// Longer sources of labels are not remembered.
const LONGEST: usize = 256;
/// Labels, and rows of them, that are remembered.
const MOST: usize = 2_048;
/// Keys that one object gives its values.
const MOST_KEYS: usize = 64;

/// Labels that were read one after the other.
#[derive(Clone, Debug)]
pub(crate) enum Row {
    /// Remembered, by number.
    Known(u32),
    /// The keys that they say.
    Keys(Arc<[String]>),
}

impl Default for Row {
    fn default() -> Self {
        Self::Known(NONE)
    }
}

/// The row without labels.
pub(crate) const NONE: u32 = 0;

/// The row that says whose a name is, without labels.
pub(crate) const SOMEBODY: u32 = u32::MAX;
/// The key of a name beside what only persons have.
const SOMEBODYS_NAME: &str = "somebody.name";

/// The number of all labels that say nothing.
const SILENT: u32 = u32::MAX;

/// What a label says, or a row of them.
#[derive(Clone, Default)]
struct Said {
    keys: Arc<[String]>,
    /// They are words of the rules.
    lasts: bool,
}

/// The labels of results of one plan.
pub(crate) struct Labels {
    key: Keyed,
    /// The number of each label, by the hash of its source: SipHash, so that nobody finds
    /// another that passes for it.
    numbers: HashMap<u64, u32, RandomState>,
    said: Vec<Said>,
    somebody: Arc<[String]>,
    /// What each row says, and the row with one more label.
    rows: Vec<Said>,
    next: HashMap<(u32, u32), u32, RandomState>,
    /// Some are of this result alone.
    passing: bool,
}

impl Default for Labels {
    fn default() -> Self {
        Self {
            key: Keyed::new(),
            numbers: HashMap::default(),
            said: Vec::new(),
            somebody: [SOMEBODYS_NAME.to_owned()].into(),
            rows: vec![Said { lasts: true, ..Said::default() }],
            next: HashMap::default(),
            passing: false,
        }
    }
}

impl Labels {
    /// The keys that a row says.
    pub(crate) fn keys(&self, row: &Row) -> Arc<[String]> {
        match row {
            Row::Known(SOMEBODY) => Arc::clone(&self.somebody),
            Row::Known(row) => self.row(*row).keys,
            Row::Keys(keys) => Arc::clone(keys),
        }
    }

    fn row(&self, row: u32) -> Said {
        self.rows.get(row as usize).cloned().unwrap_or_default()
    }

    /// Whether a row is known in later results, too.
    pub(crate) fn lasts(&self, row: u32) -> bool {
        row == SOMEBODY || self.rows.get(row as usize).is_some_and(|said| said.lasts)
    }

    /// Adds a label to a row, by its source.
    ///
    /// `told` is what detectors may be told by a key.
    pub(crate) fn add(&mut self, row: &mut Row, source: &str, told: &impl Fn(&str) -> Told) {
        if is_no_key(source) {
            return;
        }
        let number = self.number(source, told);
        if number == Some(SILENT) {
            return;
        }
        if let (Row::Known(known), Some(number)) = (&mut *row, number) {
            if let Some(next) = self.next.get(&(*known, number)) {
                *known = *next;
                return;
            }
            if self.rows.len() < MOST
                && let Some(next) = self.learn(*known, number)
            {
                *known = next;
                return;
            }
        }
        let said = number.and_then(|number| self.said.get(number as usize)).cloned();
        let said = said.unwrap_or_else(|| read(source, told));
        *row = Row::Keys(with(&self.keys(row), &said.keys));
    }

    fn learn(&mut self, row: u32, label: u32) -> Option<u32> {
        let (before, said) = (self.row(row), self.said.get(label as usize)?);
        let keys = with(&before.keys, &said.keys);
        // A label that adds nothing leads nowhere else.
        let adds = before.keys.len() < keys.len();
        let next = if adds { u32::try_from(self.rows.len()).ok()? } else { row };
        if adds {
            self.rows.push(Said { keys, lasts: before.lasts && said.lasts });
        }
        self.next.insert((row, label), next);
        Some(next)
    }

    /// The number of a label, if it is remembered.
    fn number(&mut self, source: &str, told: &impl Fn(&str) -> Told) -> Option<u32> {
        if source.len() > LONGEST {
            return None;
        }
        let hash = self.key.hash_one(source);
        if let Some(number) = self.numbers.get(&hash) {
            return Some(*number);
        }
        if self.numbers.len() >= MOST {
            return None;
        }
        let said = read(source, told);
        let number = if said.keys.is_empty() { SILENT } else { u32::try_from(self.said.len()).ok()? };
        if number != SILENT {
            self.passing |= !said.lasts;
            self.said.push(said);
        }
        self.numbers.insert(hash, number);
        Some(number)
    }

    /// Ends a result: keys that are no words of the rules are forgotten, or all if they are many.
    pub(crate) fn end(&mut self) {
        if self.numbers.len().max(self.rows.len()).max(self.said.len()) > MOST / 2 {
            *self = Self::default();
        }
        if !std::mem::take(&mut self.passing) {
            return;
        }
        let lasts = |all: &[Said], number: u32| all.get(number as usize).is_some_and(|said| said.lasts);
        self.numbers.retain(|_, number| *number == SILENT || lasts(&self.said, *number));
        self.next.retain(|(_, label), row| lasts(&self.said, *label) && lasts(&self.rows, *row));
        let all = self.said.iter_mut().chain(&mut self.rows);
        all.filter(|said| !said.lasts).for_each(|said| *said = Said::default());
    }
}

fn read(source: &str, told: &impl Fn(&str) -> Told) -> Said {
    let (mut keys, mut lasts) = (Vec::new(), true);
    for key in siblings::keys(source) {
        match told(&key) {
            Told::Nothing => continue,
            Told::ByWords => {}
            Told::Otherwise => lasts = false,
        }
        keys.push(key);
    }
    Said { keys: keys.into(), lasts }
}

/// Whether a label is a UUID, a number, or a string that begins with a digit and is no address:
/// keys begin with a letter.
fn is_no_key(source: &str) -> bool {
    let said = source.strip_prefix('"').unwrap_or(source);
    let is_uuid = |said: &str| Uuid::of(said).is_some_and(|uuid| uuid.by_itself().is_some());
    said.strip_suffix('"').is_some_and(is_uuid)
        || said.starts_with(|c: char| c.is_ascii_digit())
            && memchr::memchr2(b':', b'\\', said.as_bytes()).is_none()
}

/// Keys with others behind them, each once.
fn with(keys: &[String], more: &[String]) -> Arc<[String]> {
    let mut all = keys.to_vec();
    for key in more {
        if all.len() < MOST_KEYS && !all.contains(key) {
            all.push(key.clone());
        }
    }
    all.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(key: &str) -> Told {
        match key {
            "Weight" => Told::Nothing,
            "Home Phone" => Told::Otherwise,
            _ => Told::ByWords,
        }
    }

    fn said(labels: &mut Labels, sources: &[&str]) -> Vec<String> {
        let mut row = Row::default();
        for source in sources {
            labels.add(&mut row, source, &told);
        }
        labels.keys(&row).to_vec()
    }

    /// What is let go at a glance says nothing when it is read.
    #[test]
    fn a_label_that_is_no_key_says_none() {
        for source in ["1", r#""1""#, r#""1a ssn""#, r#""1/ssn""#, r#""1/#ssn""#] {
            assert!(is_no_key(source) && siblings::keys(source).next().is_none(), "{source}");
        }
        for source in [r#""1://a/ssn""#, r#""\u0073sn""#, r#"{"text":"ssn"}"#, r#""ssn""#, "1:"] {
            assert!(!is_no_key(source), "{source}");
        }
    }

    #[test]
    fn rows_of_labels_say_what_each_says_once() {
        let mut labels = Labels::default();
        let long = format!("\"{}\"", "x".repeat(LONGEST));
        for _ in 0..2 {
            assert_eq!(
                said(&mut labels, &[r#""ssn""#, "1", r#""Home Phone""#]),
                ["ssn", "Home Phone", "Phone"]
            );
            assert_eq!(said(&mut labels, &[r#""Phone""#, r#""Home Phone""#]), ["Phone", "Home Phone"]);
            assert_eq!(said(&mut labels, &[r#""ssn""#, &long, r#""dob""#, r#""ssn""#]), ["ssn", "dob"]);
            assert_eq!(
                said(&mut labels, &[r#""Weight""#, r#""http://a.example/sid/Weight""#, r#""1://x/dob""#]),
                ["dob"]
            );
            assert_eq!(said(&mut labels, &[r#""12ab""#, "12", r#""\u0031\u0061b""#]), Vec::<String>::new());
            assert!(said(&mut labels, &[]).is_empty());
        }
    }

    #[test]
    fn from_result_to_result_words_of_the_rules_alone_are_kept() {
        let mut labels = Labels::default();
        let sources = [&[r#""ssn""#, r#""Home Phone""#][..], &[r#""ssn""#], &[r#""Home Phone""#]];
        let read = |labels: &mut Labels| sources.map(|sources| said(labels, sources));
        let first = read(&mut labels);
        labels.end();
        let kept: Vec<&String> =
            labels.rows.iter().chain(&labels.said).flat_map(|said| &*said.keys).collect();
        assert_eq!(kept, ["ssn", "ssn"]);
        assert_eq!((labels.numbers.len(), labels.next.len()), (1, 1));
        assert_eq!(read(&mut labels), first);
        (0..MOST).for_each(|number| drop(said(&mut labels, &[&format!("\"key {number}\"")])));
        labels.end();
        assert_eq!(labels.numbers.len(), 0, "many labels are one result's only");
        assert_eq!(read(&mut labels), first);
    }

    /// What is not remembered for want of room is read all the same.
    #[test]
    fn more_labels_than_are_remembered_are_read() {
        let mut labels = Labels::default();
        for number in 0..2 * MOST {
            assert_eq!(
                said(&mut labels, &[&format!("\"key {number}\""), r#""ssn""#]).last().map(String::as_str),
                Some("ssn")
            );
        }
        assert_eq!(labels.rows.len(), MOST);
        let all: Vec<String> = (0..2 * MOST_KEYS).map(|number| format!("\"a{number}b\"")).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        assert_eq!(said(&mut labels, &all).len(), MOST_KEYS);
    }
}
