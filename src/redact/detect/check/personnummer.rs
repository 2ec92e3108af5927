//! Swedish personal identity number: a date, three digits and a Luhn digit; a day of 61 to 91 is a coordination number.

use super::{digits, luhn};

pub(super) fn valid(text: &str) -> bool {
    let all = digits(text);
    let short = all.get(all.len().saturating_sub(10)..).unwrap_or_default();
    let (month, day) = match short {
        [_, _, m, n, d, e, ..] => (m * 10 + n, d * 10 + e),
        _ => return false,
    };
    matches!(all.len(), 10 | 12)
        && (1..=12).contains(&month)
        && matches!(day, 1..=31 | 61..=91)
        && luhn(short)
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        for number in ["811218-9876", "19811218-9876"] {
            assert!(valid(number), "{number}");
        }
        for number in ["811218-9875", "811318-9876", "8112189"] {
            assert!(!valid(number), "{number}");
        }
    }
}
