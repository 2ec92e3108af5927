//! Hexadecimal bytes: in one run, or with marks between them.

use super::{bytes, inflate};
use std::ops::Range;

/// Digits of the shortest run that says nine characters.
const SHORTEST: usize = 18;
/// What may stand between two tokens, `, 0x` for one.
const WIDEST_GAP: usize = 5;

/// Whether a run is of hexadecimal digits and dashes alone, as identifiers and hashes are.
/// No base64 of a text is.
pub(super) fn is_digits(run: &str) -> bool {
    run.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// The value of each digit; NONE for what is none.
static VALUES: [u8; 256] = digits();
const NONE: u8 = 0xff;

const fn digits() -> [u8; 256] {
    let mut values = [NONE; 256];
    let mut value: u8 = 0;
    while value < 16 {
        let digit = b"0123456789abcdef"[value as usize];
        values[digit as usize] = value;
        values[digit.to_ascii_uppercase() as usize] = value;
        value += 1;
    }
    values
}

fn is_digit(byte: u8) -> bool {
    VALUES[usize::from(byte)] != NONE
}

/// Runs of a text that say text, each with its bytes in every way to read them.
pub(super) fn runs(text: &str) -> Vec<(Range<usize>, Vec<Vec<u8>>)> {
    let mut found = Vec::new();
    let mut run = Run::default();
    let source = text.as_bytes();
    let count = |from: usize, digits: bool| {
        let rest = source.get(from..).unwrap_or_default();
        rest.iter().position(|byte| is_digit(*byte) != digits).unwrap_or(rest.len())
    };
    let mut place = 0;
    loop {
        let start = place + count(place, false);
        let end = start + count(start, true);
        if start == end {
            break;
        }
        place = end;
        // The `0` of `0x`.
        if end == start + 1 && source.get(start..end + 1) == Some(b"0x") {
            place += 1;
            continue;
        }
        if run.digits > 0 && !joins(text.get(run.range.end..start).unwrap_or_default()) {
            run.end(text, &mut found);
        }
        // Words and numbers of an odd length are no bytes, unless they stand alone.
        if (end - start) % 2 == 1 && end - start < SHORTEST {
            run.end(text, &mut found);
            continue;
        }
        run.add(start..end);
    }
    run.end(text, &mut found);
    found
}

fn joins(gap: &str) -> bool {
    if gap == "-" {
        return true;
    }
    let gap = gap.strip_suffix("0x").unwrap_or(gap);
    gap.len() <= WIDEST_GAP
        && gap.bytes().all(|byte| byte.is_ascii_whitespace() || byte.is_ascii_punctuation())
}

#[derive(Default)]
struct Run {
    range: Range<usize>,
    digits: usize,
}

impl Run {
    fn add(&mut self, token: Range<usize>) {
        if self.digits == 0 {
            self.range = token.clone();
        }
        self.range.end = token.end;
        self.digits += token.len();
    }

    fn end(&mut self, text: &str, found: &mut Vec<(Range<usize>, Vec<Vec<u8>>)>) {
        let Self { range, digits } = std::mem::take(self);
        if digits < SHORTEST {
            return;
        }
        let run = text.get(range.clone()).unwrap_or_default();
        // Most runs are identifiers, and say nothing.
        if !may_say(run) {
            return;
        }
        let digits = values(run);
        // A digit glued to a run must not hide it.
        let readings = [digits.as_slice(), digits.get(1..).unwrap_or_default()];
        let readings: Vec<Vec<u8>> =
            readings.iter().filter(|digits| says(digits)).map(|digits| stream(digits).collect()).collect();
        if !readings.is_empty() {
            found.push((range, readings));
        }
    }
}

/// Whether a run may say something in one of its two readings. Nothing is told of one that
/// is long or has a `0x`.
pub(super) fn may_say(run: &str) -> bool {
    if run.len() > LONGEST_TOLD || memchr::memchr(b'x', run.as_bytes()).is_some() {
        return true;
    }
    let mut digits = [0; LONGEST_TOLD];
    let values = run.bytes().map(|byte| VALUES[usize::from(byte)]).filter(|value| *value != NONE);
    let count = digits.iter_mut().zip(values).map(|(digit, value)| *digit = value).count();
    let digits = digits.get(..count).unwrap_or_default();
    says(digits) || says(digits.get(1..).unwrap_or_default())
}

/// The longest run that is read without being written down.
const LONGEST_TOLD: usize = 96;

fn says(digits: &[u8]) -> bool {
    let mut head = [0; 3];
    stream(digits).zip(&mut head).for_each(|(byte, head)| *head = byte);
    inflate::has_header(&head) || bytes::have_text(stream(digits))
}

/// The values of the digits of a run, without those of `0x`.
fn values(run: &str) -> Vec<u8> {
    let mut values: Vec<u8> = Vec::with_capacity(run.len());
    for byte in run.bytes() {
        match VALUES[usize::from(byte)] {
            NONE if byte == b'x' => drop(values.pop()),
            NONE => {}
            digit => values.push(digit),
        }
    }
    values
}

fn stream(digits: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let (pairs, _) = digits.as_chunks::<2>();
    pairs.iter().map(|[high, low]| high << 4 | low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bytes_with_marks_between_are_one_run() {
        for text in [
            "353336393034333939",
            "0x353336393034333939",
            "35 33 36 39 30 34 33 39 39",
            "35-33-36-39-30-34-33-39-39",
            "35333639-3034-3339-39",
            "(0x35, 0x33, 0x36, 0x39, 0x30, 0x34, 0x33, 0x39, 0x39)",
            "f353336393034333939",
        ] {
            let bytes = runs(text).into_iter().flat_map(|(_, bytes)| bytes).collect::<Vec<_>>();
            assert!(bytes.contains(&b"536904399".to_vec()), "{text}");
        }
        for text in
            ["550e8400-e29b-41d4-a716-446655440000", "12 34 56 78 90 12 34 56 78", "2026-03-05T09:30:00"]
        {
            assert!(runs(text).is_empty(), "{text}");
        }
    }

    proptest! {
        /// What is let go at a glance says nothing in either reading.
        #[test]
        fn no_run_that_says_something_is_let_go(
            digits in proptest::collection::vec(prop_oneof![3 => "[2-7][0-9a-fA-F]", 1 => "[0-9a-f]{2}", 1 => "00|1f8b08|789c|[ -]|0x"], 0..24),
            glued in "[0-9a-f]?",
        ) {
            let run = format!("{glued}{}", digits.concat());
            let digits = values(&run);
            let says = [digits.as_slice(), digits.get(1..).unwrap_or_default()].iter().any(|digits| {
                let bytes: Vec<u8> = stream(digits).collect();
                bytes::have_text(bytes.iter().copied()) || inflate::has_header(&bytes)
            });
            prop_assert!(may_say(&run) || !says, "{run}");
            let is_spelt_plainly = !run.contains('x');
            prop_assert!(!is_spelt_plainly || may_say(&run) == says, "{run}");
        }
    }
}
