//! Columns of names. Under `label`, `title` or `display` stands anything, and no detector takes
//! a name there for one. Where most that looks like a name under one path of a result is one
//! that lists know, all of it is: the directory's entries, the options of a menu of doctors.
//!
//! What is found so is learned at the end of the result, which is then filtered once more.
//! Invariant: the verdict depends on this result alone, since nothing that looks like a name is
//! settled under these keys for later ones.

use crate::redact::detect::{KeyPath, check};
use crate::redact::echo::Echo;
use crate::redact::names;
use foldhash::fast::RandomState;
use std::collections::HashMap;

/// The keys of columns that may be people.
const KEYS: [&str; 11] = [
    "caption",
    "display",
    "display_name",
    "displayname",
    "entry",
    "item",
    "label",
    "name",
    "option",
    "text",
    "title",
];

/// So many names that lists know make a column, if they are so much of what looks like names.
const FEWEST: usize = 4;
const SHARE: (usize, usize) = (3, 4);

/// Bounds what is kept of one result.
const MOST_COLUMNS: usize = 256;
const MOST_VALUES: usize = 1_024;
const LONGEST: usize = 64;
const MOST_WORDS: usize = 4;

/// What looks like names in one result, by place.
#[derive(Default)]
pub(crate) struct Columns(HashMap<u64, Column, RandomState>);

#[derive(Default)]
struct Column {
    /// Each value once, with whether it is a name for sure.
    values: HashMap<Box<str>, bool, RandomState>,
}

impl Columns {
    /// Notes a value at the place of this number, if it looks like a name under a key that may be
    /// a column of them. True if so: then it must not be settled.
    pub(crate) fn note(&mut self, place: u64, keys: &KeyPath, text: &str) -> bool {
        let may_be_one = keys.last().is_some_and(|key| KEYS.binary_search(&key).is_ok());
        if !(may_be_one && looks_like_name(text)) {
            return false;
        }
        let room = self.0.len() < MOST_COLUMNS;
        let column = match self.0.get_mut(&place) {
            Some(column) => column,
            None if room => self.0.entry(place).or_default(),
            None => return true,
        };
        if column.values.len() < MOST_VALUES && !column.values.contains_key(text) {
            column.values.insert(text.into(), is_full_name(text));
        }
        true
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Teaches the values of columns of names, as what `detector` found. Forgets all.
    pub(crate) fn teach(&mut self, detector: Option<usize>, echo: &mut Echo) {
        let columns = std::mem::take(self);
        let Some(detector) = detector else { return };
        for column in columns.0.into_values().filter(Column::is_of_names) {
            // In order, so that what is learned where there is no room for all is the same each time.
            let mut values: Vec<Box<str>> = column.values.into_keys().collect();
            values.sort_unstable();
            for value in &values {
                echo.learn(detector, value, false);
            }
        }
    }
}

impl Column {
    fn is_of_names(&self) -> bool {
        let sure = self.values.values().filter(|sure| **sure).count();
        sure >= FEWEST && sure * SHARE.1 >= self.values.len() * SHARE.0
    }
}

/// A few words with capitals, one of which at least is no plain word.
fn looks_like_name(text: &str) -> bool {
    let capital = |word: &str| {
        word.starts_with(char::is_uppercase)
            && word.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-' | '.' | ','))
    };
    text.len() <= LONGEST
        && text.starts_with(char::is_uppercase)
        && text.split(' ').count() <= MOST_WORDS
        && text.split(' ').all(|word| capital(word) || names::is_particle(word))
        && check::may_be_name(text)
}

/// Whether lists know the first word as a given name and the last as a surname, or turned round
/// with a comma.
fn is_full_name(text: &str) -> bool {
    let Some(model) = names::shipped() else { return false };
    let known = |word: &str| model.lists.known(names::feature::hash(word));
    let (first, last) = match text.split_once(", ") {
        Some((last, first)) => (first.split(' ').next(), last.split(' ').next_back()),
        None => {
            (text.split(' ').next(), text.split_once(' ').and_then(|(_, rest)| rest.split(' ').next_back()))
        }
    };
    first.is_some_and(|word| known(word).is_given()) && last.is_some_and(|word| known(word).is_surname())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_names_and_what_looks_like_them() {
        assert!(KEYS.is_sorted());
        for text in ["Maria Lopez", "Lopez, Maria", "James K. Wilson", "Maria de la Garcia"] {
            assert!(looks_like_name(text) && is_full_name(text), "{text}");
        }
        for text in ["Xqyzzy", "Oluwaxyz Tembovar"] {
            assert!(looks_like_name(text) && !is_full_name(text), "{text}");
        }
        for text in ["Essential hypertension", "Room 4", "maria lopez", ""] {
            assert!(!looks_like_name(text), "{text}");
        }
    }
}
