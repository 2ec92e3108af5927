//! The weights, and the lists of words that go with them.
//!
//! The file: `PNM2`, the count of listed words (4 bytes, little endian), the transitions
//! (one i16 for each pair of tags), the listed words in order, then the table of weights,
//! one i8 for each tag of a row. A listed word is 8 bytes: its hash, and what is known of it.

use super::decode::TAGS;
use super::feature::FEATURES;
use super::lists::Lists;

pub(crate) const MAGIC: &[u8; 4] = b"PNM2";
/// Rows of the table: a power of two.
pub(crate) const ROWS: usize = 1 << 18;
/// Bytes of a row: a weight for each tag, and one that is not used.
pub(crate) const ROW: usize = 8;

/// A model as it is used.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) lists: Lists,
    pub(crate) steps: [[i32; TAGS]; TAGS],
    table: &'static [u8],
}

impl Model {
    /// None if the bytes are not a model of this form.
    pub(crate) fn read(bytes: &'static [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (count, mut rest) = rest.split_first_chunk::<4>()?;
        let mut steps = [[0; TAGS]; TAGS];
        for step in steps.iter_mut().flatten() {
            let (value, behind) = rest.split_first_chunk::<2>()?;
            *step = i32::from(i16::from_le_bytes(*value));
            rest = behind;
        }
        let (listed, table) = rest.split_at_checked((u32::from_le_bytes(*count) as usize).checked_mul(6)?)?;
        let listed = listed.chunks_exact(6).filter_map(|entry| {
            let (hash, known) = entry.split_first_chunk::<4>()?;
            Some((u32::from_le_bytes(*hash), u16::from_le_bytes(known.try_into().ok()?)))
        });
        (table.len() == ROWS * ROW).then(|| Self { lists: Lists::new(listed.collect()), steps, table })
    }

    /// The weights of all rows that the features of a token fall on, added up.
    #[inline]
    pub(crate) fn sum(&self, features: [u32; FEATURES]) -> [i32; TAGS] {
        // Four weights at once in the halves of a word, each raised so that none is negative
        // and no sum of so many carries into the next.
        const HALVES: u64 = 0x00ff_00ff_00ff_00ff;
        const RAISED: u64 = 0x8080_8080_8080_8080;
        const { assert!(FEATURES * 0xff <= 0xffff) };
        let (mut even, mut odd, mut raise) = (0_u64, 0_u64, 0);
        for feature in features {
            let at = feature as usize % ROWS * ROW;
            let row = self.table.get(at..).and_then(|rest| rest.split_first_chunk::<ROW>());
            let row = row.map_or(RAISED, |(row, _)| u64::from_le_bytes(*row) ^ RAISED);
            even += row & HALVES;
            odd += row >> 8 & HALVES;
            raise += 0x80;
        }
        let mut out = [0; TAGS];
        let (even, odd) = (even.to_le_bytes(), odd.to_le_bytes());
        let sums = even.chunks_exact(2).zip(odd.chunks_exact(2)).flat_map(|(even, odd)| [even, odd]);
        for (out, sum) in out.iter_mut().zip(sums) {
            let sum = <[u8; 2]>::try_from(sum).map_or(0, u16::from_le_bytes);
            *out = i32::from(sum) - raise;
        }
        out
    }
}
