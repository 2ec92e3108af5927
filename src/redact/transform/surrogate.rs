//! Values of the same kind that are nobody's: for models and tests that stumble over markers.
//!
//! Each is of a range that is kept for fiction or tests, or that is never issued, so that it
//! names no one by accident. Which one a value becomes is told by a key of one lineage: it is
//! the same in every result, and nobody can work back from it. Several values may become one,
//! so that none can be exchanged again.

use super::Secrets;
use crate::model::ids::Entity;
use crate::redact::detect::check::card;

/// The kinds of values that are made here.
pub(crate) const SURROGATES: [&str; 5] = ["PERSON", "EMAIL", "PHONE", "US_SSN", "PAN"];

/// A value of the same kind that is not the value. None of a kind that is not made here.
pub(super) fn surrogate(secrets: &Secrets, entity: &Entity, value: &str) -> Option<String> {
    let make = match entity.as_str() {
        "PERSON" => person,
        "EMAIL" => email,
        "PHONE" => phone,
        "US_SSN" => ssn,
        "PAN" => pan,
        _ => return None,
    };
    let mut others = (0..MOST_TRIES).filter_map(|again| {
        let draw = |part: &str| Draw(secrets.draw(entity, part, again));
        make(&draw, value)
    });
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let own = plain(value);
    others.find(|other| plain(other) != own)
}

/// A value may be the first that would stand for it.
const MOST_TRIES: u8 = 4;

/// Numbers that a value alone decides.
struct Draw([u8; 32]);

impl Draw {
    /// Below `count`.
    fn below(&mut self, count: u64) -> u64 {
        let (head, _) = self.0.split_at(8);
        let number = head.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        self.0.rotate_left(8);
        number % count.max(1)
    }

    fn of<'l>(&mut self, list: &[&'l str]) -> &'l str {
        let index = usize::try_from(self.below(u64::try_from(list.len()).unwrap_or(1))).unwrap_or_default();
        list.get(index).copied().unwrap_or_default()
    }
}

/// The numbers that a part of the value decides.
type Drawn<'d> = &'d dyn Fn(&str) -> Draw;

/// As many words as the value has, up to a given name and a family name. Each word decides on
/// its own: `Okafor` becomes what it becomes in `Amara Okafor`.
fn person(draw: Drawn<'_>, value: &str) -> Option<String> {
    let is_name = |word: &&str| !word.ends_with('.') && word.contains(char::is_alphabetic);
    let words: Vec<&str> = value.split([' ', ',', '\t', '\n']).filter(is_name).collect();
    let (first, last) = (words.first()?, words.last()?);
    let given = |word: &str| draw(word).of(&GIVEN);
    let family = |word: &str| draw(word).of(&FAMILY);
    Some(match words.len() {
        1 => family(first).to_owned(),
        _ if value.contains(',') => format!("{}, {}", family(first), given(last)),
        _ => format!("{} {}", given(first), family(last)),
    })
}

/// Of a domain that is kept for documents (RFC 2606 §3).
fn email(draw: Drawn<'_>, value: &str) -> Option<String> {
    let mut draw = draw(value);
    let (given, family, number) = (draw.of(&GIVEN), draw.of(&FAMILY), draw.below(100));
    Some(format!("{given}.{family}{number:02}@example.org").to_ascii_lowercase())
}

/// Of the numbers that are kept for fiction (NANPA: 555-0100 to 555-0199).
fn phone(draw: Drawn<'_>, value: &str) -> Option<String> {
    let mut draw = draw(value);
    let area = draw.of(&AREAS);
    Some(format!("({area}) 555-01{:02}", draw.below(100)))
}

/// Of the areas that are never issued (SSA POMS RM 10201.035), and of the groups that no ITIN
/// has (IRM 3.21.263: those are from 50 on).
fn ssn(draw: Drawn<'_>, value: &str) -> Option<String> {
    let mut draw = draw(value);
    Some(format!("9{:02}-{:02}-{:04}", draw.below(100), 1 + draw.below(49), 1 + draw.below(9_999)))
}

/// Of a range that the schemes have for tests, with a Luhn digit, grouped as the value is.
fn pan(draw: Drawn<'_>, value: &str) -> Option<String> {
    let mut draw = draw(value);
    let head = draw.of(&TEST_RANGES);
    let number = format!("{head}{:09}", draw.below(1_000_000_000));
    let digits = (0..10)
        .map(|last| format!("{number}{last}"))
        .find(|number| card::is_number(&number.chars().filter_map(|c| c.to_digit(10)).collect::<Vec<_>>()))?;
    if !value.is_ascii() || value.bytes().filter(u8::is_ascii_digit).count() != digits.len() {
        return Some(digits);
    }
    let mut next = digits.chars();
    Some(value.chars().filter_map(|c| if c.is_ascii_digit() { next.next() } else { Some(c) }).collect())
}

/// Visa, Mastercard.
const TEST_RANGES: [&str; 4] = ["400000", "411111", "555555", "222300"];
const AREAS: [&str; 16] = [
    "202", "206", "212", "213", "215", "216", "303", "305", "312", "404", "415", "503", "512", "602", "617",
    "702",
];

const GIVEN: [&str; 48] = [
    "Abel", "Ada", "Alma", "Amos", "Anika", "Arlo", "Beatrix", "Bruno", "Cecily", "Clara", "Cora", "Dario",
    "Edda", "Elias", "Elsa", "Enid", "Ezra", "Fabian", "Flora", "Greta", "Hamish", "Hester", "Ida", "Imani",
    "Ines", "Jonas", "Juno", "Kofi", "Lena", "Leopold", "Linus", "Mabel", "Magnus", "Mira", "Nadia",
    "Odette", "Oskar", "Paloma", "Quentin", "Rafael", "Ramona", "Silas", "Tamsin", "Thea", "Ulrich", "Vera",
    "Wanda", "Yusuf",
];
/// Made up.
const FAMILY: [&str; 48] = [
    "Alderwick",
    "Ambleford",
    "Ashgrove",
    "Birchwell",
    "Bramhurst",
    "Brindlecombe",
    "Cindermoor",
    "Copperwright",
    "Cresswater",
    "Dunmarrow",
    "Eastermoor",
    "Elmsgate",
    "Fallowmere",
    "Fenwhistle",
    "Foxbridge",
    "Garlandside",
    "Glenthorpe",
    "Greyfold",
    "Harrowmead",
    "Hazelbrook",
    "Heatherstone",
    "Holmswick",
    "Inkpenworth",
    "Juniperfield",
    "Kestrelton",
    "Larkmeadow",
    "Lindenhollow",
    "Marrowby",
    "Merrowdale",
    "Millbeck",
    "Netherwood",
    "Oakhampstead",
    "Orchardley",
    "Pennywhistle",
    "Quillmoor",
    "Ravenscombe",
    "Rushbourne",
    "Saltmarsh",
    "Silverlock",
    "Starling",
    "Tallowmere",
    "Thistledown",
    "Underhay",
    "Vinterbrook",
    "Wetherfield",
    "Willowmarch",
    "Wrenfield",
    "Yarrowby",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn secrets(lineage: &str) -> Secrets {
        Secrets::new(b"a key of thirty-two bytes or more", lineage).unwrap()
    }

    fn of(lineage: &str, entity: &str, value: &str) -> Option<String> {
        surrogate(&secrets(lineage), &Entity::new(entity), value)
    }

    #[test]
    fn a_value_becomes_the_same_one_in_its_lineage() {
        let values =
            ["Amara Okafor", "amara@clinic.test", "+1 212 736 5000", "536-90-4399", "4539 1488 0343 6467"];
        for (entity, value) in SURROGATES.into_iter().zip(values) {
            let one = of("a", entity, value).unwrap();
            assert_eq!(of("a", entity, value), Some(one.clone()), "{entity}");
            assert_eq!(of("a", entity, &value.to_uppercase().replace('-', "")), Some(one.clone()));
            let others: HashSet<_> = ["b", "c", "d", "e"].map(|lineage| of(lineage, entity, value)).into();
            assert!(others.len() > 1, "{entity}");
        }
        assert_eq!(of("a", "DATE", "1980-02-03"), None);
        assert_eq!(of("a", "PERSON", " "), None);
    }

    #[test]
    fn each_is_of_a_range_that_is_nobodys() {
        for number in 0..500 {
            let value = format!("value {number}");
            let ssn = of("a", "US_SSN", &value).unwrap();
            assert!(ssn.starts_with('9') && ssn.len() == 11, "{ssn}");
            assert!(ssn.get(4..6).is_some_and(|group| ("01".."50").contains(&group)), "{ssn}");
            let phone = of("a", "PHONE", &value).unwrap();
            assert!(phone.len() == 14 && phone.contains(") 555-01"), "{phone}");
            assert!(of("a", "EMAIL", &value).unwrap().ends_with("@example.org"));
            let pan = of("a", "PAN", &value).unwrap();
            let digits: Vec<u32> = pan.chars().filter_map(|c| c.to_digit(10)).collect();
            assert!(card::is_number(&digits) && TEST_RANGES.contains(&&pan[..6]), "{pan}");
        }
    }

    #[test]
    fn it_is_shaped_as_the_value_and_is_never_the_value() {
        assert_eq!(of("a", "PERSON", "Okafor").unwrap().split(' ').count(), 1);
        let both = of("a", "PERSON", "Dr. Amara Okafor").unwrap();
        assert!(both.ends_with(&of("a", "PERSON", "Okafor").unwrap()), "{both}");
        let (given, family) = both.split_once(' ').unwrap();
        assert_eq!(of("a", "PERSON", "OKAFOR, Amara"), Some(format!("{family}, {given}")));
        let pan = of("a", "PAN", "4539-1488-0343-6467").unwrap();
        assert_eq!(pan.match_indices('-').map(|(at, _)| at).collect::<Vec<_>>(), [4, 9, 14]);
        for family in FAMILY {
            assert_ne!(of("a", "PERSON", &family.to_lowercase()).unwrap(), family);
        }
        assert_eq!([&GIVEN[..], &FAMILY[..]].concat().iter().collect::<HashSet<_>>().len(), 96);
    }
}
