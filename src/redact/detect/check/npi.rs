//! US National Provider Identifier: ten digits, the first 1 or 2, Luhn behind 80840 (45 CFR 162.406).

use super::{digits, luhn};

pub(super) fn valid(text: &str) -> bool {
    let digits = digits(text);
    let whole: Vec<u32> = [8, 0, 8, 4, 0].into_iter().chain(digits.iter().copied()).collect();
    digits.len() == 10 && matches!(digits[0], 1 | 2) && luhn(&whole)
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        assert!(valid("1234567893"));
        for number in ["1234567894", "3234567893", "123456789"] {
            assert!(!valid(number), "{number}");
        }
    }
}
