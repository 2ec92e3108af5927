//! 99: an issuer whose TLS certificate is not to be trusted.

use super::Case;
use super::infrastructure::{passes, unjudged};
use super::world::{Wanted, World};
use crate::support::issuer::{Issuer, METADATA};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::sync::Arc;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server's side of TLS with a certificate for this name, good for so many days from now.
fn certified(by: &Authority, name: &str, expired: bool) -> Arc<ServerConfig> {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    if expired {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    }
    let certificate = params.signed_by(&key, by).unwrap();
    let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    Arc::new(config.with_single_cert(vec![certificate.der().clone()], private).unwrap())
}

pub(super) fn bad_certificates(case: &Case) {
    let (known, unknown) = (authority(), authority());
    let roots = crate::support::folder("catalogue-roots").join("roots.pem");
    std::fs::write(&roots, known.pem()).unwrap();
    let environment = || vec![("SSL_CERT_FILE", roots.display().to_string())];
    let start = |name: &str, tls: Arc<ServerConfig>| {
        let issuer = Issuer::listening("https", "localhost", Some(tls));
        World::before(name, issuer, Wanted { environment: environment(), ..Wanted::default() })
    };
    let untrusted = "the issuer's certificate is not to be trusted";
    for (number, (what, tls)) in [
        ("of an unknown authority", certified(&unknown, "localhost", false)),
        ("expired", certified(&known, "localhost", true)),
        ("for another name", certified(&known, "as.example", false)),
    ]
    .into_iter()
    .enumerate()
    {
        let world = start(&format!("certificate-{number}"), tls);
        unjudged(&world, case, what, untrusted);
        assert_eq!(world.issuer.asked_for(METADATA), 0, "{what}: a request was sent");
    }
    let world = start("certificate-good", certified(&known, "localhost", false));
    passes(&world, &world.key, "a good certificate");
}
