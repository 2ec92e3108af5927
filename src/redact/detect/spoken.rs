//! Patterns that match only where one of their words is. Most texts hold none of them; where
//! one is, its patterns are asked one by one: all of them as one automaton would keep what
//! each has come to in every word of a text, and never be done with growing.

use crate::redact::detect::narrow::MAX_CACHE_BYTES;
use crate::redact::detect::words::Words;
use regex::bytes::{RegexSet, RegexSetBuilder};
use std::sync::OnceLock;

/// Matches nowhere.
const NOTHING: &str = r"[^\s\S]";

#[derive(Clone, Debug)]
pub(super) struct Spoken {
    words: Words,
    patterns: Vec<Pattern>,
}

#[derive(Clone, Debug)]
struct Pattern {
    written: String,
    /// Built when a word of its was first met. None if it is too large to be.
    regex: OnceLock<Option<RegexSet>>,
}

/// A pattern and the words of which one is in whatever it matches.
pub(super) struct Worded {
    pub(super) pattern: String,
    pub(super) words: Vec<String>,
}

/// By pattern, whether one of its words is in the text that was listened to.
#[derive(Debug, Default)]
pub(super) struct Heard(Vec<bool>);

impl Heard {
    pub(super) fn has(&self, pattern: usize) -> bool {
        self.0.get(pattern) == Some(&true)
    }
}

impl Spoken {
    pub(super) fn new(all: Vec<Worded>) -> Option<Self> {
        let named = all.iter().enumerate();
        let words =
            named.flat_map(|(index, worded)| worded.words.iter().map(move |word| (index, word.as_str())));
        let words = Words::new(words)?;
        let pattern = |worded: Worded| Pattern { written: worded.pattern, regex: OnceLock::new() };
        Some(Self { words, patterns: all.into_iter().map(pattern).collect() })
    }

    /// Notes whose words are in a text.
    pub(super) fn listen(&self, text: &str, Heard(heard): &mut Heard) {
        heard.clear();
        heard.resize(self.patterns.len(), false);
        self.words.listen(text, |pattern| {
            if let Some(heard) = heard.get_mut(pattern) {
                *heard = true;
            }
        });
    }

    /// Whether a pattern may match a text that holds a word of its.
    pub(super) fn may_match(&self, pattern: usize, text: &str) -> bool {
        let Some(pattern) = self.patterns.get(pattern) else { return true };
        let build = || {
            // Alone it would be looked for by a literal within it, which is slow where that is
            // often met and the pattern is not.
            let mut builder = RegexSetBuilder::new([pattern.written.as_str(), NOTHING]);
            builder.size_limit(1 << 26).dfa_size_limit(MAX_CACHE_BYTES).build().ok()
        };
        pattern.regex.get_or_init(build).as_ref().is_none_or(|regex| regex.is_match(text.as_bytes()))
    }
}
