//! Values for the slots of templates: people and places by their words, numbers with the
//! check digits that their standards ask for.

use super::chance::Chance;
use super::lists::{Lists, capital};
use super::templates::Templates;
use crate::redact::detect::check;
use std::collections::BTreeMap;

/// What one text is filled from.
pub(crate) struct Slots<'a> {
    templates: &'a Templates,
    lists: Option<&'a Lists>,
    people: BTreeMap<String, Person>,
}

#[derive(Clone, Debug)]
struct Person {
    given: String,
    surname: String,
}

/// The value of a slot and the type it is annotated with.
type Value = (String, Option<&'static str>);

impl<'a> Slots<'a> {
    pub(crate) fn new(templates: &'a Templates, lists: Option<&'a Lists>) -> Self {
        Self { templates, lists, people: BTreeMap::new() }
    }

    pub(crate) fn value(&mut self, slot: &str, chance: &mut Chance) -> Option<Value> {
        let (name, who) = slot.split_once('.').map_or((slot, None), |(name, who)| (name, Some(who)));
        let plain = |text: String| Some((text, None));
        let typed = |text: String, kind| Some((text, Some(kind)));
        match name {
            "person" => typed(self.person(who, chance)?, "PERSON"),
            "given" => typed(self.known(who, chance)?.given, "PERSON"),
            "surname" => typed(self.known(who, chance)?.surname, "PERSON"),
            "city" | "place" => typed(self.place(name, chance)?, "LOC"),
            "region" | "state" => typed(self.word("region", chance)?, "LOC"),
            "care" => typed(self.care(chance)?, "LOC"),
            "street" => typed(self.street(chance)?, "LOC"),
            "zip" => typed(format!("{}", 10_000 + chance.below(89_999)), "LOC"),
            "address" => typed(self.address(chance)?, "LOC"),
            "strasse" => typed(self.street_abroad(chance)?, "LOC"),
            "org" => typed(format!("{} {}", self.surname(chance)?, self.word("firm", chance)?), "ORG"),
            "mailbox" => {
                let Person { given, surname } = self.known(who, chance)?;
                typed(
                    format!(
                        "{}.{}@{}.example",
                        plainly(&given),
                        plainly(&surname),
                        ["mail", "post", "inbox"].get(chance.below(3))?
                    ),
                    "EMAIL",
                )
            }
            _ => match number(name, chance) {
                Some(value) => Some(value),
                None => plain(self.word(name, chance)?),
            },
        }
    }

    fn word(&self, list: &str, chance: &mut Chance) -> Option<String> {
        chance.pick(self.templates.words(list)).cloned()
    }

    /// The person of that number, or another one each time.
    fn known(&mut self, who: Option<&str>, chance: &mut Chance) -> Option<Person> {
        let Some(who) = who else {
            return Some(Person { given: self.given(chance)?, surname: self.surname(chance)? });
        };
        if !self.people.contains_key(who) {
            let person = Person { given: self.given(chance)?, surname: self.surname(chance)? };
            self.people.insert(who.to_owned(), person);
        }
        self.people.get(who).cloned()
    }

    fn person(&mut self, who: Option<&str>, chance: &mut Chance) -> Option<String> {
        if let Some(Person { given, surname }) = who.and_then(|who| self.known(Some(who), chance)) {
            return Some(format!("{given} {surname}"));
        }
        if let Some(lists) = self.lists.filter(|_| chance.once_in(3)) {
            return Some(capital(chance.pick(&lists.people)?));
        }
        let Person { given, surname } = self.known(None, chance)?;
        let initial = chance.letters("ABCDEFGHIJKLMNOPRSTVWYZ", 1);
        Some(match chance.below(14) {
            0 => format!("{given} {initial}. {surname}"),
            1 => format!("{given} {initial}."),
            2 => format!("{initial}. {surname}"),
            3 => format!("{given} {} {surname}", self.word("particle", chance)?),
            4 => format!("{given} {} {surname}", self.given(chance)?),
            _ => format!("{given} {surname}"),
        })
    }

    fn given(&self, chance: &mut Chance) -> Option<String> {
        match (self.lists, chance.below(10)) {
            (Some(_), 0) => self.made(chance),
            (Some(lists), 1..=2) => Some(capital(chance.pick(&lists.people)?.split(' ').next()?)),
            (Some(lists), 3..=6) => chance.common(&lists.given).cloned(),
            _ => self.word("given", chance),
        }
    }

    /// Now and then one made of syllables: most surnames are on no list.
    fn surname(&self, chance: &mut Chance) -> Option<String> {
        match (self.lists, chance.below(12)) {
            (Some(_), 0) => self.made(chance),
            (Some(lists), 1) => {
                Some(format!("{}-{}", chance.common(&lists.surnames)?, chance.common(&lists.surnames)?))
            }
            (Some(lists), 2..=4) => Some(capital(chance.pick(&lists.people)?.split(' ').next_back()?)),
            (Some(lists), 5..=9) => chance.common(&lists.surnames).cloned(),
            _ => self.word("surname", chance),
        }
    }

    fn made(&self, chance: &mut Chance) -> Option<String> {
        let mut name = self.word("start", chance)?;
        for _ in 0..chance.below(2) {
            name.push_str(&self.word("middle", chance)?);
        }
        name.push_str(&self.word("end", chance)?);
        Some(name)
    }

    pub(crate) fn one_name(&self, chance: &mut Chance) -> Option<String> {
        if chance.once_in(2) { self.given(chance) } else { self.surname(chance) }
    }

    pub(crate) fn full_name(&mut self, chance: &mut Chance) -> Option<String> {
        self.person(None, chance)
    }

    fn place(&self, name: &str, chance: &mut Chance) -> Option<String> {
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
    fn care(&self, chance: &mut Chance) -> Option<String> {
        let of = match self.lists.map(|_| chance.below(8)) {
            Some(0) => format!("St. {}'s", self.given(chance)?),
            Some(1..=2) => self.place("city", chance)?,
            _ => self.surname(chance)?,
        };
        Some(format!("{of} {}", self.word("care", chance)?))
    }

    fn street(&self, chance: &mut Chance) -> Option<String> {
        Some(format!(
            "{} {} {}",
            1 + chance.below(4_000),
            self.surname(chance)?,
            self.word("street", chance)?
        ))
    }

    /// As streets are written in other languages, alone or with their town.
    fn street_abroad(&self, chance: &mut Chance) -> Option<String> {
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

    fn address(&self, chance: &mut Chance) -> Option<String> {
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

/// The letters of a name as a mailbox has them.
fn plainly(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase()
}

/// A value that is made of digits, codes and marks.
fn number(slot: &str, chance: &mut Chance) -> Option<Value> {
    let typed = |text: String, kind| Some((text, Some(kind)));
    match slot {
        "ssn" => typed(
            format!(
                "{:03}-{:02}-{:04}",
                100 + chance.below(500),
                10 + chance.below(80),
                1_000 + chance.below(8_999)
            ),
            "SSN",
        ),
        "ssnbare" => typed(
            format!(
                "{:03}{:02}{:04}",
                100 + chance.below(500),
                10 + chance.below(80),
                1_000 + chance.below(8_999)
            ),
            "SSN",
        ),
        "pan" => typed(checked("card", &format!("4{}", chance.digits(14)))?, "PAN"),
        "pangrouped" => {
            let pan = checked("card", &format!("5{}{}", 1 + chance.below(5), chance.digits(13)))?;
            typed(
                format!("{} {} {} {}", pan.get(..4)?, pan.get(4..8)?, pan.get(8..12)?, pan.get(12..)?),
                "PAN",
            )
        }
        "iban" => typed(iban(chance)?, "IBAN"),
        "phone" => {
            let (area, exchange, line) = (201 + chance.below(700), 220 + chance.below(700), chance.digits(4));
            typed(
                match chance.below(4) {
                    0 => format!("({area}) {exchange}-{line}"),
                    1 => format!("{area}-{exchange}-{line}"),
                    2 => format!("+1 {area} {exchange} {line}"),
                    _ => format!("+44 20 7{} {}", chance.digits(3), chance.digits(4)),
                },
                "PHONE",
            )
        }
        "ip" => typed(
            format!(
                "{}.{}.{}.{}",
                11 + chance.below(180),
                chance.below(255),
                chance.below(255),
                1 + chance.below(250)
            ),
            "IP",
        ),
        "isodate" => typed(iso(chance), "DATE"),
        "usdate" => typed(
            format!("{:02}/{:02}/{}", 1 + chance.below(12), 1 + chance.below(28), 1930 + chance.below(95)),
            "DATE",
        ),
        "longdate" => {
            const MONTHS: [&str; 12] = [
                "January",
                "February",
                "March",
                "April",
                "May",
                "June",
                "July",
                "August",
                "September",
                "October",
                "November",
                "December",
            ];
            typed(
                format!("{} {}, {}", chance.pick(&MONTHS)?, 1 + chance.below(28), 1990 + chance.below(36)),
                "DATE",
            )
        }
        "mrn" => typed(chance.digits(8), "ID"),
        "memberid" => {
            typed(format!("{}-{}", chance.letters("ABCDEFGHKMNPRSTWXYZ", 3), chance.digits(7)), "ID")
        }
        "account" => typed(chance.digits(10), "BANK"),
        _ => code(slot, chance).map(|code| (code, None)),
    }
}

/// A number or a code that is nobody's.
fn code(slot: &str, chance: &mut Chance) -> Option<String> {
    Some(match slot {
        "number" => chance.below(90_000).to_string(),
        "year" => (1950 + chance.below(76)).to_string(),
        "amount" => format!("{}.{:02}", chance.below(9_000), chance.below(100)),
        "uuid" => format!(
            "{}-{}-4{}-a{}-{}",
            chance.hex(8),
            chance.hex(4),
            chance.hex(3),
            chance.hex(3),
            chance.hex(12)
        ),
        "sha" => chance.hex(64),
        "commit" => chance.hex(40),
        "epoch" => format!("{}{}", 16 + chance.below(2), chance.digits(8)),
        "epochms" => format!("{}{}", 16 + chance.below(2), chance.digits(11)),
        "order" => format!("{}-{}", chance.letters("ABCDEFGHKMNPRSTWXYZ", 2), chance.digits(9)),
        "luhnid" => luhn(&format!("93{}", chance.digits(13)))?,
        "sku" => format!(
            "{}-{}-{}",
            chance.letters("ABCDEFGHKMNPRSTWXYZ", 3),
            chance.digits(4),
            chance.letters("BKLRSX", 1)
        ),
        "version" => format!("{}.{}.{}", chance.below(20), chance.below(40), chance.below(100)),
        "token" => chance.letters("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", 24),
        _ => return None,
    })
}

fn iso(chance: &mut Chance) -> String {
    format!("{}-{:02}-{:02}", 1930 + chance.below(95), 1 + chance.below(12), 1 + chance.below(28))
}

/// `body` with the digit that makes it pass Luhn, as many order numbers do.
fn luhn(body: &str) -> Option<String> {
    (0..10).map(|digit| format!("{body}{digit}")).find(|number| check::luhn(&check::digits(number)))
}

/// `body` with the last digit that its check asks for.
fn checked(check: &str, body: &str) -> Option<String> {
    let valid = check::named(check)?;
    (0..10).map(|digit| format!("{body}{digit}")).find(|number| valid(number))
}

/// A German account: the check digits of ISO 13616 are tried in turn.
fn iban(chance: &mut Chance) -> Option<String> {
    let (valid, account) = (check::named("iban")?, chance.digits(18));
    (2..=98).map(|digits| format!("DE{digits:02}{account}")).find(|iban| valid(iban))
}
