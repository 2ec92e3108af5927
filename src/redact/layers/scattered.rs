//! One number in several values that stand side by side in an array or an object: the parts
//! of a card, of an IBAN or of an SSN, and text as a list of its bytes.
//!
//! Lists of short numbers are common, so that a list is a card only if it is nothing else:
//! it has the parts of one and no more, its issuer is a great one and its Luhn digit holds.
//! Keys that say so stand in for the first two. Parts of an SSN are known by keys alone.

use super::{SHORTEST, bytes};
use crate::redact::class::Class;
use crate::redact::detect::Spoken;
use crate::redact::detect::check::{card, iban};
use std::ops::Range;

/// The longest value that is a part of another.
pub(crate) const LONGEST: usize = 8;
/// How many digits the parts of a card have, in order.
const CARDS: [&[usize]; 5] = [&[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4], &[8, 8], &[4, 4, 4, 4, 3]];
const CARD: Range<usize> = 13..20;
/// The digits of an SSN.
const SSN: usize = 9;

/// A short value, or what parts two of them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Part {
    letters: [u8; LONGEST],
    length: u8,
    pub(crate) spoken: Spoken,
}

impl Part {
    /// None for what is no part of a number: long, or without a digit, or not of letters
    /// and digits alone.
    pub(crate) fn of(text: &str) -> Option<Self> {
        const PLAIN: Class = Class::DIGIT.join(Class::LOWER).join(Class::UPPER);
        if !(1..=LONGEST).contains(&text.len()) {
            return None;
        }
        let class = Class::of(text);
        let counts = class.meets(Class::DIGIT) || text.len() == 4 && class == Class::UPPER;
        if class.join(PLAIN) != PLAIN || !counts {
            return None;
        }
        let mut part = Self { length: u8::try_from(text.len()).ok()?, ..Self::default() };
        part.letters.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(part)
    }

    pub(crate) fn is_break(&self) -> bool {
        self.length == 0
    }

    /// The same, of which its own keys say no more than that it is no card.
    pub(crate) fn without_cues(mut self) -> Self {
        self.spoken = Spoken { vetoed: self.spoken.vetoed, ..Spoken::default() };
        self
    }

    /// Letters and digits.
    pub(crate) fn length(&self) -> usize {
        usize::from(self.length)
    }

    /// Whether a number of many values of one column may begin here, of which keys say this.
    pub(crate) fn begins_column(&self, spoken: Spoken) -> bool {
        let named = spoken.of_card || spoken.of_ssn;
        matches!(self.length, 4 | 8) || named && self.is_digits()
    }

    fn text(&self) -> &str {
        let letters = self.letters.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(letters).unwrap_or_default()
    }

    fn is_digits(&self) -> bool {
        self.length > 0 && self.letters.iter().take(usize::from(self.length)).all(u8::is_ascii_digit)
    }
}

/// What some parts say together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Joined {
    pub(crate) parts: Range<usize>,
    pub(crate) says: String,
    /// A cue speaks for it, and its check need not hold.
    pub(crate) cued: bool,
}

/// The numbers among parts of one container, of which its own keys say this.
pub(crate) fn joined(parts: &[Part], spoken: Spoken) -> Vec<Joined> {
    let mut found = Vec::new();
    let mut start = 0;
    while start < parts.len() {
        let Some(run) = parts.get(start..) else { break };
        let next = cards(parts, start, spoken.of_card)
            .or_else(|| ssn(parts, start, spoken.of_ssn))
            .or_else(|| account(run, start));
        start = match next {
            Some(joined) => {
                let end = joined.parts.end;
                found.push(joined);
                end
            }
            None => start + 1,
        };
    }
    found
}

/// A card whose first part this is.
fn cards(parts: &[Part], start: usize, cued: bool) -> Option<Joined> {
    let run = parts.get(start..)?;
    let first = run.first().filter(|part| part.is_digits() && !part.spoken.vetoed)?;
    // Most numbers are no beginning of one.
    let begins = matches!(first.length, 1 | 4 | 8) || cued || first.spoken.of_card;
    if !begins || first.length == 1 && start > 0 && !cued && is_digit(parts.get(start - 1)) {
        return None;
    }
    let is_like = |part: &&Part| part.is_digits() && part.length == first.length;
    let even = run.iter().take(CARD.end).take_while(is_like).count();
    let digits = |count: usize| -> Option<String> {
        let parts = run.get(..count)?;
        parts.iter().all(Part::is_digits).then(|| parts.iter().map(Part::text).collect())
    };
    let shapes = CARDS.iter().filter(|shape| {
        run.len() >= shape.len()
            && run.iter().zip(**shape).all(|(part, length)| usize::from(part.length) == *length)
    });
    let alone = |count: usize| {
        let like = |index: Option<usize>| {
            index
                .and_then(|index| parts.get(index))
                .is_some_and(|part| part.is_digits() && part.length == first.length)
        };
        !like(start.checked_sub(1)) && !like(start.checked_add(count))
    };
    let cued = |count: usize| cued || run.iter().take(count).all(|part| part.spoken.of_card);
    // Digit by digit, or two by two if keys say that they are a card.
    let evens = (1..=even).filter(|count| CARD.contains(&(count * usize::from(first.length))));
    let evens = evens.filter(|count| first.length == 1 && alone(*count) || cued(*count));
    let counts = shapes.map(|shape| shape.len()).chain(evens);
    counts.filter(|count| alone(*count) || cued(*count)).find_map(|count| {
        let says = digits(count).filter(|says| CARD.contains(&says.len()))?;
        let values: Vec<u32> = says.chars().filter_map(|c| c.to_digit(10)).collect();
        let known = cued(count) || card::has_great_issuer(&values);
        (known && card::is_number(&values)).then(|| Joined { parts: start..start + count, says, cued: false })
    })
}

fn is_digit(part: Option<&Part>) -> bool {
    part.is_some_and(|part| part.length == 1 && part.is_digits())
}

/// An SSN whose first part this is, if keys say so.
fn ssn(parts: &[Part], start: usize, cued: bool) -> Option<Joined> {
    let is_of_ssn = |part: &Part| cued || part.spoken.of_ssn;
    if !parts.get(start).is_some_and(is_of_ssn) {
        return None;
    }
    let count = may_be_ssn(parts, start)?;
    let run = parts.get(start..start + count)?;
    let digits: String = run.iter().map(Part::text).collect();
    let says = format!("{}-{}-{}", digits.get(..3)?, digits.get(3..5)?, digits.get(5..)?);
    run.iter().all(is_of_ssn).then(|| Joined { parts: start..start + count, says, cued: true })
}

/// How many parts are an SSN that begins here, if a cue speaks for it: its three groups, or
/// others, if the run has no more than its nine digits.
pub(crate) fn may_be_ssn(parts: &[Part], start: usize) -> Option<usize> {
    let run = parts.get(start..)?;
    let lengths = run.iter().map(|part| if part.is_digits() { part.length() } else { 0 });
    if lengths.clone().take(3).eq([3, 2, 4]) {
        return Some(3);
    }
    let begins =
        start.checked_sub(1).and_then(|before| parts.get(before)).is_none_or(|part| !part.is_digits());
    let shape: Vec<usize> = lengths.take(SSN + 1).take_while(|length| *length > 0).collect();
    let even = shape.split_last().is_some_and(|(last, others)| {
        others.iter().all(|length| Some(length) == shape.first()) && Some(last) <= shape.first()
    });
    let known = even || matches!(shape.as_slice(), [3, 6] | [5, 4]);
    (begins && known && shape.len() > 1 && shape.iter().sum::<usize>() == SSN).then_some(shape.len())
}

/// An IBAN that begins here.
fn account(run: &[Part], start: usize) -> Option<Joined> {
    let first = run.first()?;
    if first.is_digits() {
        return None;
    }
    let head = first.text().as_bytes();
    let country = head.first_chunk::<2>().map(|country| country.map(|byte| byte.to_ascii_uppercase()))?;
    let length = iban::length_in(country).filter(|_| head.iter().skip(2).all(u8::is_ascii_digit))?;
    let mut says = String::new();
    for (index, part) in run.iter().enumerate().take_while(|(_, part)| !part.is_break()) {
        says.push_str(part.text());
        if says.len() >= length {
            let parts = start..start + index + 1;
            return (index > 0 && says.len() == length && iban::valid(&says)).then_some(Joined {
                parts,
                says,
                cued: false,
            });
        }
    }
    None
}

/// The text that numbers are the bytes of, as a runtime prints a buffer.
pub(crate) fn spelt_in_bytes(parts: &[Part]) -> Option<String> {
    if parts.len() < SHORTEST {
        return None;
    }
    let values: Option<Vec<u8>> =
        parts.iter().map(|part| part.text().parse().ok().filter(|_| part.is_digits())).collect();
    let texts = bytes::texts(&values?);
    (!texts.is_empty()).then(|| texts.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(texts: &[&str], cued: bool) -> Vec<Part> {
        let spoken = Spoken { of_card: cued, of_ssn: cued, ..Spoken::default() };
        texts.iter().map(|text| Part { spoken, ..Part::of(text).unwrap_or_default() }).collect()
    }

    fn said(texts: &[&str], cued: bool) -> Vec<String> {
        joined(&parts(texts, cued), Spoken::default()).into_iter().map(|joined| joined.says).collect()
    }

    #[test]
    fn parts_are_joined() {
        let single: Vec<&str> = "4111111111111111".split("").filter(|digit| !digit.is_empty()).collect();
        assert_eq!(said(&["4111", "1111", "1111", "1111"], false), ["4111111111111111"]);
        assert_eq!(said(&["", "4111", "1111", "1111", "1111", "26"], false), ["4111111111111111"]);
        assert_eq!(said(&["3782", "822463", "10005"], false), ["378282246310005"]);
        assert_eq!(said(&single, false), ["4111111111111111"]);
        assert_eq!(said(&["DE89", "3704", "0044", "0532", "0130", "00"], false), ["DE89370400440532013000"]);
        assert_eq!(said(&["GB29", "NWBK", "6016", "1331", "9268", "19"], false), ["GB29NWBK60161331926819"]);
        assert_eq!(said(&["536", "90", "4399"], true), ["536-90-4399"]);
        assert_eq!(said(&["5", "3", "6", "9", "0", "4", "3", "9", "9"], true), ["536-90-4399"]);
        assert_eq!(said(&["536", "904", "399"], true), ["536-90-4399"]);
        assert_eq!(said(&["", "53690", "4399", ""], true), ["536-90-4399"]);
        assert_eq!(said(&["1226", "4111", "1111", "1111", "1111"], true), ["4111111111111111"]);
    }

    #[test]
    fn lists_of_numbers_are_lists() {
        for list in [
            &["4111", "1111", "1111", "1112"][..],
            &["4111", "1111", "1111", "1111", "1111"],
            &["1999", "2000", "2001", "2002"],
            &["536", "90", "4399"],
            &["41", "11", "11", "11", "11", "11", "11", "11"],
            &["4111", "1111", "", "1111", "1111"],
        ] {
            assert_eq!(said(list, false), Vec::<String>::new(), "{list:?}");
        }
        for list in [&["5", "3", "6", "9", "0", "4", "3", "9", "9", "1"][..], &["1", "20", "536904"]] {
            assert_eq!(said(list, true), Vec::<String>::new(), "{list:?}");
        }
    }

    #[test]
    fn a_buffer_is_text() {
        let numbers: Vec<String> = "SSN 536904399".bytes().map(|byte| byte.to_string()).collect();
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        assert_eq!(spelt_in_bytes(&parts(&numbers, false)).as_deref(), Some("SSN 536904399"));
        assert_eq!(spelt_in_bytes(&parts(&["300"; 12], false)), None);
    }
}
