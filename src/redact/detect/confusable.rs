//! Cyrillic and Greek letters that are drawn as Latin ones (Unicode UTS #39,
//! `confusables.txt`): a cue word spelt with them is read by a model as the word.
//!
//! Besides those that are drawn alike, small letters that look like a Latin capital (`м`, `н`,
//! `в`) or nearly like the letter itself (`п`, `г`, `η`, `ω`): among Latin letters they are
//! read as those.

/// Letters and what they look like, one below the other.
const DRAWN: &str = "АВСЕНІЈКМОРЅТУХԌԚԜҮӀаеорсухіјѕһԁԛԝүктмнвпгьґєΑΒΕΖΗΙΚΜΝΟΡΤΥΧοϲϳαρνγυικτηωχεβ";
const AS: &str = "ABCEHIJKMOPSTYXGQWYlaeopcyxijshdqwyktmhbnrbreABEZHIKMNOPTYXocjapvyuiktnwxeb";

/// The Latin letter that a letter of another script is drawn as.
pub(super) fn latin(c: char) -> Option<char> {
    if !matches!(c, '\u{370}'..='\u{52f}') {
        return None;
    }
    DRAWN.chars().zip(AS.chars()).find(|(drawn, _)| *drawn == c).map(|(_, latin)| latin)
}

/// Whether the word around this place is of more than one script, and has no letters but
/// such as look Latin. A word of one script says what it says.
pub(super) fn is_disguised(text: &str, place: usize) -> bool {
    let before = text.get(..place).unwrap_or_default().chars().rev().take_while(|c| c.is_alphabetic());
    let after = text.get(place..).unwrap_or_default().chars().take_while(|c| c.is_alphabetic());
    // Words are short; of what is longer this part tells.
    let letters = before.take(LONGEST).chain(after.take(LONGEST));
    let (mut latin_looking, mut scripts) = (true, [false; 3]);
    for c in letters {
        let script = match c {
            'A'..='z' => 0,
            '\u{370}'..='\u{3ff}' => 1,
            _ => 2,
        };
        latin_looking &= script == 0 || latin(c).is_some();
        if let Some(seen) = scripts.get_mut(script) {
            *seen = true;
        }
    }
    latin_looking && scripts.iter().filter(|seen| **seen).count() > 1
}

const LONGEST: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_letter_has_its_likeness() {
        assert_eq!(DRAWN.chars().count(), AS.chars().count());
        assert!(DRAWN.chars().all(|c| latin(c).is_some()));
        assert_eq!(latin('Ѕ'), Some('S'));
        assert_eq!(latin('ж'), None);
    }
}
