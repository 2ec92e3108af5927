//! Scope hierarchies: which scopes a scope implies, as configured.

use crate::model::scope::Scopes;
use std::collections::BTreeMap;

/// By scope, what it implies.
#[derive(Clone, Debug, Default)]
pub struct Implied(BTreeMap<String, Vec<String>>);

impl Implied {
    pub fn new(implied: BTreeMap<String, Vec<String>>) -> Self {
        Self(implied)
    }

    /// `held`, and all that it implies, at any remove.
    pub fn with(&self, held: &Scopes) -> Scopes {
        if self.0.is_empty() {
            return held.clone();
        }
        let mut all = held.clone();
        let mut new: Vec<&str> = held.iter().collect();
        while let Some(scope) = new.pop() {
            for implied in self.0.get(scope).into_iter().flatten() {
                if all.add(implied) {
                    new.push(implied);
                }
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_implied_is_held_at_any_remove_and_circles_end() {
        let rules = [("a", vec!["b"]), ("b", vec!["c", "a"]), ("x", vec!["y"])];
        let rules = rules.map(|(scope, implied)| {
            (scope.to_owned(), implied.into_iter().map(str::to_owned).collect::<Vec<_>>())
        });
        let implied = Implied::new(rules.into_iter().collect());
        assert_eq!(implied.with(&Scopes::from_iter(["a"])), Scopes::from_iter(["a", "b", "c"]));
        assert_eq!(implied.with(&Scopes::from_iter(["c", "y"])), Scopes::from_iter(["c", "y"]));
    }
}
