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

/// The tokens of a run that spell these of its digits, with those beside them that are parted
/// by the same marks. None if its tokens are not all that it has.
pub(super) fn tokens(run: &str, digits: Range<usize>) -> Option<Range<usize>> {
    let (mut count, mut place) = (0, 0);
    let mut all: Vec<Range<usize>> = Vec::new();
    let (mut first, mut last) = (None, None);
    while let Some(found) = run.as_bytes().get(place..)?.iter().position(|byte| is_digit(*byte)) {
        let start = place + found;
        let length = run.as_bytes().get(start..)?.iter().take_while(|byte| is_digit(**byte)).count();
        place = start + length;
        // The `0` of `0x`.
        if run.as_bytes().get(start..=place) == Some(b"0x") {
            continue;
        }
        if count < digits.end && digits.start < count + length {
            first.get_or_insert(all.len());
            last = Some(all.len());
        }
        all.push(start..place);
        count += length;
    }
    if count != values(run).len() {
        return None;
    }
    let (mut first, mut last) = (first?, last?);
    let gap = |before: usize| run.get(all.get(before)?.end..all.get(before + 1)?.start);
    if let Some(within) = gap(first).filter(|_| first < last) {
        while first.checked_sub(1).and_then(gap) == Some(within) {
            first -= 1;
        }
        while gap(last) == Some(within) {
            last += 1;
        }
    }
    Some(all.get(first)?.start..all.get(last)?.end)
}

/// The bytes of a run, in every way to read them, each with the digits before its first.
type Readings = Vec<(usize, Vec<u8>)>;

/// Runs of a text that say text.
pub(super) fn runs(text: &str) -> Vec<(Range<usize>, Readings)> {
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

    fn end(&mut self, text: &str, found: &mut Vec<(Range<usize>, Readings)>) {
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
        let readings = [(0, digits.as_slice()), (1, digits.get(1..).unwrap_or_default())];
        let readings = readings.into_iter().filter(|(_, digits)| says(digits));
        let readings: Readings =
            readings.map(|(before, digits)| (before, stream(digits).collect())).collect();
        if !readings.is_empty() {
            found.push((range, readings));
        }
    }
}

/// The same of a UUID without capitals, told by the few bytes that any text in it takes in.
pub(super) fn uuid_may_say(uuid: &str) -> bool {
    let digit = |place: usize| uuid.as_bytes().get(place).map_or(NONE, |digit| VALUES[usize::from(*digit)]);
    let byte = |(high, low): (usize, usize)| digit(high) << 4 | digit(low);
    let may_have_words = || {
        [(16, 17), (19, 20)].into_iter().map(byte).all(bytes::is_of_words)
            || [(15, 16), (17, 19), (20, 21)].into_iter().map(byte).all(bytes::is_of_words)
    };
    let has_header = || {
        [[(0, 1), (2, 3), (4, 5)], [(1, 2), (3, 4), (5, 6)]]
            .iter()
            .any(|head| inflate::has_header(&head.map(byte)))
    };
    (may_have_words() || has_header()) && may_say(uuid)
}

/// Whether an identifier, or a run that stands alone, may say something in one of its two
/// readings. Nothing is told of what is no UUID; of the bytes of one in a hundred nine are
/// text by chance, and are let go if they have marks or letters that neither numbers and
/// addresses nor names in ASCII are written with.
pub(super) fn may_say(run: &str) -> bool {
    let Ok(uuid) = <&[u8; UUID]>::try_from(run.as_bytes()) else { return true };
    let mut bytes = [0; BYTES.len()];
    let mut digits = 0;
    for (byte, place) in bytes.iter_mut().zip(BYTES) {
        let [high, low] = [uuid[place], uuid[place + 1]].map(|digit| VALUES[usize::from(digit)]);
        digits |= high | low;
        *byte = high << 4 | low;
    }
    let dashes = DASHES.iter().all(|place| uuid[*place] == b'-');
    if digits == NONE || !dashes {
        return true;
    }
    let mut shifted = [0; BYTES.len() - 1];
    for (byte, (one, next)) in shifted.iter_mut().zip(bytes.iter().zip(bytes.iter().skip(1))) {
        *byte = one << 4 | next >> 4;
    }
    inflate::has_header(&bytes)
        || inflate::has_header(&shifted)
        || bytes::few_have_words(&bytes)
        || bytes::few_have_words(&shifted)
}

const UUID: usize = 36;
/// Where the digits of its bytes are, and what parts them.
const BYTES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const DASHES: [usize; 4] = [8, 13, 18, 23];

fn says(digits: &[u8]) -> bool {
    bytes::have_text(stream(digits)) || inflate::has_header(&stream(digits).take(3).collect::<Vec<_>>())
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
            assert!(bytes.iter().any(|(_, bytes)| bytes == b"536904399"), "{text}");
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
        fn no_uuid_that_says_something_is_let_go(
            bytes in proptest::collection::vec(prop_oneof![6 => 0x20_u8..0x7f, 1 => any::<u8>(), 1 => Just(0)], 16),
            head in prop_oneof![8 => Just(vec![]), 1 => Just(vec![0x1f, 0x8b, 8]), 1 => Just(vec![0x78, 0x9c])],
            is_shifted in any::<bool>(),
        ) {
            let bytes: Vec<u8> = head.iter().chain(&bytes).take(16).copied().collect();
            let mut digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            if is_shifted {
                digits.pop();
                digits.insert(0, 'f');
            }
            let uuid = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-");
            let values = values(&uuid);
            let says = |digits: &[u8]| {
                let all: Vec<u8> = stream(digits).collect();
                let mut words = all.split(|byte| !byte.is_ascii_alphanumeric() && !b" '()+,-./:@_".contains(byte));
                inflate::has_header(&all) || words.any(|word| word.len() >= 9)
            };
            prop_assert_eq!(may_say(&uuid), says(&values) || says(&values[1..]), "{}", uuid);
            prop_assert_eq!(may_say(&uuid), !runs(&uuid).is_empty());
            prop_assert_eq!(uuid_may_say(&uuid), may_say(&uuid));
        }
    }
}
