//! Names that are no plain words, and no firm's: behind "Patient" stands a person's name or
//! "Portal", under `client` a person's or "Lee Holdings".

use crate::redact::names;

/// What the names of firms and departments end with.
const FIRMS: [&str; 46] = [
    "inc",
    "llc",
    "ltd",
    "limited",
    "gmbh",
    "corp",
    "corporation",
    "company",
    "co",
    "plc",
    "ag",
    "kg",
    "sa",
    "spa",
    "srl",
    "bv",
    "nv",
    "oy",
    "ab",
    "pty",
    "bank",
    "union",
    "trust",
    "group",
    "holdings",
    "partners",
    "associates",
    "insurance",
    "services",
    "systems",
    "technologies",
    "solutions",
    "industries",
    "foods",
    "university",
    "college",
    "school",
    "foundation",
    "agency",
    "team",
    "department",
    "desk",
    "support",
    "stores",
    "media",
    "logistics",
];

/// Whether some word of the text may be a name, and the last one no firm's.
pub(super) fn valid(text: &str) -> bool {
    let Some(model) = names::shipped() else { return true };
    let last = text.rsplit(' ').next().unwrap_or_default().replace('.', "");
    if text.contains(' ') && FIRMS.iter().any(|firm| firm.eq_ignore_ascii_case(&last)) {
        return false;
    }
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
        for text in ["Portal", "Education", "Contact Form", "Services", "A.", "Lee Holdings", "Halloran B.V."]
        {
            assert!(!valid(text), "{text}");
        }
    }
}
