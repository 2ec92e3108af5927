//! Words that are looked for in a text all at once, and who asks for them.

use aho_corasick::AhoCorasick;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub(super) struct Words {
    automaton: AhoCorasick,
    /// By word.
    owners: Vec<Vec<usize>>,
}

impl Words {
    /// Words with the number of whoever asks for them, in the two cases of ASCII letters alike.
    /// None if they are too many.
    pub(super) fn new<'w>(asked: impl IntoIterator<Item = (usize, &'w str)>) -> Option<Self> {
        let mut owners = BTreeMap::<String, Vec<usize>>::new();
        for (owner, word) in asked {
            let owners = owners.entry(word.to_lowercase()).or_default();
            if owners.last() != Some(&owner) {
                owners.push(owner);
            }
        }
        let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(owners.keys()).ok()?;
        Some(Self { automaton, owners: owners.into_values().collect() })
    }

    /// Calls `heard` with whoever asks for a word that is in a text, for each place of it.
    pub(super) fn listen(&self, text: &str, mut heard: impl FnMut(usize)) {
        for found in self.automaton.find_overlapping_iter(text) {
            self.owners.get(found.pattern().as_usize()).into_iter().flatten().for_each(|owner| heard(*owner));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_who_asks_for_a_word_hears_it_in_either_case() {
        let words = Words::new([(0, "Name"), (1, "name"), (1, "surname"), (2, "ssn")]).unwrap();
        let heard = |text: &str| {
            let mut all = Vec::new();
            words.listen(text, |owner| all.push(owner));
            all.sort_unstable();
            all.dedup();
            all
        };
        assert_eq!(heard("SURNAME:"), [0, 1]);
        assert_eq!(heard("names and SSNs"), [0, 1, 2]);
        assert_eq!(heard("nam e"), [0; 0]);
    }
}
