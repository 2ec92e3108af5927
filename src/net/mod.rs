//! The one HTTP client: bounded in bytes and time, pooled, never redirected.
//!
//! Invariant: no answer is taken beyond its limits, and no fault holds any part of
//! an answer or of a URL.

mod certificate;
mod guard;
pub mod networks;
pub mod probe;

use bytes::Bytes;
pub use certificate::ClientCertificate;
use guard::{AddressRefused, Guarded};
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::builderstates::WantsSchemes;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::rt::TokioExecutor;
use networks::Networks;
use std::error::Error;
use std::time::Duration;

/// Bounds on one exchange.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the answer's body.
    pub max_bytes: usize,
    /// For a whole answer; of one that comes in chunks, until its head and again between two
    /// pieces of its body.
    pub timeout: Duration,
}

/// Why an exchange failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetFault {
    #[error("the server cannot be reached")]
    Unreachable,
    #[error("the server did not answer in time")]
    TimedOut,
    #[error("the answer exceeds the size limit")]
    TooLarge,
    /// We ask for identity encoding; anything else could be a decompression bomb.
    #[error("the answer is encoded, which was not asked for")]
    Encoded,
    #[error("the answer broke off")]
    Broken,
    #[error("the server's address is in a network that the configuration does not name")]
    AddressRefused,
    #[error("the server's certificate is not to be trusted")]
    Untrusted,
}

/// A pooled client for `http` and `https` (rustls, the system's trust roots).
#[derive(Clone)]
pub struct HttpClient {
    inner: Client<HttpsConnector<Guarded<GaiResolver>>, Full<Bytes>>,
}

impl HttpClient {
    /// Where the system has no trust roots, every `https` peer is refused, and servers on
    /// this machine can still be reached.
    ///
    /// # Errors
    /// When the trust roots that there are cannot be used.
    pub fn new() -> std::io::Result<Self> {
        Self::within(&Networks::Any)
    }

    /// A client that connects to these addresses only, with connections of its own.
    ///
    /// # Errors
    /// As [`HttpClient::new`].
    pub fn within(networks: &Networks) -> std::io::Result<Self> {
        let builder = match HttpsConnectorBuilder::new().with_native_roots() {
            Ok(builder) => builder,
            Err(error) => {
                tracing::warn!(%error, "no trust roots: https servers will be refused");
                HttpsConnectorBuilder::new().with_tls_config(trusting_nobody())
            }
        };
        Ok(Self::over(builder, networks))
    }

    /// As [`HttpClient::within`], showing a certificate to whoever asks for one (RFC 8705 §2).
    ///
    /// # Errors
    /// When the system's trust roots, the certificate or its key cannot be used.
    pub fn presenting(certificate: &ClientCertificate, networks: &Networks) -> std::io::Result<Self> {
        let builder = rustls::ClientConfig::builder().with_native_roots()?;
        let config = certificate.clone().into_config(builder).map_err(std::io::Error::other)?;
        Ok(Self::over(HttpsConnectorBuilder::new().with_tls_config(config), networks))
    }

    fn over(builder: HttpsConnectorBuilder<WantsSchemes>, networks: &Networks) -> Self {
        let connector = builder.https_or_http().enable_http1();
        let connector = connector.wrap_connector(Guarded::new(GaiResolver::new(), networks));
        let inner =
            Client::builder(TokioExecutor::new()).pool_idle_timeout(Duration::from_secs(30)).build(connector);
        Self { inner }
    }

    /// Sends a request and takes its whole answer. One that drips a byte now and then is not
    /// waited for.
    ///
    /// # Errors
    /// Why there is no answer within the limits.
    pub async fn fetch(&self, request: Request<Bytes>, limits: Limits) -> Result<Response<Bytes>, NetFault> {
        let whole = Box::pin(async {
            let (head, mut chunks) = self.open(request, limits).await?.into_parts();
            let mut body = Vec::new();
            while let Some(chunk) = chunks.next().await {
                body.extend_from_slice(&chunk?);
            }
            Ok(Response::from_parts(head, body.into()))
        });
        tokio::time::timeout(limits.timeout, whole).await.unwrap_or(Err(NetFault::TimedOut))
    }

    /// Sends a request and takes the head of its answer; the body comes in chunks.
    pub async fn open(
        &self,
        mut request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<Chunks>, NetFault> {
        request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let sent = self.inner.request(request.map(Full::new));
        let answer = tokio::time::timeout(limits.timeout, sent).await.map_err(|_| NetFault::TimedOut)?;
        let answer = answer.map_err(|error| unreached(&error))?;
        let plain = answer.headers().get(header::CONTENT_ENCODING).is_none_or(|coding| coding == "identity");
        if !plain {
            return Err(NetFault::Encoded);
        }
        Ok(answer.map(|body| Chunks { body, left: limits.max_bytes, timeout: Some(limits.timeout) }))
    }
}

fn unreached(error: &(dyn Error + 'static)) -> NetFault {
    if caused_by::<AddressRefused>(error) {
        NetFault::AddressRefused
    } else if caused_by::<rustls::Error>(error) {
        NetFault::Untrusted
    } else {
        NetFault::Unreachable
    }
}

/// Whether an error of this kind lies beneath another.
fn caused_by<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    found_in::<E>(error).is_some()
}

/// The first error of this kind beneath another, or the error itself.
fn found_in<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    // An I/O error leaves what it wraps out of its chain of sources.
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    let own = error.downcast_ref::<E>();
    let wrapped = || wrapped.and_then(|inner| found_in::<E>(inner));
    own.or_else(wrapped).or_else(|| error.source().and_then(found_in::<E>))
}

fn trusting_nobody() -> rustls::ClientConfig {
    rustls::ClientConfig::builder()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

/// The body of an answer, piece by piece.
#[derive(Debug)]
pub struct Chunks {
    body: Incoming,
    left: usize,
    /// Between two pieces; None waits for ever.
    timeout: Option<Duration>,
}

impl Chunks {
    /// A stream that stays open: it may be silent for as long as it likes, and has no last
    /// byte to count to.
    pub fn standing(mut self) -> Self {
        (self.left, self.timeout) = (usize::MAX, None);
        self
    }

    /// The next piece; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, NetFault>> {
        loop {
            let frame = match self.timeout {
                None => self.body.frame().await,
                Some(timeout) => match tokio::time::timeout(timeout, self.body.frame()).await {
                    Err(_) => return Some(Err(NetFault::TimedOut)),
                    Ok(frame) => frame,
                },
            };
            let frame = match frame {
                None => return None,
                Some(Err(_)) => return Some(Err(NetFault::Broken)),
                Some(Ok(frame)) => frame,
            };
            // Trailers are not passed on.
            let Ok(data) = frame.into_data() else { continue };
            if data.len() > self.left {
                return Some(Err(NetFault::TooLarge));
            }
            self.left -= data.len();
            return Some(Ok(data));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[tokio::test]
    async fn an_answer_that_drips_is_not_waited_for() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n").await;
            while stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        let limits = Limits { max_bytes: 2_000, timeout: Duration::from_millis(400) };
        let request = Request::get(url).body(Bytes::new()).unwrap();
        let begun = Instant::now();
        let fault = HttpClient::new().unwrap().fetch(request, limits).await.err();
        assert_eq!(fault, Some(NetFault::TimedOut));
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }
}
