//! Our own accept loop. `axum::serve` sets no bounds: neither on connections nor on how
//! long one may be held.

use crate::server::admission::Admission;
use crate::server::connection::Connections;
use crate::server::drain::{Drain, Held};
use crate::server::tls::Tls;
use axum::Router;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::OwnedSemaphorePermit;

/// Bounds on connections.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub connections: usize,
    /// Of one address, or one /64 of IPv6.
    pub connections_per_peer: usize,
    /// For the TLS handshake.
    pub handshake: Duration,
    /// For the whole head of an HTTP/1.1 request, and so also the longest idle time
    /// between two requests of a connection.
    pub head: Duration,
    /// Of a request line with its headers; at least 8 KiB.
    pub max_head_bytes: usize,
    /// How long an HTTP/2 connection may go without a request.
    pub idle: Duration,
    /// How long a peer may leave an answer untaken.
    pub stall: Duration,
    /// How long open requests may go on after the signal to stop.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            connections_per_peer: 256,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(10),
            max_head_bytes: 32 << 10,
            idle: Duration::from_secs(60),
            stall: Duration::from_secs(30),
            drain: Duration::from_secs(10),
        }
    }
}

/// The address a connection comes from, as a request extension.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// Hash of the certificate that the peer showed, as a request extension.
#[derive(Clone, Debug)]
pub(super) struct Certificate(pub(super) String);

/// A request that is under way, as an extension of it. Whatever goes on working for the
/// request keeps a clone until it is done, also when the client has hung up: the gate
/// waits for it on closing, and it counts against its connection.
#[derive(Clone, Debug)]
pub struct InFlight {
    /// Tells when the gate is closing.
    pub held: Held,
    _call: Arc<OwnedSemaphorePermit>,
}

impl InFlight {
    pub(super) fn new(held: Held, call: OwnedSemaphorePermit) -> Self {
        Self { held, _call: Arc::new(call) }
    }
}

/// Serves until `drain` begins, then lets what is open end. With `tls` nothing is served
/// without it.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    tls: Option<Arc<Tls>>,
    drain: Drain,
) {
    let mut admission = Admission::new(limits.connections, limits.connections_per_peer);
    let connections = Connections { router, limits, tls };
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = drain.begun() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, most likely: give the others time to end.
                tracing::warn!(%error, "accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Above a cap a connection is closed at once rather than left waiting.
        let Some(place) = admission.admit(peer.ip()) else { continue };
        let _ = stream.set_nodelay(true);
        let connection = connections.clone().serve(stream, peer.ip(), drain.hold());
        tokio::spawn(async move {
            connection.await;
            drop(place);
        });
    }
    drop(listener);
    drain.finish(limits.drain).await;
}
