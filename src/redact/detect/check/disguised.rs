//! Names whose parts are joined or taken apart: `Maria_Lopez`, `maria.lopez`, `LOPEZ,MARIA`,
//! `MariaLopez`, `MARIALOPEZ`, `M a r i a   L o p e z`. Files and variables look the same, so a
//! list must know both parts, one as a given name and one as a surname, and as nothing else.

use crate::redact::names;
use crate::redact::names::lists::{Known, Lists};

/// Shorter parts are found in too many words.
const SHORTEST: usize = 3;

/// Whether the text is somebody's full name without the blank between its parts.
pub(super) fn valid(text: &str) -> bool {
    let Some(model) = names::shipped() else { return true };
    let lists = &model.lists;
    if let Some((last, first)) = text.split_once(',') {
        return pair(lists, first.trim(), last);
    }
    if let Some((first, last)) = text.split_once(['_', '.']) {
        return pair(lists, first, last);
    }
    let whole: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let blank = text.contains(char::is_whitespace);
    // A word of its own is none that two others make by chance.
    blank && apart(text).is_some_and(|(first, last)| pair(lists, &first, &last))
        || known(lists, &whole) == Known::default()
            && splits(&whole).any(|(first, last)| pair(lists, first, last))
}

fn pair(lists: &Lists, first: &str, last: &str) -> bool {
    let long = |part: &str| part.len() >= SHORTEST;
    long(first) && long(last) && known(lists, first).is_given() && known(lists, last).is_surname()
}

fn known(lists: &Lists, word: &str) -> Known {
    lists.known(names::feature::hash(word))
}

/// Two words of single letters, with a wider gap between them.
fn apart(text: &str) -> Option<(String, String)> {
    let (first, last) = text.split_once("  ")?;
    let closed = |part: &str| part.split_ascii_whitespace().collect::<String>();
    Some((closed(first), closed(last)))
}

/// Where a word may part in two: before its capital, or anywhere if all are alike.
fn splits(word: &str) -> impl Iterator<Item = (&str, &str)> {
    let mixed = word.bytes().skip(1).any(|byte| byte.is_ascii_lowercase());
    let parts = move |at: &usize| !mixed || word.as_bytes().get(*at).is_some_and(u8::is_ascii_uppercase);
    (SHORTEST..word.len()).filter(parts).filter_map(|at| word.split_at_checked(at))
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn both_parts_must_be_names() {
        for text in [
            "Maria_Lopez",
            "maria.lopez",
            "LOPEZ,MARIA",
            "Lopez, Maria",
            "MariaLopez",
            "MARIALOPEZ",
            "M a r i a   L o p e z",
            "M a r i a L o p e z",
        ] {
            assert!(valid(text), "{text}");
        }
        for text in [
            "Release_Notes",
            "os.path",
            "PARIS,TEXAS",
            "JavaScript",
            "VictoriaMetrics",
            "MARKETPLACE",
            "MariaDB",
            "A B C D   E F G",
            "maria.db",
        ] {
            assert!(!valid(text), "{text}");
        }
    }
}
