//! Vehicle identification number: seventeen characters without I, O, Q, the ninth by weights, modulo 11 (49 CFR 565.15).

use super::weighted;

const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

pub(super) fn valid(text: &str) -> bool {
    let plain: Vec<u8> =
        text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_uppercase()).collect();
    let values: Option<Vec<u32>> = plain.iter().map(|byte| value(*byte)).collect();
    let Some(values) = values.filter(|values| values.len() == 17) else { return false };
    let rest = weighted(&values, &WEIGHTS) % 11;
    let digits = plain.iter().filter(|byte| byte.is_ascii_digit()).count();
    digits < 17 && plain[8] == b"0123456789X"[usize::try_from(rest).unwrap_or(0)]
}

fn value(byte: u8) -> Option<u32> {
    Some(match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'H' => u32::from(byte - b'A' + 1),
        b'J'..=b'N' => u32::from(byte - b'J' + 1),
        b'P' => 7,
        b'R' => 9,
        b'S'..=b'Z' => u32::from(byte - b'S' + 2),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        assert!(valid("1M8GDM9AXKP042788"));
        for number in ["1M8GDM9A1KP042788", "11111111111111111", "1M8GDM9AXKPO42788"] {
            assert!(!valid(number), "{number}");
        }
    }
}
