//! Where somebody lives or is cared for.

use super::Slots;
use crate::model::chance::Chance;
use crate::train::lists::capital;

impl Slots<'_> {
    pub(super) fn place(&self, name: &str, chance: &mut Chance) -> Option<String> {
        let city = match self.lists {
            Some(lists) if chance.once_in(2) => capital(chance.pick(&lists.places)?),
            _ => self.word("city", chance)?,
        };
        if name == "place" && chance.once_in(3) {
            return Some(format!("{city}, {}", self.word("region", chance)?));
        }
        Some(city)
    }

    /// A house of care, named after somebody, a saint, or its town.
    pub(super) fn care(&self, chance: &mut Chance) -> Option<String> {
        let of = match self.lists.map(|_| chance.below(8)) {
            Some(0) => format!("St. {}'s", self.given(chance)?),
            Some(1..=2) => self.place("city", chance)?,
            _ => self.surname(chance)?,
        };
        Some(format!("{of} {}", self.word("care", chance)?))
    }

    pub(super) fn street(&self, chance: &mut Chance) -> Option<String> {
        Some(format!(
            "{} {} {}",
            1 + chance.below(4_000),
            self.surname(chance)?,
            self.word("street", chance)?
        ))
    }

    /// As streets are written in other languages, alone or with their town.
    pub(super) fn street_abroad(&self, chance: &mut Chance) -> Option<String> {
        let (name, number) = (self.surname(chance)?, 1 + chance.below(190));
        let street = match chance.below(13) {
            0 => format!("{name}straße {number}"),
            1 => format!("{name}str. {number}"),
            2 => format!("{name}weg {number}"),
            3 => format!("{number} rue {name}"),
            4 => format!("{number}, avenue de {name}"),
            5 => format!("Calle {name} {number}"),
            6 => format!("Avenida de {name}, {number}"),
            7 => format!("Via {name} {number}"),
            8 => format!("Rua {name}, {number}"),
            9 => format!("{name}straat {number}"),
            10 => format!("ul. {name} {number}"),
            11 => format!("{name}gatan {number}"),
            _ => format!("Plaza de {name}, {number}"),
        };
        let code = 10_000 + chance.below(89_999);
        Some(match chance.below(3) {
            0 => street,
            1 => format!("{street}, {}", self.place("city", chance)?),
            _ => format!("{street}, {code} {}", self.place("city", chance)?),
        })
    }

    pub(super) fn address(&self, chance: &mut Chance) -> Option<String> {
        let street = self.street(chance)?;
        Some(match chance.below(3) {
            0 => street,
            1 => format!("{street}, {}", self.place("city", chance)?),
            _ => {
                let zip = 10_000 + chance.below(89_999);
                format!("{street}, {}, {} {zip}", self.place("city", chance)?, self.word("region", chance)?)
            }
        })
    }
}
