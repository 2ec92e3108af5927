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
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) range: Range<usize>,
    pub(super) digits: String,
    /// How many of them are written as digits.
    pub(super) figures: usize,
}

/// Reads the word (letters and digits) at a place of the text.
pub(super) fn read(word: &str, start: usize, spelling: Spelling) -> Option<Group> {
    let (digits, figures) = match spelling {
        Spelling::Digits => (word.to_owned(), word.len()),
        Spelling::Letters => {
            let figures = word.bytes().filter(u8::is_ascii_digit).count();
            (word.chars().map(figure).collect::<Option<String>>()?, figures)
        }
        Spelling::Words if word.bytes().all(|byte| byte.is_ascii_digit()) => (word.to_owned(), word.len()),
        Spelling::Words => (number(word)?.to_owned(), 0),
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| Group { range: start..start + word.len(), digits, figures })
}

/// The digit that a character is, or looks like.
fn figure(c: char) -> Option<char> {
    Some(match c {
        '0'..='9' => c,
        'O' | 'o' | 'Q' | 'D' => '0',
        'l' | 'I' | 'i' => '1',
        'Z' | 'z' => '2',
        'S' | 's' => '5',
        'G' | 'b' => '6',
        'B' => '8',
        'g' | 'q' => '9',
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

fn number(word: &str) -> Option<&'static str> {
    WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, digit)| *digit)
}

/// How often the next digit is said: "double four".
pub(super) fn times(word: &str) -> Option<usize> {
    let known = [("double", 2), ("triple", 3), ("treble", 3), ("quadruple", 4)];
    known.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, times)| times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_letters_and_words_are_read() {
        let digits = |word, spelling| read(word, 0, spelling).map(|group| group.digits);
        assert_eq!(digits("41lI", Spelling::Letters).as_deref(), Some("4111"));
        assert_eq!(digits("41ll", Spelling::Letters).as_deref(), Some("4111"));
        assert_eq!(digits("Four", Spelling::Words).as_deref(), Some("4"));
        assert_eq!(digits("4", Spelling::Words).as_deref(), Some("4"));
        assert_eq!(digits("41x1", Spelling::Letters), None);
        assert_eq!(digits("for", Spelling::Words), None);
    }
}
