//! Who acts for whom (RFC 8693 §4.1, §4.4).
//!
//! Invariant: the chain of a delegated token is ours and then, unchanged, the caller's.
//! Nested actors are history: nothing here decides by them.

use crate::model::principal::Principal;
use serde_json::{Map, Value, json};

/// Actors of one token, us included.
const MOST: usize = 8;

/// Whether we may act for the caller. A token without `may_act` leaves that to whoever
/// issues the delegated one.
///
/// # Errors
/// A stable word for the audit.
pub(super) fn may_act(principal: &Principal, own: &str) -> Result<(), &'static str> {
    if principal.actors.len() >= MOST {
        return Err("too many actors");
    }
    let Some(allowed) = principal.claims.get("may_act") else { return Ok(()) };
    let allowed = allowed.as_object().ok_or("may_act")?;
    let is = |name: &str, expected: &str| allowed.get(name).is_none_or(|value| value == expected);
    let names_us = allowed.contains_key("sub") && is("sub", own);
    if names_us && is("iss", &principal.issuer) { Ok(()) } else { Err("may_act names another") }
}

/// The `act` of a token in which we act for the caller.
pub(super) fn act(principal: &Principal, own: &str) -> Value {
    match principal.claims.get("act") {
        Some(earlier) => json!({"sub": own, "act": earlier}),
        None => json!({"sub": own}),
    }
}

/// Whether a token's `act` says that we act, and keeps the caller's chain.
///
/// # Errors
/// A stable word for the audit.
pub(super) fn is_kept(
    claims: &Map<String, Value>,
    principal: &Principal,
    own: &str,
) -> Result<(), &'static str> {
    let (mut found, mut next) = (Vec::new(), claims.get("act"));
    while let Some(actor) = next {
        if found.len() == MOST {
            return Err("delegated actor");
        }
        found.push(actor.get("sub").and_then(Value::as_str).ok_or("delegated actor")?);
        next = actor.get("act");
    }
    let expected = std::iter::once(own).chain(principal.actors.iter().map(String::as_str));
    if found.into_iter().eq(expected) { Ok(()) } else { Err("delegated actor") }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::ids::Lineage;
    use crate::model::scope::Scopes;

    pub(in crate::exchange) fn principal(claims: &Value) -> Principal {
        let claims = claims.as_object().unwrap().clone();
        let (mut actors, mut next) = (Vec::new(), claims.get("act"));
        while let Some(actor) = next {
            actors.push(actor["sub"].as_str().unwrap().to_owned());
            next = actor.get("act");
        }
        Principal {
            issuer: "https://as.example".into(),
            subject: "alice".into(),
            client: "agent".into(),
            scopes: Scopes::default(),
            token_id: "t".into(),
            expires: 2_000,
            actors,
            claims,
            lineage: Lineage::new("x"),
        }
    }

    #[test]
    fn only_we_may_act_where_the_token_says_who() {
        for (claims, judged) in [
            (json!({}), Ok(())),
            (json!({"may_act": {"sub": "gate"}}), Ok(())),
            (json!({"may_act": {"sub": "gate", "iss": "https://as.example"}}), Ok(())),
            (json!({"may_act": {"sub": "gate", "iss": "https://other"}}), Err("may_act names another")),
            (json!({"may_act": {"sub": "other"}}), Err("may_act names another")),
            (json!({"may_act": {}}), Err("may_act names another")),
            (json!({"may_act": {"sub": ["gate"]}}), Err("may_act names another")),
            (json!({"may_act": "gate"}), Err("may_act")),
        ] {
            assert_eq!(may_act(&principal(&claims), "gate"), judged, "{claims}");
        }
        let deep = (0..8).fold(json!({"sub": "a"}), |inner, _| json!({"sub": "a", "act": inner}));
        assert_eq!(may_act(&principal(&json!({"act": deep})), "gate"), Err("too many actors"));
    }

    #[test]
    fn the_chain_is_ours_and_then_the_callers() {
        let plain = principal(&json!({}));
        let nested = principal(&json!({"act": {"sub": "agent", "act": {"sub": "first"}}}));
        for who in [&plain, &nested] {
            let claims = Map::from_iter([("act".to_owned(), act(who, "gate"))]);
            assert_eq!(is_kept(&claims, who, "gate"), Ok(()));
            assert!(is_kept(&claims, who, "other").is_err());
        }
        for (claims, who) in [
            (json!({}), &plain),
            (json!({"act": {"sub": "gate"}}), &nested),
            (json!({"act": {"sub": "gate", "act": {"sub": "agent"}}}), &plain),
            (json!({"act": {"sub": "agent", "act": {"sub": "gate"}}}), &nested),
            (json!({"act": "gate"}), &plain),
        ] {
            assert!(is_kept(claims.as_object().unwrap(), who, "gate").is_err(), "{claims}");
        }
    }
}
