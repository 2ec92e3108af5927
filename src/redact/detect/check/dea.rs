//! US DEA registration number: two letters, seven digits, the last of (d1+d3+d5) + 2(d2+d4+d6) (21 CFR 1301).

use super::{digits, weighted};

pub(super) fn valid(text: &str) -> bool {
    let registrant =
        text.bytes().next().is_some_and(|byte| b"ABCDEFGHJKLMPRSTUX".contains(&byte.to_ascii_uppercase()));
    let digits = digits(text);
    digits.len() == 7 && registrant && weighted(&digits[..6], &[1, 2, 1, 2, 1, 2]) % 10 == digits[6]
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        assert!(valid("AB1234563"));
        for number in ["AB1234564", "NB1234563", "AB123456"] {
            assert!(!valid(number), "{number}");
        }
    }
}
