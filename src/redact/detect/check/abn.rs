//! Australian Business Number: eleven digits, modulo 89 with the first less one.

use super::{digits, weighted};

pub(super) fn valid(text: &str) -> bool {
    let mut digits = digits(text);
    if digits.len() != 11 || digits[0] == 0 {
        return false;
    }
    digits[0] -= 1;
    weighted(&digits, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]).is_multiple_of(89)
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        assert!(valid("51 824 753 556"));
        for number in ["51 824 753 557", "5182475355"] {
            assert!(!valid(number), "{number}");
        }
    }
}
