//! Scopes of SMART on FHIR, version 2: `patient/Observation.rs?category=laboratory`.
//!
//! A scope says for whom (`patient`, `user`, `system`), on which type of resource, and what
//! may be done: create, read, update, delete, search, in that order. A search parameter
//! narrows it.
//!
//! Invariant: a scope that is not of this form grants nothing, and a narrowed one grants
//! only what a rule narrows just as far: which records a parameter selects is for the
//! server to say, and the rule is the word that it does.

use std::collections::BTreeSet;

const LEVELS: [&str; 3] = ["patient", "user", "system"];
const LETTERS: &str = "cruds";
const ANY: &str = "*";

/// A scope taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SmartScope<'s> {
    level: &'s str,
    kind: &'s str,
    /// A bit for each letter.
    may: u8,
    narrowed: BTreeSet<(&'s str, &'s str)>,
}

/// Whether a scope has the outer form of a SMART one, well-formed or not.
pub fn is_meant(scope: &str) -> bool {
    scope.split_once('/').is_some_and(|(level, _)| LEVELS.contains(&level))
}

/// Whether a scope is a well-formed SMART one.
pub fn is_valid(scope: &str) -> bool {
    SmartScope::parse(scope).is_some()
}

/// Whether a scope is of one patient's data.
pub fn is_of_patient(scope: &str) -> bool {
    scope.starts_with("patient/")
}

/// Whether what is held grants what is required. Several scopes add up.
pub(super) fn grants<'h>(held: impl Iterator<Item = &'h str>, required: &str) -> bool {
    let Some(required) = is_meant(required).then(|| SmartScope::parse(required)).flatten() else {
        return false;
    };
    let fitting = held.filter_map(SmartScope::parse).filter(|held| held.fits(&required));
    let may = fitting.fold(0, |all, held| all | held.may);
    may & required.may == required.may
}

impl<'s> SmartScope<'s> {
    fn parse(scope: &'s str) -> Option<Self> {
        let (level, rest) = scope.split_once('/')?;
        let (plain, parameters) = match rest.split_once('?') {
            None => (rest, None),
            Some((plain, parameters)) => (plain, Some(parameters)),
        };
        let (kind, letters) = plain.split_once('.')?;
        let named = kind.starts_with(|c: char| c.is_ascii_uppercase())
            && kind.bytes().all(|byte| byte.is_ascii_alphabetic());
        if !LEVELS.contains(&level) || !(named || kind == ANY) {
            return None;
        }
        let narrowed = match parameters {
            None => BTreeSet::new(),
            Some(parameters) => parameters.split('&').map(parameter).collect::<Option<_>>()?,
        };
        Some(Self { level, kind, may: bits(letters)?, narrowed })
    }

    fn fits(&self, required: &SmartScope<'_>) -> bool {
        self.level == required.level
            && (self.kind == required.kind || self.kind == ANY)
            && self.narrowed.is_subset(&required.narrowed)
    }
}

/// Letters of `cruds`, each at most once and in that order.
fn bits(letters: &str) -> Option<u8> {
    let mut rest = LETTERS.char_indices();
    let bits = letters.chars().try_fold(0_u8, |bits, letter| {
        let (place, _) = rest.find(|(_, known)| *known == letter)?;
        Some(bits | 1 << place)
    })?;
    (bits != 0).then_some(bits)
}

fn parameter(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:.".contains(&byte);
    (!name.is_empty() && !value.is_empty() && name.bytes().all(allowed)).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(held: &[&str], required: &str) -> bool {
        grants(held.iter().copied(), required)
    }

    #[test]
    fn a_scope_grants_its_own_and_what_lies_within_it() {
        for (held, required) in [
            (&["patient/Observation.rs"][..], "patient/Observation.rs"),
            (&["patient/Observation.cruds"], "patient/Observation.rs"),
            (&["patient/*.rs"], "patient/Observation.r"),
            (&["patient/*.rs"], "patient/*.s"),
            (&["patient/Observation.r", "patient/*.s"], "patient/Observation.rs"),
            (&["user/Patient.rs"], "user/Patient.rs?active=true"),
            (&["patient/Observation.rs?category=a|b"], "patient/Observation.r?category=a|b"),
            (&["patient/Observation.rs?category=a|b"], "patient/Observation.r?code=x&category=a|b"),
        ] {
            assert!(granted(held, required), "{held:?} {required}");
        }
    }

    #[test]
    fn it_grants_nothing_else() {
        for (held, required) in [
            (&["patient/Observation.r"][..], "patient/Observation.rs"),
            (&["user/Observation.rs"], "patient/Observation.rs"),
            (&["patient/Observation.rs"], "patient/*.rs"),
            (&["patient/Observation.rs"], "patient/Condition.rs"),
            (&["patient/Observation.rs?category=a"], "patient/Observation.rs"),
            (&["patient/Observation.rs?category=a"], "patient/Observation.rs?category=b"),
            (&["patient/Observation.r?category=a", "patient/Observation.s"], "patient/Observation.rs"),
            (&["patient/Observation.rs"], "patient:read"),
        ] {
            assert!(!granted(held, required), "{held:?} {required}");
        }
    }

    #[test]
    fn what_is_malformed_grants_nothing() {
        for held in [
            "patient/Observation.sr",
            "patient/Observation.rr",
            "patient/Observation.",
            "patient/Observation",
            "patient/Observation.read",
            "patient/Observation.RS",
            "patient/observation.rs",
            "patient/Obs*.rs",
            "patient/**.rs",
            "Patient/Observation.rs",
            "patient/Observation.rs?",
            "patient/Observation.rs?category",
            "patient/Observation.rs?category=",
            "patient/Observation.rs?=a",
            "patient/Observation.rs?a=b&",
            "patient//Observation.rs",
            "practitioner/Observation.rs",
        ] {
            assert!(!is_valid(held), "{held}");
            assert!(!granted(&[held], "patient/Observation.rs"), "{held}");
        }
    }
}
