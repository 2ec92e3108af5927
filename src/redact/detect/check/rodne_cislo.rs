//! Czech and Slovak birth number: ten digits, divisible by eleven.

use super::digits;

pub(super) fn valid(text: &str) -> bool {
    let digits = digits(text);
    let number = digits.iter().fold(0_u64, |number, digit| number * 10 + u64::from(*digit));
    let month = digits.get(2).zip(digits.get(3)).map(|(m, n)| (m * 10 + n) % 50 % 20);
    digits.len() == 10
        && number > 0
        && number.is_multiple_of(11)
        && month.is_some_and(|month| (1..=12).contains(&month))
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        assert!(valid("736028/5163"));
        for number in ["736028/5164", "733028/516"] {
            assert!(!valid(number), "{number}");
        }
    }
}
