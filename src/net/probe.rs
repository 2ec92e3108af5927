//! Where the way to a server ends, for whoever looks for the reason: the name, the connection
//! or the certificate.
//!
//! Invariant: no packet goes to an address that [`Networks`] does not allow.

use crate::net::networks::Networks;
use crate::net::{HttpClient, found_in};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use rustls::CertificateError;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use url::Url;

const PATIENCE: Duration = Duration::from_secs(3);
const MOST_ADDRESSES: usize = 4;

/// How far one gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// The name has no address.
    NoSuchHost(String),
    /// Its addresses are all in networks that the configuration does not name.
    NotAllowed(SocketAddr),
    Refused(SocketAddr),
    /// No connection within some seconds.
    Silent(SocketAddr),
    /// By the system's own word.
    Failed(SocketAddr, String),
    /// Why the certificate is not taken.
    Untrusted(SocketAddr, &'static str),
    /// Something is there that does not speak TLS, or not with this name.
    NoTls(SocketAddr),
    /// It takes connections.
    Open(SocketAddr),
}

/// Tries the way to a host and port.
pub async fn connect(host: &str, port: u16, networks: &Networks) -> Way {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let found = tokio::time::timeout(PATIENCE, lookup_host((bare, port))).await;
    let addresses: Vec<SocketAddr> = match found {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(_)) | Err(_) => Vec::new(),
    };
    let Some(first) = addresses.first().copied() else { return Way::NoSuchHost(bare.to_owned()) };
    let mut way = Way::NotAllowed(first);
    let allowed = addresses.into_iter().filter(|address| networks.allow(address.ip()));
    for address in allowed.take(MOST_ADDRESSES) {
        way = match tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Way::Open(address),
            Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => Way::Refused(address),
            Ok(Err(error)) if error.kind() == ErrorKind::TimedOut => Way::Silent(address),
            Ok(Err(error)) => Way::Failed(address, error.to_string()),
            Err(_) => Way::Silent(address),
        };
    }
    way
}

/// Tries the way to a URL, up to its certificate. `client` keeps to the same networks.
pub async fn probe(url: &Url, client: &HttpClient, networks: &Networks) -> Way {
    let host = url.host_str().unwrap_or_default();
    let way = connect(host, url.port_or_known_default().unwrap_or(443), networks).await;
    match way {
        Way::Open(address) if url.scheme() == "https" => {
            client.untrusted(url).await.map_or(Way::Open(address), |why| match why {
                Some(why) => Way::Untrusted(address, why),
                None => Way::NoTls(address),
            })
        }
        way => way,
    }
}

impl HttpClient {
    /// Why no TLS comes about, if it does not: what is wrong with the certificate, or `None`
    /// inside for a peer that does not speak it.
    async fn untrusted(&self, url: &Url) -> Option<Option<&'static str>> {
        let request = Request::head(url.as_str()).body(Full::new(Bytes::new())).ok()?;
        let asked = tokio::time::timeout(PATIENCE, self.inner.request(request)).await.ok()?;
        let error = asked.err()?;
        match found_in::<rustls::Error>(&error) {
            Some(rustls::Error::InvalidCertificate(fault)) => Some(Some(certificate(fault))),
            Some(rustls::Error::InvalidMessage(_)) => Some(None),
            Some(_) => {
                Some(Some("the TLS handshake fails: it may want a client certificate or a newer version"))
            }
            // It hangs up on the first words.
            None => hangs_up(&error).then_some(None),
        }
    }
}

/// Whether the innermost error is that of a connection that ended.
fn hangs_up(error: &(dyn std::error::Error + 'static)) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionReset, UnexpectedEof};
    let Some(error) = found_in::<std::io::Error>(error) else { return false };
    match error.get_ref() {
        Some(inner) if found_in::<std::io::Error>(inner).is_some() => hangs_up(inner),
        _ => matches!(error.kind(), UnexpectedEof | ConnectionReset | ConnectionAborted),
    }
}

fn certificate(fault: &CertificateError) -> &'static str {
    match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet, or this machine's clock is wrong"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name"
        }
        CertificateError::Revoked => "its certificate is revoked",
        CertificateError::UnknownIssuer => "its certificate is of an authority that is not trusted here",
        _ => "its certificate is not taken",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::networks::Networks;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    async fn of(url: &str) -> Way {
        probe(&Url::parse(url).unwrap(), &HttpClient::new().unwrap(), &Networks::Any).await
    }

    #[tokio::test]
    async fn the_way_is_followed_to_where_it_ends() {
        assert_eq!(of("http://no-such-host.invalid/x").await, Way::NoSuchHost("no-such-host.invalid".into()));
        assert_eq!(of("http://127.0.0.1:1/").await, Way::Refused("127.0.0.1:1".parse().unwrap()));
        assert_eq!(of("http://[::1]:1/").await, Way::Refused("[::1]:1".parse().unwrap()));
        let public = Networks::Public(Vec::new());
        let local = Way::NotAllowed("127.0.0.1:1".parse().unwrap());
        assert_eq!(connect("127.0.0.1", 1, &public).await, local);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 1024]).await;
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            }
        });
        assert_eq!(of(&format!("http://{address}/")).await, Way::Open(address));
        assert_eq!(of(&format!("https://{address}/")).await, Way::NoTls(address));
    }
}
