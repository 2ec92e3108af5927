//! Spellings that look like plain text and are not: full-width digits, zero-width
//! characters, typographic dashes. Detectors match on a folded copy; findings are
//! mapped back to the bytes that were given.

use std::ops::Range;
use unicode_normalization::UnicodeNormalization;

/// A folded text with, for each of its bytes, the place it came from.
pub(crate) struct Folded {
    pub(crate) text: String,
    origin: Vec<usize>,
}

/// Folds a text that is not plain ASCII.
pub(crate) fn fold(text: &str) -> Folded {
    let mut folded = String::with_capacity(text.len());
    let mut origin = Vec::with_capacity(text.len() + 1);
    for (place, c) in text.char_indices() {
        if is_invisible(c) {
            continue;
        }
        match plain(c) {
            Some(ascii) => folded.push(ascii),
            None => folded.extend(std::iter::once(c).nfkc()),
        }
        origin.resize(folded.len(), place);
    }
    origin.push(text.len());
    Folded { text: folded, origin }
}

impl Folded {
    /// The bytes of the original that a range of the folded text stands for,
    /// including invisible characters inside it.
    pub(crate) fn original(&self, range: &Range<usize>) -> Range<usize> {
        let at = |place: usize| self.origin.get(place).copied();
        let start = at(range.start).unwrap_or_default();
        // A range that ends within one character's expansion takes all of it.
        let last = range.end.checked_sub(1).and_then(at);
        let end = (range.end..self.origin.len()).filter_map(at).find(|&place| Some(place) != last);
        start..end.unwrap_or(start)
    }
}

/// Zero-width, bidirectional controls, soft hyphen, variation selectors, tags.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e01ef}')
}

fn plain(c: char) -> Option<char> {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' | '\u{30fc}' => Some('-'),
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Some(' '),
        '\u{2044}' | '\u{2215}' => Some('/'),
        '\u{2024}' | '\u{3002}' | '\u{b7}' => Some('.'),
        _ => digit(c),
    }
}

/// Decimal digits of other scripts: Arabic-Indic, Devanagari, Bengali, Thai.
fn digit(c: char) -> Option<char> {
    let zeros = [0x660, 0x6f0, 0x966, 0x9e6, 0xe50];
    let code = u32::from(c);
    let value = zeros.into_iter().find_map(|zero| code.checked_sub(zero).filter(|value| *value < 10))?;
    char::from_digit(value, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_come_back_to_the_bytes_they_came_from() {
        let text = "Zoë 1\u{200b}2３\u{2011}4";
        let folded = fold(text);
        assert_eq!(folded.text, "Zoë 123-4");
        let found = folded.text.find("123-4").map(|start| start..start + 5).unwrap();
        assert_eq!(&text[folded.original(&found)], "1\u{200b}2３\u{2011}4");
    }

    #[test]
    fn one_character_may_become_several() {
        let text = "ﬁn №";
        let folded = fold(text);
        assert_eq!(folded.text, "fin No");
        assert_eq!(&text[folded.original(&(0..3))], "ﬁn");
        assert_eq!(&text[folded.original(&(0..1))], "ﬁ");
    }
}
