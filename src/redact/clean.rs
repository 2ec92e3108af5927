//! Which values of a result were looked at before and held nothing. Codes, units and
//! addresses of code systems recur by the thousand, and what is filtered once more, for a
//! name learned late, need not be searched again.
//!
//! Values are known by a keyed 64-bit hash alone: the key is the result's own, so that no
//! one can make a value that passes for another.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

/// Beyond this many values none is remembered.
const MOST: usize = 1 << 18;

#[derive(Default)]
pub(crate) struct Clean {
    key: RandomState,
    seen: HashSet<u64, BuildHasherDefault<AsIs>>,
}

impl Clean {
    /// The hash of a value at a place: the keys that lead to it are part of the verdict.
    pub(crate) fn hash(&self, place: u64, text: &str) -> u64 {
        let mut hasher = self.key.build_hasher();
        hasher.write_u64(place);
        hasher.write(text.as_bytes());
        hasher.finish()
    }

    pub(crate) fn holds(&self, hash: u64) -> bool {
        self.seen.contains(&hash)
    }

    pub(crate) fn add(&mut self, hash: u64) {
        if self.seen.len() < MOST {
            self.seen.insert(hash);
        }
    }
}

/// A hash is its own hash.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
