//! Security events that a transmitter pushes (RFC 8417, RFC 8935; the Shared Signals
//! Framework and CAEP): a session was revoked, a credential or a token's claims changed.
//!
//! Invariants: nothing happens for a sender without the shared secret, nor by an event
//! whose signature, issuer and audience were not checked; a transmitter speaks for its own
//! subjects alone; an event acts once.

use crate::jose::compact::Compact;
use crate::jose::issuer::Issuer;
use crate::jose::same_secret;
use crate::model::clock::Clock;
use crate::model::sensitive::Sensitive;
use crate::model::signal::{Signal, Whose};
use crate::store::revocations::Revocations;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Seconds by which a transmitter's clock may be ahead of ours.
const AHEAD: u64 = 5;
/// Seconds for which an event's id is remembered.
const REMEMBERED: u64 = 24 * 3600;
const MOST_REMEMBERED: usize = 100_000;
const MOST_EVENTS: usize = 16;

/// The events that revoke.
const REVOKING: [&str; 3] = [
    "https://schemas.openid.net/secevent/caep/event-type/session-revoked",
    "https://schemas.openid.net/secevent/caep/event-type/credential-change",
    "https://schemas.openid.net/secevent/caep/event-type/token-claims-change",
];

/// Takes events.
pub struct Receiver {
    /// The issuers whose word is taken, each for its own subjects.
    transmitters: Vec<Arc<Issuer>>,
    /// `aud` of the events: the URL at which they are received.
    audience: String,
    secret: Sensitive<String>,
    revocations: Arc<Revocations>,
    clock: Clock,
    /// Ids of events, and when each came.
    seen: Mutex<HashMap<(String, String), u64>>,
}

/// Why an event was not taken; the words are those of RFC 8935 §2.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    AuthenticationFailed,
    InvalidRequest(&'static str),
    InvalidKey,
    InvalidIssuer,
    InvalidAudience,
    /// The transmitter's keys cannot be had, or the event cannot be written down: it may
    /// send it again.
    Unavailable(&'static str),
}

impl Receiver {
    pub fn new(
        transmitters: Vec<Arc<Issuer>>,
        audience: String,
        secret: Sensitive<String>,
        revocations: Arc<Revocations>,
        clock: Clock,
    ) -> Self {
        Self { transmitters, audience, secret, revocations, clock, seen: Mutex::default() }
    }

    /// Whether the sender is the transmitter: the first thing to ask.
    pub fn knows(&self, authorization: Option<&str>) -> bool {
        let (scheme, secret) = authorization.and_then(|value| value.split_once(' ')).unwrap_or_default();
        scheme.eq_ignore_ascii_case("bearer")
            && same_secret(secret.as_bytes(), self.secret.expose().as_bytes())
    }

    /// # Errors
    /// Why the event was not taken.
    pub async fn receive(&self, event: &str) -> Result<Signal, Refusal> {
        let set = Compact::read(event).map_err(Refusal::InvalidRequest)?;
        // RFC 8417 §2.3: no other kind of token can pass for one.
        let kind = set.kind.as_deref().unwrap_or_default().to_ascii_lowercase();
        if !matches!(kind.as_str(), "secevent+jwt" | "application/secevent+jwt") {
            return Err(Refusal::InvalidRequest("typ"));
        }
        let named = set.claims.get("iss").and_then(Value::as_str);
        let issuer = self.transmitters.iter().find(|known| Some(known.settings.issuer.as_str()) == named);
        let issuer = issuer.ok_or(Refusal::InvalidIssuer)?;
        let verified = issuer.verify(&set).await.map_err(|fault| Refusal::Unavailable(fault.0))?;
        verified.map_err(|_| Refusal::InvalidKey)?;
        self.take(&issuer.settings.issuer, &set.claims).await
    }

    async fn take(&self, issuer: &str, claims: &Map<String, Value>) -> Result<Signal, Refusal> {
        let is_ours = |value: &Value| value == self.audience.as_str();
        let for_us = match claims.get("aud") {
            Some(Value::Array(several)) => several.iter().any(is_ours),
            Some(one) => is_ours(one),
            None => false,
        };
        if !for_us {
            return Err(Refusal::InvalidAudience);
        }
        let now = self.clock.unix_seconds();
        let issued = claims.get("iat").and_then(Value::as_u64).ok_or(Refusal::InvalidRequest("iat"))?;
        if issued > now.saturating_add(AHEAD) {
            return Err(Refusal::InvalidRequest("iat"));
        }
        let id = claims.get("jti").and_then(Value::as_str).filter(|id| (1..=256).contains(&id.len()));
        let id = id.ok_or(Refusal::InvalidRequest("jti"))?.to_owned();
        let events = claims.get("events").and_then(Value::as_object);
        let events = events.filter(|events| (1..=MOST_EVENTS).contains(&events.len()));
        let events = events.ok_or(Refusal::InvalidRequest("events"))?;
        let short = |name: &String| name.rsplit('/').next().unwrap_or_default().chars().take(64).collect();
        let mut signal = Signal {
            issuer: issuer.to_owned(),
            id,
            events: events.keys().map(short).collect(),
            revoked: Vec::new(),
            again: false,
        };
        signal.again = self.was_seen(issuer, &signal.id, now);
        if signal.again {
            return Ok(signal);
        }
        for (name, event) in events.iter().filter(|(name, _)| REVOKING.contains(&name.as_str())) {
            let stated = event.get("event_timestamp").or_else(|| claims.get("toe")).and_then(Value::as_u64);
            // A time to come would lock out whoever signs in anew; but the transmitter's own clock
            // may be ahead a little, and with it the `iat` of its tokens.
            let before = stated.unwrap_or(issued).min(issued.max(now));
            let subject = claims.get("sub_id").or_else(|| event.get("subject"));
            let whose = subject.map(|subject| subjects(subject, issuer)).unwrap_or_default();
            if whose.is_empty() {
                tracing::warn!(event = %short_of(name), "an event is about nobody that tokens name");
            }
            for whose in whose {
                let kept = self.revocations.revoke(&whose, before, now).await;
                kept.map_err(|_| {
                    Refusal::Unavailable(
                        "the revocation cannot be written down, or told to the other replicas",
                    )
                })?;
                signal.revoked.push(whose);
            }
        }
        Ok(signal)
    }

    /// Notes that an event is on record. Until then it counts as new, however often it comes.
    pub fn recorded(&self, signal: &Signal) {
        let id = (signal.issuer.clone(), signal.id.clone());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(id, self.clock.unix_seconds());
    }

    fn was_seen(&self, issuer: &str, id: &str, now: u64) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST_REMEMBERED {
            seen.retain(|_, came| now.saturating_sub(*came) < REMEMBERED);
        }
        seen.contains_key(&(issuer.to_owned(), id.to_owned()))
    }
}

fn short_of(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}

/// Whom a subject identifier names (RFC 9493 §3). Of a complex one the session alone, where
/// it has one: the person's other sessions go on.
fn subjects(subject: &Value, issuer: &str) -> Vec<Whose> {
    let text = |name: &str| subject.get(name).and_then(Value::as_str).map(str::to_owned);
    // A transmitter speaks for its own subjects alone.
    let own = || text("iss").filter(|named| named == issuer);
    let whose = match text("format").as_deref() {
        Some("iss_sub") => own().zip(text("sub")).map(|(issuer, subject)| Whose::Person { issuer, subject }),
        Some("jwt_id") => own().zip(text("jti")).map(|(issuer, id)| Whose::Token { issuer, id }),
        Some("opaque") => text("id").map(|session| Whose::Session { issuer: issuer.to_owned(), session }),
        Some("complex") => {
            let part = ["session", "user"].iter().find_map(|part| subject.get(part));
            return part
                .filter(|part| part.get("format").is_some_and(|format| format != "complex"))
                .map(|part| subjects(part, issuer))
                .unwrap_or_default();
        }
        _ => None,
    };
    whose.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_transmitter_names_its_own_subjects() {
        let of = |subject: Value| subjects(&subject, "https://as");
        let person = Whose::Person { issuer: "https://as".into(), subject: "alice".into() };
        let session = Whose::Session { issuer: "https://as".into(), session: "s1".into() };
        let alice = json!({"format": "iss_sub", "iss": "https://as", "sub": "alice"});
        let opaque = json!({"format": "opaque", "id": "s1"});
        assert_eq!(of(alice.clone()), std::slice::from_ref(&person));
        assert_eq!(of(opaque.clone()), std::slice::from_ref(&session));
        assert_eq!(of(json!({"format": "complex", "user": alice, "session": opaque})), [session]);
        assert_eq!(of(json!({"format": "complex", "user": alice})), [person]);
        for nobody in [
            json!({"format": "iss_sub", "iss": "https://other", "sub": "alice"}),
            json!({"format": "email", "email": "alice@example.com"}),
            json!({"format": "complex", "user": {"format": "complex"}}),
            json!("alice"),
        ] {
            assert_eq!(of(nobody), []);
        }
    }
}
