//! The labels that name values, each read once a result, and which of them stand together.
//!
//! Objects that are alike have the same labels in the same order. Each such row of labels
//! has a number, so that what it says of a value is asked for once.

use super::siblings;
use crate::redact::plainly::Uuid;
use foldhash::fast::RandomState;
use std::collections::HashMap;
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

/// The labels of one result.
pub(crate) struct Labels {
    /// The number of each label, and the keys that it says.
    numbers: HashMap<Box<str>, u32, RandomState>,
    said: Vec<Arc<[String]>>,
    /// What each row says, and the row with one more label.
    rows: Vec<Arc<[String]>>,
    next: HashMap<(u32, u32), u32, RandomState>,
}

impl Default for Labels {
    fn default() -> Self {
        Self {
            numbers: HashMap::default(),
            said: Vec::new(),
            rows: vec![Arc::default()],
            next: HashMap::default(),
        }
    }
}

impl Labels {
    /// The keys that a row says.
    pub(crate) fn keys(&self, row: &Row) -> Arc<[String]> {
        match row {
            Row::Known(row) => self.rows.get(*row as usize).cloned().unwrap_or_default(),
            Row::Keys(keys) => Arc::clone(keys),
        }
    }

    /// Adds a label to a row, by its source.
    ///
    /// `tells` is whether any detector may be told something by a key.
    pub(crate) fn add(&mut self, row: &mut Row, source: &str, tells: &impl Fn(&str) -> bool) {
        if is_no_key(source) {
            return;
        }
        let number = self.number(source, tells);
        if let (Row::Known(known), Some(number)) = (&mut *row, number) {
            if let Some(next) = self.next.get(&(*known, number)) {
                *known = *next;
                return;
            }
            if self.rows.len() < MOST {
                let said = self.said.get(number as usize).cloned().unwrap_or_default();
                let keys = with(&self.keys(row), &said);
                *row = self.learn(row, number, keys);
                return;
            }
        }
        let said = number.and_then(|number| self.said.get(number as usize)).cloned();
        let said = said.unwrap_or_else(|| siblings::keys(source).filter(|key| tells(key)).collect());
        *row = Row::Keys(with(&self.keys(row), &said));
    }

    fn learn(&mut self, row: &Row, label: u32, keys: Arc<[String]>) -> Row {
        let Row::Known(row) = row else { return Row::Keys(keys) };
        let Ok(next) = u32::try_from(self.rows.len()) else { return Row::Keys(keys) };
        // A label that adds nothing leads nowhere else.
        let adds = self.rows.get(*row as usize).is_none_or(|before| before.len() < keys.len());
        let next = if adds { next } else { *row };
        if adds {
            self.rows.push(keys);
        }
        self.next.insert((*row, label), next);
        Row::Known(next)
    }

    /// The number of a label, if it is remembered.
    fn number(&mut self, source: &str, tells: &impl Fn(&str) -> bool) -> Option<u32> {
        if let Some(number) = self.numbers.get(source) {
            return Some(*number);
        }
        let number = u32::try_from(self.said.len()).ok()?;
        if self.said.len() >= MOST || source.len() > LONGEST {
            return None;
        }
        self.said.push(siblings::keys(source).filter(|key| tells(key)).collect());
        self.numbers.insert(source.into(), number);
        Some(number)
    }
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

    fn said(labels: &mut Labels, sources: &[&str]) -> Vec<String> {
        let mut row = Row::default();
        for source in sources {
            labels.add(&mut row, source, &|key: &str| key != "Weight");
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
