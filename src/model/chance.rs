//! Chance that comes from a seed: the demo shows the same people, the corpora have the same
//! texts and training makes the same model in every run. Nothing that must be secret is drawn here.

/// A small generator (SplitMix64).
#[derive(Debug)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which counts as 1 if it is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or(0)
    }

    /// A number from `low` up to and including `high`, which must not be less.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % high.saturating_sub(low).saturating_add(1)
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of a list. None if there is nothing in it.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }

    /// One of a list that does not compile if it is empty.
    pub fn one_of<'a, T, const N: usize>(&mut self, all: &'a [T; N]) -> &'a T {
        const { assert!(N > 0) };
        #[expect(clippy::indexing_slicing, reason = "the index is below the length, which is not 0")]
        &all[self.below(N)]
    }

    /// One of a list whose common entries come first, and come more often.
    pub fn common<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let bound = 1 + self.below(all.len());
        all.get(self.below(bound))
    }

    /// So many decimal digits.
    pub fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + u8::try_from(self.below(10)).unwrap_or(0))).collect()
    }

    /// So many hexadecimal digits, in lower case.
    pub fn hex(&mut self, count: usize) -> String {
        (0..count).filter_map(|_| char::from_digit(u32::try_from(self.below(16)).ok()?, 16)).collect()
    }

    /// So many characters of an alphabet.
    pub fn letters(&mut self, alphabet: &str, count: usize) -> String {
        let alphabet: Vec<char> = alphabet.chars().collect();
        (0..count).filter_map(|_| self.pick(&alphabet)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Corpora and the model are committed: another sequence would make them all anew.
    #[test]
    fn a_seed_always_gives_the_same() {
        let mut chance = Chance::new(7);
        let drawn = (chance.digits(6), chance.hex(4), chance.between(5, 6), *chance.one_of(&['a', 'b', 'c']));
        let mut again = Chance::new(7);
        assert_eq!(
            drawn,
            (again.digits(6), again.hex(4), again.between(5, 6), *again.one_of(&['a', 'b', 'c']))
        );
        // The first number of the published reference implementation for seed 1234567.
        assert_eq!(Chance::new(1_234_567).next(), 6_457_827_717_110_365_317);
    }

    #[test]
    fn what_is_drawn_keeps_its_bounds() {
        let mut chance = Chance::new(1);
        for _ in 0..200 {
            assert!((3..=5).contains(&chance.between(3, 5)));
            assert!(chance.below(3) < 3);
            assert_eq!(chance.letters("xyz", 4).trim_matches(['x', 'y', 'z']), "");
        }
        assert_eq!((chance.below(0), chance.between(9, 9), chance.pick::<u8>(&[])), (0, 9, None));
    }
}
