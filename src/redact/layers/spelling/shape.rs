//! Which groups of digits, side by side, have the shape of a card or of an SSN.

use super::group::{self, Group, Spelling};
use super::{Plain, Trust};
use crate::redact::detect::check::card;
use std::ops::Range;

/// How the digits of cards are grouped: on the card, and as they are most often typed.
const CARDS: [&[usize]; 14] = [
    &[4, 4, 4, 4],
    &[4, 6, 5],
    &[4, 6, 4],
    &[4, 4, 4, 4, 3],
    &[4, 4, 4, 3],
    &[4, 4, 4, 2],
    &[4, 4, 4, 1],
    &[8, 8],
    &[4, 12],
    &[12, 4],
    &[6, 10],
    &[6, 6, 4],
    // As an amount is written.
    &[1, 3, 3, 3, 3, 3],
    &[3, 3, 3, 3, 3],
];
const CARD: Range<usize> = 13..20;
const SSN: usize = 9;

/// The numbers among groups that follow each other.
pub(super) fn numbers(text: &str, groups: &[Group], spelling: Spelling, glued: bool) -> Vec<Plain> {
    if let Some(whole) = number(text, groups, spelling, glued) {
        return vec![whole];
    }
    let mut found: Vec<Plain> = Vec::new();
    let mut start = 0;
    while start < groups.len() {
        let part = parts(text, groups, start).find_map(|end| {
            let part = groups.get(start..end)?;
            Some((end, number(text, part, spelling, glued)?))
        });
        start = match part {
            Some((end, plain)) => {
                found.push(plain);
                end
            }
            None => start + 1,
        };
    }
    found
}

/// Where a number may end that begins with a group of a longer chain. It is known from its
/// neighbours by the marks within it, which are alike and not those around it, or else by
/// its shape, whose groups are not as long as those around it.
fn parts<'g>(text: &'g str, groups: &'g [Group], start: usize) -> impl Iterator<Item = usize> + 'g {
    let gap = move |before: usize| {
        let (first, second) = (groups.get(before)?, groups.get(before + 1)?);
        text.get(first.range.end..second.range.start)
    };
    let within = gap(start);
    let alike = groups.iter().enumerate().skip(start).take_while(|(index, _)| gap(*index) == within).count();
    let before = start.checked_sub(1);
    let apart = before.and_then(gap).is_none_or(|before| Some(before) != within);
    let length =
        move |index: Option<usize>| index.and_then(|index| groups.get(index)).map_or(0, |group| group.count);
    let by_marks = (apart && within.is_some() && alike > 0).then_some((start + alike + 1).min(groups.len()));
    let by_shape = CARDS.iter().filter_map(move |shape| {
        let end = start.checked_add(shape.len())?;
        let part = groups.get(start..end)?;
        let fits = part.iter().zip(*shape).all(|(group, digits)| group.count == *digits);
        let apart = length(before) != length(Some(start)) && length(Some(end)) != length(end.checked_sub(1));
        (fits && apart).then_some(end)
    });
    by_marks.into_iter().chain(by_shape)
}

fn number(text: &str, groups: &[Group], spelling: Spelling, glued: bool) -> Option<Plain> {
    let count: usize = groups.iter().map(|group| group.count).sum();
    if count != SSN && !CARD.contains(&count) {
        return None;
    }
    let digits: String = groups.iter().map(|group| group::digits(text, group, spelling)).collect();
    let range = groups.first()?.range.start..groups.last()?.range.end;
    let shape: Vec<usize> = groups.iter().map(|group| group.count).collect();
    if CARD.contains(&digits.len()) {
        let values: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(10)).collect();
        let known = CARDS.contains(&shape.as_slice()) || groups.len() == 1 || spelling == Spelling::Words;
        let even = is_even(&shape) && (shape.first() == Some(&1) || !is_list(text, groups));
        let likely = known || even && card::has_great_issuer(&values);
        return (likely && card::is_number(&values)).then_some(Plain {
            range,
            says: digits,
            trust: Trust::Proven,
        });
    }
    if digits.len() != SSN {
        return None;
    }
    let trust = match (shape.as_slice(), spelling) {
        ([3, 2, 4], Spelling::Digits) if !glued && !is_list(text, groups) => Trust::Checked,
        _ => Trust::Proven,
    };
    let known = matches!(shape.as_slice(), [9] | [3, 2, 4] | [3, 3, 3] | [3, 6] | [5, 4])
        || spelling == Spelling::Words
        || is_even(&shape);
    let (area, rest) = digits.split_at_checked(3)?;
    let (middle, serial) = rest.split_at_checked(2)?;
    known.then(|| Plain { range, says: format!("{area}-{middle}-{serial}"), trust })
}

/// Groups of one length, but for the last.
fn is_even(shape: &[usize]) -> bool {
    let (Some(first), Some((last, others))) = (shape.first(), shape.split_last()) else { return false };
    shape.len() > 2 && *first <= 6 && others.iter().all(|length| length == first) && last <= first
}

/// Whether commas or lines stand between groups, as between the items of a list.
fn is_list(text: &str, groups: &[Group]) -> bool {
    groups.windows(2).any(|pair| {
        let [first, second] = pair else { return false };
        let gap = text.get(first.range.end..second.range.start).unwrap_or_default();
        gap.contains([',', ';', '\n', '\r'])
    })
}
