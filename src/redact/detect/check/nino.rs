//! UK National Insurance number: two letters, six digits, a letter from A to D (HMRC NIM39110).

const NEVER_ISSUED: [&str; 7] = ["BG", "GB", "KN", "NK", "NT", "TN", "ZZ"];

pub(super) fn valid(text: &str) -> bool {
    let plain: String =
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let Some((prefix, rest)) = plain.split_at_checked(2).filter(|_| plain.len() == 9) else { return false };
    let first = prefix.bytes().all(|byte| byte.is_ascii_uppercase() && !b"DFIQUV".contains(&byte));
    let digits = rest.bytes().take(6).all(|byte| byte.is_ascii_digit());
    first
        && !prefix.ends_with('O')
        && !NEVER_ISSUED.contains(&prefix)
        && digits
        && rest.ends_with(['A', 'B', 'C', 'D'])
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        for number in ["AB123456C", "ab 12 34 56 d"] {
            assert!(valid(number), "{number}");
        }
        for number in ["QQ123456C", "AB123456E", "GB123456A", "AO123456A"] {
            assert!(!valid(number), "{number}");
        }
    }
}
