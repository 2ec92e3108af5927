//! Which part of a pattern matches only where a word is.

use crate::redact::detect::literals;
use regex_syntax::hir::{Hir, HirKind};

/// Shorter words are in too many texts.
const SHORTEST_WORD: usize = 3;
/// A pattern of more choices is left whole.
const MOST_CHOICES: usize = 256;

/// A pattern cut into choices, so that one of them matches where the pattern does.
pub(super) struct Choices {
    /// Those that name a word.
    pub(super) worded: Vec<Hir>,
    /// One of which is in whatever they match, in lower case.
    pub(super) words: Vec<String>,
    pub(super) bare: Vec<Hir>,
    /// How often a part may still be looked at.
    left: usize,
}

impl Choices {
    pub(super) fn of(pattern: &Hir) -> Self {
        let mut choices =
            Self { worded: Vec::new(), words: Vec::new(), bare: Vec::new(), left: MOST_CHOICES };
        choices.cut(pattern);
        choices
    }

    fn cut(&mut self, hir: &Hir) {
        let words = words_of(hir);
        if let Some(words) = words {
            self.words.extend(words);
            self.worded.push(hir.clone());
            return;
        }
        self.left = self.left.saturating_sub(1);
        match hir.kind() {
            HirKind::Capture(capture) => self.cut(&capture.sub),
            HirKind::Alternation(parts) => parts.iter().for_each(|part| self.cut(part)),
            HirKind::Concat(parts) => {
                let known = (self.worded.len(), self.words.len(), self.bare.len());
                let choice = |(place, part)| match ungrouped(part).kind() {
                    HirKind::Alternation(choices) if choices.iter().any(names_word) => Some((place, choices)),
                    _ => None,
                };
                let found = parts.iter().enumerate().find_map(choice);
                for (place, choice) in
                    found.iter().flat_map(|(place, all)| parted(all).into_iter().map(|one| (*place, one)))
                {
                    let part = |(index, part): (usize, &Hir)| {
                        if index == place { choice.clone() } else { part.clone() }
                    };
                    self.cut(&Hir::concat(parts.iter().enumerate().map(part).collect()));
                }
                // Cut for nothing.
                if found.is_none() || self.worded.len() == known.0 || self.left == 0 {
                    self.worded.truncate(known.0);
                    self.words.truncate(known.1);
                    self.bare.truncate(known.2);
                    self.bare.push(hir.clone());
                }
            }
            _ => self.bare.push(hir.clone()),
        }
    }
}

/// The choices of an alternation with those that name a word as one, and those that name none.
fn parted(choices: &[Hir]) -> Vec<Hir> {
    let (mut worded, mut bare, mut mixed) = (Vec::new(), Vec::new(), Vec::new());
    for choice in choices {
        let kind = match words_of(choice) {
            Some(_) => &mut worded,
            None if names_word(choice) => &mut mixed,
            None => &mut bare,
        };
        kind.push(choice.clone());
    }
    let alone = worded.len() == choices.len();
    let one = |choices: Vec<Hir>| if alone { choices } else { vec![Hir::alternation(choices)] };
    let some = [worded, bare].into_iter().filter(|choices| !choices.is_empty());
    some.flat_map(one).chain(mixed).collect()
}

/// Words of which one is in whatever the pattern matches.
fn words_of(pattern: &Hir) -> Option<Vec<String>> {
    literals::required(pattern).filter(|words| words.iter().all(|word| is_word(word)))
}

/// Whether some part names a word.
fn names_word(hir: &Hir) -> bool {
    match hir.kind() {
        _ if words_of(hir).is_some() => true,
        HirKind::Capture(capture) => names_word(&capture.sub),
        HirKind::Alternation(parts) | HirKind::Concat(parts) => parts.iter().any(names_word),
        _ => false,
    }
}

/// Digits are in too many texts, and a pattern of digits is soon told from others.
fn is_word(word: &str) -> bool {
    let marks = || word.bytes().filter(u8::is_ascii_punctuation).count();
    word.len() >= SHORTEST_WORD && (word.bytes().any(|byte| byte.is_ascii_alphabetic()) || marks() >= 2)
}

fn ungrouped(hir: &Hir) -> &Hir {
    match hir.kind() {
        HirKind::Capture(capture) => ungrouped(&capture.sub),
        _ => hir,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_cut_where_that_parts_words_from_none() {
        let cut = |pattern: &str| {
            let Choices { worded, words, bare, .. } = Choices::of(&regex_syntax::parse(pattern).unwrap());
            (worded.len(), words, bare.len())
        };
        for (pattern, worded, words, bare) in [
            ("ghp_[a-z]{9}", 1, vec!["ghp_"], 0),
            ("[0-9]{9}", 0, vec![], 1),
            ("ghp_[a-z]{9}|[0-9]{9}", 1, vec!["ghp_"], 1),
            (r"(?-u:\b)(?:ghp_[a-z]{9}|xox[ab]-[0-9]|[0-9]{9})x", 1, vec!["ghp_", "xoxa-", "xoxb-"], 1),
            (r"[0-9]?(?P<value>d[0-9]|ghp_[0-9])[x-z]", 1, vec!["ghp_"], 1),
            ("(?:a|b)[0-9](?:c|d)", 0, vec![], 1),
            ("19[0-9]{2}0[1-9]|1000[0-9]", 0, vec![], 2),
        ] {
            assert_eq!(
                cut(pattern),
                (worded, words.into_iter().map(str::to_owned).collect(), bare),
                "{pattern}"
            );
        }
    }

    #[test]
    fn a_pattern_of_very_many_choices_is_left_whole() {
        let choices: Vec<String> =
            (0..MOST_CHOICES).map(|n| format!("[0-9]{{{}}}(?:x|ghp_)", n + 2)).collect();
        let pattern = format!("(?:{})", choices.join("|"));
        let pattern = format!("{pattern}{pattern}[a-z]");
        let Choices { worded, bare, .. } = Choices::of(&regex_syntax::parse(&pattern).unwrap());
        assert_eq!((worded.len(), bare.len()), (0, 1));
    }
}
