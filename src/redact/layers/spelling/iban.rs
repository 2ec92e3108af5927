//! IBANs with anything but single spaces and dashes between their characters.

use super::{Plain, Trust};
use crate::redact::detect::check::iban;

/// Digits of the shortest IBAN, and of one with a bank code in letters.
pub(super) const FEWEST_DIGITS: usize = 10;
/// What may stand between two characters of an IBAN.
const WIDEST_GAP: usize = 6;

/// The IBANs of a text that are split.
pub(super) fn split(text: &str) -> Vec<Plain> {
    let mut found: Vec<Plain> = Vec::new();
    let mut before = b' ';
    for (place, byte) in text.bytes().enumerate() {
        let begins = byte.is_ascii_alphabetic() && !before.is_ascii_alphanumeric();
        before = byte;
        if begins
            && may_begin(text.as_bytes(), place)
            && found.last().is_none_or(|last| last.range.end <= place)
        {
            found.extend(text.get(place..).and_then(|rest| number(rest, place)));
        }
    }
    found
}

/// Whether two letters and no third begin here, or one by itself.
fn may_begin(bytes: &[u8], place: usize) -> bool {
    match bytes.get(place + 1) {
        Some(second) if second.is_ascii_alphabetic() => {
            bytes.get(place + 2).is_some_and(|third| !third.is_ascii_alphabetic())
        }
        Some(second) => !second.is_ascii_digit(),
        None => false,
    }
}

/// The IBAN that begins here.
fn number(rest: &str, place: usize) -> Option<Plain> {
    let mut head = rest.bytes().take(4 * WIDEST_GAP).filter(u8::is_ascii_alphanumeric);
    let letter = head.nth(1)?;
    if !letter.is_ascii_alphabetic() || !head.take(2).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut says = String::new();
    let capitals = rest.starts_with(|c: char| c.is_ascii_uppercase());
    let (mut length, mut gap, mut gaps) = (usize::MAX, 0, 0);
    let mut end = 0;
    for (at, c) in rest.char_indices() {
        if says.len() == length {
            // What goes on is longer, and something else.
            if c.is_ascii_alphanumeric() && gap == 0 {
                return None;
            }
            break;
        }
        if !c.is_ascii_alphanumeric() {
            (gap, gaps) = (gap + 1, gaps + 1);
            if gap > WIDEST_GAP || c.is_alphanumeric() {
                return None;
            }
            continue;
        }
        let fits = match says.len() {
            0 | 1 => c.is_ascii_alphabetic(),
            2 | 3 => c.is_ascii_digit(),
            _ => true,
        };
        // "at 9:30" begins no Austrian one.
        let is_word = says.len() == 2 && gap > 0 && !capitals;
        if !fits || is_word || c.is_ascii_alphabetic() && c.is_ascii_uppercase() != capitals {
            return None;
        }
        gap = 0;
        says.push(c.to_ascii_uppercase());
        end = at + 1;
        if says.len() == 4 {
            let country = says.as_bytes().first_chunk::<2>()?;
            length = iban::length_in(*country)?;
        }
    }
    let sound = says.len() == length && gaps > 0 && iban::valid(&says);
    sound.then(|| Plain { range: place..place + end, says, trust: Trust::Proven })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_between_the_characters_do_not_matter() {
        for text in [
            "DE89/3704/0044/0532/0130/00",
            "DE89_3704_0044_0532_0130_00.",
            "de89  3704  0044  0532  0130  00",
            "D E 8 9 3 7 0 4 0 0 4 4 0 5 3 2 0 1 3 0 0 0",
            "pay DE89 3704 00440532\n013000 now",
        ] {
            let found = split(text);
            assert_eq!(
                found.first().map(|plain| plain.says.as_str()),
                Some("DE89370400440532013000"),
                "{text}"
            );
        }
        for text in [
            "DE88/3704/0044/0532/0130/00",
            "DE89/3704/0044/0532/0130/001",
            "DE89, see 3704",
            "de 89 3704 0044 0532 0130 00",
            "at 61 19 043 00234573201",
        ] {
            assert!(split(text).is_empty(), "{text}");
        }
    }
}
