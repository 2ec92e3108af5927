//! ABA routing numbers: prefix ranges and the 3-7-1 checksum.

use super::digits;

pub(super) fn valid(text: &str) -> bool {
    let digits = digits(text);
    let prefix = digits.iter().take(2).fold(0, |number, digit| number * 10 + digit);
    let sum: u32 =
        digits.iter().zip([3, 7, 1].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    digits.len() == 9
        && matches!(prefix, 0..=12 | 21..=32 | 61..=72 | 80)
        && sum > 0
        && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn routing_numbers() {
        assert!(valid("021000021"));
        assert!(valid("111000025"));
        for number in ["021000022", "991000021", "000000000", "02100002"] {
            assert!(!valid(number), "{number}");
        }
    }
}
