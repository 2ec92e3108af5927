//! French social security number (NIR): fifteen characters, key 97 less the rest by 97; Corsica's 2A and 2B count as 19 and 18.

pub(super) fn valid(text: &str) -> bool {
    let plain: String =
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let plain = plain.replacen("2A", "19", 1).replacen("2B", "18", 1);
    let split = plain.split_at_checked(13).filter(|_| plain.len() == 15);
    let Some((body, key)) =
        split.and_then(|(body, key)| Some((body.parse::<u64>().ok()?, key.parse::<u64>().ok()?)))
    else {
        return false;
    };
    plain.starts_with(['1', '2', '3', '4', '7', '8']) && key == 97 - body % 97
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        for number in ["2 55 08 14 168 025 38", "255081416802538"] {
            assert!(valid(number), "{number}");
        }
        for number in ["255081416802539", "955081416802538", "25508141680253"] {
            assert!(!valid(number), "{number}");
        }
    }
}
