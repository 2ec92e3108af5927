//! One connection, from its handshake to its end: HTTP/1.1, or HTTP/2 where TLS agreed
//! on it. HTTP/2 without TLS is not spoken: no MCP client asks for it, and a proxy in
//! front that passes on upgrades to it is a way around that proxy.
//!
//! What bounds a connection:
//!
//! | against | bound |
//! |---|---|
//! | slow handshake, slow head, idling | [`Limits::handshake`], [`Limits::head`], [`Limits::idle`] |
//! | a peer that is gone | HTTP/2 pings |
//! | answers asked for and not taken | [`Limits::stall`] |
//! | streams, their reset and reopening | [`STREAMS`]; [`CALLS`], since a call outlives its stream |
//! | heads too large, CONTINUATION floods | [`Limits::max_head_bytes`]; h2 derives the rest of it |
//! | resets before or by us | h2's counts, [`RESETS`] and [`FAULTS`] |
//! | buffered bodies | the windows |
//! | SETTINGS and PING floods | h2 reads no further frame before its answer is written |
//! | floods of small DATA frames | h2's budget |

mod screen;
mod traffic;

use crate::jose::{base64url, sha256};
use crate::server::drain::Held;
use crate::server::listener::{Certificate, InFlight, Limits, Peer};
use crate::server::reply;
use crate::server::tls::Tls;
use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use screen::Screened;
use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tower_service::Service as _;
use traffic::{Tracked, Traffic};

/// Open streams of one connection.
const STREAMS: u32 = 100;
/// Calls that one connection may have under way. A client that resets a stream ends the
/// stream, but the call goes on to its record.
const CALLS: usize = 2 * STREAMS as usize;
/// Streams reset by the peer before we came to them.
const RESETS: usize = 20;
/// Streams that we had to reset for a fault of the peer.
const FAULTS: usize = 64;
/// What a peer may send ahead, per stream and per connection.
const STREAM_WINDOW: u32 = 64 << 10;
const CONNECTION_WINDOW: u32 = 256 << 10;
/// The smallest maximum that there is.
const FRAME: u32 = 16 << 10;
/// What is buffered of one answer.
const SEND_BUFFER: usize = 64 << 10;
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection that was told to end may take for its farewell.
const LINGER: Duration = Duration::from_secs(1);

/// Who is at the other end.
#[derive(Clone)]
struct From {
    peer: IpAddr,
    certificate: Option<Certificate>,
}

/// What every connection of a listener is served with.
#[derive(Clone)]
pub(super) struct Connections {
    pub(super) router: Router,
    pub(super) limits: Limits,
    pub(super) tls: Option<Arc<Tls>>,
}

impl Connections {
    pub(super) async fn serve(self, stream: TcpStream, peer: IpAddr, held: Held) {
        let Some(tls) = &self.tls else {
            return self.http1(stream, From { peer, certificate: None }, held).await;
        };
        let handshake = tokio::time::timeout(self.limits.handshake, tls.accept(stream));
        let stream = tokio::select! {
            accepted = handshake => accepted,
            () = held.draining() => return,
        };
        // Strangers must not be able to fill the logs: a failed handshake is silent.
        let Ok(Ok(stream)) = stream else { return };
        let connection = stream.get_ref().1;
        let shown = connection.peer_certificates().and_then(|chain| chain.first());
        let peer = From { peer, certificate: shown.map(|leaf| Certificate(base64url(&sha256(leaf)))) };
        if connection.alpn_protocol() == Some(b"h2") {
            self.http2(stream, peer, held).await;
        } else {
            self.http1(stream, peer, held).await;
        }
    }

    async fn http1(
        self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        peer: From,
        held: Held,
    ) {
        let traffic = Arc::new(Traffic::default());
        let mut builder = http1::Builder::new();
        // `drive` times the heads: hyper's timer would also run while an answer is sent.
        builder.header_read_timeout(None).max_buf_size(self.limits.max_head_bytes);
        let service = service_fn(service(self.router, peer, held.clone(), traffic.clone()));
        let screened = Screened::new(stream, self.limits.max_head_bytes);
        let connection = builder.serve_connection(TokioIo::new(screened), service);
        drive(Box::pin(connection), &traffic, &held, self.limits.head, self.limits.stall).await;
    }

    async fn http2(
        self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        peer: From,
        held: Held,
    ) {
        let traffic = Arc::new(Traffic::default());
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_pending_accept_reset_streams(RESETS)
            .max_local_error_reset_streams(FAULTS)
            .max_header_list_size(u32::try_from(self.limits.max_head_bytes).unwrap_or(u32::MAX))
            .max_frame_size(FRAME)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(SEND_BUFFER)
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_TIMEOUT);
        let service = service_fn(service(self.router, peer, held.clone(), traffic.clone()));
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        drive(Box::pin(connection), &traffic, &held, self.limits.idle, self.limits.stall).await;
    }
}

/// Runs a connection to its end: the peer's, or after `idle` without a request, or the
/// gate's. It may finish what is open unless time is up; what it asked for and does not
/// take within `stall` is not waited for.
async fn drive(
    mut connection: Pin<Box<Driven>>,
    traffic: &Traffic,
    held: &Held,
    idle: Duration,
    stall: Duration,
) {
    tokio::select! {
        // A client that breaks off is no event of ours.
        _ = connection.as_mut() => return,
        () = traffic.stalled_for(stall) => return,
        () = traffic.idle_for(idle) => {}
        () = held.draining() => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        _ = connection.as_mut() => {}
        () = traffic.stalled_for(stall) => {}
        () = traffic.idle_for(LINGER) => {}
        () = held.ending() => {}
    }
}

/// Either protocol's connection, as hyper has it.
type Driven = dyn GracefulConnection<Error = hyper::Error, Output = hyper::Result<()>> + Send;

fn service(
    router: Router,
    peer: From,
    held: Held,
    traffic: Arc<Traffic>,
) -> impl Fn(http::Request<Incoming>) -> Answering + Clone {
    let calls = Arc::new(Semaphore::new(CALLS));
    move |mut request| {
        let exchange = traffic.enter();
        let (mut router, call) = (router.clone(), calls.clone().try_acquire_owned());
        let (held, from) = (held.clone(), peer.clone());
        Box::pin(async move {
            let Ok(call) = call else { return Ok(reply::crowded().map(|body| exchange.track(body))) };
            request.extensions_mut().insert(Peer(from.peer));
            if let Some(certificate) = from.certificate {
                request.extensions_mut().insert(certificate);
            }
            request.extensions_mut().insert(InFlight::new(held, call));
            match router.call(request.map(Body::new)).await {
                Ok(response) => Ok(response.map(|body| exchange.track(body))),
                Err(never) => match never {},
            }
        })
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<http::Response<Tracked>, Infallible>> + Send>>;
