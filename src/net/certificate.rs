//! A certificate that we show as a client (RFC 8705 §2).

use rustls::client::WantsClientCert;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ConfigBuilder};

/// A chain and its key. Has no `Debug`: one of them is the key.
pub struct ClientCertificate {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Clone for ClientCertificate {
    fn clone(&self) -> Self {
        Self { chain: self.chain.clone(), key: self.key.clone_key() }
    }
}

impl ClientCertificate {
    /// Reads PEM: the chain, leaf first, and its key (PKCS#8, PKCS#1 or SEC1).
    ///
    /// # Errors
    /// What is wrong, with nothing of either.
    pub fn read(chain: &[u8], key: &[u8]) -> Result<Self, &'static str> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or("the certificate is not PEM")?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| "the key is not PEM")?;
        let read = Self { chain, key };
        // That they belong together is found out by putting them together.
        let builder = ClientConfig::builder().with_root_certificates(rustls::RootCertStore::empty());
        read.clone().into_config(builder)?;
        Ok(read)
    }

    pub(super) fn into_config(
        self,
        builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    ) -> Result<ClientConfig, &'static str> {
        let config = builder.with_client_auth_cert(self.chain, self.key);
        config.map_err(|_| "certificate and key do not belong together")
    }
}
