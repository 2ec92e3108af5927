//! Places that a list knows: under `branch` stands a town or "Main".

use super::name::is_firm;
use crate::redact::names;

/// Whether some word of the text is the name of a place rather than a plain word, and the last
/// one no firm's.
pub(super) fn valid(text: &str) -> bool {
    let Some(model) = names::shipped() else { return true };
    !is_firm(text)
        && text.split([' ', ',', '/', '-']).any(|word| {
            word.chars().nth(1).is_some() && model.lists.known(names::feature::hash(word)).is_placed()
        })
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn only_towns_and_countries_are_places() {
        for text in ["Chattanooga", "Salzburg", "North Carolina", "Valparaíso, Chile", "Wexford-Nantes"] {
            assert!(valid(text), "{text}");
        }
        for text in ["Main", "Warehouse B", "Xqyzzy", "Online", "Left Deltoid", "Boise Foods", "Emergency"] {
            assert!(!valid(text), "{text}");
        }
    }
}
