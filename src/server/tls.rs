//! TLS for the listener: 1.2 and 1.3, with client certificates where an authority for
//! them is named. A client certificate admits a machine; who is calling is still said by
//! the token.
//!
//! Invariant: a set of files is taken whole or not at all, and connections keep the set
//! they began with.

use crate::jose::private::open_to_others;
use crate::model::fault::unread;
use arc_swap::ArcSwap;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::{Accept, TlsAcceptor};

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Where certificates and key are, as PEM.
#[derive(Clone, Debug)]
pub struct Files {
    /// The gate's certificate, then those between it and its authority.
    pub certificate: PathBuf,
    /// PKCS#8, PKCS#1 or SEC1, readable by its owner alone.
    pub private_key: PathBuf,
    /// Authorities of client certificates, which are then required.
    pub client_ca: Option<PathBuf>,
    /// Or not required after all.
    pub client_certificate_optional: bool,
}

/// What is wrong with one of the files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    #[error("{0}")]
    Certificate(String),
    #[error("{0}")]
    PrivateKey(String),
    #[error("{0}")]
    ClientCa(String),
}

/// The listener's side of TLS.
pub struct Tls {
    files: Files,
    texts: Texts,
    config: ArcSwap<ServerConfig>,
}

impl Tls {
    /// # Errors
    /// The first fault found.
    pub fn open(files: Files) -> Result<Self, TlsFault> {
        let texts = files.read()?;
        let config = ArcSwap::from_pointee(texts.config(&files)?);
        Ok(Self { files, texts, config })
    }

    /// The handshake, with the certificates of now.
    pub(super) fn accept(&self, stream: TcpStream) -> Accept<TcpStream> {
        TlsAcceptor::from(self.config.load_full()).accept(stream)
    }

    /// Takes the files again when they change. Runs for ever.
    pub async fn watch(&self) {
        let mut seen = Ok(self.texts.clone());
        let mut taken = seen.clone();
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let files = self.files.clone();
            let Ok(now) = tokio::task::spawn_blocking(move || files.read()).await else { continue };
            // Certificate and key are replaced one after the other: what still changes
            // is left alone until it has stood for a round.
            let settled = now == seen;
            seen = now;
            if settled && seen != taken {
                taken = seen.clone();
                match seen.as_ref().map_err(Clone::clone).and_then(|texts| texts.config(&self.files)) {
                    Ok(config) => {
                        self.config.store(Arc::new(config));
                        tracing::info!("certificates taken");
                    }
                    Err(fault) => {
                        tracing::error!(%fault, "certificates not taken, the last good ones stay");
                    }
                }
            }
        }
    }
}

/// The files' contents. Has no `Debug`: one of them is the key.
#[derive(Clone, PartialEq, Eq)]
struct Texts {
    certificate: Vec<u8>,
    private_key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

impl Files {
    fn read(&self) -> Result<Texts, TlsFault> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|error| format!("{}: {}", path.display(), unread(&error)))
        };
        if open_to_others(&self.private_key) {
            let message = format!("{} is readable by others: chmod 600 it", self.private_key.display());
            return Err(TlsFault::PrivateKey(message));
        }
        Ok(Texts {
            certificate: read(&self.certificate).map_err(TlsFault::Certificate)?,
            private_key: read(&self.private_key).map_err(TlsFault::PrivateKey)?,
            client_ca: self.client_ca.as_deref().map(read).transpose().map_err(TlsFault::ClientCa)?,
        })
    }
}

impl Texts {
    fn config(&self, files: &Files) -> Result<ServerConfig, TlsFault> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let chain = certificates(&files.certificate, &self.certificate).map_err(TlsFault::Certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&self.private_key)
            .map_err(|error| TlsFault::PrivateKey(not_pem(&files.private_key, &error)))?;
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|error| TlsFault::PrivateKey(error.to_string()))?;
        let builder = match (&files.client_ca, &self.client_ca) {
            (Some(path), Some(text)) => {
                let optional = files.client_certificate_optional;
                let verifier = verifier(path, text, provider, optional).map_err(TlsFault::ClientCa)?;
                builder.with_client_cert_verifier(verifier)
            }
            _ => builder.with_no_client_auth(),
        };
        let mut config = builder.with_single_cert(chain, key).map_err(|error| {
            let (certificate, key) = (files.certificate.display(), files.private_key.display());
            TlsFault::PrivateKey(format!("{key} and {certificate}: {error}"))
        })?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        if self.client_ca.is_some() {
            // A resumed session would not show its certificate again, and could so outlive it.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        Ok(config)
    }
}

fn verifier(
    path: &Path,
    text: &[u8],
    provider: Arc<CryptoProvider>,
    optional: bool,
) -> Result<Arc<dyn rustls::server::danger::ClientCertVerifier>, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path, text)? {
        roots.add(certificate).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = if optional { builder.allow_unauthenticated() } else { builder };
    builder.build().map_err(|error| format!("{}: {error}", path.display()))
}

fn certificates(path: &Path, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(not_pem(path, &pem::Error::NoItemsFound)),
        Err(error) => Err(not_pem(path, &error)),
    }
}

/// The parser's own words could quote the file; these do not.
fn not_pem(path: &Path, error: &pem::Error) -> String {
    let what = match error {
        pem::Error::NoItemsFound => "holds no such PEM section",
        _ => "is not PEM",
    };
    format!("{} {what}", path.display())
}
