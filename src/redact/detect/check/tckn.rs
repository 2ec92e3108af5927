//! Turkish identity number: eleven digits, the tenth of odd and even sums, the eleventh of them all, modulo 10.

use super::digits;

pub(super) fn valid(text: &str) -> bool {
    let digits = digits(text);
    if digits.len() != 11 || digits[0] == 0 {
        return false;
    }
    let odd: u32 = digits[..9].iter().step_by(2).sum();
    let even: u32 = digits[1..8].iter().step_by(2).sum();
    let all: u32 = digits[..10].iter().sum();
    (odd * 7 + 100 - even) % 10 == digits[9] && all % 10 == digits[10]
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        assert!(valid("10000000146"));
        for number in ["10000000147", "00000000146", "1000000014"] {
            assert!(!valid(number), "{number}");
        }
    }
}
