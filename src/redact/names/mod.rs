//! Names of persons and places in free text, by a small linear model.
//!
//! A text is cut into lines, a line into tokens ([`token`]). What is seen of each token and
//! its neighbours ([`feature`]) is hashed into a table of weights ([`model`]), and the best
//! sequence of tags is found ([`decode`]). `portcullis train` makes the table.

pub(crate) mod decode;
pub(crate) mod feature;
pub(crate) mod lists;
pub(crate) mod model;
mod nobody;
mod particles;
pub(crate) mod token;

use decode::{Lattice, PERSON, Tag};
use feature::Reader;
use lists::Known;
use model::Model;
pub(crate) use nobody::is_of_calendar;
pub(crate) use particles::is_particle;
use std::ops::Range;
use std::sync::LazyLock;
use token::{Cap, Case, Token};

/// Beyond this many words of names no more are looked for again.
const MOST_LEARNED: usize = 1 << 12;

const LONGEST_ACRONYM: usize = 4;
/// By how much a name of one word must be likelier than none, and one that a list knows.
const SURE: i32 = 12_000;
const SURE_OF_LISTED: i32 = 5_000;
/// What has a full stop behind it that ends no sentence: `J.`, `Mrs.`.
const LONGEST_ABBREVIATION: usize = 3;

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
    /// All its words are plain ones, which names hardly are.
    pub(crate) plain: bool,
}

/// What finding writes on, kept between texts so that none allocates.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    tokens: Vec<Token>,
    reader: Reader,
    lattice: Lattice,
    tags: Vec<Tag>,
    /// Names by their tokens.
    spans: Vec<(Range<usize>, Kind)>,
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
        let Scratch { tokens, reader, lattice, tags, spans, learned } = &mut *scratch;
        reader.read(model, text, tokens);
        if !reader.asks() {
            continue;
        }
        lattice.score(reader, |features| model.sum(features));
        lattice.best(&model.steps, |_, _| true, tags);
        spans.clear();
        decode::spans(tags, |first, last, kind| match spans.last_mut() {
            Some((span, Kind::Place)) if kind == Kind::Place && goes_on(text, tokens, span, first) => {
                span.end = last + 1;
            }
            _ => spans.push((first..last + 1, kind)),
        });
        particles::join(text, tokens, reader, spans);
        for (span, kind) in spans.drain(..) {
            let mut from = span.start;
            for to in ends(text, tokens, span, kind) {
                let part = trimmed(text, tokens, from..to);
                from = to;
                let first_token = part.start;
                let named = tokens.get(part.clone()).unwrap_or_default();
                let kind = match kind {
                    Kind::Place if named.iter().any(|token| token.cap == Cap::Digits) => Kind::Address,
                    kind => kind,
                };
                let (mut plain, mut listed) = (kind != Kind::Address, false);
                // Letters of no known word amid digits: a number in disguise, or another script.
                let mut odd = kind == Kind::Address && named.iter().any(|token| token.cap.is_word());
                for (token, known) in named.iter().zip(part.map(|index| reader.known(index))).filter(is_word)
                {
                    odd &= known == Known::default() && token.cap != Cap::Capital;
                    plain &= !known.may_be(kind);
                    listed |= known.is_name(kind);
                }
                // One word alone has to stand where names stand, the more so if no list knows it.
                let bare = kind == Kind::Person && named.len() == 1;
                let sure = if listed { SURE_OF_LISTED } else { SURE };
                let behind = tokens.get(first_token + named.len()).map(|token| token.text(text));
                let names_a_thing = kind == Kind::Person
                    && !named.iter().any(|token| is_title(text, token) && token.cap.is_word())
                    && is_one_word(text, named)
                    && behind.is_some_and(nobody::is_thing);
                let doubtful = bare && lattice.margin(first_token, PERSON) < sure;
                if doubtful || odd || is_no_name(text, named, kind) || names_a_thing {
                    continue;
                }
                if kind == Kind::Person {
                    learn(text, named, learned);
                }
                if let ([first, ..], [.., last]) = (named, named) {
                    found(Name { range: first.start..last.end, kind, listed, plain });
                }
            }
        }
    }
    if !scratch.learned.is_empty() {
        scratch.learned.sort_unstable();
        again(text, scratch, found);
    }
}

/// Whether an address goes on with the place that begins at `next`: behind a comma stands its
/// town.
fn goes_on(text: &str, tokens: &[Token], address: &Range<usize>, next: usize) -> bool {
    let numbered = |token: &Token| token.cap == Cap::Digits;
    let comma = |token: &Token| token.text(text) == ",";
    next == address.end + 1
        && tokens.get(address.end).is_some_and(comma)
        && tokens.get(address.clone()).is_some_and(|named| named.iter().any(numbered))
}

/// Where the names end that the tokens of one span hold: a person's name goes on over no full
/// stop but that of an initial or a title, and holds no number.
fn ends(text: &str, tokens: &[Token], span: Range<usize>, kind: Kind) -> impl Iterator<Item = usize> {
    let ends = move |index: usize| {
        let at = |index: usize| tokens.get(index);
        let (Some(token), Some(before)) = (at(index), index.checked_sub(1).and_then(at)) else {
            return false;
        };
        let abbreviates = before.end - before.start <= LONGEST_ABBREVIATION || !before.cap.is_word();
        kind == Kind::Person && (token.text(text) == "." && !abbreviates || token.cap == Cap::Digits)
    };
    let last = span.end;
    (span.start + 1..last).filter(move |index| ends(*index)).chain(std::iter::once(last))
}

/// The tokens without marks before the first word and behind the last, save a full stop.
fn trimmed(text: &str, tokens: &[Token], span: Range<usize>) -> Range<usize> {
    let named = tokens.get(span.clone()).unwrap_or_default();
    let is_mark = |token: &&Token| token.cap == Cap::Mark;
    let head = named.iter().take_while(is_mark).count();
    let tail = named.iter().skip(head).rev().take_while(|token| is_mark(token) && token.text(text) != ".");
    span.start + head..span.end - tail.count()
}

fn is_word((token, _): &(&Token, Known)) -> bool {
    token.cap.is_word()
}

/// A little word such as `ok`, whatever state it may stand for.
fn is_little_word(named: &[Token]) -> bool {
    matches!(named, [token] if token.cap == Cap::Lower && token.end - token.start <= LONGEST_ABBREVIATION)
}

/// A number with its short name, and no address: `HR 88`.
fn is_measure(named: &[Token]) -> bool {
    let mut words = named.iter().filter(|token| token.cap.is_word()).peekable();
    words.peek().is_some() && words.all(|word| word.end - word.start < LONGEST_ABBREVIATION)
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

/// Whether it is something else for sure: a title, a measure, letters that stand for words.
fn is_no_name(text: &str, named: &[Token], kind: Kind) -> bool {
    named.iter().all(|token| is_title(text, token))
        || is_acronym(named)
        || kind == Kind::Person && (is_nobodys(text, named) || is_a_letter(named))
        || kind == Kind::Address && is_measure(named)
        || kind == Kind::Place && is_little_word(named)
        || kind == Kind::Person && named.iter().any(|token| is_part_number(text, token))
}

/// Letters and digits without a blank, as no name has them: `1000XM4`.
fn is_part_number(text: &str, token: &Token) -> bool {
    token.cap == Cap::Coded && token.text(text).bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether no blank parts the tokens: `Kirby-Bauer` is one word.
fn is_one_word(text: &str, named: &[Token]) -> bool {
    let ([first, ..], [.., last]) = (named, named) else { return false };
    text.get(first.start..last.end).is_some_and(|name| !name.contains(char::is_whitespace))
}

/// What is called after somebody, or a day: `Romberg neg`, `by January`.
fn is_nobodys(text: &str, named: &[Token]) -> bool {
    let ([first, ..], [.., last]) = (named, named) else { return false };
    let name = text.get(first.start..last.end).unwrap_or_default();
    nobody::is_eponym(name) || is_of_calendar(name)
}

/// One letter, as lists are numbered by: `A. Skin`.
fn is_a_letter(named: &[Token]) -> bool {
    let mut words = named.iter().filter(|token| token.cap.is_word());
    words.next().is_some_and(|word| word.end - word.start == 1) && words.next().is_none()
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
            let at = |index: Option<usize>| index.and_then(|index| tokens.get(index));
            let capital =
                |index| at(index).is_some_and(|token| matches!(token.cap, Cap::Capital | Cap::Upper));
            let joins = |index| at(index).is_some_and(|token| is_particle(token.text(text)));
            let (before, behind) = (|far| index.checked_sub(far), |far| index.checked_add(far));
            let longer = capital(before(1))
                || capital(behind(1))
                || joins(before(1)) && capital(before(2))
                || joins(behind(1)) && capital(behind(2));
            if !longer {
                found(Name { range: token.start..token.end, kind: Kind::Person, listed: true, plain: false });
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
            ("reported by: Bartholomew ten Whitlock", "Bartholomew ten Whitlock"),
            ("posted by: Farrukh ap Oyelaran", "Farrukh ap Oyelaran"),
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
