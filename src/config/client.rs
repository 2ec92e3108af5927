//! How the gate is known to the first issuer, and the local token service that stands in
//! where that issuer cannot exchange.

use crate::config::file::{Auth, File, UpstreamFile};
use crate::config::secret::SecretFile;
use crate::exchange::client::TokenClient;
use crate::exchange::issuance::{Issuance, Mode};
use crate::exchange::sts::LocalSts;
use crate::exchange::sts::ring::Schedule;
use crate::exchange::target::Downstream;
use crate::jose::client::{OAuthClient, Proof};
use crate::jose::issuer::Issuer;
use crate::jose::private;
use crate::jose::sign::{SigningAlgorithm, SigningKey};
use crate::model::clock::Clock;
use crate::model::fault::SourceFault;
use crate::model::ids::ServerName;
use crate::model::path::FilePath;
use crate::net::{ClientCertificate, HttpClient};
use serde::Deserialize;
use std::collections::HashMap;
use std::num::NonZeroU64;
use std::path::Path;
use std::sync::Arc;

/// One of a signing key (`private_key_jwt`), a certificate with its key
/// (`tls_client_auth`), and a secret (`client_secret_basic` or `…_post`).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientFile {
    pub client_id: String,
    /// PKCS#8 PEM, P-256, readable by its owner alone; with a certificate, its key.
    pub private_key_file: Option<FilePath>,
    /// PEM, leaf first.
    pub certificate_file: Option<FilePath>,
    pub client_secret: Option<SecretFile>,
    #[serde(default)]
    pub client_secret_in: SecretIn,
}

/// Where the secret goes (RFC 6749 §2.3.1).
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretIn {
    #[default]
    Header,
    Body,
}

/// Of the upstreams with `auth: local_sts`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LocalStsFile {
    /// `ES256` or `EdDSA`.
    pub algorithm: SigningAlgorithm,
    /// A new key is made when the newest is so old.
    pub rotate_seconds: NonZeroU64,
    /// A key is published for so long before it signs, and after. No verifier may keep
    /// the key set for longer.
    pub overlap_seconds: NonZeroU64,
}

impl Default for LocalStsFile {
    fn default() -> Self {
        let seconds = |seconds: u64| NonZeroU64::MIN.saturating_add(seconds - 1);
        let algorithm = SigningAlgorithm::default();
        Self { algorithm, rotate_seconds: seconds(86_400), overlap_seconds: seconds(3600) }
    }
}

/// What the gate proves itself with, read and found usable.
#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) id: String,
    proof: Proof,
    certificate: Option<ClientCertificate>,
}

pub(super) fn credentials(
    name: &str,
    file: &File,
    folder: &Path,
    faults: &mut Vec<SourceFault>,
) -> Option<Credentials> {
    let client = file.client.as_ref()?;
    match read(&client.value, folder) {
        Ok(credentials) => Some(credentials),
        Err(message) => {
            faults.push(SourceFault::at(name, client, message));
            None
        }
    }
}

pub(super) fn read(client: &ClientFile, folder: &Path) -> Result<Credentials, String> {
    let key = |path: &Path| private::read(&folder.join(path));
    let (proof, certificate) =
        match (&client.private_key_file, &client.certificate_file, &client.client_secret) {
            (Some(path), None, None) => {
                let signing = SigningKey::from_pem(key(path)?.expose());
                let signing = signing.map_err(|what| format!("{}: {what}", folder.join(path).display()))?;
                (Proof::PrivateKeyJwt(signing), None)
            }
            (Some(path), Some(chain), None) => {
                let chain = folder.join(chain);
                let shown = chain.display();
                let text = std::fs::read(&chain).map_err(|error| format!("read {shown}: {error}"))?;
                let certificate = ClientCertificate::read(&text, key(path)?.expose().as_bytes());
                (Proof::TlsClientAuth, Some(certificate.map_err(|what| format!("{shown}: {what}"))?))
            }
            (None, None, Some(secret)) => {
                let secret = secret.secret(folder)?;
                let proof = match client.client_secret_in {
                    SecretIn::Header => Proof::ClientSecretBasic(secret),
                    SecretIn::Body => Proof::ClientSecretPost(secret),
                };
                (proof, None)
            }
            _ => {
                return Err("`client` needs one of `private_key_file`, `certificate_file` with \
                        `private_key_file`, and `client_secret`, and no more than one"
                    .to_owned());
            }
        };
    Ok(Credentials { id: client.client_id.clone(), proof, certificate })
}

impl Credentials {
    /// The client at `issuer`.
    pub(super) fn oauth(self, issuer: Arc<Issuer>, clock: &Clock) -> std::io::Result<OAuthClient> {
        let http = match &self.certificate {
            Some(certificate) => HttpClient::presenting(certificate, &issuer.settings.reachable())?,
            None => issuer.client().clone(),
        };
        Ok(OAuthClient::new(issuer, self.id, self.proof, http, clock.clone()))
    }
}

/// All ways to a delegated token that are configured.
pub(super) fn issuance(
    file: &File,
    credentials: Option<Credentials>,
    issuers: &[Arc<Issuer>],
    state: &Path,
    modes: HashMap<ServerName, Mode>,
    clock: &Clock,
) -> std::io::Result<Issuance> {
    let own = own_name(file, credentials.as_ref());
    let sts = local_sts(file, &own, state, clock)?;
    let client = match (credentials, issuers.first()) {
        (Some(credentials), Some(issuer)) => {
            Some(Arc::new(TokenClient::new(credentials.oauth(issuer.clone(), clock)?)))
        }
        _ => None,
    };
    // Tokens live five seconds: a key of this process is all they can be bound to for.
    let binds = file.upstreams.values().any(|upstream| upstream.value.dpop);
    let key = binds.then(SigningKey::generate).transpose().map_err(std::io::Error::other)?;
    Ok(Issuance::new(client, sts, modes, key.map(Arc::new), clock.clone()))
}

/// How an upstream is authenticated to.
pub(super) fn mode(upstream: &UpstreamFile) -> Mode {
    let (audience, resource) = (&upstream.audience, &upstream.resource);
    let downstream =
        || Downstream { audience: audience.clone(), resource: resource.clone(), bound: upstream.dpop };
    match upstream.auth {
        Auth::Exchange => Mode::Exchange(downstream()),
        Auth::LocalSts => Mode::LocalSts(downstream()),
        Auth::None => Mode::None,
    }
}

/// What the gate is called as a client and an actor. One that no authorization server knows is
/// known by where it is.
pub(super) fn own_name(file: &File, credentials: Option<&Credentials>) -> String {
    let public_url = || file.public_url.value.trim_end_matches('/').to_owned();
    credentials.map_or_else(public_url, |credentials| credentials.id.clone())
}

/// The local token service, where an upstream has chosen it.
fn local_sts(file: &File, own: &str, state: &Path, clock: &Clock) -> std::io::Result<Option<LocalSts>> {
    let chosen = file.upstreams.iter().filter(|(_, upstream)| upstream.value.auth == Auth::LocalSts);
    let servers: Vec<ServerName> = chosen.map(|(name, _)| ServerName::new(name)).collect();
    if servers.is_empty() {
        return Ok(None);
    }
    let public_url = file.public_url.value.trim_end_matches('/');
    let schedule = Schedule {
        algorithm: file.local_sts.algorithm,
        rotate: file.local_sts.rotate_seconds.get(),
        overlap: file.local_sts.overlap_seconds.get(),
    };
    let folder = state.join("sts");
    LocalSts::open(public_url, own.to_owned(), &folder, servers.into_iter(), schedule, clock).map(Some)
}
