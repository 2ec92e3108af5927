//! An authorization server we trust: its metadata and its keys, fetched and kept.
//!
//! Invariant: a key set is fetched at most once per [`REFETCH_AFTER`], however many
//! unknown key ids are presented, and none older than [`KEEP_AT_MOST`] is used.

use crate::jose::compact::Compact;
use crate::jose::keys::{Algorithm, KeySet, MAX_KEY_SET_BYTES};
use crate::model::clock::Clock;
use crate::model::strict;
use crate::net::{HttpClient, Limits};
use arc_swap::ArcSwapOption;
use bytes::Bytes;
use http::{Request, StatusCode, header};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use url::Url;

const REFRESH_AFTER: Duration = Duration::from_secs(300);
const REFETCH_AFTER: Duration = Duration::from_secs(30);
const KEEP_AT_MOST: Duration = Duration::from_secs(3600);
const LIMITS: Limits = Limits { max_bytes: MAX_KEY_SET_BYTES, timeout: Duration::from_secs(5) };

/// What is configured about an issuer.
#[derive(Clone, Debug)]
pub struct IssuerSettings {
    /// Compared byte for byte with `iss` and with the metadata's `issuer`.
    pub issuer: String,
    pub algorithms: Vec<Algorithm>,
    /// The longest life, in seconds, of a token taken from this issuer.
    pub max_life: u64,
}

/// Why an issuer could not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct IssuerFault(pub &'static str);

/// An issuer with its cache.
pub struct Issuer {
    pub settings: IssuerSettings,
    client: HttpClient,
    clock: Clock,
    metadata: ArcSwapOption<Value>,
    keys: ArcSwapOption<Held>,
    /// Held while fetching, so that one flight serves all who wait; the last attempt.
    flight: Mutex<Option<Duration>>,
}

struct Held {
    set: KeySet,
    fetched: Duration,
}

impl Issuer {
    pub fn new(settings: IssuerSettings, client: HttpClient, clock: Clock) -> Self {
        let (metadata, keys) = (ArcSwapOption::empty(), ArcSwapOption::empty());
        Self { settings, client, clock, metadata, keys, flight: Mutex::new(None) }
    }

    /// Checks a token's signature with the issuer's keys, fetching them when they
    /// are missing, old, or do not know the token's key.
    ///
    /// # Errors
    /// `Ok(Err(check))` when the token is bad, `Err` when it cannot be judged.
    pub async fn verify(&self, token: &Compact<'_>) -> Result<Result<(), &'static str>, IssuerFault> {
        if !self.settings.algorithms.contains(&token.algorithm) {
            return Ok(Err("algorithm"));
        }
        let held = self.keys.load_full();
        let age = |held: &Held| self.clock.now().saturating_sub(held.fetched);
        if let Some(held) = held.filter(|held| age(held) < REFRESH_AFTER) {
            match held.set.verify(token) {
                Err("unknown key") => {}
                judged => return Ok(judged),
            }
        }
        self.refetch().await;
        match self.keys.load_full().filter(|held| age(held) < KEEP_AT_MOST) {
            Some(held) => Ok(held.set.verify(token)),
            None => Err(IssuerFault("the issuer's keys cannot be fetched")),
        }
    }

    async fn refetch(&self) {
        let mut last = self.flight.lock().await;
        let now = self.clock.now();
        if last.is_some_and(|last| now.saturating_sub(last) < REFETCH_AFTER) {
            return;
        }
        *last = Some(now);
        match self.fetch_keys().await {
            Ok(set) => self.keys.store(Some(Arc::new(Held { set, fetched: now }))),
            // The last good set stays until it is too old.
            Err(fault) => {
                // After a failure the next caller may try again in a second.
                *last = now.checked_sub(REFETCH_AFTER).map(|before| before + Duration::from_secs(1));
                tracing::warn!(issuer = %self.settings.issuer, fault = fault.0, "fetch signing keys");
            }
        }
    }

    async fn fetch_keys(&self) -> Result<KeySet, IssuerFault> {
        let metadata = self.metadata().await?;
        let uri = metadata
            .get("jwks_uri")
            .and_then(Value::as_str)
            .ok_or(IssuerFault("no jwks_uri in the metadata"))?;
        let uri = safe_url(uri)?;
        let issuer = safe_url(&self.settings.issuer)?;
        if uri.host_str() != issuer.host_str() {
            return Err(IssuerFault("jwks_uri is on another host than the issuer"));
        }
        KeySet::read(&self.fetch(&uri).await?).map_err(IssuerFault)
    }

    /// Fetches metadata and keys, whatever is kept of them: whether it can be done at all.
    pub async fn reach(&self) -> Result<(), IssuerFault> {
        self.fetch_keys().await.map(drop)
    }

    /// An endpoint that the metadata names, such as `token_endpoint`.
    pub async fn endpoint(&self, name: &str) -> Result<Url, IssuerFault> {
        let metadata = self.metadata().await?;
        let uri = metadata.get(name).and_then(Value::as_str);
        safe_url(uri.ok_or(IssuerFault("the metadata lacks the endpoint"))?)
    }

    /// An endpoint for clients that show a certificate (RFC 8705 §5): its alias where the
    /// metadata has one, or else the endpoint itself.
    pub async fn mtls_endpoint(&self, name: &str) -> Result<Url, IssuerFault> {
        let metadata = self.metadata().await?;
        let alias = metadata.get("mtls_endpoint_aliases").and_then(|aliases| aliases.get(name));
        match alias.and_then(Value::as_str) {
            Some(alias) => safe_url(alias),
            None => self.endpoint(name).await,
        }
    }

    /// Whether the metadata names this among the values of a list, such as a grant type;
    /// None where it has no such list.
    pub async fn offers(&self, list: &str, value: &str) -> Result<Option<bool>, IssuerFault> {
        let metadata = self.metadata().await?;
        let values = metadata.get(list).and_then(Value::as_array);
        Ok(values.map(|values| values.iter().any(|known| known == value)))
    }

    /// The metadata document, by the three forms of RFC 8414 §3.1 and OpenID Connect
    /// Discovery §4; kept for the life of the process once read.
    async fn metadata(&self) -> Result<Arc<Value>, IssuerFault> {
        if let Some(known) = self.metadata.load_full() {
            return Ok(known);
        }
        let mut fault = IssuerFault("the issuer's metadata cannot be fetched");
        for url in metadata_urls(&self.settings.issuer)? {
            match self.fetch(&url).await {
                Ok(document) => {
                    let value =
                        strict::parse(&document).map_err(|_| IssuerFault("the metadata is not JSON"))?;
                    if value.get("issuer").and_then(Value::as_str) != Some(&self.settings.issuer) {
                        return Err(IssuerFault("the metadata names another issuer"));
                    }
                    let value = Arc::new(value);
                    self.metadata.store(Some(value.clone()));
                    return Ok(value);
                }
                Err(found) => fault = found,
            }
        }
        Err(fault)
    }

    async fn fetch(&self, url: &Url) -> Result<Bytes, IssuerFault> {
        let request =
            Request::get(url.as_str()).header(header::ACCEPT, "application/json").body(Bytes::new());
        let request = request.map_err(|_| IssuerFault("not a usable URL"))?;
        let answer = self
            .client
            .fetch(request, LIMITS)
            .await
            .map_err(|_| IssuerFault("the issuer does not answer"))?;
        if answer.status() != StatusCode::OK {
            return Err(IssuerFault("the issuer does not serve the document"));
        }
        Ok(answer.into_body())
    }
}

fn metadata_urls(issuer: &str) -> Result<Vec<Url>, IssuerFault> {
    let base = safe_url(issuer)?;
    let path = base.path().trim_end_matches('/').to_owned();
    let at = |path: String| {
        let mut url = base.clone();
        url.set_path(&path);
        url
    };
    let mut urls = vec![
        at(format!("/.well-known/oauth-authorization-server{path}")),
        at(format!("/.well-known/openid-configuration{path}")),
    ];
    if !path.is_empty() {
        urls.push(at(format!("{path}/.well-known/openid-configuration")));
    }
    Ok(urls)
}

/// `https`, or `http` to this machine itself; no user name, no fragment.
pub fn safe_url(text: &str) -> Result<Url, IssuerFault> {
    let url = Url::parse(text).map_err(|_| IssuerFault("not a URL"))?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let local = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match url.scheme() {
        "https" if plain => Ok(url),
        "http" if plain && local => Ok(url),
        _ => Err(IssuerFault("https is required, except for this machine itself")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_looked_for_in_three_places() {
        let urls: Vec<String> =
            metadata_urls("https://as.example/tenant/").unwrap().iter().map(Url::to_string).collect();
        assert_eq!(
            urls,
            [
                "https://as.example/.well-known/oauth-authorization-server/tenant",
                "https://as.example/.well-known/openid-configuration/tenant",
                "https://as.example/tenant/.well-known/openid-configuration"
            ]
        );
    }

    #[test]
    fn keys_come_by_https_or_from_this_machine() {
        for url in ["https://as.example/x", "http://127.0.0.1:9/x", "http://localhost/x", "http://[::1]:9/"] {
            assert!(safe_url(url).is_ok(), "{url}");
        }
        for url in [
            "http://as.example/",
            "file:///etc/passwd",
            "http://169.254.169.254/",
            "https://u:p@as.example/",
            "x",
        ] {
            assert!(safe_url(url).is_err(), "{url}");
        }
    }
}
