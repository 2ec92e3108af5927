//! OAuth scopes as a set (RFC 6749 §3.3).

use crate::model::smart;
use std::collections::BTreeSet;
use std::fmt;

/// A set of scope tokens, kept in order so that challenges and records are stable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scopes(BTreeSet<String>);

impl Scopes {
    /// Reads the space-separated form of RFC 6749 §3.3. Returns `None` if a
    /// character outside `%x21 / %x23-5B / %x5D-7E` occurs: look-alike spaces and
    /// letters must not widen or split a scope.
    pub fn parse(text: &str) -> Option<Self> {
        let tokens = text.split(' ').filter(|token| !token.is_empty());
        tokens.map(|token| is_scope_token(token).then(|| token.to_owned())).collect::<Option<_>>().map(Self)
    }

    /// Whether a scope is held, by its own name or, of SMART on FHIR, within others.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope) || smart::grants(self.iter(), scope)
    }

    /// The members of `self` that `held` lacks.
    pub fn missing_from(&self, held: &Scopes) -> Scopes {
        Self(self.0.iter().filter(|scope| !held.contains(scope)).cloned().collect())
    }

    /// Whether it is new.
    pub fn add(&mut self, scope: &str) -> bool {
        self.0.insert(scope.to_owned())
    }

    pub fn union(&self, other: &Scopes) -> Scopes {
        Self(self.0.union(&other.0).cloned().collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<S: Into<String>> FromIterator<S> for Scopes {
    fn from_iter<I: IntoIterator<Item = S>>(scopes: I) -> Self {
        Self(scopes.into_iter().map(Into::into).collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, scope) in self.0.iter().enumerate() {
            let gap = if position == 0 { "" } else { " " };
            write!(f, "{gap}{scope}")?;
        }
        Ok(())
    }
}

fn is_scope_token(token: &str) -> bool {
    token.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_in_a_stable_order() {
        let scopes = Scopes::parse("pii:read  accounts:read").unwrap();
        assert_eq!(scopes.to_string(), "accounts:read pii:read");
    }

    #[test]
    fn refuses_what_only_looks_like_a_scope() {
        for text in ["pii:read\u{a0}x", "pii\u{200b}:read", "pii:\u{433}ead", "a\tb", "a\"b", "a\\b"] {
            assert_eq!(Scopes::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn missing_is_what_the_holder_lacks() {
        let required = Scopes::from_iter(["a", "b"]);
        assert_eq!(required.missing_from(&Scopes::from_iter(["b", "c"])), Scopes::from_iter(["a"]));
    }
}
