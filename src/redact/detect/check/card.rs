//! Payment card numbers: ISO/IEC 7812-1 (Luhn, Annex B) and issuer ranges.

use super::digits;

/// 12 to 19 digits in an issuer range, Luhn-valid, not one digit repeated.
pub(super) fn valid(text: &str) -> bool {
    is_number(&digits(text))
}

/// The same of digits alone.
pub(crate) fn is_number(digits: &[u32]) -> bool {
    let varied = digits.iter().any(|digit| Some(digit) != digits.first());
    varied && has_issuer(digits) && luhn(digits)
}

/// Whether length and leading digits are those of a scheme that issues most cards: for
/// digits that nothing else speaks for.
pub(crate) fn has_great_issuer(digits: &[u32]) -> bool {
    let lead = |count: usize| digits.iter().take(count).fold(0, |number, digit| number * 10 + digit);
    match digits.len() {
        14 => matches!(lead(3), 300..=305) || matches!(lead(2), 36 | 38),
        15 => matches!(lead(2), 34 | 37),
        16 => {
            lead(1) == 4
                || matches!(lead(2), 51..=55 | 65)
                || matches!(lead(4), 2221..=2720 | 6011 | 3528..=3589)
                || matches!(lead(3), 644..=649)
        }
        _ => false,
    }
}

fn luhn(digits: &[u32]) -> bool {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let weigh = |(place, &digit): (usize, &u32)| if place % 2 == 1 { doubled(digit) } else { digit };
    digits.iter().rev().enumerate().map(weigh).sum::<u32>() % 10 == 0
}

/// Whether length and leading digits belong to a card scheme.
fn has_issuer(digits: &[u32]) -> bool {
    let lead = |count: usize| digits.iter().take(count).fold(0, |number, digit| number * 10 + digit);
    let (two, three, four, six) = (lead(2), lead(3), lead(4), lead(6));
    match digits.len() {
        13 => lead(1) == 4,
        15 => matches!(two, 34 | 37) || matches!(four, 2014 | 2149),
        14 => matches!(three, 300..=305) || four == 3095 || matches!(two, 36 | 38 | 39),
        16 => {
            lead(1) == 4
                || matches!(two, 50..=69 | 81 | 36 | 38 | 39)
                || matches!(four, 2221..=2720 | 6011 | 3528..=3589 | 2200..=2204 | 9792)
                || matches!(three, 644..=649 | 300..=305)
                || matches!(six, 622_126..=622_925)
        }
        12 | 17 | 18 => matches!(two, 50 | 56..=69 | 81),
        19 => lead(1) == 4 || matches!(two, 36 | 38 | 39 | 50 | 56..=69 | 81) || matches!(four, 3528..=3589),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn schemes_own_test_numbers() {
        for card in [
            "4111 1111 1111 1111",
            "4222222222222",
            "5555-5555-5555-4444",
            "2223003122003222",
            "378282246310005",
            "3782 822463 10005",
            "6011111111111117",
            "30569309025904",
            "3530111333300000",
            "6304000000000000",
        ] {
            assert!(valid(card), "{card}");
        }
    }

    #[test]
    fn near_misses() {
        for number in [
            "4111111111111112",
            "1111111111111117",
            "0000000000000000",
            "411111111111111",
            "1700000000000000",
        ] {
            assert!(!valid(number), "{number}");
        }
    }
}
