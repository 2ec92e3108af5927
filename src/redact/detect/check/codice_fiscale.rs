//! Italian codice fiscale: sixteen characters, the last by the sums of odd and even places, modulo 26 (DM 23 December 1976).

/// Of digits and letters at odd places.
const ODD: [u32; 26] =
    [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

pub(super) fn valid(text: &str) -> bool {
    let plain: Vec<u8> =
        text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_uppercase()).collect();
    let Some((check, body)) = plain.split_last().filter(|_| plain.len() == 16) else { return false };
    let sum: u32 = body
        .iter()
        .enumerate()
        .map(|(at, byte)| {
            let value = if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' };
            if at % 2 == 0 { ODD[usize::from(value)] } else { u32::from(value) }
        })
        .sum();
    u32::from(*check) == u32::from(b'A') + sum % 26
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        assert!(valid("RSSMRA85T10A562S"));
        for number in ["RSSMRA85T10A562T", "RSSMRA85T10A562"] {
            assert!(!valid(number), "{number}");
        }
    }
}
