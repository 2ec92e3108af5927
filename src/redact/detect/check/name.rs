//! Names that are no plain words, and no firm's: behind "Patient" stands a person's name or
//! "Portal", under `client` a person's or "Lee Holdings".

use crate::redact::names;

/// What the names of firms, houses and departments end with.
const FIRMS: [&str; 72] = [
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
    "pharma",
    "pharmacy",
    "pharmaceuticals",
    "laboratory",
    "laboratories",
    "labs",
    "engineering",
    "consulting",
    "ventures",
    "capital",
    "motors",
    "realty",
    "properties",
    "construction",
    "airlines",
    "society",
    "association",
    "council",
    "authority",
    "ministry",
    "museum",
    "library",
    "academy",
    "studios",
    "enterprises",
    "international",
];

/// What lists know as a name, and conversations as another word.
const SPEAKERS: [&str; 4] = ["bot", "dev", "rep", "cust"];

/// Whether some word of the text may be a name, and the last one no firm's.
pub(crate) fn valid(text: &str) -> bool {
    let Some(model) = names::shipped() else { return true };
    !is_firm(text) && words(text).any(|word| model.lists.known(names::feature::hash(word)).may_name())
}

/// As [`valid`], where days and months stand as well as names.
pub(super) fn said(text: &str) -> bool {
    valid(text) && !words(text).all(names::is_of_calendar)
}

/// Whether each word of the text is on a list of names and no plain word: for one that stands
/// where other things stand as often.
pub(super) fn listed(text: &str) -> bool {
    let Some(model) = names::shipped() else { return true };
    let named = |word: &str| {
        let says_more = SPEAKERS.iter().any(|speaker| speaker.eq_ignore_ascii_case(word));
        !says_more && model.lists.known(names::feature::hash(word)).is_name(names::Kind::Person)
    };
    !is_firm(text) && words(text).next().is_some() && words(text).all(named)
}

/// Whether the first two components, parted by `^`, may be names.
pub(super) fn parts(text: &str) -> bool {
    let Some(model) = names::shipped() else { return true };
    let named = |word: &str| model.lists.known(names::feature::hash(word)).may_name();
    let all = |part: &str| words(part).next().is_some() && words(part).all(named);
    text.split('^').take(2).all(all)
}

/// Whether a text of several words ends as the names of firms do.
pub(super) fn is_firm(text: &str) -> bool {
    let last = text.rsplit(' ').next().unwrap_or_default().replace('.', "");
    text.contains(' ') && FIRMS.iter().any(|firm| firm.eq_ignore_ascii_case(&last))
}

/// The words of two letters or more.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split([' ', '\t', '\n']).map(|word| word.trim_end_matches(['.', ',']));
    words.filter(|word| word.chars().nth(1).is_some())
}

#[cfg(test)]
mod tests {
    use super::{listed, valid};

    #[test]
    fn only_what_a_list_knows_is_listed() {
        for text in ["Kaveh", "Prendergast", "Umberto"] {
            assert!(listed(text), "{text}");
        }
        for text in ["Xqyzzy", "Portal", "Allied", "", "Lee Holdings"] {
            assert!(!listed(text), "{text}");
        }
    }

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
