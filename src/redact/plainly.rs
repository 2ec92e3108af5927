//! What most long values are, and are told to be by their shape alone: identifiers, hashes
//! and points in time. Nothing else is spelt in them than what their bytes say.

/// Whether a text is sure to give its parts no keys, though it has a colon.
pub(crate) fn gives_no_keys(text: &str) -> bool {
    is_timestamp(text) || is_address(text) || text.strip_prefix(URN).is_some_and(is_identifier)
}

/// What UUIDs are written behind where a URI is asked for (RFC 9562 §4).
const URN: &str = "urn:uuid:";

/// The address of a page, with nothing in it that could part a key from a value.
fn is_address(text: &str) -> bool {
    let behind = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let joins = |byte: u8| byte.is_ascii_alphanumeric() || b"/.-_#".contains(&byte);
    behind.is_some_and(|behind| behind.bytes().all(joins))
}

/// A UUID, also as a URN, or one run of hexadecimal digits, with a letter among them and no card.
pub(crate) fn is_identifier(text: &str) -> bool {
    let text = without_urn(text);
    if let Ok(uuid) = <&[u8; UUID.len()]>::try_from(text.as_bytes())
        && uuid.get(8) == Some(&b'-')
    {
        return is_uuid(uuid);
    }
    let class = hexadecimal(text.as_bytes());
    class & (LETTER | OTHER) == LETTER && !may_hold_a_card(text)
}

/// A UUID without capitals that a text ends with, and what is in front of it: nothing,
/// `urn:uuid:`, or the type that FHIR's references name, with its slash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Uuid<'t> {
    pub(crate) before: &'t str,
    /// Its first group has no letter. One of the others has.
    pub(crate) begins_with_digits: bool,
    text: &'t str,
}

/// Digits of the first group of a UUID.
pub(crate) const FIRST_GROUP: usize = 8;

impl<'t> Uuid<'t> {
    pub(crate) fn of(text: &'t str) -> Option<Self> {
        let start = text.len().checked_sub(UUID.len())?;
        if text.as_bytes().get(start + FIRST_GROUP) != Some(&b'-') {
            return None;
        }
        let (before, uuid) = text.split_at_checked(start)?;
        let bytes = <&[u8; UUID.len()]>::try_from(uuid.as_bytes()).ok()?;
        let is_type = |before: &str| {
            before.strip_suffix('/').is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_alphabetic()))
        };
        let Lower { begins_with_digits } = lower_uuid(bytes)?;
        let known = before.is_empty() || before == URN || is_type(before);
        known.then_some(Self { before, begins_with_digits, text: uuid })
    }

    /// Where words begin in the text that ends with the UUID.
    pub(crate) fn words(&self) -> impl Iterator<Item = usize> {
        let before: &[usize] = match self.before {
            "" => &[],
            URN => &[0, 4],
            _ => &[0],
        };
        let start = self.before.len();
        before.iter().copied().chain([0, 9, 14, 19, 24].map(|group| start + group))
    }

    /// The UUID, if nothing but letters of its own is in front.
    pub(crate) fn by_itself(&self) -> Option<&'t str> {
        (!self.before.ends_with('/')).then_some(self.text)
    }
}

/// An identifier by itself.
pub(crate) fn without_urn(text: &str) -> &str {
    text.strip_prefix(URN).unwrap_or(text)
}

const UUID: [u8; 36] = *b"00000000-0000-0000-0000-000000000000";

/// Too few of its digits stand together for a card.
fn is_uuid(text: &[u8; UUID.len()]) -> bool {
    let (mut class, mut dashes) = (0, true);
    for (byte, shape) in text.iter().zip(&UUID) {
        if *shape == b'-' {
            dashes &= *byte == b'-';
        } else {
            class |= HEXADECIMAL[usize::from(*byte)];
        }
    }
    dashes && class & (LETTER | OTHER) == LETTER
}

/// A UUID without capitals.
struct Lower {
    begins_with_digits: bool,
}

/// None if a text is none, or has no letter. Eight digits at a time, each a lane of one word.
fn lower_uuid(text: &[u8; UUID.len()]) -> Option<Lower> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = ONES << 7;
    let four =
        |at: usize| text.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |four| u32::from_le_bytes(*four));
    let digits = [(0, 4), (9, 14), (19, 24), (28, 32)]
        .map(|(low, high)| u64::from(four(low)) | u64::from(four(high)) << 32);
    // The high bit of a lane is set if its value is above a bound.
    let above = |lanes: u64, bound: u64| ((lanes & !HIGHS) + ONES * (0x7f - bound)) | lanes;
    let not_decimal = digits.map(|word| above(word ^ (ONES * u64::from(b'0')), 9));
    // In ASCII, `a` is one behind this.
    let letters = digits.map(|word| {
        let place = word ^ (ONES * u64::from(b'a' - 1));
        !above(place, 6) & above(place, 0)
    });
    let (mut other, mut letter) = (0, 0);
    for (not_decimal, letters) in not_decimal.iter().zip(letters) {
        other |= not_decimal & !letters;
        letter |= letters;
    }
    let dashes = [8, 13, 18, 23].iter().all(|dash| text[*dash] == b'-');
    let begins_with_digits = not_decimal[0] & HIGHS == 0;
    (dashes && other & HIGHS == 0 && letter & HIGHS != 0).then_some(Lower { begins_with_digits })
}

/// What kinds of byte there are.
fn hexadecimal(text: &[u8]) -> u8 {
    let mut class = 0;
    for byte in text {
        class |= HEXADECIMAL[usize::from(*byte)];
        if class & OTHER != 0 {
            break;
        }
    }
    class
}

const DIGIT: u8 = 1;
const LETTER: u8 = 2;
const OTHER: u8 = 4;

static HEXADECIMAL: [u8; 256] = {
    let mut kinds = [OTHER; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        if byte.is_ascii_digit() {
            kinds[byte as usize] = DIGIT;
        } else if byte.is_ascii_hexdigit() {
            kinds[byte as usize] = LETTER;
        }
        byte += 1;
    }
    kinds
};

/// Whether a word has so many digits in a row that they may be a card's with letters beside
/// them. In a hash that is chance: one of fifty has fifteen, and their last must fit.
pub(crate) fn may_hold_a_card(word: &str) -> bool {
    const FEWEST: usize = 13;
    const COMMON: usize = 15;
    const SHORT: usize = 24;
    let fewest = if word.len() <= SHORT { FEWEST } else { COMMON };
    let mut run = 0;
    word.bytes().any(|byte| {
        run = if byte.is_ascii_digit() { run + 1 } else { 0 };
        run >= fewest
    })
}

/// A date of our time with a time of day (RFC 3339), and nothing behind it.
pub(crate) fn is_timestamp(text: &str) -> bool {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00";
    const LONGEST_FRACTION: usize = 9;
    let Some((head, tail)) = text.as_bytes().split_at_checked(SHAPE.len()) else { return false };
    let like = |(byte, shape): (&u8, &u8)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    // Where most other texts of the length have something else.
    if head.get(10) != Some(&b'T') || head.get(4) != Some(&b'-') {
        return false;
    }
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
    fn a_uuid_is_told_at_every_byte() {
        let uuid = *b"550e8400-e29b-41d4-a716-446655440000";
        assert!(lower_uuid(&uuid).is_some_and(|uuid| !uuid.begins_with_digits));
        assert!(
            lower_uuid(b"55018400-e29b-41d4-a716-446655440000").is_some_and(|uuid| uuid.begins_with_digits)
        );
        assert!(lower_uuid(b"55018400-1294-4114-9716-446655440000").is_none());
        for place in 0..uuid.len() {
            for byte in 0..=u8::MAX {
                let mut other = uuid;
                other[place] = byte;
                let fits =
                    if uuid[place] == b'-' { byte == b'-' } else { b"0123456789abcdef".contains(&byte) };
                assert_eq!(lower_uuid(&other).is_some(), fits, "{byte:#x} at {place}");
            }
        }
    }

    #[test]
    fn what_is_plain_is_told_by_its_shape() {
        let uuid = "550e8400-e29b-41d4-a716-446655440000";
        for text in [uuid, &format!("{URN}{uuid}"), "e3b0c44298fc1c14", "DEADBEEF0"] {
            assert!(is_identifier(text), "{text}");
        }
        for text in ["http://hl7.org/fhir/sid/us-ssn", &format!("{URN}{uuid}"), "2026-03-05T09:30:00Z"] {
            assert!(gives_no_keys(text), "{text}");
        }
        for text in ["http://a.example/ssn:536904399", "http://a.example?ssn=1", "urn:ssn:536904399", "ssn:1"]
        {
            assert!(!gives_no_keys(text), "{text}");
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
