//! Finnish personal identity code: a date, a sign of the century, three digits, and a letter of the rest by 31.

const SIGNS: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";

pub(super) fn valid(text: &str) -> bool {
    let text = text.to_ascii_uppercase();
    let (Some(date), Some(serial), Some(check)) = (text.get(..6), text.get(7..10), text.as_bytes().get(10))
    else {
        return false;
    };
    let rest = format!("{date}{serial}").parse::<usize>().ok().and_then(|number| SIGNS.get(number % 31));
    text.len() == 11 && rest == Some(check)
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        assert!(valid("131052-308T"));
        for number in ["131052-308U", "131052-30T"] {
            assert!(!valid(number), "{number}");
        }
    }
}
