//! Australian Medicare number: ten or eleven digits, the ninth from the first eight, modulo 10.

use super::{digits, weighted};

pub(super) fn valid(text: &str) -> bool {
    let digits = digits(text);
    matches!(digits.len(), 10 | 11)
        && matches!(digits[0], 2..=6)
        && weighted(&digits[..8], &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == digits[8]
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        for number in ["2123 45670 1", "21234567011"] {
            assert!(valid(number), "{number}");
        }
        for number in ["2123 45671 1", "1123 45670 1", "2123"] {
            assert!(!valid(number), "{number}");
        }
    }
}
