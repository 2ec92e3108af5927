//! Stand-ins that can be exchanged for the value again, by whoever keeps them.

use crate::model::ids::Entity;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Who makes stand-ins for one caller.
pub trait Substitutes: Send + Sync {
    /// `PERSON_4821937`: the same whenever the caller meets the value. None when no more can
    /// be kept.
    fn pseudonym(&self, entity: &Entity, value: &str) -> Option<String>;

    /// The value itself, encrypted for the caller. None when it is too long.
    fn token(&self, entity: &Entity, value: &str) -> Option<String>;
}

/// Of a pseudonym: enough that a slip of a digit names nobody rather than somebody else.
const DIGITS: usize = 7;
/// The numbers of pseudonyms.
pub const NUMBERS: Range<u32> = 1_000_000..10_000_000;
const TOKEN: &str = "tkn:";
/// Of a token: a nonce and a tag, encoded.
const SHORTEST_SEAL: usize = 38;

pub fn pseudonym(entity: &Entity, number: u32) -> String {
    format!("{entity}_{number}")
}

/// `sealed` is base64url.
pub fn token(entity: &Entity, sealed: &str) -> String {
    format!("{TOKEN}{entity}:{sealed}")
}

/// A stand-in that a text holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention<'t> {
    pub range: Range<usize>,
    /// In capitals, whatever the text has.
    pub entity: String,
    pub reference: Reference<'t>,
}

/// What a stand-in says of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference<'t> {
    Number(u32),
    Sealed(&'t str),
}

/// The stand-ins in a text, in order; of a known entity or not.
pub fn mentions(text: &str) -> Vec<Mention<'_>> {
    let numbers = text.match_indices('_').filter_map(|(at, _)| numbered(text, at));
    let tokens = text.match_indices(TOKEN).filter_map(|(at, _)| sealed(text, at));
    let mut all: Vec<Mention<'_>> = tokens.collect();
    let within = |at: usize, tokens: &[Mention<'_>]| tokens.iter().any(|token| token.range.contains(&at));
    let numbers: Vec<_> = numbers.filter(|mention| !within(mention.range.start, &all)).collect();
    all.extend(numbers);
    all.sort_by_key(|mention| mention.range.start);
    all
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The pseudonym whose last underscore stands at `at`.
fn numbered(text: &str, at: usize) -> Option<Mention<'_>> {
    let (before, rest) = (text.get(..at)?, text.get(at + 1..)?);
    let digits = rest.get(..DIGITS).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let after = rest.get(DIGITS..)?;
    if after.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let start = before.bytes().rposition(|byte| !is_word(byte)).map_or(0, |before| before + 1);
    let entity = before.get(start..).filter(|entity| !entity.is_empty())?.to_ascii_uppercase();
    let number = digits.parse().ok()?;
    Some(Mention { range: start..at + 1 + DIGITS, entity, reference: Reference::Number(number) })
}

/// The token that begins at `start`.
fn sealed(text: &str, start: usize) -> Option<Mention<'_>> {
    let (entity, rest) = text.get(start + TOKEN.len()..)?.split_once(':')?;
    let end = rest.bytes().position(|byte| !is_word(byte) && byte != b'-').unwrap_or(rest.len());
    let sealed = rest.get(..end).filter(|sealed| sealed.len() >= SHORTEST_SEAL)?;
    let named = !entity.is_empty() && entity.bytes().all(is_word);
    let range = start..start + TOKEN.len() + entity.len() + 1 + end;
    let entity = entity.to_ascii_uppercase();
    named.then_some(Mention { range, entity, reference: Reference::Sealed(sealed) })
}

/// Stand-ins numbered from one, which nobody exchanges: for the examples of rules, and for
/// results that are filtered outside a gate.
#[derive(Default)]
pub struct Numbered {
    known: Mutex<HashMap<(Entity, String), usize>>,
}

impl Numbered {
    fn number(&self, entity: &Entity, value: &str) -> usize {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let next = known.keys().filter(|(of, _)| of == entity).count() + 1;
        *known.entry((entity.clone(), value.to_owned())).or_insert(next)
    }
}

impl Substitutes for Numbered {
    fn pseudonym(&self, entity: &Entity, value: &str) -> Option<String> {
        Some(format!("{entity}_{}", self.number(entity, value)))
    }

    fn token(&self, entity: &Entity, value: &str) -> Option<String> {
        Some(format!("{TOKEN}{entity}:{}", self.number(entity, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&str, String)> {
        mentions(text).into_iter().map(|mention| (&text[mention.range], mention.entity)).collect()
    }

    #[test]
    fn stand_ins_are_found_as_whole_words() {
        let seal = "A".repeat(40);
        let text = format!("for PERSON_1234567's (us_ssn_7654321) tkn:PAN:{seal}.");
        let token = format!("tkn:PAN:{seal}");
        let expected = [
            ("PERSON_1234567", "PERSON".to_owned()),
            ("us_ssn_7654321", "US_SSN".to_owned()),
            (token.as_str(), "PAN".to_owned()),
        ];
        assert_eq!(found(&text), expected);
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        for text in
            ["PERSON_123456", "PERSON_12345678", "PERSON_1234567a", "_1234567", "tkn:PAN:short", "tkn:"]
        {
            assert_eq!(found(text), [], "{text}");
        }
        assert_eq!(found("MY_PERSON_1234567"), [("MY_PERSON_1234567", "MY_PERSON".to_owned())]);
    }

    #[test]
    fn a_seal_may_hold_what_looks_like_a_number() {
        let text = format!("tkn:PAN:{}PERSON_1234567-", "x".repeat(38));
        assert_eq!(found(&text), [(text.as_str(), "PAN".to_owned())]);
    }
}
