//! Canadian Social Insurance Number: nine digits, Luhn; none begins with 0 or 8.

use super::{digits, luhn};

pub(super) fn valid(text: &str) -> bool {
    let digits = digits(text);
    digits.len() == 9 && !matches!(digits[0], 0 | 8) && luhn(&digits)
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        for number in ["130 692 544", "130692544"] {
            assert!(valid(number), "{number}");
        }
        for number in ["130 692 545", "046 454 286", "13069254"] {
            assert!(!valid(number), "{number}");
        }
    }
}
