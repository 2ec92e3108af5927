//! Who may present a token, and how it is found out what an opaque one is.

use crate::config::client::{self, ClientFile, Credentials};
use crate::config::file::File;
use crate::identity::binding::{Binder, Binding};
use crate::identity::dpop::{NonceUse, ProofSettings, Proofs};
use crate::identity::introspection::{IntrospectionSettings, Introspector};
use crate::identity::{Means, Possession};
use crate::jose::issuer::Issuer;
use crate::jose::keys::Algorithm;
use crate::model::clock::Clock;
use crate::model::fault::SourceFault;
use crate::model::ids::ServerName;
use crate::model::implied::Implied;
use crate::store::replays::Replays;
use crate::store::shared::Shared;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Proofs of possession (RFC 9449). They are taken by default; whether they are needed, an
/// issuer's `sender_constrained` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DpopFile {
    pub algorithms: Vec<String>,
    /// Seconds for which a proof is good.
    pub max_age: u64,
    pub nonce: NonceUse,
}

impl Default for DpopFile {
    fn default() -> Self {
        let algorithms = ["ES256", "ES384", "PS256", "EdDSA"].map(str::to_owned).to_vec();
        Self { algorithms, max_age: 60, nonce: NonceUse::default() }
    }
}

/// Scopes that imply others: `{ 'phi:full': ['phi:read', 'phi:write'] }`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScopesFile {
    pub implies: BTreeMap<String, Vec<String>>,
}

/// That an issuer's opaque tokens are taken, and how it is asked about them (RFC 7662).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntrospectionFile {
    /// At which servers; at all by default.
    #[serde(default)]
    pub servers: Vec<String>,
    /// Take signed answers alone (RFC 9701).
    #[serde(default)]
    pub signed: bool,
    /// How long an answer may be kept; 0 asks for each call.
    #[serde(default = "default_keep")]
    pub cache_seconds: u64,
    /// How the gate is known to this issuer, if not as everywhere.
    pub client: Option<ClientFile>,
}

fn default_keep() -> u64 {
    30
}

/// What was read and found usable.
pub(super) struct Holders {
    proofs: ProofSettings,
    /// By the issuer's name.
    introspections: Vec<(String, Credentials, IntrospectionSettings)>,
}

pub(super) fn read(
    name: &str,
    file: &File,
    folder: &Path,
    credentials: Option<&Credentials>,
    faults: &mut Vec<SourceFault>,
) -> Holders {
    let algorithms: Option<Vec<_>> = file.dpop.algorithms.iter().map(|name| Algorithm::parse(name)).collect();
    let algorithms = algorithms.filter(|algorithms| !algorithms.is_empty()).unwrap_or_else(|| {
        let message = "`dpop.algorithms` may be ES256, ES384, PS256, RS256, EdDSA";
        faults.push(SourceFault::whole(name, message));
        Vec::new()
    });
    if !(5..=600).contains(&file.dpop.max_age) {
        faults.push(SourceFault::whole(name, "`dpop.max_age` may be 5 to 600 seconds"));
    }
    let shows = file.tls.as_ref().is_some_and(|tls| tls.value.client_ca_file.is_some());
    let serves =
        |server: &String| file.upstreams.contains_key(server) || file.federations.contains_key(server);
    let mut introspections: Vec<(String, Credentials, IntrospectionSettings)> = Vec::new();
    for issuer in &file.issuers {
        let mut fault = |message: &str| faults.push(SourceFault::at(name, issuer, message));
        if issuer.value.sender_constrained == [Binding::Mtls] && !shows {
            fault(
                "`sender_constrained: [mtls]` needs `tls` with a `client_ca_file`: no connection shows a certificate",
            );
        }
        let Some(introspection) = &issuer.value.introspection else { continue };
        let settings = IntrospectionSettings {
            servers: introspection.servers.iter().map(ServerName::new).collect(),
            signed: introspection.signed,
            keep: introspection.cache_seconds,
        };
        if !introspection.servers.iter().all(serves) {
            fault("`introspection.servers` must be among `upstreams` and `federations`");
        }
        let both = |other: &IntrospectionSettings| {
            other.servers.is_empty()
                || settings.servers.is_empty()
                || other.servers.iter().any(|server| settings.servers.contains(server))
        };
        if introspections.iter().any(|(_, _, other)| both(other)) {
            fault("an opaque token does not say whose it is: `introspection.servers` must part the issuers");
        }
        let own = introspection.client.as_ref().map(|client| client::read(client, folder));
        match own.transpose() {
            Err(message) => fault(&message),
            Ok(own) => match own.or_else(|| credentials.cloned()) {
                None => fault("`introspection` needs a `client`: the issuer answers those that it knows"),
                Some(own) => introspections.push((issuer.value.issuer.clone(), own, settings)),
            },
        }
    }
    Holders {
        proofs: ProofSettings { algorithms, max_age: file.dpop.max_age, nonce: file.dpop.nonce },
        introspections,
    }
}

impl Holders {
    /// What the gate says of it (RFC 9728 §2).
    pub(super) fn possession(&self, file: &File) -> Possession {
        Possession {
            algorithms: self.proofs.algorithms.clone(),
            dpop_required: file
                .issuers
                .iter()
                .all(|issuer| issuer.value.sender_constrained == [Binding::Dpop]),
            certificates: file.tls.as_ref().is_some_and(|tls| tls.value.client_ca_file.is_some()),
        }
    }

    pub(super) fn means(
        self,
        file: &File,
        issuers: &[Arc<Issuer>],
        shared: Option<&Arc<Shared>>,
        clock: &Clock,
    ) -> std::io::Result<Means> {
        let replays = Replays::new(shared.cloned(), clock.unix_seconds())?;
        let proofs = Proofs { settings: self.proofs, replays };
        let bound = file.issuers.iter().filter(|issuer| !issuer.value.sender_constrained.is_empty());
        let required = bound
            .map(|issuer| (issuer.value.issuer.clone(), issuer.value.sender_constrained.clone()))
            .collect();
        let mut introspectors = Vec::new();
        for (name, credentials, settings) in self.introspections {
            let issuer = issuers.iter().find(|issuer| issuer.settings.issuer == name);
            if let Some(issuer) = issuer {
                let client = credentials.oauth(issuer.clone(), clock)?;
                introspectors.push(Introspector::new(client, settings));
            }
        }
        let implied = Implied::new(file.scopes.implies.clone());
        Ok(Means { binder: Binder { proofs, required }, introspectors, implied })
    }
}
