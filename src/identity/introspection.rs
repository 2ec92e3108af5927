//! Opaque tokens: their issuer is asked what they are (RFC 7662; signed answers, RFC 9701).
//!
//! Invariants: a token counts only where the issuer says `true`, and what it then says is
//! checked like the claims of a signed token; no answer outlives the token or
//! [`IntrospectionSettings::keep`]; when the issuer cannot be asked, no token is good.

use crate::jose::client::OAuthClient;
use crate::jose::compact::Compact;
use crate::jose::{base64url, sha256};
use crate::model::ids::ServerName;
use crate::model::strict;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OnceCell, Semaphore};

const SIGNED: &str = "application/token-introspection+jwt";
/// Answers that are kept.
const MOST_KEPT: usize = 10_000;
/// Questions that are open at once.
const MOST_OPEN: usize = 32;
/// How long a question may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// Seconds that a signed answer may be old, and ahead.
const SIGNED_AGE: u64 = 60;
const AHEAD: u64 = 10;

#[derive(Clone, Debug)]
pub struct IntrospectionSettings {
    /// At which servers opaque tokens are this issuer's; at all where none is named.
    pub servers: Vec<ServerName>,
    /// Only signed answers are taken.
    pub signed: bool,
    /// Seconds for which an answer may be kept; a revocation may take as long to be seen.
    pub keep: u64,
}

/// Asks one issuer.
pub struct Introspector {
    pub(super) client: OAuthClient,
    settings: IntrospectionSettings,
    kept: Mutex<HashMap<Key, Kept>>,
    /// One question for all who wait for the same answer.
    open: Mutex<HashMap<Key, Arc<OnceCell<Told>>>>,
    room: Semaphore,
}

type Key = [u8; 32];
/// The claims of an active token; none for any other; or why nothing is known.
type Told = Result<Option<Arc<Map<String, Value>>>, &'static str>;

struct Kept {
    claims: Option<Arc<Map<String, Value>>>,
    until: u64,
}

impl Introspector {
    pub fn new(client: OAuthClient, settings: IntrospectionSettings) -> Self {
        let (kept, open) = (Mutex::default(), Mutex::default());
        Self { client, settings, kept, open, room: Semaphore::new(MOST_OPEN) }
    }

    pub(super) fn serves(&self, server: &ServerName) -> bool {
        self.settings.servers.is_empty() || self.settings.servers.contains(server)
    }

    /// What the token is.
    ///
    /// # Errors
    /// Why it cannot be known.
    pub(super) async fn ask(&self, token: &str, now: u64) -> Told {
        let key: Key = sha256(token.as_bytes()).try_into().map_err(|_| "hash")?;
        if let Some(kept) = lock(&self.kept).get(&key).filter(|kept| kept.until > now) {
            return Ok(kept.claims.clone());
        }
        let question = lock(&self.open).entry(key).or_default().clone();
        let told = question.get_or_init(|| self.fetch(token, now)).await.clone();
        if let Ok(claims) = &told {
            self.keep(key, claims.clone(), now);
        }
        let mut open = lock(&self.open);
        if open.get(&key).is_some_and(|found| Arc::ptr_eq(found, &question)) {
            open.remove(&key);
        }
        told
    }

    fn keep(&self, key: Key, claims: Option<Arc<Map<String, Value>>>, now: u64) {
        let expires = claims.as_ref().and_then(|claims| claims.get("exp")?.as_u64());
        let until = now.saturating_add(self.settings.keep).min(expires.unwrap_or(u64::MAX));
        let mut kept = lock(&self.kept);
        if kept.len() >= MOST_KEPT {
            kept.retain(|_, kept| kept.until > now);
        }
        if kept.len() >= MOST_KEPT
            && let Some(some) = kept.keys().next().copied()
        {
            kept.remove(&some);
        }
        if until > now {
            kept.insert(key, Kept { claims, until });
        }
    }

    async fn fetch(&self, token: &str, now: u64) -> Told {
        let turn = tokio::time::timeout(PATIENCE, self.room.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err("too many questions are open") };
        let form = [("token", token), ("token_type_hint", "access_token")];
        let accept = if self.settings.signed { SIGNED } else { "application/json" };
        let answer = self.client.post("introspection_endpoint", &form, accept).await?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED => return Err("the authorization server does not know the client"),
            _ => return Err("the authorization server does not answer the question"),
        }
        let told = if is_signed(answer.headers()) {
            self.verified(answer.body(), now).await?
        } else if self.settings.signed {
            return Err("the answer is not signed");
        } else {
            object(strict::parse(answer.body()).ok())?
        };
        Ok(self.claims(told, token, now).map(Arc::new))
    }

    /// RFC 9701 §5: a token for us, of its own kind, around the answer.
    async fn verified(&self, body: &[u8], now: u64) -> Result<Map<String, Value>, &'static str> {
        let text = std::str::from_utf8(body).map_err(|_| "the answer is not a token")?;
        let answer = Compact::read(text.trim())?;
        let kind = answer.kind.as_deref().unwrap_or_default().to_ascii_lowercase();
        if !matches!(kind.as_str(), "token-introspection+jwt" | "application/token-introspection+jwt") {
            return Err("the answer is another kind of token");
        }
        self.client.issuer.verify(&answer).await.map_err(|fault| fault.0)??;
        let mut claims = answer.claims;
        if claims.get("iss").and_then(Value::as_str) != Some(&self.client.issuer.settings.issuer) {
            return Err("the answer is another issuer's");
        }
        let ours = |value: &Value| value == self.client.id.as_str();
        let for_us = match claims.get("aud") {
            Some(Value::Array(several)) => several.iter().any(ours),
            Some(one) => ours(one),
            None => false,
        };
        if !for_us {
            return Err("the answer is for another");
        }
        let issued = claims.get("iat").and_then(Value::as_u64).unwrap_or_default();
        if issued.saturating_add(SIGNED_AGE) < now || issued > now.saturating_add(AHEAD) {
            return Err("the answer is an old one");
        }
        object(claims.remove("token_introspection"))
    }

    /// The claims of an active token. What RFC 7662 leaves out and we know is added: the
    /// issuer that answered, a name for the token, the earliest time of its issue, and the client
    /// for the subject where there is no other.
    fn claims(&self, mut told: Map<String, Value>, token: &str, now: u64) -> Option<Map<String, Value>> {
        // `"true"` is not true: §2.2 has a boolean.
        if told.remove("active") != Some(Value::Bool(true)) {
            return None;
        }
        let settings = &self.client.issuer.settings;
        let name = base64url(sha256(token.as_bytes()).get(..16).unwrap_or_default());
        told.entry("iss").or_insert(Value::from(settings.issuer.as_str()));
        told.entry("jti").or_insert(Value::from(name));
        if let Some(expires) = told.get("exp").and_then(Value::as_u64) {
            let earliest = expires.saturating_sub(settings.max_life).min(now);
            told.entry("iat").or_insert(Value::from(earliest));
        }
        // Nobody's but the client's own, where neither member says whose it is (RFC 9068 §2.2).
        if let (false, Some(client)) = (told.contains_key("username"), told.get("client_id").cloned()) {
            told.entry("sub").or_insert(client);
        }
        // Each issuer speaks for itself.
        if told.get("iss").and_then(Value::as_str) != Some(&settings.issuer) {
            return None;
        }
        Some(told)
    }
}

fn is_signed(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(SIGNED)
}

fn object(value: Option<Value>) -> Result<Map<String, Value>, &'static str> {
    match value {
        Some(Value::Object(object)) => Ok(object),
        _ => Err("the answer is not a JSON object"),
    }
}

/// What is kept is replaced whole, so that a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
