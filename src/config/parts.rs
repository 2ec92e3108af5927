//! Parts of a configuration that name something outside it: keys, certificates.
//! What is wrong with them is a fault with its place.

use crate::config::file::{Auth, File, UpstreamFile};
use crate::jose::issuer::safe_url;
use crate::jose::sign::SigningKey;
use crate::model::fault::SourceFault;
use crate::server::tls::{Files, Tls, TlsFault, open_to_others};
use std::path::Path;
use std::sync::Arc;

pub(super) fn signing_key(
    name: &str,
    file: &File,
    folder: &Path,
    faults: &mut Vec<SourceFault>,
) -> Option<(String, SigningKey)> {
    let client = file.client.as_ref()?;
    let path = folder.join(&client.value.private_key_file);
    let shown = path.display();
    let read = std::fs::read_to_string(&path).map_err(|error| format!("read {shown}: {error}"));
    let key = read.and_then(|pem| {
        if open_to_others(&path) {
            return Err(format!("{shown} is readable by others: chmod 600 it"));
        }
        SigningKey::from_pem(&pem).map_err(|what| format!("{shown}: {what}"))
    });
    match key {
        Ok(key) => Some((client.value.client_id.clone(), key)),
        Err(message) => {
            faults.push(SourceFault::at(name, client, message));
            None
        }
    }
}

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
    let message = if !names_a_server(server) {
        "a server's name may have letters, digits, `-` and `_`"
    } else if upstream.value.auth == Auth::Exchange && upstream.value.audience.is_none() {
        "`auth: exchange` needs an `audience` for the delegated tokens"
    } else if upstream.value.auth == Auth::Exchange && !has_key {
        "`auth: exchange` needs a `client` with a usable key"
    } else if upstream.value.auth == Auth::Exchange
        && upstream.value.url.iter().chain(&upstream.value.sse_url).any(|url| safe_url(url).is_err())
    {
        "tokens are not sent in clear: https is required, except for this machine itself"
    } else {
        return None;
    };
    Some(SourceFault::at(name, upstream, message))
}
