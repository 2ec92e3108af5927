//! US Social Security numbers: what the SSA never issued.

use super::digits;

/// Area not 000, 666 or 9xx; group not 00; serial not 0000. Since June 2011 areas
/// are random, so no more than this can be said. It serves precision on bare shapes
/// only: under an `ssn` key or cue an invalid number is still somebody's.
pub(super) fn valid(text: &str) -> bool {
    let digits = digits(text);
    let number =
        |range: std::ops::Range<usize>| digits.get(range).map(|part| part.iter().fold(0, |n, d| n * 10 + d));
    let (Some(area), Some(group), Some(serial)) = (number(0..3), number(3..5), number(5..9)) else {
        return false;
    };
    digits.len() == 9 && !matches!(area, 0 | 666 | 900..) && group != 0 && serial != 0
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn issued_and_never_issued() {
        assert!(valid("536-90-4399"));
        assert!(valid("078-05-1120"));
        for number in
            ["000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000", "123-45-678"]
        {
            assert!(!valid(number), "{number}");
        }
    }
}
