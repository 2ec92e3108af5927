//! Where a connection may go, decided on the address that it really goes to.
//!
//! A name is resolved once, and what it is resolved to is filtered before it is connected
//! to: a name server that answers differently the second time is not asked a second time
//! (DNS rebinding). An address that stands in the URL itself, which nobody resolves, is
//! judged by the same table.
//!
//! Invariant: no packet goes to an address that [`Networks`] does not allow.

use crate::net::networks::Networks;
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use std::error::Error;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use tower_service::Service;

type BoxError = Box<dyn Error + Send + Sync>;
type Later<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// All addresses of a host are outside the networks that are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address is of a network that the configuration does not name")]
pub(super) struct AddressRefused;

/// A connector whose every address is looked at.
#[derive(Clone)]
pub(super) struct Guarded<R> {
    inner: HttpConnector<Filtered<R>>,
    networks: Networks,
}

/// A resolver that leaves out what is not allowed.
#[derive(Clone)]
pub(super) struct Filtered<R> {
    inner: R,
    networks: Networks,
}

impl<R: Clone> Guarded<R> {
    pub(super) fn new(resolver: R, networks: &Networks) -> Self {
        let filtered = Filtered { inner: resolver, networks: networks.clone() };
        let mut inner = HttpConnector::new_with_resolver(filtered);
        // TLS is put around it, and https comes here as well.
        inner.enforce_http(false);
        Self { inner, networks: networks.clone() }
    }
}

impl<R> Service<Uri> for Guarded<R>
where
    HttpConnector<Filtered<R>>:
        Service<Uri, Response: Send + 'static, Error: Into<BoxError>, Future: Send + 'static>,
{
    type Response = <HttpConnector<Filtered<R>> as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = Later<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        if literal(&uri).is_some_and(|address| !self.networks.allow(address)) {
            return Box::pin(std::future::ready(Err(AddressRefused.into())));
        }
        let connected = self.inner.call(uri);
        Box::pin(async move { connected.await.map_err(Into::into) })
    }
}

/// The address that stands in a URL.
fn literal(uri: &Uri) -> Option<IpAddr> {
    let host = uri.host()?;
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).parse().ok()
}

impl<R> Service<Name> for Filtered<R>
where
    R: Service<Name, Response: Iterator<Item = SocketAddr>, Error: Into<BoxError>, Future: Send + 'static>,
{
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Later<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (resolved, networks) = (self.inner.call(name), self.networks.clone());
        Box::pin(async move {
            let found: Vec<SocketAddr> = resolved.await.map_err(Into::into)?.collect();
            let any = !found.is_empty();
            let allowed: Vec<SocketAddr> =
                found.into_iter().filter(|address| networks.allow(address.ip())).collect();
            if any && allowed.is_empty() { Err(AddressRefused.into()) } else { Ok(allowed.into_iter()) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A name server that answers the first time with one address, then with another.
    #[derive(Clone)]
    struct Rebinding {
        asked: Arc<AtomicUsize>,
        answers: [&'static str; 2],
    }

    impl Service<Name> for Rebinding {
        type Response = std::vec::IntoIter<SocketAddr>;
        type Error = BoxError;
        type Future = Later<Self::Response>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Name) -> Self::Future {
            let time = self.asked.fetch_add(1, Ordering::SeqCst);
            let address = SocketAddr::new(self.answers[time.min(1)].parse().unwrap(), 0);
            Box::pin(std::future::ready(Ok(vec![address].into_iter())))
        }
    }

    async fn connect(
        url: &str,
        answers: [&'static str; 2],
        networks: &Networks,
    ) -> (Result<(), BoxError>, usize) {
        let asked = Arc::new(AtomicUsize::new(0));
        let mut guarded = Guarded::new(Rebinding { asked: asked.clone(), answers }, networks);
        std::future::poll_fn(|context| guarded.poll_ready(context)).await.unwrap();
        let connected =
            tokio::time::timeout(std::time::Duration::from_secs(2), guarded.call(url.parse().unwrap()));
        let connected = connected.await.unwrap_or_else(|_| Err("not in time".into()));
        (connected.map(drop), asked.load(Ordering::SeqCst))
    }

    fn refused(connected: &Result<(), BoxError>) -> bool {
        connected.as_ref().is_err_and(|error| super::super::caused_by::<AddressRefused>(error.as_ref()))
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_connected_to() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let public = Networks::Public(Vec::new());
        let url = format!("http://as.example:{port}/");
        let (connected, asked) = connect(&url, ["127.0.0.1", "127.0.0.1"], &public).await;
        assert!(refused(&connected) && asked == 1, "{connected:?}");
        // Whoever looks the name up for a check gets a public address; the one that is
        // connected to is the only one that counts.
        let (connected, asked) = connect(&url, ["192.0.2.1", "127.0.0.1"], &public).await;
        assert!(refused(&connected) && asked == 1, "{connected:?}");
        for literal in [format!("http://127.0.0.1:{port}/"), format!("http://[::ffff:127.0.0.1]:{port}/")] {
            assert!(refused(&connect(&literal, ["8.8.8.8", "8.8.8.8"], &public).await.0), "{literal}");
        }
        assert!(listener.accept().is_err(), "somebody was connected to");
        let (connected, _) = connect(&url, ["127.0.0.1", "127.0.0.1"], &public.and_loopback()).await;
        assert!(connected.is_ok(), "{connected:?}");
    }
}
