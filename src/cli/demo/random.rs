//! A small seeded generator (SplitMix64), so that every run shows the same people.

pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` up to and including `high`.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let index = usize::try_from(self.next()).unwrap_or(usize::MAX) % from.len().max(1);
        // The lists picked from are constants and not empty.
        #[expect(clippy::indexing_slicing, reason = "index is below the length")]
        &from[index]
    }

    pub(super) fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + u8::try_from(self.between(0, 9)).unwrap_or(0))).collect()
    }
}

pub(super) const FAMILY: [&str; 24] = [
    "Halloran",
    "Okonkwo",
    "Nguyễn",
    "García Márquez",
    "Kowalczyk",
    "Haddad",
    "Yamamoto",
    "Petrosyan",
    "O'Brien",
    "van der Berg",
    "Sørensen",
    "Mwangi",
    "Iyer",
    "Castellanos",
    "Abernathy",
    "Zhang",
    "Kaplan",
    "Demir",
    "Laurent",
    "Novák",
    "Tafari",
    "Whitehorse",
    "Fitzgerald",
    "Singh",
];
pub(super) const GIVEN: [&str; 24] = [
    "Maria",
    "Chidi",
    "Thị Mai",
    "Esperanza",
    "Jakub",
    "Layla",
    "Kenji",
    "Anahit",
    "Siobhán",
    "Pieter",
    "Freja",
    "Wanjiru",
    "Priya",
    "Rodrigo",
    "Eleanor",
    "Wei",
    "Miriam",
    "Emre",
    "Camille",
    "Tereza",
    "Selam",
    "Joseph",
    "Nora",
    "Harpreet",
];
pub(super) const STREETS: [&str; 8] = [
    "Elm Grove Road",
    "Harbor Street",
    "Juniper Lane",
    "Mill Court",
    "Orchard Avenue",
    "Quarry Road",
    "Sumac Drive",
    "Tolland Way",
];
pub(super) const CITIES: [(&str, &str, &str); 6] = [
    ("Millbrook", "MA", "01833"),
    ("East Harrow", "CT", "06371"),
    ("Fenwick", "NY", "12545"),
    ("Larkspur Falls", "VT", "05361"),
    ("Port Ellery", "ME", "04631"),
    ("Wexford Junction", "NH", "03470"),
];
