//! Groups of digits with marks between them, and which of them may be one number.

use super::group::{self, Group, Spelling};
use super::shape;
use super::{FEWEST_DIGITS, Plain};
use crate::redact::class::Class;
use crate::redact::plainly;
use std::ops::Range;

/// What may stand between two groups of one number, in characters.
const WIDEST_GAP: usize = 6;
/// So many groups are looked at together, and of a longer chain so many once more with the
/// next.
const MOST_GROUPS: usize = 64;
const KEPT_GROUPS: usize = 24;
const FEWEST_OF_CARD: usize = 13;
/// Of a number with letters for digits, those that are digits.
pub(super) const FEWEST_TRUE_DIGITS: usize = 6;
/// The shortest text that may spell nine digits in words.
const SHORTEST_WORDS: usize = 35;

/// Numbers that are split by unusual marks, or glued to letters.
pub(super) fn split(text: &str) -> Vec<Plain> {
    numbers(text, Spelling::Digits)
}

/// Numbers in which letters stand for digits.
pub(super) fn with_letters(text: &str) -> Vec<Plain> {
    if may_have_letters(text) { numbers(text, Spelling::Letters) } else { Vec::new() }
}

/// Whether letters that look like digits stand among digits, or in a group beside some.
fn may_have_letters(text: &str) -> bool {
    const BESIDE: usize = 3;
    let bytes = text.as_bytes();
    let looks = |byte: &u8| byte.is_ascii_alphabetic() && group::figure(*byte).is_some();
    words(text, Spelling::Digits).any(|word| {
        let is_group = |range: Range<usize>| bytes.get(range).is_some_and(|group| group.iter().all(looks));
        let own = bytes.get(word.clone()).unwrap_or_default();
        let mixed = own.iter().any(looks) && own.iter().all(|byte| group::figure(*byte).is_some());
        let behind = word.end + 1;
        let before = word.start.saturating_sub(1 + BESIDE)..word.start.saturating_sub(1);
        mixed || is_group(behind..behind + BESIDE) || before.len() == BESIDE && is_group(before)
    })
}

/// Numbers that are spelt in words.
pub(super) fn in_words(text: &str) -> Vec<Plain> {
    numbers(text, Spelling::Words)
}

/// Whether a text may spell a number in words: nine of those in a row, or nearly.
pub(super) fn may_have_words(text: &str, class: Class) -> bool {
    text.len() >= SHORTEST_WORDS
        && class.breadth() > 1
        && alphabetic(text).filter(|word| group::is_likely(word)).nth(FEWEST_WORDS - 1).is_some()
}

const FEWEST_WORDS: usize = 4;

/// Runs of ASCII letters.
fn alphabetic(text: &str) -> impl Iterator<Item = &str> {
    let is_other = |byte: &u8| !byte.is_ascii_alphabetic();
    text.as_bytes().split(is_other).filter_map(|word| std::str::from_utf8(word).ok())
}

fn numbers(text: &str, spelling: Spelling) -> Vec<Plain> {
    let mut plains: Vec<Plain> = Vec::new();
    let mut chain = Chain { text, groups: Vec::new(), glued: false, times: 1, read: 0 };
    for word in words(text, spelling) {
        if !joins(text.get(chain.read..word.start).unwrap_or_default()) {
            chain.end(spelling, &mut plains);
        } else if chain.groups.len() >= MOST_GROUPS {
            chain.look(spelling, &mut plains);
            chain.groups.drain(..MOST_GROUPS - KEPT_GROUPS);
        }
        chain.read = word.end;
        chain.add(word, spelling, &mut plains);
    }
    chain.end(spelling, &mut plains);
    plains.sort_by_key(|plain| plain.range.start);
    plains.dedup_by(|next, last| next.range.start < last.range.end);
    plains
}

/// Runs of ASCII letters and digits. Where only digits count, those without are left out:
/// as a part of the gap between two others they keep them apart.
fn words(text: &str, spelling: Spelling) -> impl Iterator<Item = Range<usize>> + '_ {
    let bytes = text.as_bytes();
    let (begins, back): (fn(&u8) -> bool, _) = match spelling {
        Spelling::Digits => (u8::is_ascii_digit, true),
        Spelling::Letters | Spelling::Words => (u8::is_ascii_alphanumeric, false),
    };
    let mut place = 0;
    std::iter::from_fn(move || {
        let found = place + bytes.get(place..)?.iter().position(begins)?;
        let head = bytes.get(place..found)?;
        let before =
            if back { head.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric()).count() } else { 0 };
        let length = bytes.get(found..)?.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        place = found + length;
        Some(found - before..place)
    })
}

fn joins(gap: &str) -> bool {
    if let [only] = gap.as_bytes() {
        return !only.is_ascii_alphanumeric();
    }
    gap.len() <= 4 * WIDEST_GAP
        && gap.chars().count() <= WIDEST_GAP
        && !gap.contains(|c: char| c.is_alphanumeric())
}

/// The groups of what may be a number.
struct Chain<'t> {
    text: &'t str,
    groups: Vec<Group>,
    /// Letters stand beside its first or last digit.
    glued: bool,
    /// How often the next digit is said.
    times: usize,
    /// The end of the last word.
    read: usize,
}

impl Chain<'_> {
    fn add(&mut self, word: Range<usize>, spelling: Spelling, plains: &mut Vec<Plain>) {
        let said = self.text.get(word.clone()).unwrap_or_default();
        if spelling == Spelling::Words
            && let Some(times) = group::times(said)
        {
            self.times = times;
            return;
        }
        if spelling != Spelling::Digits {
            match group::read(said, word.start, spelling, self.times) {
                Some(group) => self.push(group),
                None => self.end(spelling, plains),
            }
            return;
        }
        let bytes = said.as_bytes();
        let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == bytes.len() {
            return self.push(digit_group(word));
        }
        self.glue(said, word, digits, plains);
    }

    /// A word of letters and digits ends one number and may begin another.
    fn glue(&mut self, said: &str, word: Range<usize>, head: usize, plains: &mut Vec<Plain>) {
        if !speaks(said) {
            return self.end(Spelling::Digits, plains);
        }
        if head > 0 {
            self.push(digit_group(word.start..word.start + head));
            self.glued = true;
        }
        self.end(Spelling::Digits, plains);
        let mut inner = head;
        let bytes = said.as_bytes();
        while let Some(start) = bytes.get(inner..).and_then(|rest| rest.iter().position(u8::is_ascii_digit)) {
            let start = inner + start;
            let count = bytes.iter().skip(start).take_while(|byte| byte.is_ascii_digit()).count();
            inner = start + count;
            self.push(digit_group(word.start + start..word.start + inner));
            self.glued = true;
            if inner < bytes.len() {
                self.end(Spelling::Digits, plains);
            }
        }
    }

    fn push(&mut self, group: Group) {
        self.groups.push(group);
        self.times = 1;
    }

    fn end(&mut self, spelling: Spelling, plains: &mut Vec<Plain>) {
        self.look(spelling, plains);
        self.groups.clear();
        (self.glued, self.times) = (false, 1);
    }

    /// Adds the numbers among the groups.
    fn look(&self, spelling: Spelling, plains: &mut Vec<Plain>) {
        let digits: usize = self.groups.iter().map(|group| group.count).sum();
        let figures: usize = self.groups.iter().map(|group| group.figures).sum();
        if digits < FEWEST_DIGITS {
            return;
        }
        let glued = self.glued || is_attached(self.text, &self.groups);
        let enough = match spelling {
            Spelling::Digits => glued || self.groups.len() > 1,
            Spelling::Letters => {
                figures < digits && figures >= FEWEST_TRUE_DIGITS && 5 * figures >= 3 * digits
            }
            Spelling::Words => figures < digits,
        };
        if enough {
            plains.extend(shape::numbers(self.text, &self.groups, spelling, glued));
        }
        if spelling == Spelling::Digits {
            let underlined = self.groups.iter().filter(|group| is_underlined(self.text, group));
            let alone = |group| shape::numbers(self.text, std::slice::from_ref(group), spelling, true);
            plains.extend(underlined.flat_map(alone));
        }
    }
}

/// Whether a line joins the digits of a card, or nine behind a word, to what stands beside them
/// and is no part of the number, as in names of files: `4111…_1.pdf`, `ssn_536904399_b`. No group
/// of a UUID has as many digits as a card.
fn is_underlined(text: &str, group: &Group) -> bool {
    let head = text.get(..group.range.start).unwrap_or_default();
    let tail = text.get(group.range.end..).unwrap_or_default();
    let is_card = group.count >= FEWEST_OF_CARD && (head.ends_with('_') || tail.starts_with('_'));
    is_card || head.strip_suffix('_').is_some_and(|head| is_word(head.bytes().rev()))
}

/// Whether a mark that joins words stands between the groups and a word beside them, as in
/// `card_4111…` and `4111…-visa`, or a line under nothing, as in `_4111…_`. In identifiers
/// the neighbour is hexadecimal.
fn is_attached(text: &str, groups: &[Group]) -> bool {
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else { return false };
    let head = text.get(..first.range.start).unwrap_or_default();
    let tail = text.get(last.range.end..).unwrap_or_default();
    let marks = ['_', '-', '.'];
    let before = head.strip_suffix(marks).is_some_and(|head| is_word(head.bytes().rev()));
    let alone = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    before
        || tail.strip_prefix(marks).is_some_and(|tail| is_word(tail.bytes()))
        || head.strip_suffix('_').is_some_and(|head| alone(head.chars().next_back()))
        || tail.strip_prefix('_').is_some_and(|tail| alone(tail.chars().next()))
}

/// Whether a word with other letters than hexadecimal digits begins here.
fn is_word(bytes: impl Iterator<Item = u8> + Clone) -> bool {
    let letters = bytes.take(LONGEST_WORD).take_while(u8::is_ascii_alphanumeric);
    letters.clone().next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && letters.into_iter().any(is_no_hex)
}

/// Of a word beside a number, as much as tells.
const LONGEST_WORD: usize = 24;

fn is_no_hex(byte: u8) -> bool {
    byte.is_ascii_alphabetic() && !byte.is_ascii_hexdigit()
}

fn digit_group(range: Range<usize>) -> Group {
    Group { count: range.len(), figures: range.len(), range }
}

/// Whether a word of letters and digits is no hash: those have no letters but hexadecimal
/// digits, and not many digits in a row.
fn speaks(word: &str) -> bool {
    word.bytes().any(is_no_hex) || plainly::may_hold_a_card(word)
}
