//! Base32 (RFC 4648 §6), in capitals or in small letters.

use super::bytes;
use crate::redact::class::Class;

/// The shortest run that says nine characters.
const SHORTEST: usize = 15;
const GROUP: usize = 8;

/// Whether bytes of these kinds may be base32: letters of one case alone.
pub(super) fn may_hold(class: Class) -> bool {
    class.meets(Class::DIGIT) && (class.meets(Class::UPPER) || class.meets(Class::LOWER))
}

/// The bytes of a run that are text, wherever in it the encoding begins.
pub(super) fn decode(run: &str) -> Vec<Vec<u8>> {
    let small = run.bytes().filter(u8::is_ascii_lowercase).count();
    let capitals = run.bytes().filter(u8::is_ascii_uppercase).count();
    // A letter glued to the run may be of the other case.
    if run.len() < SHORTEST || small.min(capitals) > GROUP {
        return Vec::new();
    }
    let is_capitals = capitals > small;
    let value = |byte: u8| match byte {
        b'A'..=b'Z' if is_capitals => Some(byte - b'A'),
        b'a'..=b'z' if !is_capitals => Some(byte - b'a'),
        b'2'..=b'7' => Some(byte - b'2' + 26),
        _ => None,
    };
    let mut found = Vec::new();
    let parts = run.as_bytes().split(|byte| value(*byte).is_none() && !byte.is_ascii_whitespace());
    for part in parts.filter(|part| part.len() >= SHORTEST) {
        let values: Vec<u8> = part.iter().filter_map(|byte| value(*byte)).collect();
        for start in 0..GROUP {
            let bytes = decoded(values.get(start..).unwrap_or_default());
            if bytes::have_text(bytes.iter().copied()) {
                found.push(bytes);
            }
        }
    }
    found
}

fn decoded(values: &[u8]) -> Vec<u8> {
    let (mut bits, mut held) = (0_u16, 0_u32);
    let mut bytes = Vec::with_capacity(values.len() * 5 / 8);
    for value in values {
        bits = bits << 5 | u16::from(*value);
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(bits.checked_shr(held).unwrap_or_default().to_le_bytes()[0]);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_and_small_letters_are_read() {
        for run in ["KNJU4IBVGM3C2OJQFU2DGOJZ", "knju4ibvgm3c2ojqfu2dgojz", "KNJU4IBV GM3C2OJQ FU2DGOJZ"] {
            assert_eq!(decode(run).first().map(Vec::as_slice), Some(b"SSN 536-90-4399".as_slice()), "{run}");
        }
        assert!(decode("hypertensionisnot2").iter().all(|said| bytes::texts(said).is_empty()));
    }
}
