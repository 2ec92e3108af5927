//! South African identity number: a date of birth, seven digits more, Luhn.

use super::{digits, luhn};

pub(super) fn valid(text: &str) -> bool {
    let digits = digits(text);
    let date = matches!(digits.get(..6), Some([_, _, m, n, d, e]) if (1..=12).contains(&(m * 10 + n)) && (1..=31).contains(&(d * 10 + e)));
    digits.len() == 13 && date && luhn(&digits)
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        assert!(valid("8001015009087"));
        for number in ["8001015009088", "8013015009087"] {
            assert!(!valid(number), "{number}");
        }
    }
}
