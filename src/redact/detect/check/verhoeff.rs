//! Aadhaar (UIDAI): twelve digits, the first from 2 to 9, the last by Verhoeff's dihedral check.

use super::digits;

const PRODUCT: [[usize; 10]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
    [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
    [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
    [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
    [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
    [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
    [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
];
const PERMUTED: [[usize; 10]; 8] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
    [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
    [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
    [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
    [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
    [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
    [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
];

pub(super) fn valid(text: &str) -> bool {
    let digits = digits(text);
    let check =
        digits.iter().rev().enumerate().fold(0, |check, (at, digit)| {
            PRODUCT[check][PERMUTED[at % 8][usize::try_from(*digit).unwrap_or(0)]]
        });
    digits.len() == 12 && digits[0] > 1 && check == 0
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        assert!(valid("2341 2341 2346"));
        for number in ["2341 2341 2347", "1341 2341 2346", "234123412346 1"] {
            assert!(!valid(number), "{number}");
        }
    }
}
