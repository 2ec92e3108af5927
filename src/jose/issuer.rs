//! An authorization server we trust: its metadata and its keys, fetched and kept.
//!
//! Invariants: whatever unknown key ids are presented, a key set is fetched at most once
//! per [`Ages::refetch`]; no document older than [`Ages::keep`] is used; and nothing is
//! fetched from an address that [`Networks`] does not allow, nor by redirection.

use crate::jose::compact::Compact;
use crate::jose::discovery::{endpoint_url, keys_url, metadata_urls};
use crate::jose::kept::{Ages, Kept};
use crate::jose::keys::{Algorithm, KeySet, MAX_KEY_SET_BYTES};
use crate::model::clock::Clock;
use crate::model::strict;
use crate::net::networks::{Network, Networks};
use crate::net::{HttpClient, Limits, NetFault};
use bytes::Bytes;
use http::{Request, StatusCode, header};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

const LIMITS: Limits = Limits { max_bytes: MAX_KEY_SET_BYTES, timeout: Duration::from_secs(5) };

/// What is configured about an issuer.
#[derive(Clone, Debug)]
pub struct IssuerSettings {
    /// Compared byte for byte with `iss` and with the metadata's `issuer`.
    pub issuer: String,
    pub algorithms: Vec<Algorithm>,
    /// The longest life, in seconds, of a token taken from this issuer.
    pub max_life: u64,
    /// What this issuer calls us, beside the resource identifiers.
    pub audiences: Vec<String>,
    /// Whom a token may be for beside us.
    pub other_audiences: Vec<String>,
    /// Whether a client may call for itself: a token whose `sub` is its `client_id`.
    pub machines: bool,
    /// Claims that must be there, each with one of these values.
    pub claims: BTreeMap<String, Vec<String>>,
    pub ages: Ages,
    /// Hosts that its keys and endpoints may be on, beside its own.
    pub hosts: Vec<String>,
    /// Networks that are not public and in which it may be.
    pub networks: Vec<Network>,
}

impl IssuerSettings {
    /// What holds where nothing is said.
    pub fn new(issuer: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            algorithms: vec![Algorithm::ES256, Algorithm::PS256, Algorithm::RS256, Algorithm::EdDSA],
            max_life: 3600,
            audiences: Vec::new(),
            other_audiences: Vec::new(),
            machines: true,
            claims: BTreeMap::new(),
            ages: Ages::default(),
            hosts: Vec::new(),
            networks: Vec::new(),
        }
    }

    /// Where its servers may be. An issuer that is this machine by name is on it.
    pub fn reachable(&self) -> Networks {
        let networks = Networks::Public(self.networks.clone());
        let local = Url::parse(&self.issuer).is_ok_and(|url| is_local(&url));
        if local { networks.and_loopback() } else { networks }
    }
}

/// Why an issuer could not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct IssuerFault(pub &'static str);

/// An issuer with its cache.
pub struct Issuer {
    pub settings: IssuerSettings,
    client: HttpClient,
    metadata: Kept<Arc<Value>>,
    keys: Kept<KeySet>,
}

impl Issuer {
    /// `client` must keep to [`IssuerSettings::reachable`].
    pub fn new(settings: IssuerSettings, client: HttpClient, clock: Clock) -> Self {
        let (metadata, keys) = (Kept::new(settings.ages, clock.clone()), Kept::new(settings.ages, clock));
        Self { settings, client, metadata, keys }
    }

    /// For everything else that is asked of this issuer, at endpoints that its metadata names.
    pub fn client(&self) -> &HttpClient {
        &self.client
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
        if let Some(held) = self.keys.fresh().or_else(|| self.keys.meanwhile()) {
            match held.value.verify(token) {
                Err("unknown key") => {}
                judged => return Ok(judged),
            }
        }
        let renewed = self.keys.renew(self.fetch_keys()).await;
        match self.keys.usable() {
            Some(held) => Ok(held.value.verify(token)),
            None => Err(renewed.err().unwrap_or(IssuerFault("the issuer's keys are too old"))),
        }
    }

    async fn fetch_keys(&self) -> Result<KeySet, IssuerFault> {
        let fetched = async {
            let uri = keys_url(&*self.metadata().await?, &self.settings)?;
            KeySet::read(&self.fetch(&uri).await?).map_err(IssuerFault)
        };
        fetched.await.inspect_err(|fault| {
            tracing::warn!(issuer = %self.settings.issuer, fault = fault.0, "fetch signing keys");
        })
    }

    /// Fetches metadata and keys, whatever is kept of them: whether it can be done at all.
    pub async fn reach(&self) -> Result<(), IssuerFault> {
        self.fetch_keys().await.map(drop)
    }

    /// An endpoint that the metadata names, such as `token_endpoint`.
    pub async fn endpoint(&self, name: &str) -> Result<Url, IssuerFault> {
        let metadata = self.metadata().await?;
        let uri = metadata.get(name).and_then(Value::as_str);
        endpoint_url(uri.ok_or(IssuerFault("the metadata lacks the endpoint"))?, &self.settings)
    }

    /// An endpoint for clients that show a certificate (RFC 8705 §5): its alias where the
    /// metadata has one, or else the endpoint itself.
    pub async fn mtls_endpoint(&self, name: &str) -> Result<Url, IssuerFault> {
        let metadata = self.metadata().await?;
        let alias = metadata.get("mtls_endpoint_aliases").and_then(|aliases| aliases.get(name));
        match alias.and_then(Value::as_str) {
            Some(alias) => endpoint_url(alias, &self.settings),
            None => self.endpoint(name).await,
        }
    }

    /// Whether the metadata names this among the values of a list, such as a grant type;
    /// None where it has no such list.
    pub async fn offers(&self, list: &str, value: &str) -> Result<Option<bool>, IssuerFault> {
        Ok(self.listed(list).await?.map(|values| values.iter().any(|known| known == value)))
    }

    /// The texts in a list of the metadata; None where it has no such list.
    pub async fn listed(&self, list: &str) -> Result<Option<Vec<String>>, IssuerFault> {
        let metadata = self.metadata().await?;
        let values = metadata.get(list).and_then(Value::as_array);
        Ok(values.map(|values| values.iter().filter_map(Value::as_str).map(str::to_owned).collect()))
    }

    /// The metadata document, as old as the keys may be.
    async fn metadata(&self) -> Result<Arc<Value>, IssuerFault> {
        if let Some(held) = self.metadata.fresh().or_else(|| self.metadata.meanwhile()) {
            return Ok(held.value.clone());
        }
        let renewed = self.metadata.renew(self.fetch_metadata()).await;
        match self.metadata.usable() {
            Some(held) => Ok(held.value.clone()),
            None => Err(renewed.err().unwrap_or(IssuerFault("the issuer's metadata is too old"))),
        }
    }

    async fn fetch_metadata(&self) -> Result<Arc<Value>, IssuerFault> {
        let mut fault = IssuerFault("the issuer's metadata cannot be fetched");
        for url in metadata_urls(&self.settings.issuer)? {
            let document = match self.fetch(&url).await {
                Ok(document) => strict::parse(&document).map_err(|_| IssuerFault("the metadata is not JSON")),
                Err(found) => Err(found),
            };
            match document {
                // RFC 8414 §3.3: or the document must not be used.
                Ok(document)
                    if document.get("issuer").and_then(Value::as_str) != Some(&self.settings.issuer) =>
                {
                    return Err(IssuerFault("the metadata names another issuer"));
                }
                Ok(document) => return Ok(Arc::new(document)),
                Err(found) => fault = found,
            }
            // The other forms would lead to the same server.
            if matches!(fault, UNREACHED | SLOW | ELSEWHERE | UNTRUSTED) {
                break;
            }
        }
        Err(fault)
    }

    async fn fetch(&self, url: &Url) -> Result<Bytes, IssuerFault> {
        let request =
            Request::get(url.as_str()).header(header::ACCEPT, "application/json").body(Bytes::new());
        let request = request.map_err(|_| IssuerFault("not a usable URL"))?;
        let answer = self.client.fetch(request, LIMITS).await.map_err(|fault| match fault {
            NetFault::Unreachable => UNREACHED,
            NetFault::TimedOut => SLOW,
            NetFault::AddressRefused => ELSEWHERE,
            NetFault::Untrusted => UNTRUSTED,
            NetFault::TooLarge => IssuerFault("the issuer's document is too large"),
            NetFault::Encoded => IssuerFault("the issuer's document is compressed, which was not asked for"),
            NetFault::Broken => IssuerFault("the issuer's document broke off"),
        })?;
        if answer.status() != StatusCode::OK {
            return Err(IssuerFault("the issuer does not serve the document"));
        }
        Ok(answer.into_body())
    }
}

const UNREACHED: IssuerFault = IssuerFault("the issuer cannot be reached");
const SLOW: IssuerFault = IssuerFault("the issuer did not answer in time");
const ELSEWHERE: IssuerFault =
    IssuerFault("the issuer's address is in a network that `networks` does not name");
const UNTRUSTED: IssuerFault = IssuerFault("the issuer's certificate is not to be trusted");

/// `https`, or `http` to this machine itself; no user name, no fragment.
pub fn safe_url(text: &str) -> Result<Url, IssuerFault> {
    let url = Url::parse(text).map_err(|_| IssuerFault("not a URL"))?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    match url.scheme() {
        "https" if plain => Ok(url),
        "http" if plain && is_local(&url) => Ok(url),
        _ => Err(IssuerFault("https is required, except for this machine itself")),
    }
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
