//! Runs of base64, base32 or hexadecimal digits in a text, and what they say.
//!
//! Most long runs are identifiers, hashes and addresses. They decode to no text, and a pass
//! over their letters tells.

use super::bytes::{self, texts, texts_at};
use super::{Budget, SHORTEST as SHORTEST_TEXT, base32, base64, hex, inflate};
use crate::redact::class::Class;
use crate::redact::plainly;
use std::ops::Range;

/// The shortest run of base64 that says nine characters.
const SHORTEST: usize = 12;
/// What may stand between two lines of one run.
const WIDEST_BREAK: usize = 16;

/// An encoded run and its bytes, in each way to read them.
pub(super) struct Block {
    pub(super) range: Range<usize>,
    /// Each with the hexadecimal digits of the run before its first.
    bytes: Vec<(usize, Vec<u8>)>,
    is_hex: bool,
}

/// A text that a run says.
pub(super) struct Reading {
    pub(super) text: String,
    /// The reading of the run, and the place of the text among its bytes that count; None of
    /// what was compressed.
    at: Option<(usize, usize)>,
}

impl Block {
    /// What of it is text, decompressed where it is compressed.
    pub(super) fn readings(&self, budget: &mut Budget) -> Vec<Reading> {
        let mut readings = Vec::new();
        for (index, (_, bytes)) in self.bytes.iter().enumerate() {
            let plain = texts_at(bytes).into_iter();
            readings.extend(plain.map(|(at, text)| Reading { text, at: Some((index, at)) }));
            // Text may follow what is compressed, so that both are read.
            let inflated = inflate::inflated(bytes, budget);
            let inflated = inflated.iter().flat_map(|inflated| texts(inflated));
            readings.extend(inflated.map(|text| Reading { text, at: None }));
        }
        readings
    }

    /// The bytes of `whole`, which the run is in, that spell a part of a reading. In base64
    /// that is all of the run, in hexadecimal its tokens as far as the marks between them are
    /// alike.
    pub(super) fn spells(&self, whole: &str, reading: &Reading, part: &Range<usize>) -> Range<usize> {
        self.tokens(whole, reading, part).unwrap_or_else(|| self.range.clone())
    }

    fn tokens(&self, whole: &str, reading: &Reading, part: &Range<usize>) -> Option<Range<usize>> {
        let (index, at) = reading.at.filter(|_| self.is_hex)?;
        let (before, bytes) = self.bytes.get(index)?;
        // An empty part stands behind another, at its last byte.
        let last = at + part.end.checked_sub(1)?;
        let first = (at + part.start).min(last);
        let digit = |number: usize| Some(before + 2 * bytes::places(bytes).nth(number)?);
        let tokens = hex::tokens(whole.get(self.range.clone())?, digit(first)?..digit(last)? + 2)?;
        Some(self.range.start + tokens.start..self.range.start + tokens.end)
    }
}

/// The runs of a text that say something.
pub(super) fn in_text(text: &str, class: Class, digits: usize, is_identifier: bool) -> Vec<Block> {
    if text.len() < SHORTEST || !class.meets(Class::UPPER.join(Class::LOWER).join(Class::DIGIT)) {
        return Vec::new();
    }
    let mut blocks = Vec::new();
    if !is_identifier && class.meets(Class::UPPER.join(Class::DIGIT)) {
        let runs = runs(text, class);
        for range in &runs {
            blocks.extend(block(text, range.clone()));
        }
        // A run by itself may hide that it goes on behind white space.
        if class.meets(Class::SPACE) && has_odd_word(text) {
            blocks.extend(chains(text).into_iter().filter_map(|range| block(text, range)));
        }
    }
    if is_identifier && !hex::may_say(plainly::without_urn(text)) {
        return blocks;
    }
    // Each byte of a text has a digit above its last four bits.
    if digits >= SHORTEST_TEXT {
        blocks.extend(hex::runs(text).into_iter().map(|(range, bytes)| Block { range, bytes, is_hex: true }));
    }
    blocks
}

/// The maximal runs of the base64 alphabet, padding behind them with it. A byte that is none
/// of them ends every run that it could be in the middle of, so most bytes are passed over.
fn runs(text: &str, class: Class) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    // Without capitals it is no base64, and base32 has only digits besides.
    if !class.meets(Class::UPPER) && !base32::may_hold(class) {
        return runs;
    }
    let bytes = text.as_bytes();
    let is_in = |place: usize| bytes.get(place).is_some_and(|byte| base64::is_symbol(*byte));
    let mut start = 0;
    while start + SHORTEST <= bytes.len() {
        let Some(gap) = (start..start + SHORTEST).rev().find(|&place| !is_in(place)) else {
            let mut end = start + SHORTEST;
            while is_in(end) {
                end += 1;
            }
            let padding = bytes.iter().skip(end).take(2).take_while(|byte| **byte == b'=').count();
            runs.push(start..end + padding);
            start = end + 1;
            continue;
        };
        start = gap + 1;
    }
    runs
}

/// Whether a word has a digit or a capital behind its first letter, as some group of each
/// chain does.
fn has_odd_word(text: &str) -> bool {
    let odd = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    text.as_bytes()
        .windows(2)
        .any(|pair| matches!(*pair, [before, byte] if odd(byte) && base64::is_symbol(before)))
}

/// Runs in several lines, or in groups with spaces between. Words are none: all groups but
/// the last are of one length, or of whole quadruples.
fn chains(text: &str) -> Vec<Range<usize>> {
    let mut chains = Vec::new();
    let mut chain = Chain::default();
    let mut place = 0;
    for word in text.split(|c: char| c.is_ascii_whitespace()) {
        let start = place;
        place += word.len() + 1;
        let symbols = |bytes: &[u8]| bytes.iter().take_while(|byte| base64::is_symbol(**byte)).count();
        let head = symbols(word.as_bytes());
        let padded = head + word.bytes().skip(head).take(2).take_while(|byte| *byte == b'=').count();
        if head > 0 {
            chain.add(word.get(..head).unwrap_or_default(), start..start + padded, &mut chains);
        }
        if padded < word.len() {
            // A mark ends one run, and another may begin behind it.
            chain.end(&mut chains);
            let tail = word.bytes().rev().take_while(|byte| base64::is_symbol(*byte)).count();
            if tail > 0 {
                let last = word.get(word.len() - tail..).unwrap_or_default();
                chain.add(last, start + word.len() - tail..start + word.len(), &mut chains);
            }
        }
    }
    chain.end(&mut chains);
    chains
}

/// Groups that may be one run.
#[derive(Default)]
struct Chain {
    range: Range<usize>,
    groups: usize,
    symbols: usize,
    first: usize,
    /// All groups are as long as the first.
    even: bool,
    /// All groups are of whole quadruples.
    whole: bool,
    /// Some group is no word: it has a digit, or a capital behind its first letter.
    odd: bool,
}

impl Chain {
    fn add(&mut self, group: &str, range: Range<usize>, chains: &mut Vec<Range<usize>>) {
        let symbols = group.len();
        let goes_on = self.groups > 0
            && range.start - self.range.end <= WIDEST_BREAK
            && (self.even && symbols <= self.first || self.whole);
        if !goes_on {
            self.end(chains);
            *self = Self { range: range.clone(), first: symbols, even: true, whole: true, ..Self::default() };
        }
        self.groups += 1;
        self.symbols += symbols;
        self.range.end = range.end;
        self.odd |= group.bytes().skip(1).any(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        self.even &= symbols == self.first;
        self.whole &= symbols.is_multiple_of(4);
        if !self.even && !self.whole {
            self.end(chains);
        }
    }

    fn end(&mut self, chains: &mut Vec<Range<usize>>) {
        if self.groups > 1 && self.odd && self.symbols >= SHORTEST {
            chains.push(self.range.clone());
        }
        *self = Self::default();
    }
}

/// What a run says as base64 or base32. None if that is no text.
fn block(text: &str, range: Range<usize>) -> Option<Block> {
    let run = text.get(range.clone())?;
    let class = Class::of(run);
    let mut bytes = Vec::new();
    if class.meets(Class::UPPER) && !hex::is_digits(run) {
        bytes.extend(base64::decode(run));
    }
    if base32::may_hold(class) {
        bytes.extend(base32::decode(run));
    }
    let bytes: Vec<(usize, Vec<u8>)> = bytes.into_iter().map(|bytes| (0, bytes)).collect();
    (!bytes.is_empty()).then_some(Block { range, bytes, is_hex: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        let mut budget = Budget::default();
        in_text(text, Class::of(text), text.len(), false)
            .iter()
            .flat_map(|block| block.readings(&mut budget))
            .map(|reading| reading.text)
            .collect()
    }

    #[test]
    fn runs_are_read_wherever_they_stand() {
        for text in [
            "U1NOIDUzNi05MC00Mzk5",
            "see (U1NOIDUzNi05MC00Mzk5).",
            "data:text/plain;base64,U1NOIDUzNi05MC00Mzk5",
            "xU1NOIDUzNi05MC00Mzk5",
            "U1NO\nIDUz\nNi05\nMC00\nMzk5",
            "U1NO IDUz Ni05 MC00 Mzk5",
            "U1NOI\r\n  DUzNi\r\n  05MC0\r\n  0Mzk5",
            "KNJU4IBVGM3C2OJQFU2DGOJZ",
            "kKNJU4IBVGM3C2OJQFU2DGOJZ",
            "53534e203533362d39302d34333939",
            "0x53534E203533362D39302D34333939",
            "53 53 4e 20 35 33 36 2d 39 30 2d 34 33 39 39",
            "53:53:4e:20:35:33:36:2d:39:30:2d:34:33:39:39",
            "0x53, 0x53, 0x4e, 0x20, 0x35, 0x33, 0x36, 0x2d, 0x39, 0x30, 0x2d, 0x34, 0x33, 0x39, 0x39",
            "53005300 4e002000 35003300 36002d00 39003000 2d003400 33003900 3900",
        ] {
            assert!(said(text).iter().any(|said| said.contains("536-90-4399")), "{text}: {:?}", said(text));
        }
    }

    #[test]
    fn a_part_of_a_run_is_spelt_by_its_tokens() {
        for (text, part, spelt) in [
            ("5B. 53534e203533362d39302d34333939", "536-90-4399", "53534e203533362d39302d34333939"),
            (
                "5B. 53 53 4e 20 35 33 36 2d 39 30 2d 34 33 39 39",
                "536-90",
                "53 53 4e 20 35 33 36 2d 39 30 2d 34 33 39 39",
            ),
            (
                "5b: 0x53, 0x53, 0x4e, 0x20, 0x35, 0x33, 0x36, 0x2d, 0x39; 0x0",
                "536",
                "53, 0x53, 0x4e, 0x20, 0x35, 0x33, 0x36, 0x2d, 0x39",
            ),
            (
                "4e00: 5300 5300 4e00 2000 3500 3300 3600 2d00 3900",
                "536",
                "5300 5300 4e00 2000 3500 3300 3600 2d00 3900",
            ),
        ] {
            let blocks = in_text(text, Class::of(text), text.len(), false);
            let spells = |block: &Block| {
                let mut readings = block.readings(&mut Budget::default()).into_iter();
                readings.find_map(|reading| {
                    let start = reading.text.find(part)?;
                    Some(text[block.spells(text, &reading, &(start..start + part.len()))].to_owned())
                })
            };
            assert_eq!(blocks.iter().find_map(spells).as_deref(), Some(spelt), "{text}");
        }
    }

    #[test]
    fn identifiers_hashes_and_words_say_nothing() {
        for text in [
            "550e8400-e29b-41d4-a716-446655440000",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "2026-03-05T09:30:00.000Z",
            "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient",
            "Hemoglobin A1c/Hemoglobin.total in Blood",
            "sha512-WNLJCKJ1rmjsMyuYVHjPhh7JBbv2Ku0pJ8tHsIrXwnXpT5lgV0IXZJdiVlYZMjmRmKxNRfLFrGVqDVAd0NLQbA==",
            "with some more text that each word",
            "arn:aws:iam::123456789012:role/Administrator",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        ] {
            assert_eq!(said(text), Vec::<String>::new(), "{text}");
        }
    }
}
