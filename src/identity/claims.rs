//! The claims of an access token, read to the letter (RFC 9068 §2.2 and §4,
//! RFC 7519 §4.1, RFC 8693 §4.1).

use crate::jose::base64url;
use crate::jose::compact::Compact;
use crate::jose::sha256;
use crate::model::ids::Lineage;
use crate::model::principal::Principal;
use crate::model::scope::Scopes;
use serde_json::{Map, Value};

const MAX_TEXT: usize = 256;
const MAX_ACTORS: usize = 8;

/// What a token must say to be accepted here.
pub(super) struct Expected<'e> {
    pub(super) audiences: &'e [String],
    pub(super) own_client: &'e str,
    /// Seconds since the epoch.
    pub(super) now: u64,
    pub(super) leeway: u64,
    pub(super) max_life: u64,
}

/// # Errors
/// The name of the check that failed.
pub(super) fn principal(token: &Compact<'_>, expected: &Expected<'_>) -> Result<Principal, &'static str> {
    let kind = token.kind.as_deref().unwrap_or_default().to_ascii_lowercase();
    if !matches!(kind.as_str(), "at+jwt" | "application/at+jwt") {
        return Err("typ");
    }
    accepted(&token.claims, expected)
}

/// As [`principal`], of claims that the issuer has told us itself.
pub(super) fn accepted(
    claims: &Map<String, Value>,
    expected: &Expected<'_>,
) -> Result<Principal, &'static str> {
    audience(claims, expected.audiences)?;
    let expires = times(claims, expected)?;
    let actors = actors(claims)?;
    if actors.first().is_some_and(|actor| actor == expected.own_client) {
        return Err("delegated token");
    }
    let text = |name: &'static str| text(claims, name).ok_or(name);
    let (issuer, subject, client) = (text("iss")?, text("sub")?, text("client_id")?);
    let scopes = match claims.get("scope") {
        None => Scopes::default(),
        Some(Value::String(scope)) => Scopes::parse(scope).ok_or("scope")?,
        Some(_) => return Err("scope"),
    };
    Ok(Principal {
        lineage: lineage(&issuer, &subject),
        token_id: text("jti")?,
        issuer,
        subject,
        client,
        scopes,
        expires,
        actors,
        claims: claims.clone(),
    })
}

/// `aud` must be ours and nobody else's: a token good elsewhere too could be
/// replayed here by that other server.
fn audience(claims: &Map<String, Value>, ours: &[String]) -> Result<(), &'static str> {
    let is_ours =
        |value: &Value| value.as_str().is_some_and(|audience| ours.iter().any(|own| own == audience));
    match claims.get("aud") {
        Some(one @ Value::String(_)) if is_ours(one) => Ok(()),
        Some(Value::Array(several)) if !several.is_empty() && several.iter().all(is_ours) => Ok(()),
        _ => Err("audience"),
    }
}

/// Checks the times and returns `exp`.
fn times(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<u64, &'static str> {
    let (now, leeway) = (expected.now, expected.leeway);
    let number = |name: &'static str| claims.get(name).and_then(Value::as_u64).ok_or(name);
    let (expires, issued) = (number("exp")?, number("iat")?);
    if expires.saturating_add(leeway) <= now {
        return Err("expired");
    }
    if issued > now.saturating_add(leeway) {
        return Err("issued in the future");
    }
    if claims.contains_key("nbf") && number("nbf")? > now.saturating_add(leeway) {
        return Err("not yet valid");
    }
    if expires.saturating_sub(issued) > expected.max_life {
        return Err("lifetime");
    }
    Ok(expires)
}

/// The chain of actors, outermost first.
fn actors(claims: &Map<String, Value>) -> Result<Vec<String>, &'static str> {
    let mut chain = Vec::new();
    let mut next = claims.get("act");
    while let Some(actor) = next {
        let actor = actor.as_object().ok_or("act")?;
        if chain.len() == MAX_ACTORS {
            return Err("act");
        }
        chain.push(text(actor, "sub").ok_or("act")?);
        next = actor.get("act");
    }
    Ok(chain)
}

fn text(claims: &Map<String, Value>, name: &str) -> Option<String> {
    let text = claims.get(name)?.as_str()?;
    let fit = !text.is_empty() && text.len() <= MAX_TEXT && !text.chars().any(char::is_control);
    fit.then(|| text.to_owned())
}

/// Hashes with lengths, so that no two pairs run together. The client is left out: with
/// dynamic registration anyone gets a new one, and a budget with it.
fn lineage(issuer: &str, subject: &str) -> Lineage {
    let mut input = Vec::new();
    for part in [issuer, subject] {
        input.extend_from_slice(&(part.len() as u64).to_be_bytes());
        input.extend_from_slice(part.as_bytes());
    }
    Lineage::new(base64url(&sha256(&input)))
}
