//! The authorization servers whose tokens are taken, each under rules of its own.

use crate::config::file::File;
use crate::config::holders::IntrospectionFile;
use crate::identity::binding::Binding;
use crate::jose::issuer::{Issuer, IssuerSettings, safe_url};
use crate::jose::kept::Ages;
use crate::jose::keys::Algorithm;
use crate::model::clock::Clock;
use crate::model::fault::SourceFault;
use crate::net::HttpClient;
use crate::net::networks::Network;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

/// One entry of `issuers:`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerFile {
    /// As it stands in its tokens and metadata, to the letter.
    pub issuer: String,
    #[serde(default = "default_algorithms")]
    pub algorithms: Vec<String>,
    /// Seconds.
    #[serde(default = "default_token_life")]
    pub max_token_life: u64,
    /// What it calls this gate in `aud`, beside the resource identifiers.
    #[serde(default)]
    pub audiences: Vec<String>,
    /// Whom else a token may be for. Nobody, by default.
    #[serde(default)]
    pub other_audiences: Vec<String>,
    /// Whether a client may call for itself, with its `client_id` for a `sub`.
    #[serde(default = "yes")]
    pub machines: bool,
    /// What its tokens must say: a claim, and the values it may have.
    #[serde(default)]
    pub claims: BTreeMap<String, OneOrMore>,
    #[serde(default)]
    pub keys: KeysFile,
    /// Its tokens are taken only when they are bound in one of these ways to whoever sends
    /// them: `dpop` (RFC 9449), `mtls` (RFC 8705).
    #[serde(default)]
    pub sender_constrained: Vec<Binding>,
    /// Its opaque tokens are taken too.
    pub introspection: Option<IntrospectionFile>,
}

/// One value, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "write a value, or a list of values")]
pub enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// How its keys and metadata are fetched.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeysFile {
    /// How old they may be before they are fetched anew.
    pub refresh_seconds: NonZeroU64,
    /// How long not to ask again for a key that was not there.
    pub refetch_seconds: NonZeroU64,
    /// How old they may be while they cannot be fetched anew.
    pub keep_seconds: NonZeroU64,
    /// Hosts that the keys and the endpoints may be on, beside the issuer's own.
    pub hosts: Vec<String>,
    /// Networks that are not public, such as `10.20.0.0/16`, and in which its servers may be.
    pub networks: Vec<String>,
}

impl Default for KeysFile {
    fn default() -> Self {
        let seconds = |number: u64| NonZeroU64::MIN.saturating_add(number - 1);
        Self {
            refresh_seconds: seconds(300),
            refetch_seconds: seconds(30),
            keep_seconds: seconds(3600),
            hosts: Vec::new(),
            networks: Vec::new(),
        }
    }
}

fn default_algorithms() -> Vec<String> {
    ["ES256", "PS256", "RS256", "EdDSA"].map(str::to_owned).to_vec()
}

fn default_token_life() -> u64 {
    3600
}

fn yes() -> bool {
    true
}

pub(super) fn issuers(name: &str, file: &File, faults: &mut Vec<SourceFault>) -> Vec<IssuerSettings> {
    let mut found: Vec<IssuerSettings> = Vec::new();
    for issuer in &file.issuers {
        match settings(&issuer.value) {
            Ok(settings) if found.iter().any(|other| other.issuer == settings.issuer) => {
                faults.push(SourceFault::at(name, issuer, "this issuer is there twice"));
            }
            Ok(settings) => found.push(settings),
            Err(fault) => faults.push(SourceFault::at(name, issuer, fault)),
        }
    }
    if file.issuers.is_empty() {
        faults.push(SourceFault::whole(name, "`issuers` must name at least one authorization server"));
    }
    found
}

/// Each with a client of its own, which keeps to the networks that it may be in.
pub(super) fn open(settings: &[IssuerSettings], clock: &Clock) -> std::io::Result<Vec<Arc<Issuer>>> {
    let open = |settings: &IssuerSettings| {
        let client = HttpClient::within(&settings.reachable())?;
        Ok(Arc::new(Issuer::new(settings.clone(), client, clock.clone())))
    };
    settings.iter().map(open).collect()
}

fn settings(file: &IssuerFile) -> Result<IssuerSettings, String> {
    safe_url(&file.issuer).map_err(|fault| format!("issuer: {fault}"))?;
    let algorithms: Option<Vec<Algorithm>> =
        file.algorithms.iter().map(|name| Algorithm::parse(name)).collect();
    let algorithms = algorithms
        .filter(|algorithms| !algorithms.is_empty())
        .ok_or_else(|| format!("`algorithms` may be {}", Algorithm::ALL.map(Algorithm::as_str).join(", ")))?;
    let keys = &file.keys;
    let ages = Ages {
        refresh: Duration::from_secs(keys.refresh_seconds.get()),
        refetch: Duration::from_secs(keys.refetch_seconds.get()),
        keep: Duration::from_secs(keys.keep_seconds.get()),
    };
    if ages.refresh > ages.keep {
        return Err("`refresh_seconds` must not be more than `keep_seconds`".to_owned());
    }
    let networks: Result<Vec<Network>, _> = keys.networks.iter().map(|text| text.parse()).collect();
    let networks = networks.map_err(|fault| format!("`networks`: {fault}"))?;
    let claims = file.claims.iter().map(|(claim, values)| {
        let values = match values {
            OneOrMore::One(value) => vec![value.clone()],
            OneOrMore::More(values) => values.clone(),
        };
        if values.is_empty() {
            Err(format!("`claims`: `{claim}` may have no value at all"))
        } else {
            Ok((claim.clone(), values))
        }
    });
    Ok(IssuerSettings {
        algorithms,
        max_life: file.max_token_life,
        audiences: file.audiences.clone(),
        other_audiences: file.other_audiences.clone(),
        machines: file.machines,
        claims: claims.collect::<Result<_, _>>()?,
        ages,
        hosts: keys.hosts.clone(),
        networks,
        ..IssuerSettings::new(&file.issuer)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<IssuerSettings, String> {
        let file: IssuerFile = crate::model::yaml::read_yaml("x", text).map_err(|fault| fault.message)?;
        settings(&file)
    }

    #[test]
    fn what_is_not_said_is_the_default() {
        let found = read("{ issuer: 'https://as.example' }").unwrap();
        assert_eq!(format!("{found:?}"), format!("{:?}", IssuerSettings::new("https://as.example")));
    }

    #[test]
    fn each_setting_is_read() {
        let found = read(
            "{ issuer: 'https://as.example', algorithms: [PS384, Ed25519], max_token_life: 60, \
             audiences: [gate], other_audiences: [other], machines: false, \
             claims: { tenant: north, acr: [silver, gold] }, \
             keys: { refresh_seconds: 1, refetch_seconds: 2, keep_seconds: 3, hosts: [keys.example], networks: [10.0.0.0/8] } }",
        )
        .unwrap();
        assert_eq!(found.algorithms, [Algorithm::PS384, Algorithm::EdDSA]);
        assert_eq!((found.max_life, found.machines), (60, false));
        assert_eq!(
            (&found.audiences[0], &found.other_audiences[0]),
            (&"gate".to_owned(), &"other".to_owned())
        );
        assert_eq!(found.claims["tenant"], ["north"]);
        assert_eq!(found.claims["acr"], ["silver", "gold"]);
        assert_eq!(found.ages.keep, Duration::from_secs(3));
        assert_eq!(found.hosts, ["keys.example"]);
        assert!(found.reachable().allow("10.1.2.3".parse().unwrap()));
        assert!(!found.reachable().allow("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_cannot_be_is_a_fault_that_says_so() {
        for (text, said) in [
            ("{ issuer: 'http://as.example' }", "https"),
            ("{ issuer: 'https://as.example', algorithms: [] }", "ES256"),
            ("{ issuer: 'https://as.example', algorithms: [HS256] }", "PS512"),
            ("{ issuer: 'https://as.example', algorithms: [none] }", "`algorithms`"),
            ("{ issuer: 'https://as.example', keys: { networks: [10.0.0.1/8] } }", "`networks`"),
            (
                "{ issuer: 'https://as.example', keys: { refresh_seconds: 9, keep_seconds: 8 } }",
                "keep_seconds",
            ),
            ("{ issuer: 'https://as.example', keys: { refetch_seconds: 0 } }", ""),
            ("{ issuer: 'https://as.example', claims: { acr: [] } }", "`acr`"),
            ("{ issuer: 'https://as.example', jwks_uri: 'https://x' }", "jwks_uri"),
        ] {
            let fault = read(text).unwrap_err();
            assert!(fault.contains(said), "{text}: {fault}");
        }
    }
}
