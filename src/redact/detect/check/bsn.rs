//! Dutch citizen service number: nine digits, weights 9 to 2 and -1, modulo 11.

use super::{digits, weighted};

pub(super) fn valid(text: &str) -> bool {
    let digits = digits(text);
    let Some((last, body)) = digits.split_last().filter(|_| digits.len() == 9) else { return false };
    let sum = weighted(body, &[9, 8, 7, 6, 5, 4, 3, 2]);
    sum > 0 && sum % 11 == *last
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        for number in ["111222333", "123456782"] {
            assert!(valid(number), "{number}");
        }
        for number in ["111222334", "000000000", "12345678"] {
            assert!(!valid(number), "{number}");
        }
    }
}
