//! For servers behind the gate: verifying its delegated tokens, in ten lines.
//!
//! ```no_run
//! use portcullis::downstream::{Pinned, Verifier};
//! # async fn serve(request: http::Request<()>, tool: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let verifier = Verifier::new(Pinned {
//!     issuer: "https://gate.example/clinic/sts".into(), // or the authorization server
//!     audience: "urn:clinic".into(),
//!     gate: "portcullis".into(),
//!     server: "clinic".into(),
//! })?;
//! let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
//! let caller = verifier.verify(header, tool).await?; // else 401
//! println!("{} by way of {}", caller.subject, caller.actor.unwrap_or_default());
//! # Ok(()) }
//! ```
//!
//! `tool` is the tool's name in a `tools/call`, and otherwise the method, such as
//! `tools/list`.
//!
//! Invariants: issuer, audience and kind of token are pinned, never taken from the token;
//! a clock may be off by [`LEEWAY`] and no more, since with a minute of it a token of five
//! seconds would live a minute; a token is good once.

use crate::jose::compact::Compact;
use crate::jose::issuer::{Issuer, IssuerSettings};
use crate::jose::keys::Algorithm;
use crate::model::clock::Clock;
use crate::net::HttpClient;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Seconds by which the gate's clock may differ from the server's.
pub const LEEWAY: u64 = 1;
/// Seconds that a delegated token may live.
pub const LONGEST: u64 = 5;
/// Tokens that are remembered. More than these cannot be alive at once in earnest.
const MOST: usize = 100_000;

/// What is known beforehand, and compared byte for byte.
#[derive(Clone, Debug)]
pub struct Pinned {
    /// Who signs: the authorization server that exchanges, or the gate's own issuer for
    /// this server (`<public_url>/<server>/sts`).
    pub issuer: String,
    /// The one `aud`.
    pub audience: String,
    /// The gate's client id; the gate's public URL where it has none.
    pub gate: String,
    /// The server's name at the gate, which begins each scope.
    pub server: String,
}

/// Verifies delegated tokens. One for the life of the server: it keeps the issuer's keys,
/// and which tokens came.
pub struct Verifier {
    pinned: Pinned,
    issuer: Issuer,
    clock: Clock,
    /// `jti` and until when the token might still be good.
    seen: Mutex<HashMap<String, u64>>,
}

/// Whoever the gate acts for.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Unique beside `issuer` only.
    pub subject: String,
    /// The issuer that knows the subject; the pinned one where the token names no other.
    pub issuer: String,
    /// The gate; None where it comes in its own name, to read what tools there are.
    pub actor: Option<String>,
    /// The transaction, by which the gate's record and the server's own are put together.
    pub transaction: Option<String>,
    pub claims: Map<String, Value>,
}

/// The check that failed. To be answered with 401 and logged, and not told to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token is refused: {0}")]
pub struct Refused(pub &'static str);

impl Verifier {
    /// # Errors
    /// When the system's trust roots cannot be used.
    pub fn new(pinned: Pinned) -> std::io::Result<Self> {
        Ok(Self::with(pinned, HttpClient::new()?, Clock::System))
    }

    pub fn with(pinned: Pinned, http: HttpClient, clock: Clock) -> Self {
        let algorithms = vec![Algorithm::ES256, Algorithm::PS256, Algorithm::EdDSA];
        let settings = IssuerSettings { algorithms, ..IssuerSettings::new(&pinned.issuer) };
        let issuer = Issuer::new(settings, http, clock.clone());
        Self { pinned, issuer, clock, seen: Mutex::default() }
    }

    /// Verifies the `Authorization` header of a request that asks for `operation`.
    ///
    /// # Errors
    /// The check that failed.
    pub async fn verify(&self, authorization: Option<&str>, operation: &str) -> Result<Caller, Refused> {
        let (scheme, token) =
            authorization.and_then(|value| value.split_once(' ')).ok_or(Refused("absent"))?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Refused("scheme"));
        }
        let token = Compact::read(token).map_err(Refused)?;
        if token.claims.get("iss").and_then(Value::as_str) != Some(&self.pinned.issuer) {
            return Err(Refused("issuer"));
        }
        self.issuer.verify(&token).await.map_err(|fault| Refused(fault.0))?.map_err(Refused)?;
        let caller = self.judge(&token, operation)?;
        self.once(&token.claims)?;
        Ok(caller)
    }

    fn judge(&self, token: &Compact<'_>, operation: &str) -> Result<Caller, Refused> {
        let claims = &token.claims;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if !token.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("at+jwt")) {
            return Err(Refused("typ"));
        }
        // What is bound to a key must come with a proof of it, which is not verified here.
        if claims.contains_key("cnf") {
            return Err(Refused("bound to a key"));
        }
        if text("aud") != Some(&self.pinned.audience) {
            return Err(Refused("audience"));
        }
        if text("scope") != Some(&format!("{}:{operation}", self.pinned.server)) {
            return Err(Refused("scope"));
        }
        let number = |name: &'static str| claims.get(name).and_then(Value::as_u64).ok_or(Refused(name));
        let (now, issued, expires) = (self.clock.unix_seconds(), number("iat")?, number("exp")?);
        // `exp` is the first second at which it is no longer good (RFC 7519 §4.1.4).
        if expires.saturating_add(LEEWAY) <= now {
            return Err(Refused("expired"));
        }
        if issued > now.saturating_add(LEEWAY) || expires.saturating_sub(issued) > LONGEST {
            return Err(Refused("lifetime"));
        }
        let subject = text("sub").filter(|subject| !subject.is_empty()).ok_or(Refused("sub"))?;
        let actor = match claims.get("act") {
            Some(actor) => Some(actor.get("sub").and_then(Value::as_str).ok_or(Refused("act"))?),
            None => None,
        };
        // The gate acts for someone, or comes in its own name.
        if actor.unwrap_or(subject) != self.pinned.gate {
            return Err(Refused("act"));
        }
        Ok(Caller {
            subject: subject.to_owned(),
            issuer: text("sub_iss").unwrap_or(&self.pinned.issuer).to_owned(),
            actor: actor.map(str::to_owned),
            transaction: text("txn").map(str::to_owned),
            claims: claims.clone(),
        })
    }

    fn once(&self, claims: &Map<String, Value>) -> Result<(), Refused> {
        let id = claims.get("jti").and_then(Value::as_str).filter(|id| (1..=256).contains(&id.len()));
        let id = id.ok_or(Refused("jti"))?;
        let now = self.clock.unix_seconds();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST {
            seen.retain(|_, until| *until > now);
        }
        if seen.len() >= MOST || seen.insert(id.to_owned(), now + LONGEST + 2 * LEEWAY).is_some() {
            return Err(Refused("used before"));
        }
        Ok(())
    }
}
