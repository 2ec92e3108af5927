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

/// Runs of a text that say text, each with its bytes in every way to read them.
pub(super) fn runs(text: &str) -> Vec<(Range<usize>, Vec<Vec<u8>>)> {
    let mut found = Vec::new();
    let mut run = Run::default();
    let source = text.as_bytes();
    let mut place = 0;
    while let Some(start) = next_digit(source, place) {
        let end = start + source.iter().skip(start).take_while(|byte| byte.is_ascii_hexdigit()).count();
        place = end;
        let token = text.get(start..end).unwrap_or_default();
        // The `0` of `0x`.
        if token == "0" && source.get(end) == Some(&b'x') {
            place += 1;
            continue;
        }
        if run.digits > 0 && !joins(text.get(run.range.end..start).unwrap_or_default()) {
            run.end(text, &mut found);
        }
        // Words and numbers of an odd length are no bytes, unless they stand alone.
        if token.len() % 2 == 1 && token.len() < SHORTEST {
            run.end(text, &mut found);
            continue;
        }
        run.add(start..end);
    }
    run.end(text, &mut found);
    found
}

fn next_digit(source: &[u8], from: usize) -> Option<usize> {
    let rest = source.get(from..)?;
    rest.iter().position(u8::is_ascii_hexdigit).map(|found| from + found)
}

fn joins(gap: &str) -> bool {
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
        let digits = values(text.get(range.clone()).unwrap_or_default());
        // A digit glued to a run must not hide it.
        let readings = [digits.as_slice(), digits.get(1..).unwrap_or_default()];
        let says = |digits: &&[u8]| {
            bytes::have_text(stream(digits))
                || inflate::has_header(&stream(digits).take(3).collect::<Vec<_>>())
        };
        let readings: Vec<Vec<u8>> =
            readings.iter().filter(|digits| says(digits)).map(|digits| stream(digits).collect()).collect();
        if !readings.is_empty() {
            found.push((range, readings));
        }
    }
}

/// The values of the digits of a run, without those of `0x`.
fn values(run: &str) -> Vec<u8> {
    let mut values: Vec<u8> = Vec::with_capacity(run.len());
    for byte in run.bytes() {
        match byte {
            b'0'..=b'9' => values.push(byte - b'0'),
            b'a'..=b'f' => values.push(byte - b'a' + 10),
            b'A'..=b'F' => values.push(byte - b'A' + 10),
            b'x' => drop(values.pop()),
            _ => {}
        }
    }
    values
}

fn stream(digits: &[u8]) -> impl Iterator<Item = u8> + '_ {
    digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
