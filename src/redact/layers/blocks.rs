//! Runs of base64, base32 or hexadecimal digits in a text, and what they say.
//!
//! Most long runs are identifiers, hashes and addresses. They decode to no text, and a pass
//! over their letters tells.

use super::bytes::texts;
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
    bytes: Vec<Vec<u8>>,
}

impl Block {
    /// What of it is text, decompressed where it is compressed.
    pub(super) fn readings(&self, budget: &mut Budget) -> Vec<String> {
        let mut readings = Vec::new();
        for bytes in &self.bytes {
            readings.extend(texts(bytes));
            // Text may follow what is compressed, so that both are read.
            readings.extend(inflate::inflated(bytes, budget).iter().flat_map(|inflated| texts(inflated)));
        }
        readings
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
        blocks.extend(hex::runs(text).into_iter().map(|(range, bytes)| Block { range, bytes }));
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
    (!bytes.is_empty()).then_some(Block { range, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        let mut budget = Budget::default();
        in_text(text, Class::of(text), text.len(), false)
            .iter()
            .flat_map(|block| block.readings(&mut budget))
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
