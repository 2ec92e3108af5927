//! A token as a request shows it: by itself (RFC 6750), or with a proof of the key that it
//! is bound to (RFC 9449).

use crate::jose::sign::SigningKey;
use crate::jose::{base64url, random_id, sha256};
use crate::model::clock::Clock;
use crate::model::sensitive::Sensitive;
use http::{header, request};
use serde_json::{Map, json};
use std::fmt;
use std::sync::Arc;
use url::Url;

/// A token, and the key that it is bound to, if it is.
#[derive(Clone)]
pub struct Credential {
    token: Sensitive<String>,
    key: Option<Arc<SigningKey>>,
    clock: Clock,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.key.is_some() { "[bound token]" } else { "[token]" })
    }
}

impl Credential {
    pub fn new(token: Sensitive<String>, key: Option<Arc<SigningKey>>, clock: Clock) -> Self {
        Self { token, key, clock }
    }

    /// Puts it into a request to this URL.
    ///
    /// # Errors
    /// When the key does not sign: a request without its credential must not leave.
    pub fn put(
        &self,
        request: request::Builder,
        method: &str,
        url: &str,
    ) -> Result<request::Builder, &'static str> {
        let token = self.token.expose();
        let Some(key) = &self.key else {
            return Ok(request.header(header::AUTHORIZATION, format!("Bearer {token}")));
        };
        let asked = Asked { method, url, token: Some(token), nonce: None };
        let proof = proof(key, &asked, self.clock.unix_seconds())?;
        Ok(request.header(header::AUTHORIZATION, format!("DPoP {token}")).header("dpop", proof))
    }
}

/// What a proof is good for: one request.
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    pub(super) url: &'a str,
    /// None at a token endpoint, which is to give one.
    pub(super) token: Option<&'a str>,
    /// What the server wants to see again (RFC 9449 §8).
    pub(super) nonce: Option<&'a str>,
}

/// RFC 9449 §4.2.
pub(super) fn proof(key: &SigningKey, asked: &Asked<'_>, now: u64) -> Result<String, &'static str> {
    let mut url = Url::parse(asked.url).map_err(|_| "URL")?;
    url.set_query(None);
    url.set_fragment(None);
    let claims = json!({"htm": asked.method, "htu": url.as_str(), "iat": now, "jti": random_id()});
    let mut claims: Map<_, _> = claims.as_object().cloned().unwrap_or_default();
    if let Some(token) = asked.token {
        claims.insert("ath".to_owned(), json!(base64url(&sha256(token.as_bytes()))));
    }
    if let Some(nonce) = asked.nonce {
        claims.insert("nonce".to_owned(), json!(nonce));
    }
    key.prove("dpop+jwt", &claims)
}
