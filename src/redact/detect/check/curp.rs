//! Mexican CURP: eighteen characters, the last by weights 18 to 2, modulo 10.

const SIGNS: &str = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ";

pub(super) fn valid(text: &str) -> bool {
    let plain = text.to_uppercase();
    let values: Option<Vec<usize>> =
        plain.chars().map(|c| SIGNS.chars().position(|sign| sign == c)).collect();
    let Some((check, body)) =
        values.as_deref().and_then(<[usize]>::split_last).filter(|_| plain.chars().count() == 18)
    else {
        return false;
    };
    let sum: usize = body.iter().zip((2..=18).rev()).map(|(value, weight)| value * weight).sum();
    (10 - sum % 10) % 10 == *check
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        assert!(valid("HEGG560427MVZRRL04"));
        for number in ["HEGG560427MVZRRL05", "HEGG560427MVZRR"] {
            assert!(!valid(number), "{number}");
        }
    }
}
