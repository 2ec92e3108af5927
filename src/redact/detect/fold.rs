//! Spellings that look like plain text and are not: digits of other scripts, zero-width
//! characters, marks between digits, typographic dashes, Latin words with letters of
//! another script. Detectors match on a folded copy; findings are mapped back to the bytes
//! that were given.

use crate::redact::detect::confusable;
use crate::redact::view::View;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{compose, is_combining_mark};

/// Folds a text that is not plain ASCII.
pub(crate) fn fold(text: &str) -> View {
    let mut folded = View::with_capacity(text.len());
    let (mut before, mut in_word, mut disguised) = (None, false, false);
    let mut next = 0;
    while let Some(rest) = text.get(next..).filter(|rest| !rest.is_empty()) {
        let place = next;
        let run = rest.bytes().take_while(u8::is_ascii).count();
        if let Some(run) = rest.get(..run).filter(|run| !run.is_empty()) {
            folded.keep(text, place..place + run.len());
            in_word &= run.bytes().all(|byte| byte.is_ascii_alphabetic());
            before = run.chars().next_back();
            next += run.len();
            continue;
        }
        let Some(c) = rest.chars().next() else { break };
        next += c.len_utf8();
        if is_invisible(c) {
            continue;
        }
        if is_combining_mark(c)
            && let Some(base) = before
        {
            // A mark on a digit or between two makes it no other digit.
            if !base.is_alphabetic() {
                continue;
            }
            // Names of files, among others, are written with letters and marks apart.
            if let Some(composed) = compose(base, c) {
                folded.replace_last(composed);
                before = Some(composed);
                continue;
            }
            if base < ALPHABETS_END && is_ornament(c) {
                continue;
            }
        }
        if confusable::latin(c).is_some() && !in_word {
            (in_word, disguised) = (true, confusable::is_disguised(text, place));
        } else {
            in_word &= c.is_alphabetic();
        }
        let plain = plain(c).or_else(|| confusable::latin(c).filter(|_| in_word && disguised));
        match plain {
            Some(plain) => folded.push(plain, place),
            None => std::iter::once(c).nfkc().for_each(|c| folded.push(c, place)),
        }
        before = folded.text.chars().next_back();
    }
    folded.end(text.len())
}

/// Latin, Greek, Cyrillic and Armenian letters: no mark that is not composed with one of them
/// makes it another.
const ALPHABETS_END: char = '\u{590}';

/// The blocks of marks that belong to no script.
fn is_ornament(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}')
}

/// Zero-width, bidirectional controls, soft hyphen, variation selectors, tags.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn plain(c: char) -> Option<char> {
    match c {
        '\u{2010}'..='\u{2015}'
        | '\u{2043}'
        | '\u{2212}'
        | '\u{fe58}'
        | '\u{fe63}'
        | '\u{ff0d}'
        | '\u{30fc}'
        | '\u{2796}' => Some('-'),
        '\u{a0}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200a}'
        | '\u{202f}'
        | '\u{205f}'
        | '\u{3000}'
        | '\u{2800}' => Some(' '),
        '\u{2028}' | '\u{2029}' | '\u{85}' => Some('\n'),
        '\u{2044}' | '\u{2215}' | '\u{29f8}' => Some('/'),
        '\u{2024}' | '\u{3002}' | '\u{b7}' => Some('.'),
        // As "No" it would be glued to the number behind it.
        '\u{2116}' => Some('#'),
        _ => digit(c),
    }
}

/// The zeros of all decimal digits (Unicode 17, General_Category Nd) that NFKC leaves as
/// they are; nine follow each.
const ZEROS: [u32; 72] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50,
    0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0x104a0, 0x10d30, 0x10d40, 0x11066, 0x110f0,
    0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x116d0, 0x116da, 0x11730, 0x118e0,
    0x11950, 0x11bf0, 0x11c50, 0x11d50, 0x11da0, 0x11de0, 0x11f50, 0x16130, 0x16a60, 0x16ac0, 0x16b50,
    0x16d70, 0x1ccf0, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e5f1, 0x1e950, 0x1fbf0, 0x1d7ce, 0xff10,
];
/// Digits in circles and the like that NFKC leaves alone, by the sign for one.
const ONES: [u32; 4] = [0x24f5, 0x2776, 0x2780, 0x278a];

fn digit(c: char) -> Option<char> {
    let code = u32::from(c);
    let from = |first: u32, count: u32| code.checked_sub(first).filter(|value| *value < count);
    let value = match code {
        0x24ff | 0x1f10b | 0x1f10c => Some(0),
        // Five kinds of mathematical digits follow each other.
        0x1d7ce..=0x1d7ff => from(0x1d7ce, 50).map(|value| value % 10),
        0x2070..=0x2089 | 0xb2 | 0xb3 | 0xb9 => None,
        _ => {
            let ones = || ONES.into_iter().find_map(|one| from(one, 9)).map(|value| value + 1);
            ZEROS.into_iter().find_map(|zero| from(zero, 10)).or_else(ones)
        }
    };
    char::from_digit(value?, 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_come_back_to_the_bytes_they_came_from() {
        let text = "Zoë 1\u{200b}2３\u{2011}4";
        let folded = fold(text);
        assert_eq!(folded.text, "Zoë 123-4");
        let found = folded.text.find("123-4").map(|start| start..start + 5).unwrap();
        assert_eq!(&text[folded.original(&found)], "1\u{200b}2３\u{2011}4");
    }

    #[test]
    fn letters_and_their_marks_are_one() {
        let text = "Rene\u{301} A\u{336}m\u{336}a \u{928}\u{92e}\u{938}\u{94d}\u{924}\u{947}";
        let folded = fold(text);
        assert_eq!(folded.text, "René Ama नमस्ते");
        assert_eq!(&text[folded.original(&(0..5))], "Rene\u{301}");
        assert_eq!(&text[folded.original(&(6..9))], "A\u{336}m\u{336}a");
        assert_eq!(fold("Vie\u{302}\u{323}t, и\u{306}").text, "Viêt, й");
    }

    #[test]
    fn one_character_may_become_several() {
        let text = "ﬁn №";
        let folded = fold(text);
        assert_eq!(folded.text, "fin #");
        assert_eq!(&text[folded.original(&(0..3))], "ﬁn");
        assert_eq!(&text[folded.original(&(0..1))], "ﬁ");
    }

    #[test]
    fn digits_of_every_kind_are_digits() {
        for (text, plain) in [
            ("٤۴४৪๔", "44444"),
            ("𝟒𝟜𝟦𝟰𝟺", "44444"),
            ("④⁴₄❹➃➍⓸⓿", "44444440"),
            ("\u{1e954}\u{104a4}\u{1fbf4}\u{ff14}", "4444"),
            ("4\u{fe0f}\u{20e3}1\u{fe0f}\u{20e3}", "41"),
            ("4\u{332}1\u{338}1", "411"),
            ("Zoe\u{308} 4\u{307}", "Zoë 4"),
        ] {
            assert_eq!(fold(text).text, plain, "{text}");
        }
    }

    #[test]
    fn letters_of_another_script_count_in_latin_words_alone() {
        for (text, plain) in [
            ("ЅЅN", "SSN"),
            ("ѕocіal ѕecurіty", "social security"),
            ("СARD саrd", "CARD card"),
            ("Ρan", "Pan"),
            ("Москва, сорок два", "Москва, сорок два"),
            ("Αθήνα", "Αθήνα"),
        ] {
            assert_eq!(fold(text).text, plain, "{text}");
        }
    }

    proptest! {
        /// Whatever stands before it, a number is found at its own bytes.
        #[test]
        fn every_offset_maps_back(head in "\\PC{0,12}", digits in "[0-9]{9}", tail in "\\PC{0,12}") {
            let text = format!("{head}|{digits}|{tail}");
            let folded = fold(&text);
            let place = folded.text.find(&format!("|{digits}|")).unwrap();
            let range = folded.original(&(place + 1..place + 10));
            prop_assert_eq!(&text[range], &digits);
            for end in 0..=folded.text.len() {
                let range = folded.original(&(0..end));
                prop_assert!(text.get(range).is_some());
            }
        }
    }
}
