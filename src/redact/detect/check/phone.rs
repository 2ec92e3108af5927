//! Telephone numbers: the North American plan where it applies, E.164 lengths elsewhere.

use super::digits;

pub(super) fn valid(text: &str) -> bool {
    let all = digits(text);
    if text.trim_start().starts_with('+') && all.first() != Some(&1) {
        return (8..=15).contains(&all.len());
    }
    let national = match (all.len(), all.first()) {
        (11, Some(1)) => all.get(1..).unwrap_or_default(),
        _ => all.as_slice(),
    };
    // NANP: [2-9]xx [2-9]xx xxxx, and no N11 service code as area.
    match national {
        [area, b, c, exchange, ..] if national.len() == 10 => {
            *area >= 2 && *exchange >= 2 && (*b, *c) != (1, 1)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_and_near_misses() {
        for phone in
            ["(212) 555-0142", "+1 212 555 0142", "1-800-555-0199", "+44 20 7946 0958", "+4930901820"]
        {
            assert!(valid(phone), "{phone}");
        }
        for number in ["(112) 555-0142", "212-155-0142", "911-555-0142", "+1 23", "555-0142"] {
            assert!(!valid(number), "{number}");
        }
    }
}
