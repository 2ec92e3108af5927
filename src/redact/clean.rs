//! Which values of a result were looked at before: what held nothing, and what a key claimed.
//! Codes, units and addresses of code systems recur by the thousand, and so do dates and names.

use crate::redact::settled::Settled;
use hashbrown::HashTable;

/// Beyond this many values, or bytes of them, none is remembered.
const MOST: usize = 1 << 16;
const MOST_BYTES: usize = 1 << 24;

/// Room that is kept for the next result, in bytes of values.
const MOST_ROOM: usize = 1 << 16;

/// The values of one result, each with the place it was met at: the keys that lead to it are
/// part of the verdict. They are kept whole, so that no value can be made to pass for another.
#[derive(Default)]
pub(crate) struct Clean {
    settled: Settled,
    table: HashTable<usize>,
    values: Vec<Value>,
    text: Vec<u8>,
    claims: Vec<Claimed>,
}

/// A value that a key claimed, and what is written for it.
pub(crate) struct Claimed {
    pub(crate) detector: usize,
    pub(crate) marker: String,
}

struct Value {
    hash: u64,
    place: u64,
    start: usize,
    end: usize,
    free: bool,
    claim: Option<u32>,
}

/// A value that is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Met {
    /// All of it is left.
    Clean(Rest),
    /// It was claimed, by number.
    Claimed(u32),
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
    /// Ends a result: only what it settled is known to the next, which has its room.
    pub(crate) fn forget(&mut self) {
        if self.text.capacity() > MOST_ROOM {
            *self = Self { settled: std::mem::take(&mut self.settled), ..Self::default() };
        }
        self.table.clear();
        self.values.clear();
        self.text.clear();
        self.claims.clear();
    }

    /// Makes room for the values of a document of so many bytes.
    pub(crate) fn expect(&mut self, length: usize) {
        self.text.reserve((length / 8).min(MOST_BYTES));
        self.values.reserve((length / 256).min(MOST));
    }

    pub(crate) fn hash(&self, place: u64, text: &str) -> u64 {
        self.settled.hash(place, text)
    }

    /// What is remembered of a value.
    pub(crate) fn find(&self, hash: u64, place: u64, text: &str) -> Option<Met> {
        let same = |index: &usize| {
            let value = self.values.get(*index);
            value.is_some_and(|value| {
                value.place == place && self.text.get(value.start..value.end) == Some(text.as_bytes())
            })
        };
        let index = *self.table.find(hash, same)?;
        let value = self.values.get(index)?;
        Some(match value.claim {
            Some(claim) => Met::Claimed(claim),
            None => Met::Clean(if value.free { Rest::Known(index) } else { Rest::Closed }),
        })
    }

    /// What earlier results remember of a value that was not found. It is from then on.
    pub(crate) fn recall(&mut self, hash: u64, place: u64, text: &str) -> Option<Rest> {
        let free = self.settled.find(hash, place, text)?;
        Some(self.add(hash, place, text, free))
    }

    /// Remembers a clean value for later results.
    pub(crate) fn settle(&mut self, hash: u64, place: u64, text: &str, free: bool) {
        self.settled.add(hash, place, text, free);
    }

    /// A value that was claimed.
    pub(crate) fn claimed(&self, claim: u32) -> Option<&Claimed> {
        self.claims.get(claim as usize)
    }

    /// Remembers what is written for a value that was not found, if there is room.
    pub(crate) fn claim(&mut self, hash: u64, place: u64, text: &str, claimed: Claimed) {
        if let Ok(claim) = u32::try_from(self.claims.len())
            && self.insert(hash, place, text, (false, Some(claim))).is_some()
        {
            self.claims.push(claimed);
        }
    }

    /// Remembers a value that was not found, if there is room.
    pub(crate) fn add(&mut self, hash: u64, place: u64, text: &str, free: bool) -> Rest {
        match self.insert(hash, place, text, (free, None)) {
            Some(index) if free => Rest::Known(index),
            None if free => Rest::Free,
            _ => Rest::Closed,
        }
    }

    fn insert(
        &mut self,
        hash: u64,
        place: u64,
        text: &str,
        (free, claim): (bool, Option<u32>),
    ) -> Option<usize> {
        let (index, start) = (self.values.len(), self.text.len());
        if index >= MOST || start + text.len() > MOST_BYTES {
            return None;
        }
        self.text.extend_from_slice(text.as_bytes());
        self.values.push(Value { hash, place, start, end: self.text.len(), free, claim });
        let values = &self.values;
        self.table.insert_unique(hash, index, |index| values.get(*index).map_or(0, |value| value.hash));
        Some(index)
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
        assert_eq!(known(1, "36"), Some(Met::Clean(Rest::Known(36))));
        assert_eq!(known(1, "37"), Some(Met::Clean(Rest::Closed)));
        assert!(known(2, "37").is_none());
        assert!(known(1, "500").is_none());
    }

    #[test]
    fn what_was_claimed_is_told_from_what_was_clean() {
        let mut clean = Clean::default();
        for (place, marker) in [(1, "[A_1]"), (2, "[A_2]")] {
            clean.claim(clean.hash(place, "x"), place, "x", Claimed { detector: 7, marker: marker.into() });
        }
        clean.add(clean.hash(3, "x"), 3, "x", true);
        let met = |place| clean.find(clean.hash(place, "x"), place, "x");
        let Some(Met::Claimed(claim)) = met(2) else { panic!("it was claimed there") };
        assert_eq!(clean.claimed(claim).map(|claimed| claimed.marker.as_str()), Some("[A_2]"));
        assert!(matches!(met(3), Some(Met::Clean(Rest::Known(_)))));
    }
}
