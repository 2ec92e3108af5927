//! Chinese resident identity number: seventeen digits and a check of ISO 7064 mod 11-2 (GB 11643).

pub(super) fn valid(text: &str) -> bool {
    let plain: Vec<u8> =
        text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_uppercase()).collect();
    let Some((check, body)) = plain.split_last().filter(|_| plain.len() == 18) else { return false };
    if !body.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum = body.iter().fold(0_u32, |sum, byte| (sum + u32::from(byte - b'0')) * 2 % 11);
    let expected = (12 - sum) % 11;
    let month = (body[10] - b'0') * 10 + body[11] - b'0';
    (1..=12).contains(&month) && *check == b"0123456789X"[usize::try_from(expected).unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        for number in ["11010519491231002X", "11010519491231002x"] {
            assert!(valid(number), "{number}");
        }
        for number in ["110105194912310021", "11010519491331002X"] {
            assert!(!valid(number), "{number}");
        }
    }
}
