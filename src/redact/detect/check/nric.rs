//! Singapore NRIC and FIN: a letter, seven digits with weights 2 7 6 5 4 3 2, and a letter of the rest by 11.

use super::{digits, weighted};

pub(super) fn valid(text: &str) -> bool {
    let text = text.to_ascii_uppercase();
    let bytes = text.as_bytes();
    let digits = digits(&text);
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    if bytes.len() != 9 || digits.len() != 7 {
        return false;
    }
    let sum = weighted(&digits, &[2, 7, 6, 5, 4, 3, 2]);
    let (letters, more): (&[u8; 11], u32) = match first {
        b'S' => (b"JZIHGFEDCBA", 0),
        b'T' => (b"JZIHGFEDCBA", 4),
        b'F' => (b"XWUTRQPNMLK", 0),
        b'G' => (b"XWUTRQPNMLK", 4),
        b'M' => (b"XWUTRQPNJLK", 3),
        _ => return false,
    };
    letters.get(usize::try_from((sum + more) % 11).unwrap_or(0)) == Some(last)
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        for number in ["S1234567D", "T1234567J", "F1234567N"] {
            assert!(valid(number), "{number}");
        }
        for number in ["S1234567E", "A1234567D", "S123456D"] {
            assert!(!valid(number), "{number}");
        }
    }
}
