//! Names of persons and places in free text, by a small linear model.
//!
//! A text is cut into lines, a line into tokens ([`token`]). What is seen of each token and
//! its neighbours ([`feature`]) is hashed into a table of weights ([`model`]), and the best
//! sequence of tags is found ([`decode`]). `portcullis train` makes the table.

pub(crate) mod decode;
pub(crate) mod feature;
pub(crate) mod lists;
pub(crate) mod model;
pub(crate) mod token;

use decode::{Lattice, Tag};
use feature::Reader;
use model::Model;
use std::ops::Range;
use std::sync::LazyLock;
use token::{Cap, Case, Token};

/// Beyond this many words of names no more are looked for again.
const MOST_LEARNED: usize = 1 << 12;

const LONGEST_ACRONYM: usize = 4;

/// The weights that ship.
static WEIGHTS: &[u8] = include_bytes!("../../../rules/models/names.bin");
static MODEL: LazyLock<Option<Model>> = LazyLock::new(|| Model::read(WEIGHTS));

/// What a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Person,
    /// A town, a country, a building, an institution.
    Place,
    /// A place with a number: a street, a postal code.
    Address,
}

/// A name in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// In bytes.
    pub(crate) range: Range<usize>,
    pub(crate) kind: Kind,
    /// One of its words is on a list of names and no plain word: it would be taken for one
    /// without a sentence around it.
    pub(crate) listed: bool,
}

/// What finding writes on, kept between texts so that none allocates.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    tokens: Vec<Token>,
    reader: Reader,
    lattice: Lattice,
    tags: Vec<Tag>,
    /// Words of the names of persons, as hashes.
    learned: Vec<u32>,
}

/// The model that ships. None if its file is not one, which a test rules out.
pub(crate) fn shipped() -> Option<&'static Model> {
    MODEL.as_ref()
}

/// Finds names in a text: those that the model sees, then the other places of the persons
/// among them, who are often named in full once and by one name from then on.
pub(crate) fn find(model: &Model, text: &str, scratch: &mut Scratch, mut found: impl FnMut(Name)) {
    scratch.learned.clear();
    let mut cursor = 0;
    while cursor < text.len() {
        cursor = token::piece(text, cursor, &mut scratch.tokens);
        if !scratch.tokens.iter().any(|token| token.cap.is_word()) {
            continue;
        }
        let Scratch { tokens, reader, lattice, tags, learned } = &mut *scratch;
        reader.read(model, text, tokens);
        if !reader.asks() {
            continue;
        }
        lattice.score(reader, |features| model.sum(features));
        lattice.best(&model.steps, |_, _| true, tags);
        decode::spans(tags, |first, last, kind| {
            let named = tokens.get(first..=last).unwrap_or_default();
            let kind = match kind {
                Kind::Place if named.iter().any(|token| token.cap == Cap::Digits) => Kind::Address,
                kind => kind,
            };
            if named.iter().all(|token| is_title(text, token)) || is_acronym(named) {
                return;
            }
            if kind == Kind::Person {
                learn(text, named, learned);
            }
            let is_name = |(index, token): (usize, &Token)| {
                token.cap.is_word() && reader.known(first + index).is_name(kind)
            };
            let listed = named.iter().enumerate().any(is_name);
            if let ([first, ..], [.., last]) = (named, named) {
                found(Name { range: first.start..last.end, kind, listed });
            }
        });
    }
    if !scratch.learned.is_empty() {
        scratch.learned.sort_unstable();
        again(text, scratch, found);
    }
}

/// Keeps the first and the last name of a person named in full.
fn learn(text: &str, named: &[Token], learned: &mut Vec<u32>) {
    let ([first, .., last], true) = (named, learned.len() < MOST_LEARNED) else { return };
    let names = [first, last].into_iter().filter(|token| may_recur(token) && !is_title(text, token));
    learned.extend(names.map(|token| feature::hash(token.text(text))));
}

/// Whether a token is no part of a name: what people are addressed by, or a mark.
fn is_title(text: &str, token: &Token) -> bool {
    const TITLES: [&str; 8] = ["mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir"];
    !token.cap.is_word() || TITLES.iter().any(|title| title.eq_ignore_ascii_case(token.text(text)))
}

/// A few capitals amid words that are written otherwise: `SSN`, `CXR`.
fn is_acronym(named: &[Token]) -> bool {
    let [token] = named else { return false };
    token.cap == Cap::Upper && token.case != Case::Upper && token.end - token.start <= LONGEST_ACRONYM
}

fn may_recur(token: &Token) -> bool {
    matches!(token.cap, Cap::Capital | Cap::Mixed) && token.end - token.start > 3
}

/// Names by one word those who were named in full.
fn again(text: &str, scratch: &mut Scratch, mut found: impl FnMut(Name)) {
    let Scratch { tokens, learned, .. } = scratch;
    let known =
        |token: &Token| may_recur(token) && learned.binary_search(&feature::hash(token.text(text))).is_ok();
    let mut cursor = 0;
    while cursor < text.len() {
        cursor = token::piece(text, cursor, tokens);
        for (index, token) in tokens.iter().enumerate().filter(|(_, token)| known(token)) {
            // Within a longer name it may be part of something else.
            let beside = [index.checked_sub(1), index.checked_add(1)];
            let mut beside = beside.into_iter().flatten().filter_map(|index| tokens.get(index));
            if !beside.any(|token| matches!(token.cap, Cap::Capital | Cap::Upper)) {
                found(Name { range: token.start..token.end, kind: Kind::Person, listed: true });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<(Kind, &str)> {
        let model = shipped().expect("the shipped model reads");
        let mut all = Vec::new();
        find(model, text, &mut Scratch::default(), |name| all.push((name.kind, &text[name.range])));
        all.dedup();
        all
    }

    #[test]
    fn persons_are_found_behind_wide_letters_and_in_any_case() {
        for (text, name) in [
            ("Ünïcödé first: I spoke with Maria Lopez about it.", "Maria Lopez"),
            ("This agreement is signed by JAMES WILSON of the company.", "JAMES WILSON"),
        ] {
            assert_eq!(names(text), [(Kind::Person, name)]);
        }
    }

    #[test]
    fn plain_prose_has_no_names() {
        for text in
            ["", " \n ", "The order was shipped on Monday.", "What is the dose of Metformin?", "— … ·"]
        {
            assert_eq!(names(text), [], "{text}");
        }
    }
}
