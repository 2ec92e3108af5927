//! Parts of a configuration that name something outside it: keys, certificates.
//! What is wrong with them is a fault with its place.

use crate::config::file::{Auth, File, UpstreamFile};
use crate::jose::issuer::safe_url;
use crate::model::fault::SourceFault;
use crate::server::tls::{Files, Tls, TlsFault};
use std::path::Path;
use std::sync::Arc;

pub(super) fn tls(name: &str, file: &File, folder: &Path, faults: &mut Vec<SourceFault>) -> Option<Arc<Tls>> {
    let tls = &file.tls.as_ref()?.value;
    if file.public_url.value.starts_with("http:") {
        let message = "`public_url` must begin with https: `tls` is configured";
        faults.push(SourceFault::at(name, &file.public_url, message));
    }
    let opened = Tls::open(Files {
        certificate: folder.join(&tls.certificate_file.value),
        private_key: folder.join(&tls.private_key_file.value),
        client_ca: tls.client_ca_file.as_ref().map(|path| folder.join(&path.value)),
        client_certificate_optional: tls.client_certificate_optional,
    });
    let (place, message) = match opened {
        Ok(tls) => return Some(Arc::new(tls)),
        Err(TlsFault::Certificate(message)) => (Some(&tls.certificate_file), message),
        Err(TlsFault::PrivateKey(message)) => (Some(&tls.private_key_file), message),
        Err(TlsFault::ClientCa(message)) => (tls.client_ca_file.as_ref(), message),
    };
    faults.push(match place {
        Some(place) => SourceFault::at(name, place, message),
        None => SourceFault::whole(name, message),
    });
    None
}

pub(super) fn names_a_server(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

pub(super) fn upstream_fault(
    name: &str,
    server: &str,
    upstream: &serde_saphyr::Spanned<UpstreamFile>,
    has_key: bool,
) -> Option<SourceFault> {
    let tokens = upstream.value.auth != Auth::None;
    let absolute = |resource: &String| url::Url::parse(resource).is_ok_and(|url| url.fragment().is_none());
    let message = if !names_a_server(server) {
        "a server's name may have letters, digits, `-` and `_`"
    } else if tokens && upstream.value.audience.is_none() && upstream.value.resource.is_none() {
        "`auth: exchange` and `auth: local_sts` need an `audience` or a `resource` for the delegated tokens"
    } else if !upstream.value.resource.iter().all(absolute) {
        "`resource` must be an absolute URI without a fragment"
    } else if upstream.value.dpop && !tokens {
        "`dpop` is for upstreams that take tokens"
    } else if upstream.value.auth == Auth::Exchange && !has_key {
        "`auth: exchange` needs a `client` with a usable key"
    } else if tokens
        && upstream.value.url.iter().chain(&upstream.value.sse_url).any(|url| safe_url(url).is_err())
    {
        "tokens are not sent in clear: https is required, except for this machine itself"
    } else {
        return None;
    };
    Some(SourceFault::at(name, upstream, message))
}
