//! Names that are no plain words: behind "Patient" stands a person's name or "Portal".

use crate::redact::names;

/// Whether some word of the text may be a name.
pub(super) fn valid(text: &str) -> bool {
    let Some(model) = names::shipped() else { return true };
    text.split([' ', '\t', '\n']).any(|word| {
        let word = word.trim_end_matches(['.', ',']);
        word.chars().nth(1).is_some() && model.lists.known(names::feature::hash(word)).may_name()
    })
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn plain_words_are_no_names() {
        for text in ["Maria Lopez", "Halloran", "Grace Young", "Siobhán", "Xqyzzy"] {
            assert!(valid(text), "{text}");
        }
        for text in ["Portal", "Education", "Contact Form", "Services", "A."] {
            assert!(!valid(text), "{text}");
        }
    }
}
