//! The claims of an access token, read to the letter (RFC 9068 §2.2 and §4,
//! RFC 7519 §4.1, RFC 8693 §4.1 and §4.4), and what its issuer may say in them.

use crate::jose::base64url;
use crate::jose::compact::Compact;
use crate::jose::issuer::IssuerSettings;
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
    pub(super) issuer: &'e IssuerSettings,
    pub(super) own_client: &'e str,
    /// Seconds since the epoch.
    pub(super) now: u64,
    pub(super) leeway: u64,
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
    audience(claims, expected)?;
    let expires = times(claims, expected)?;
    let actors = actors(claims)?;
    let (own, named) = (expected.own_client, !expected.own_client.is_empty());
    // Nested actors are history (RFC 8693 §4.1), but a chain that we are in was begun by us,
    // and its tokens are for a downstream.
    if named && actors.iter().any(|actor| actor == own) {
        return Err("delegated token");
    }
    if named && !may_act(claims, own) {
        return Err("may_act");
    }
    let text = |name: &'static str| text(claims, name).ok_or(name);
    let (issuer, subject, client) = (text("iss")?, text("sub")?, text("client_id")?);
    // RFC 9700 §4.15: a client must not pass for a person.
    if named && subject == own || subject == client && !expected.issuer.machines {
        return Err("subject");
    }
    if !expected.issuer.claims.iter().all(|(name, values)| holds(claims.get(name), values)) {
        return Err("claim");
    }
    // A scope that is not written as RFC 6749 §3.3 has it grants nothing: the challenge then
    // says which one the call needs.
    let scopes = claims.get("scope").and_then(Value::as_str).and_then(Scopes::parse).unwrap_or_default();
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

/// `aud` must be ours and nobody else's: a token good elsewhere too could be replayed here
/// by that other server. Those that the issuer's settings name may stand beside us.
fn audience(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), &'static str> {
    let among = |names: &[String], value: &Value| {
        value.as_str().is_some_and(|audience| names.iter().any(|name| name == audience))
    };
    let ours = |value: &Value| among(expected.audiences, value) || among(&expected.issuer.audiences, value);
    let fits = match claims.get("aud") {
        Some(one @ Value::String(_)) => ours(one),
        Some(Value::Array(several)) => {
            let others = |value: &Value| among(&expected.issuer.other_audiences, value);
            several.iter().any(ours) && several.iter().all(|value| ours(value) || others(value))
        }
        _ => false,
    };
    if fits { Ok(()) } else { Err("audience") }
}

/// Whether a claim has one of these values; of a list, one of its elements.
fn holds(claim: Option<&Value>, values: &[String]) -> bool {
    let is = |value: &Value| value.as_str().is_some_and(|text| values.iter().any(|known| known == text));
    match claim {
        Some(Value::Array(several)) => several.iter().any(is),
        Some(one) => is(one),
        None => false,
    }
}

/// RFC 8693 §4.4: a token that says who may act for its subject must say that we may.
fn may_act(claims: &Map<String, Value>, own: &str) -> bool {
    let Some(allowed) = claims.get("may_act") else { return true };
    allowed.get("sub").is_some_and(|sub| sub == own)
        && allowed.get("iss").is_none_or(|iss| Some(iss) == claims.get("iss"))
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
    if expires.saturating_sub(issued) > expected.issuer.max_life {
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
