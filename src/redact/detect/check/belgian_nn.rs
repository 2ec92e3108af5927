//! Belgian national number: eleven digits, the last two 97 less the rest by 97, with a 2 before for those born from 2000 on.

pub(super) fn valid(text: &str) -> bool {
    let plain: String = text.chars().filter(char::is_ascii_digit).collect();
    let Some((body, key)) = plain.split_at_checked(9).filter(|_| plain.len() == 11) else { return false };
    let number = |text: &str| text.parse::<u64>().unwrap_or(0);
    let holds = |body: u64| number(key) == 97 - body % 97;
    let month = number(&plain[2..4]) % 20;
    month <= 12 && (holds(number(body)) || holds(2_000_000_000 + number(body)))
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        for number in ["85.07.30-033 28", "85073003328"] {
            assert!(valid(number), "{number}");
        }
        for number in ["85073003329", "8507300332"] {
            assert!(!valid(number), "{number}");
        }
    }
}
