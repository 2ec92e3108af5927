//! Polish PESEL: eleven digits, weights 1 3 7 9, modulo 10, a month in its century.

use super::{digits, weighted};

pub(super) fn valid(text: &str) -> bool {
    let digits = digits(text);
    let Some((check, body)) = digits.split_last().filter(|_| digits.len() == 11) else { return false };
    let month = (body[2] * 10 + body[3]) % 20;
    let day = body[4] * 10 + body[5];
    let sum = weighted(body, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]);
    (10 - sum % 10) % 10 == *check && (1..=12).contains(&month) && (1..=31).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        assert!(valid("44051401359"));
        for number in ["44051401358", "44131401359", "4405140135"] {
            assert!(!valid(number), "{number}");
        }
    }
}
