//! Words of which something is known: that people or places are called so, or that they are
//! plain words of the language.

use super::Kind;

/// Words with the same leading bits of the hash are looked through one by one.
const BUCKET_BITS: u32 = 16;

/// What is known of a word, a small number for each list: 0 if it is not on it, then the
/// commoner the greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known(pub(crate) u16);

impl Known {
    /// Given names, surnames, places and plain words, as two bits each.
    const FIRST: u32 = 0;
    const LAST: u32 = 2;
    const PLACE: u32 = 4;
    const WORD: u32 = 6;

    #[cfg(feature = "train")]
    pub(crate) fn new(first: u16, last: u16, place: u16, word: u16) -> Self {
        Self(first << Self::FIRST | last << Self::LAST | place << Self::PLACE | word << Self::WORD)
    }

    fn level(self, list: u32) -> u32 {
        u32::from(self.0 >> list & 3)
    }

    pub(crate) fn all(self) -> u32 {
        u32::from(self.0)
    }

    /// Whether a word in lower case may be a name: no plain word, or one that many are called.
    pub(crate) fn is_rather_name(self) -> bool {
        match self.level(Self::WORD) {
            0 => true,
            1 => self.level(Self::FIRST) >= 2 || self.level(Self::LAST) >= 2,
            2 => self.level(Self::FIRST) >= 3 || self.level(Self::LAST) >= 3,
            _ => false,
        }
    }

    /// Whether it is a name of that kind rather than a plain word.
    pub(crate) fn is_name(self, kind: Kind) -> bool {
        let level = |list| self.level(list);
        match kind {
            Kind::Person => {
                let listed = level(Self::FIRST).max(level(Self::LAST));
                listed >= 1 && level(Self::WORD) == 0 || level(Self::FIRST) >= 3
            }
            Kind::Place | Kind::Address => {
                level(Self::WORD) == 0 || level(Self::PLACE) >= 3 && level(Self::WORD) == 1
            }
        }
    }

    /// Whether it is a given name before all: one of the commonest, or one that many have and
    /// no plain word.
    pub(crate) fn is_given(self) -> bool {
        self.level(Self::FIRST) >= 3 || self.level(Self::FIRST) >= 2 && self.level(Self::WORD) == 0
    }

    /// Whether it is a surname that many have, and hardly a plain word.
    pub(crate) fn is_surname(self) -> bool {
        let (last, word) = (self.level(Self::LAST), self.level(Self::WORD));
        last >= 2 && word == 0 || last >= 3 && word == 1
    }

    /// Whether a place is called so, and nothing else.
    pub(crate) fn is_placed(self) -> bool {
        let (place, word) = (self.level(Self::PLACE), self.level(Self::WORD));
        place >= 1 && word == 0 || place >= 3 && word == 1
    }

    /// Whether somebody may be called so: it is no plain word, or a name that many have.
    pub(crate) fn may_name(self) -> bool {
        let named = self.level(Self::FIRST).max(self.level(Self::LAST));
        named > self.level(Self::WORD) || named >= 3 || self.level(Self::WORD) == 0
    }

    /// Whether a name of that kind may have it: others are made of plain words alone.
    pub(crate) fn may_be(self, kind: Kind) -> bool {
        match kind {
            Kind::Person => self.may_name(),
            Kind::Place => self.level(Self::WORD) == 0 || self.level(Self::PLACE) >= 2 || self.may_name(),
            Kind::Address => false,
        }
    }

    /// What it is likeliest to be, as four bits.
    pub(crate) fn brief(self) -> u32 {
        let (first, last) = (self.level(Self::FIRST), self.level(Self::LAST));
        let (place, word) = (self.level(Self::PLACE), self.level(Self::WORD));
        u32::from(first >= 2)
            | u32::from(last >= 2) << 1
            | u32::from(place >= 2) << 2
            | u32::from(word >= 1) << 3
    }
}

/// Words by their hashes.
#[derive(Debug)]
pub(crate) struct Lists {
    /// The lower 16 bits of the hash, then what is known.
    all: Vec<u32>,
    buckets: Vec<u32>,
}

impl Lists {
    /// `all` must be in order.
    pub(crate) fn new(all: Vec<(u32, u16)>) -> Self {
        let bucket = |hash: u32| hash >> (32 - BUCKET_BITS);
        let starts = (0..=1u32 << BUCKET_BITS).map(|number| {
            u32::try_from(all.partition_point(|(hash, _)| bucket(*hash) < number)).unwrap_or(0)
        });
        let buckets = starts.collect();
        Self { buckets, all: all.into_iter().map(|(hash, known)| hash << 16 | u32::from(known)).collect() }
    }

    pub(crate) fn known(&self, hash: u32) -> Known {
        let bucket = (hash >> (32 - BUCKET_BITS)) as usize;
        let (Some(&from), Some(&to)) = (self.buckets.get(bucket), self.buckets.get(bucket + 1)) else {
            return Known::default();
        };
        let near = self.all.get(from as usize..to as usize).unwrap_or_default();
        let found = near.iter().find(|entry| *entry >> 16 == hash & 0xffff);
        found.map_or_else(Known::default, |entry| Known((entry & 0xffff) as u16))
    }
}
