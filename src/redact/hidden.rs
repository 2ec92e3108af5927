//! Values that a caller may not see although nothing about them tells: what was put in the
//! place of a pseudonym in this call's arguments, and comes back in the tool's answer.

use aho_corasick::{AhoCorasick, Match, MatchKind};
use std::borrow::Cow;

/// Values, and what is shown for each.
pub struct Hidden {
    values: AhoCorasick,
    shown: Vec<String>,
}

impl Hidden {
    /// From pairs of a value and what stands for it. None if there are none, or too many to
    /// look for.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Option<Self> {
        let (values, shown): (Vec<String>, Vec<String>) = pairs.into_iter().unzip();
        let mut automaton = AhoCorasick::builder();
        automaton.match_kind(MatchKind::LeftmostLongest).ascii_case_insensitive(true);
        let values = automaton.build(&values).ok().filter(|_| !values.is_empty())?;
        Some(Self { values, shown })
    }

    /// The text without the values, where they stand as whole words.
    pub(crate) fn replace<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let (mut out, mut copied) = (String::new(), 0);
        let whole = |found: &Match| {
            let before = text.get(..found.start()).is_some_and(|head| head.ends_with(char::is_alphanumeric));
            let after = text.get(found.end()..).is_some_and(|tail| tail.starts_with(char::is_alphanumeric));
            !before && !after
        };
        for found in self.values.find_iter(text).filter(whole) {
            out.push_str(text.get(copied..found.start()).unwrap_or_default());
            out.push_str(self.shown.get(found.pattern().as_usize()).map_or("", String::as_str));
            copied = found.end();
        }
        if copied == 0 {
            return Cow::Borrowed(text);
        }
        out.push_str(text.get(copied..).unwrap_or_default());
        Cow::Owned(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_value_is_replaced_in_any_case_the_longest_first() {
        let pairs = [("Amara", "PERSON_1"), ("Amara Okafor", "PERSON_2"), ("Łucja", "PERSON_3")];
        let hidden = Hidden::new(pairs.map(|(value, shown)| (value.to_owned(), shown.to_owned())));
        let hidden = hidden.unwrap();
        assert_eq!(
            hidden.replace("AMARA OKAFOR's amara, (Łucja), Amaranth, łŁucja"),
            "PERSON_2's PERSON_1, (PERSON_3), Amaranth, łŁucja"
        );
        assert!(matches!(hidden.replace("nobody"), Cow::Borrowed("nobody")));
        assert!(Hidden::new(Vec::new()).is_none());
    }
}
