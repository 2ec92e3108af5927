//! Groups of digits, however a digit is written.

use std::ops::Range;

/// How digits may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    Digits,
    /// With letters that look like digits among them.
    Letters,
    /// One by one, in English words or in figures.
    Words,
}

/// Digits that stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) range: Range<usize>,
    /// How many digits it says.
    pub(super) count: usize,
    /// How many of them are written as digits.
    pub(super) figures: usize,
}

/// Reads the word (letters and digits) at a place of the text; it says its digit so many
/// times, if it is one.
pub(super) fn read(word: &str, start: usize, spelling: Spelling, times: usize) -> Option<Group> {
    let figures = word.bytes().filter(u8::is_ascii_digit).count();
    let (count, fits) = match spelling {
        Spelling::Digits => (word.len(), figures == word.len()),
        Spelling::Letters => {
            (word.len(), figures == word.len() || word.bytes().all(|byte| figure(byte).is_some()))
        }
        Spelling::Words if figures == word.len() => (word.len() * times, true),
        Spelling::Words => (times, number(word).is_some()),
    };
    fits.then(|| Group { range: start..start + word.len(), count, figures })
}

/// The digits that a group says.
pub(super) fn digits(text: &str, group: &Group, spelling: Spelling) -> String {
    let word = text.get(group.range.clone()).unwrap_or_default();
    match spelling {
        Spelling::Digits => word.to_owned(),
        Spelling::Letters => word.bytes().filter_map(figure).map(char::from).collect(),
        Spelling::Words => {
            let said = number(word).unwrap_or(word);
            said.repeat(group.count.checked_div(said.len()).unwrap_or(1))
        }
    }
}

/// The digit that a byte is, or looks like.
pub(super) fn figure(byte: u8) -> Option<u8> {
    Some(match byte {
        b'0'..=b'9' => byte,
        b'O' | b'o' | b'Q' | b'D' => b'0',
        b'l' | b'I' | b'i' => b'1',
        b'Z' | b'z' => b'2',
        b'S' | b's' => b'5',
        b'G' | b'b' => b'6',
        b'B' => b'8',
        b'g' | b'q' => b'9',
        _ => return None,
    })
}

const WORDS: [(&str, &str); 13] = [
    ("zero", "0"),
    ("oh", "0"),
    ("nought", "0"),
    ("null", "0"),
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
];

const TIMES: [(&str, usize); 4] = [("double", 2), ("triple", 3), ("treble", 3), ("quadruple", 4)];

/// Whether a word is any of those: most words are told by their length and first letter.
pub(super) fn is_likely(word: &str) -> bool {
    const LENGTHS: std::ops::RangeInclusive<usize> = 2..=9;
    let first = word.bytes().next().map(|byte| byte.to_ascii_lowercase());
    LENGTHS.contains(&word.len())
        && matches!(first, Some(b'z' | b'o' | b'n' | b't' | b'f' | b's' | b'e' | b'd' | b'q'))
        && (number(word).is_some() || times(word).is_some())
}

fn number(word: &str) -> Option<&'static str> {
    WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, digit)| *digit)
}

/// How often the next digit is said: "double four".
pub(super) fn times(word: &str) -> Option<usize> {
    TIMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, times)| *times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_letters_and_words_are_read() {
        let said = |word: &str, spelling, times| {
            read(word, 0, spelling, times).map(|group| (digits(word, &group, spelling), group.figures))
        };
        let says = |digits: &str, figures| Some((digits.to_owned(), figures));
        assert_eq!(said("41lI", Spelling::Letters, 1), says("4111", 2));
        assert_eq!(said("4111", Spelling::Digits, 1), says("4111", 4));
        assert_eq!(said("Four", Spelling::Words, 1), says("4", 0));
        assert_eq!(said("four", Spelling::Words, 3), says("444", 0));
        assert_eq!(said("12", Spelling::Words, 2), says("1212", 2));
        assert_eq!(said("41x1", Spelling::Letters, 1), None);
        assert_eq!(said("for", Spelling::Words, 1), None);
    }
}
