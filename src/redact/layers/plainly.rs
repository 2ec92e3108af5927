//! What most long values are, and are told to be by their shape alone: identifiers, hashes
//! and points in time. Nothing else is spelt in them than what their bytes say.

/// A UUID, or one run of hexadecimal digits, with a letter among them and no card.
pub(super) fn is_identifier(text: &str) -> bool {
    const DASHES: [usize; 4] = [8, 13, 18, 23];
    const UUID: usize = 36;
    let is_uuid = text.len() == UUID;
    let mut letters = false;
    for (place, byte) in text.bytes().enumerate() {
        let dash = is_uuid && DASHES.contains(&place);
        if if dash { byte != b'-' } else { !byte.is_ascii_hexdigit() } {
            return false;
        }
        letters |= byte.is_ascii_alphabetic();
    }
    letters && !may_hold_a_card(text)
}

/// Whether a word has so many digits in a row that they may be a card's with letters beside
/// them. In a hash that is chance: one of fifty has fifteen, and their last must fit.
pub(super) fn may_hold_a_card(word: &str) -> bool {
    const FEWEST: usize = 13;
    const COMMON: usize = 15;
    const SHORT: usize = 24;
    let fewest = if word.len() <= SHORT { FEWEST } else { COMMON };
    word.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() >= fewest)
}

/// A date of our time with a time of day (RFC 3339), and nothing behind it.
pub(super) fn is_timestamp(text: &str) -> bool {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00";
    const LONGEST_FRACTION: usize = 9;
    let Some((head, tail)) = text.as_bytes().split_at_checked(SHAPE.len()) else { return false };
    let like = |(byte, shape): (&u8, &u8)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    let ours = matches!(head, [b'1', b'8' | b'9', ..] | [b'2', b'0' | b'1', ..]);
    let fraction = match tail {
        [b'.', digits @ ..] => 1 + digits.iter().take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    };
    let zone = match tail.get(fraction..) {
        Some([] | [b'Z']) => true,
        Some([b'+' | b'-', a, b, b':', c, d]) => [a, b, c, d].into_iter().all(u8::is_ascii_digit),
        _ => false,
    };
    ours && zone && fraction <= 1 + LONGEST_FRACTION && head.iter().zip(SHAPE).all(like)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_is_told_by_its_shape() {
        for text in ["550e8400-e29b-41d4-a716-446655440000", "e3b0c44298fc1c14", "DEADBEEF0"] {
            assert!(is_identifier(text), "{text}");
        }
        for text in [
            "4111111111111111",
            "4111-1111-1111-1111",
            "abc-4111-1111-1111-1111",
            "e3b0c44298fc1c1g",
            "f4111111111111111",
            "4111111111111111e3b0c44298fc1c1",
        ] {
            assert!(!is_identifier(text), "{text}");
        }
        for text in ["2026-03-05T09:30:00", "2026-03-05T09:30:00.123Z", "1999-03-05T09:30:00+02:00"] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in [
            "4111-11-11T11:11:11",
            "2026-03-05T09:30:00 x",
            "2026-03-05T09:30:00.4111111111111111",
            "2026-03-05",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
