//! Whether what an authorization server answered is what it was asked for.
//!
//! Invariant: a token leaves here only if it is no wider than its target: one subject, one
//! scope, one audience, our name as actor, five seconds.

use crate::exchange::target::{LIFE, Target};
use crate::exchange::{actor, details};
use crate::model::principal::Principal;
use crate::model::sensitive::Sensitive;
use serde_json::{Map, Value};

/// Seconds by which the authorization server's clock may be ahead of ours.
const AHEAD: u64 = 5;

/// What was asked for.
pub(super) struct Asked<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    pub(super) target: &'a Target,
    /// None for a token in our own name.
    pub(super) principal: Option<&'a Principal>,
    pub(super) details: Option<&'a Value>,
    /// The thumbprint of the key to which it is to be bound.
    pub(super) binding: Option<&'a str>,
    /// Seconds since the epoch.
    pub(super) now: u64,
}

/// The token of a response (RFC 6749 §5.1, RFC 8693 §2.2.1), not yet verified.
///
/// # Errors
/// A stable word for the audit.
pub(super) fn token(
    answer: &Map<String, Value>,
    asked: &Asked<'_>,
    kind: Option<&str>,
) -> Result<Sensitive<String>, &'static str> {
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    if kind.is_some() && text("issued_token_type") != kind {
        return Err("issued_token_type");
    }
    let expected = if asked.binding.is_some() { "dpop" } else { "bearer" };
    if !text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case(expected)) {
        return Err("token_type");
    }
    if answer.get("scope").is_some_and(|scope| scope != asked.target.scope.as_str()) {
        return Err("delegated scope");
    }
    if answer.get("expires_in").is_some_and(|life| life.as_u64().is_none_or(|life| life == 0 || life > LIFE))
    {
        return Err("delegated lifetime");
    }
    text("access_token").map(|token| Sensitive::new(token.to_owned())).ok_or("access_token")
}

/// Judges the claims of a token whose signature holds.
///
/// # Errors
/// A stable word for the audit.
pub(super) fn judge(
    kind: Option<&str>,
    claims: &Map<String, Value>,
    asked: &Asked<'_>,
) -> Result<(), &'static str> {
    let kind = kind.unwrap_or_default().to_ascii_lowercase();
    if !matches!(kind.as_str(), "at+jwt" | "application/at+jwt") {
        return Err("delegated typ");
    }
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(asked.issuer) {
        return Err("delegated issuer");
    }
    let audience = asked.target.downstream.named();
    let for_it = match claims.get("aud") {
        Some(Value::String(one)) => one == audience,
        Some(Value::Array(several)) => matches!(several.as_slice(), [one] if one == audience),
        _ => false,
    };
    if !for_it {
        return Err("delegated audience");
    }
    if text("scope") != Some(&asked.target.scope) {
        return Err("delegated scope");
    }
    bound(claims, asked.binding)?;
    if claims.get("client_id").is_some_and(|client| client != asked.client) {
        return Err("delegated client");
    }
    times(claims, asked.now)?;
    match asked.principal {
        Some(principal) => {
            if text("sub") != Some(&principal.subject) {
                return Err("delegated subject");
            }
            actor::is_kept(claims, principal, asked.client)?;
        }
        None if claims.contains_key("act") => return Err("delegated actor"),
        None => {}
    }
    details::hold(claims.get("authorization_details"), asked.details)
}

/// To our key where we asked for that, and otherwise to none: it would be somebody else's.
fn bound(claims: &Map<String, Value>, binding: Option<&str>) -> Result<(), &'static str> {
    match (claims.get("cnf"), binding) {
        (None, None) => Ok(()),
        (Some(key), Some(own)) if key.get("jkt").is_some_and(|named| named == own) => Ok(()),
        (None, Some(_)) => Err("delegated token is bound to no key"),
        (Some(_), _) => Err("delegated token is bound to another key"),
    }
}

fn times(claims: &Map<String, Value>, now: u64) -> Result<(), &'static str> {
    let number = |name: &str| claims.get(name).and_then(Value::as_u64);
    let (Some(issued), Some(expires)) = (number("iat"), number("exp")) else {
        return Err("delegated times");
    };
    let lives = expires > now && expires > issued;
    let briefly = expires.saturating_sub(issued) <= LIFE && expires <= now.saturating_add(LIFE + AHEAD);
    if lives && briefly { Ok(()) } else { Err("delegated lifetime") }
}
