//! Scopes as a command takes them.

use crate::model::nearest::meant;
use crate::model::scope::Scopes;
use anyhow::{anyhow, bail};

/// Reads `--scopes`. `known` are those that the rules name.
///
/// # Errors
/// What is no scope, and what to write.
pub(super) fn read<'k>(text: &str, known: impl Iterator<Item = &'k str>) -> anyhow::Result<Scopes> {
    let scopes = Scopes::parse(text).ok_or_else(|| {
        anyhow!("--scopes has a character that no scope has: write scopes as tokens carry them, separated by spaces")
    })?;
    let known: Vec<&str> = known.collect();
    // A comma may be in a scope (RFC 6749 §3.3), and hardly ever is.
    if let Some(joined) = scopes.iter().find(|scope| scope.contains(',') && !known.contains(scope)) {
        let apart: Vec<&str> = joined.split(',').filter(|scope| !scope.is_empty()).collect();
        bail!(
            "`{joined}` is one scope with a comma in it: separate scopes by spaces, --scopes \"{}\"",
            apart.join(" ")
        );
    }
    Ok(scopes)
}

/// What to know of scopes that are given and that no rule of the tool names.
pub(super) fn unknown(held: &Scopes, known: &Scopes) -> Vec<String> {
    let strange = held.iter().filter(|scope| !known.iter().any(|known| known == *scope) && !known.is_empty());
    let near = strange.filter_map(|scope| {
        let meant = meant(scope, known.iter());
        (!meant.is_empty()).then(|| format!("the rules of the tool do not name `{scope}`{meant}"))
    });
    near.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_separates_nothing() {
        let read = |text: &str| read(text, ["patient:read", "phi:read", "a,b"].into_iter());
        assert_eq!(read("patient:read phi:read").unwrap().iter().count(), 2);
        assert_eq!(read("a,b").unwrap().iter().count(), 1, "a scope that the rules name");
        let said = read("patient:read,phi:read").unwrap_err().to_string();
        assert!(said.ends_with("separate scopes by spaces, --scopes \"patient:read phi:read\""), "{said}");
        assert!(read("a\tb").unwrap_err().to_string().contains("separated by spaces"));
    }

    #[test]
    fn a_near_scope_is_told_and_another_is_not() {
        let (held, known) =
            (Scopes::parse("patient:raed other").unwrap(), Scopes::parse("patient:read").unwrap());
        let said = unknown(&held, &known);
        assert_eq!(said, ["the rules of the tool do not name `patient:raed`; did you mean `patient:read`?"]);
    }
}
