//! Australian Tax File Number: nine digits, weights 1 4 3 7 5 8 6 9 10, modulo 11.

use super::{digits, weighted};

pub(super) fn valid(text: &str) -> bool {
    let digits = digits(text);
    digits.len() == 9 && weighted(&digits, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11) && digits[0] != 0
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        for number in ["123 456 782", "876543210"] {
            assert!(valid(number), "{number}");
        }
        for number in ["123 456 783", "12345678"] {
            assert!(!valid(number), "{number}");
        }
    }
}
