//! Values for the slots of templates: people and places by their words, numbers with the
//! check digits that their standards ask for.

mod code;
mod number;
mod place;
mod record;
mod secret;

use crate::model::chance::Chance;
use crate::train::lists::{Lists, capital};
use crate::train::templates::Templates;
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
            _ => {
                let value = number::value(name, chance).or_else(|| record::value(name, chance));
                match value.or_else(|| secret::value(name, who, chance)) {
                    Some(value) => Some(value),
                    None => plain(self.word(name, chance)?),
                }
            }
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
}

/// The letters of a name as a mailbox has them.
fn plainly(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase()
}
