//! Scopes that look like slips of the pen for others.
//!
//! Nobody but the authorization server knows which scopes there are, and nothing but what the
//! rules themselves say is at hand where they are tested: each is a guess.

use super::ServerRules;
use crate::model::fault::{Origin, SourceFault};
use crate::model::nearest::distance_of;
use std::collections::BTreeMap;

/// Shorter words are near too many others: `phi` and `pii`, `rs` and `cruds`.
const SHORTEST: usize = 4;
/// From this length on two letters may be wrong.
const LONG: usize = 8;

/// A note for each scope that is near one which the rules name as often or oftener.
pub fn misspelt<'r>(servers: impl Iterator<Item = &'r ServerRules>) -> Vec<SourceFault> {
    let mut used: BTreeMap<&str, Vec<&Origin>> = BTreeMap::new();
    let rules: Vec<_> = servers.flat_map(ServerRules::all).collect();
    for (scope, origin) in rules.iter().flat_map(|rules| rules.named_scopes()) {
        used.entry(scope).or_default().push(origin);
    }
    for places in used.values_mut() {
        places.sort_by_key(|origin| (&origin.file, origin.line));
    }
    let first = |places: &[&Origin]| places.first().map(|origin| (origin.file.clone(), origin.line));
    let note = |(scope, places): (&&str, &Vec<&Origin>)| {
        // Of two that are as common, the one that comes later is noted.
        let rank = |places: &Vec<&Origin>| (std::cmp::Reverse(places.len()), first(places));
        let others = used.iter().filter(|(other, of)| rank(of) < rank(places) && is_slip(scope, other));
        let (other, of) = others.min_by_key(|(_, of)| rank(of))?;
        let (file, line) = first(places)?;
        let there = of.first()?;
        let message = format!(
            "`{scope}` is nearly `{other}` ({there}): if one of them is misspelt, nobody holds it; if both are meant, \
             leave them"
        );
        Some(SourceFault { file, line, column: 1, message })
    };
    used.iter().filter_map(note).collect()
}

/// Whether one word of them alone differs, by no more than a slip.
pub fn is_slip(one: &str, other: &str) -> bool {
    let marks = |text: &str| text.chars().filter(|c| !c.is_alphanumeric()).collect::<String>();
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect()
    };
    if one == other || marks(one) != marks(other) {
        return false;
    }
    let (ours, theirs) = (words(one), words(other));
    let mut apart = ours.iter().zip(&theirs).filter(|(a, b)| a != b);
    match (apart.next(), apart.next()) {
        // Upper and lower case.
        (None, _) => true,
        (Some((a, b)), None) => {
            let shorter = a.chars().count().min(b.chars().count());
            let letters = |text: &str| text.chars().filter(|c| !c.is_numeric()).collect::<String>();
            let most = if shorter < LONG { 1 } else { 2 };
            // `ward1` and `ward2` are two wards.
            shorter >= SHORTEST && letters(a) != letters(b) && distance_of(a, b) <= most
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_within_one_word() {
        for (one, other) in [
            ("patient:raed", "patient:read"),
            ("Patient:read", "patient:read"),
            ("patients/notes.read", "patient/notes.read"),
            ("transcations:list", "transactions:list"),
        ] {
            assert!(is_slip(one, other) && is_slip(other, one), "{one} {other}");
        }
        for (one, other) in [
            ("phi:read", "pii:read"),
            ("patient:read", "patient:write"),
            ("patient:read", "patient.read"),
            ("ward1:read", "ward2:read"),
            ("patient/Observation.rs", "patient/Observation.r"),
            ("patient/Observation.rs", "user/Observation.rs"),
            ("notes:read", "notes:read"),
            ("read", "road:read"),
        ] {
            assert!(!is_slip(one, other), "{one} {other}");
        }
    }
}
