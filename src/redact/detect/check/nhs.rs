//! NHS number (England, Wales, Isle of Man): ten digits, weights 10 to 2, modulo 11.

use super::{digits, weighted};

pub(super) fn valid(text: &str) -> bool {
    let digits = digits(text);
    let Some((check, body)) = digits.split_last().filter(|_| digits.len() == 10) else { return false };
    let rest = (11 - weighted(body, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    rest == *check && digits.iter().any(|digit| *digit != digits[0])
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        for number in ["943 476 5919", "9434765919"] {
            assert!(valid(number), "{number}");
        }
        for number in ["943 476 5918", "0000000000", "94347659"] {
            assert!(!valid(number), "{number}");
        }
    }
}
