//! Whole numbers as floating point prints them: `4.111111111111111e15`, `4111111111111111.0`.

use super::{Plain, Trust};
use crate::redact::detect::check::card;
use std::ops::Range;

/// Digits that a number may have.
const DIGITS: Range<usize> = 12..20;

/// The numbers of a text that are cards.
pub(super) fn numbers(text: &str) -> Vec<Plain> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let mut place = 0;
    while let Some(start) = bytes.get(place..).and_then(|rest| rest.iter().position(u8::is_ascii_digit)) {
        let start = place + start;
        let (length, digits) = literal(text.get(start..).unwrap_or_default());
        place = start + length;
        let glued = start.checked_sub(1).and_then(|before| bytes.get(before));
        let alone = glued.is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'.')
            && bytes.get(place).is_none_or(|byte| !byte.is_ascii_alphanumeric());
        let Some(digits) = digits.filter(|digits| alone && DIGITS.contains(&digits.len())) else { continue };
        let values: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(10)).collect();
        if card::is_number(&values) {
            found.push(Plain { range: start..place, says: digits, trust: Trust::Proven });
        }
    }
    found
}

/// The length of the decimal literal that begins here, and its digits if it is a whole number
/// that is not written as one.
fn literal(rest: &str) -> (usize, Option<String>) {
    let count = |from: usize| rest.bytes().skip(from).take_while(u8::is_ascii_digit).count();
    let whole = count(0);
    let mut end = whole;
    let mut fraction = 0;
    if rest.as_bytes().get(end) == Some(&b'.') {
        fraction = count(end + 1);
        end += if fraction > 0 { 1 + fraction } else { 0 };
    }
    let mut exponent = 0_usize;
    if matches!(rest.as_bytes().get(end), Some(b'e' | b'E')) {
        let sign = usize::from(rest.as_bytes().get(end + 1) == Some(&b'+'));
        let digits = count(end + 1 + sign);
        if (1..=3).contains(&digits) {
            let from = end + 1 + sign;
            exponent =
                rest.get(from..from + digits).and_then(|digits| digits.parse().ok()).unwrap_or_default();
            end = from + digits;
        }
    }
    if end == whole || whole + fraction > 2 * DIGITS.end || exponent > DIGITS.end {
        return (end, None);
    }
    let fraction_start = whole + usize::from(fraction > 0);
    let mantissa = [rest.get(..whole), rest.get(fraction_start..fraction_start + fraction)];
    let mut digits: String = mantissa.into_iter().flatten().collect();
    let point = whole + exponent;
    while digits.len() < point {
        digits.push('0');
    }
    let rests = digits.split_off(point.min(digits.len()));
    let is_whole = rests.bytes().all(|byte| byte == b'0');
    (end, is_whole.then(|| digits.trim_start_matches('0').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_written_out() {
        for text in [
            "4.111111111111111e15",
            "4.111111111111111E+15",
            "x=41111111111111.11e2",
            "4111111111111111.0",
            "0.4111111111111111e16",
        ] {
            let found = numbers(text);
            assert_eq!(found.first().map(|plain| plain.says.as_str()), Some("4111111111111111"), "{text}");
        }
        for text in [
            "4111111111111111",
            "4111111111111111.25",
            "4.111111111111112e15",
            "1.5e3",
            "4.1e400",
            "a4.111111111111111e15",
        ] {
            assert!(numbers(text).is_empty(), "{text}");
        }
    }
}
