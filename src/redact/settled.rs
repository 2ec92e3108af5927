//! Values in which earlier results of a plan held nothing: codes, units and addresses of code
//! systems come with every result of a tool. None is kept, only hashes under a key of this
//! process, so that nothing can be read off them or made to pass for one of them.

use foldhash::fast::RandomState as Fast;
use std::collections::hash_map::RandomState as Keyed;
use std::hash::{BuildHasher, Hasher};

/// A power of two.
const SLOTS: u64 = 1 << 15;
/// Longer values hardly come twice.
const LONGEST: usize = 256;

/// What is remembered of values at places of one automaton.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// Of where to look, and of what to find there.
    place: Fast,
    value: Keyed,
    slots: Vec<u64>,
}

impl Settled {
    /// A hash to look values up by in one process; it may be known to collide.
    pub(crate) fn hash(&self, place: u64, text: &str) -> u64 {
        hash(&self.place, place, text)
    }

    /// Whether the value was clean at that place, and whether it is then free text.
    pub(crate) fn find(&self, at: u64, place: u64, text: &str) -> Option<bool> {
        let held = *self.slots.get(slot(at))?;
        if text.len() > LONGEST || held == 0 {
            return None;
        }
        (held & !FREE == self.tag(place, text)).then_some(held & FREE != 0)
    }

    /// Remembers a clean value in place of another.
    pub(crate) fn add(&mut self, at: u64, place: u64, text: &str, free: bool) {
        if text.len() > LONGEST {
            return;
        }
        if self.slots.is_empty() {
            self.slots.resize(slot(SLOTS - 1) + 1, 0);
        }
        let tag = self.tag(place, text);
        if let Some(held) = self.slots.get_mut(slot(at)) {
            *held = tag | u64::from(free);
        }
    }

    /// By SipHash: nobody without the key finds another value with this tag.
    fn tag(&self, place: u64, text: &str) -> u64 {
        hash(&self.value, place, text) & !FREE
    }
}

const FREE: u64 = 1;

fn slot(at: u64) -> usize {
    usize::try_from(at % SLOTS).unwrap_or_default()
}

fn hash(with: &impl BuildHasher, place: u64, text: &str) -> u64 {
    let mut hasher = with.build_hasher();
    hasher.write_u64(place);
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_settled_at_its_place_alone() {
        let mut settled = Settled::default();
        let find =
            |settled: &Settled, place, text: &str| settled.find(settled.hash(place, text), place, text);
        assert_eq!(find(&settled, 1, "active"), None);
        for (text, free) in [("active", false), ("Essential hypertension", true)] {
            settled.add(settled.hash(1, text), 1, text, free);
            assert_eq!(find(&settled, 1, text), Some(free));
            assert_eq!(find(&settled, 2, text), None);
        }
        let long = "x".repeat(LONGEST + 1);
        settled.add(settled.hash(1, &long), 1, &long, false);
        assert_eq!(find(&settled, 1, &long), None);
    }

    #[test]
    fn another_value_in_the_same_slot_is_told() {
        let mut settled = Settled::default();
        settled.add(7, 1, "active", false);
        assert_eq!(settled.find(7, 1, "536-90-4399"), None);
        settled.add(7, 1, "final", false);
        assert_eq!(settled.find(7, 1, "active"), None);
    }
}
