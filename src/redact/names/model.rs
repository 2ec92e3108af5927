//! The weights, and the lists of words that go with them.
//!
//! The file: `PNM3`, the count of listed words (4 bytes, little endian), the transitions
//! (one i32 for each pair of tags), the listed words in order, then the table of weights,
//! one i8 for each tag of a row: the root of the weight with its sign, so that the great
//! weights of what is seen often leave room for the small ones. A listed word is 6 bytes: its
//! hash, and what is known of it.

use super::decode::TAGS;
use super::feature::FEATURES;
use super::lists::Lists;

pub(crate) const MAGIC: &[u8; 4] = b"PNM3";
/// Rows of the table: a power of two.
pub(crate) const ROWS: usize = 1 << 18;
/// Bytes of a row: a weight for each tag, and one that is not used.
pub(crate) const ROW: usize = 8;

/// A model as it is used.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) lists: Lists,
    pub(crate) steps: [[i32; TAGS]; TAGS],
    /// Written out, so that rows are added up eight weights at a time.
    table: Box<[[i16; ROW]; ROWS]>,
}

impl Model {
    /// None if the bytes are not a model of this form.
    pub(crate) fn read(bytes: &'static [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (count, mut rest) = rest.split_first_chunk::<4>()?;
        let mut steps = [[0; TAGS]; TAGS];
        for step in steps.iter_mut().flatten() {
            let (value, behind) = rest.split_first_chunk::<4>()?;
            *step = i32::from_le_bytes(*value);
            rest = behind;
        }
        let (listed, table) = rest.split_at_checked((u32::from_le_bytes(*count) as usize).checked_mul(6)?)?;
        let listed = listed.chunks_exact(6).filter_map(|entry| {
            let (hash, known) = entry.split_first_chunk::<4>()?;
            Some((u32::from_le_bytes(*hash), u16::from_le_bytes(known.try_into().ok()?)))
        });
        let (table, behind) = table.as_chunks::<ROW>();
        let weight = |root: u8| i16::from(root.cast_signed()) * i16::from(root.cast_signed()).abs();
        let table: Box<[[i16; ROW]]> = table.iter().map(|row| row.map(weight)).collect();
        let table = table.try_into().ok().filter(|_| behind.is_empty())?;
        Some(Self { lists: Lists::new(listed.collect()), steps, table })
    }

    /// The weights of all rows that the features of a token fall on, added up.
    #[inline]
    pub(crate) fn sum(&self, features: [u32; FEATURES]) -> [i32; TAGS] {
        let mut sum = [0i32; ROW];
        for feature in features {
            // A remainder by the number of rows is always one of them.
            let Some(row) = self.table.get(feature as usize % ROWS) else { continue };
            for (sum, weight) in sum.iter_mut().zip(row) {
                *sum += i32::from(*weight);
            }
        }
        let [sums @ .., _] = sum;
        sums
    }
}
