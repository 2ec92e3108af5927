//! Text in bytes, of whatever encoding.

use super::SHORTEST;

/// Digits that are more than chance in a short text.
const FEWEST_DIGITS: usize = 4;
/// With so many NULs in a hundred bytes it is UTF-16 or UTF-32, perhaps.
const WIDE_PERCENT: usize = 20;

/// The parts of bytes that are text and long enough to hold anything.
pub(super) fn texts(bytes: &[u8]) -> Vec<String> {
    texts_at(bytes).into_iter().map(|(_, text)| text).collect()
}

/// The same, each with the number of its first byte among those that count ([`places`]).
pub(super) fn texts_at(bytes: &[u8]) -> Vec<(usize, String)> {
    if !is_wide(bytes) {
        return parts(bytes);
    }
    // Of either, and in either order, the ASCII part is what is left without them.
    let narrow: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    parts(&narrow)
}

/// Where the bytes are that count: all, or in UTF-16 and UTF-32 those that are not NUL.
pub(super) fn places(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let wide = is_wide(bytes);
    bytes.iter().enumerate().filter(move |(_, byte)| !wide || **byte != 0).map(|(place, _)| place)
}

/// Whether any part of bytes may be text, told in one pass. NULs may be half of UTF-16.
pub(super) fn have_text(mut bytes: impl Iterator<Item = u8>) -> bool {
    let mut ear = Ear::default();
    bytes.any(|byte| ear.hears(byte))
}

/// Whether so few bytes that any text in them takes in those in the middle have one that numbers,
/// addresses or names may be written with, in ASCII.
pub(super) fn few_have_words(bytes: &[u8]) -> bool {
    let are_of_words = |bytes: &[u8]| bytes.iter().copied().all(is_of_words);
    let middle = bytes.len().saturating_sub(SHORTEST)..SHORTEST;
    bytes.get(middle).is_some_and(are_of_words) && bytes.windows(SHORTEST).any(are_of_words)
}

/// Whether numbers, addresses or names may be written with a byte, in ASCII.
pub(super) fn is_of_words(byte: u8) -> bool {
    WORDS[usize::from(byte)]
}

static WORDS: [bool; 256] = {
    let mut words = [false; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        words[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b' ' | b'\'' | b'(' | b')' | b'+' | b',' | b'-' | b'.' | b'/' | b':' | b'@' | b'_'
            );
        byte += 1;
    }
    words
};

/// Hears bytes one by one, and whether the last of them are text.
#[derive(Default)]
struct Ear {
    /// How long the text is so far, and how many bytes its last character still wants.
    run: usize,
    wants: u8,
}

impl Ear {
    /// Whether the text that this byte is part of is long enough.
    #[inline]
    fn hears(&mut self, byte: u8) -> bool {
        let kind = KINDS[usize::from(byte)];
        match kind {
            NUL => return false,
            GOES_ON if self.wants > 0 => self.wants -= 1,
            GOES_ON | NO_TEXT => {
                *self = Self::default();
                return false;
            }
            wants => {
                self.run = if self.wants > 0 { 0 } else { self.run };
                self.wants = wants;
            }
        }
        self.run += 1;
        self.run >= SHORTEST
    }
}

/// What each byte is in UTF-8: how many more its character wants, or one of those below.
static KINDS: [u8; 256] = kinds();
const NUL: u8 = 4;
const GOES_ON: u8 = 5;
const NO_TEXT: u8 = 6;

const fn kinds() -> [u8; 256] {
    let mut kinds = [NO_TEXT; 256];
    let mut at = 0;
    while at < 256 {
        kinds[at] = match at {
            0 => NUL,
            0x09 | 0x0a | 0x0d | 0x20..=0x7e => 0,
            0x80..=0xbf => GOES_ON,
            0xc2..=0xdf => 1,
            0xe0..=0xef => 2,
            0xf0..=0xf4 => 3,
            _ => NO_TEXT,
        };
        at += 1;
    }
    kinds
}

fn is_wide(bytes: &[u8]) -> bool {
    memchr::memchr_iter(0, bytes).count() * 100 >= bytes.len() * WIDE_PERCENT
}

fn is_text(byte: u8) -> bool {
    byte >= 0x20 && byte != 0x7f || matches!(byte, b'\t' | b'\n' | b'\r')
}

fn parts(bytes: &[u8]) -> Vec<(usize, String)> {
    let mut parts = Vec::new();
    let mut start = 0;
    for chunk in bytes.utf8_chunks() {
        let mut at = start;
        for part in chunk.valid().split(|c: char| c.is_ascii() && !is_text(c as u8)) {
            if part.len() >= SHORTEST && (2 * part.len() > bytes.len() || may_tell(part)) {
                parts.push((at, part.to_owned()));
            }
            at += part.len() + 1;
        }
        start += chunk.valid().len() + chunk.invalid().len();
    }
    parts
}

/// Of random bytes a few are text by chance. What is looked for has digits, an address or
/// a name in JSON.
fn may_tell(part: &str) -> bool {
    part.bytes().filter(u8::is_ascii_digit).count() >= FEWEST_DIGITS || part.contains(['@', '{', '%', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_found_in_bytes() {
        assert_eq!(texts(b"SSN 536-90-4399"), ["SSN 536-90-4399"]);
        assert_eq!(texts(b"\x00\x01\xffM\xfcller 536-90-4399\x02rest"), ["ller 536-90-4399"]);
        assert_eq!(texts(b"S\0S\0N\0 \x005\x003\x006\x009\x000\x004\x00"), ["SSN 536904"]);
        assert_eq!(texts("Zoë: 536904399".as_bytes()), ["Zoë: 536904399"]);
        assert!(texts(b"short\0\0\xff\xfe\x80").is_empty());
        let two = b"\xff\x01SSN 536-90-4399\x02\xfeNHS 9434765919";
        assert_eq!(texts_at(two), [(2, "SSN 536-90-4399".to_owned()), (19, "NHS 9434765919".to_owned())]);
        assert_eq!(places(b"5\x003\0").collect::<Vec<_>>(), [0, 2]);
    }
}
