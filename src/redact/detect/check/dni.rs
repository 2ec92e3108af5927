//! Spanish DNI and NIE: eight digits, or X, Y, Z and seven, and the letter of the rest by 23.

const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

pub(super) fn valid(text: &str) -> bool {
    let plain: String =
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let Some((body, letter)) = plain.split_at_checked(8).filter(|_| plain.len() == 9) else { return false };
    let body = body.replacen('X', "0", 1).replacen('Y', "1", 1).replacen('Z', "2", 1);
    let expected = body.parse::<usize>().ok().and_then(|number| LETTERS.get(number % 23));
    expected.is_some_and(|expected| letter.as_bytes() == [*expected])
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        for number in ["12345678Z", "X1234567L", "12.345.678-Z"] {
            assert!(valid(number), "{number}");
        }
        for number in ["12345678A", "X1234567M", "1234567Z"] {
            assert!(!valid(number), "{number}");
        }
    }
}
