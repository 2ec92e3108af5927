//! Which values of a result were looked at before and held nothing. Codes, units and
//! addresses of code systems recur by the thousand.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::{BuildHasher, Hasher};

/// Beyond this many values, or bytes of them, none is remembered.
const MOST: usize = 1 << 16;
const MOST_BYTES: usize = 1 << 24;

/// The values of one result, each with the place it was met at: the keys that lead to it are
/// part of the verdict. They are kept whole, so that no value can be made to pass for another.
#[derive(Default)]
pub(crate) struct Clean {
    hasher: RandomState,
    table: HashTable<usize>,
    values: Vec<Value>,
    text: String,
}

struct Value {
    hash: u64,
    place: u64,
    start: usize,
    end: usize,
    free: bool,
}

/// What is left of a value when the detectors are done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Nothing that a name found elsewhere could stand in.
    Closed,
    /// Free text.
    Free,
    /// Free text that is remembered, by its number.
    Known(usize),
}

impl Clean {
    /// Makes room for the values of a document of so many bytes.
    pub(crate) fn expect(&mut self, length: usize) {
        self.text.reserve((length / 8).min(MOST_BYTES));
        self.values.reserve((length / 256).min(MOST));
    }

    pub(crate) fn hash(&self, place: u64, text: &str) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write_u64(place);
        hasher.write(text.as_bytes());
        hasher.finish()
    }

    /// What is left of a value that is remembered: all of it.
    pub(crate) fn find(&self, hash: u64, place: u64, text: &str) -> Option<Rest> {
        let same = |index: &usize| {
            let value = self.values.get(*index);
            value.is_some_and(|value| {
                value.place == place && self.text.get(value.start..value.end) == Some(text)
            })
        };
        let index = *self.table.find(hash, same)?;
        Some(if self.values.get(index)?.free { Rest::Known(index) } else { Rest::Closed })
    }

    /// Remembers a value that was not found, if there is room.
    pub(crate) fn add(&mut self, hash: u64, place: u64, text: &str, free: bool) -> Rest {
        let (index, start) = (self.values.len(), self.text.len());
        if index >= MOST || start + text.len() > MOST_BYTES {
            return if free { Rest::Free } else { Rest::Closed };
        }
        self.text.push_str(text);
        self.values.push(Value { hash, place, start, end: self.text.len(), free });
        let values = &self.values;
        self.table.insert_unique(hash, index, |index| values.get(*index).map_or(0, |value| value.hash));
        if free { Rest::Known(index) } else { Rest::Closed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_known_at_its_place_alone() {
        let mut clean = Clean::default();
        for number in 0..500 {
            let text = number.to_string();
            assert!(clean.find(clean.hash(1, &text), 1, &text).is_none());
            clean.add(clean.hash(1, &text), 1, &text, number % 2 == 0);
        }
        let known = |place, text: &str| clean.find(clean.hash(place, text), place, text);
        assert_eq!(known(1, "36"), Some(Rest::Known(36)));
        assert_eq!(known(1, "37"), Some(Rest::Closed));
        assert!(known(2, "37").is_none());
        assert!(known(1, "500").is_none());
    }
}
