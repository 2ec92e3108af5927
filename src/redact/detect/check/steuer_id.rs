//! German tax identification number: eleven digits, ISO 7064 mod 11,10; of the first ten one digit stands two or three times.

use super::digits;

pub(super) fn valid(text: &str) -> bool {
    let digits = digits(text);
    let Some((check, body)) = digits.split_last().filter(|_| digits.len() == 11) else { return false };
    let product = body.iter().fold(10, |product, digit| {
        let sum = (digit + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    let most = (0..10).map(|digit| body.iter().filter(|known| **known == digit).count()).max();
    body[0] != 0 && matches!(most, Some(2 | 3)) && (11 - product) % 10 == *check
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        for number in ["86095742719", "47 036 892 816", "65929970489"] {
            assert!(valid(number), "{number}");
        }
        for number in ["86095742718", "12345678901", "0609574271"] {
            assert!(!valid(number), "{number}");
        }
    }
}
