//! Routes: one MCP endpoint per server, the metadata beside them, and health.

use crate::audit::Reply;
use crate::model::call::{Asked, Client};
use crate::model::denial::MessageFault;
use crate::model::ids::ServerName;
use crate::pipeline::Gate;
use crate::server::listener::{Certificate, InFlight, Peer};
use crate::server::stream::Carriage;
use crate::server::strict::{Refusal, Served};
use crate::server::{batch, event_stream, reply, signals, sts};
use crate::wire::arrival::{Arrival, Head, HttpMethod, PendingBody, Transport};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{any, get, post};
use http::{Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// Bounds on a request's body.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    pub max_bytes: usize,
    pub timeout: Duration,
}

#[derive(Clone)]
pub(super) struct App {
    pub(super) gate: Arc<Gate>,
    /// The streams of older clients.
    pub(super) lines: event_stream::Lines,
    pub(super) body: BodyLimits,
    heartbeat: Duration,
}

/// A request to one server, its body still on the wire.
pub(super) struct Asking {
    pub(super) head: Head,
    pub(super) body: Body,
    pub(super) in_flight: Option<InFlight>,
}

/// Why a request is no call to a server.
type Unserved = (StatusCode, &'static str);

/// The gate's routes behind its strictness. `heartbeat` is the longest silence of a stream.
pub fn router(gate: Arc<Gate>, served: Served, body: BodyLimits, heartbeat: Duration) -> Router {
    let served = Arc::new(served);
    Router::new()
        .route("/{server}/mcp", any(mcp))
        // Beneath the resource that tokens are for.
        .route("/{server}/mcp/sse", any(older))
        .route("/.well-known/oauth-protected-resource", get(gate_metadata))
        .route("/.well-known/oauth-protected-resource/{server}/mcp", get(server_metadata))
        .route("/.well-known/oauth-protected-resource/{server}/mcp/sse", get(server_metadata))
        // What the gate itself issues for servers whose tokens it signs.
        .route("/{server}/sts/jwks", get(sts::keys))
        .route("/{server}/sts/.well-known/openid-configuration", get(sts::metadata))
        .route("/.well-known/openid-configuration/{server}/sts", get(sts::metadata))
        .route("/.well-known/oauth-authorization-server/{server}/sts", get(sts::metadata))
        .route("/signals", post(signals::receive))
        .route("/healthz", get(|| async { "ok" }))
        .fallback(|| async { reply::plain(StatusCode::NOT_FOUND, "Not found.") })
        .with_state(App { gate, lines: event_stream::Lines::default(), body, heartbeat })
        .layer(middleware::from_fn(move |request: Request, next: Next| {
            strictly(served.clone(), request, next)
        }))
}

async fn strictly(served: Arc<Served>, request: Request, next: Next) -> Response {
    let version = request.version();
    match served.check(&request) {
        Ok(()) => next.run(request).await,
        Err(Refusal::Plain(status, what)) => reply::closing(reply::plain(status, what), version),
        Err(Refusal::Denied(denial)) => {
            reply::closing(reply::denied(&denial, &Asked::default(), &[]), version)
        }
    }
}

async fn mcp(State(app): State<App>, Path(server): Path<String>, request: Request) -> Response {
    let Asking { head, body, in_flight } = match asking(&app, server, request, Transport::StreamableHttp) {
        Ok(asking) => asking,
        Err((status, why)) => return reply::plain(status, why),
    };
    if !batch::may_come(&head) {
        return pass(&app, head, pending(body, app.body, None), in_flight).await;
    }
    let found = batch::Found::default();
    let body = pending(body, app.body, Some(found.clone()));
    let answered = pass(&app, head.clone(), body, in_flight.clone()).await;
    let batch = found.take();
    if batch.is_empty() {
        return answered;
    }
    let calls: Vec<_> = batch
        .into_iter()
        .map(|message| {
            let body: PendingBody = Box::pin(std::future::ready(Ok(message)));
            let (app, in_flight) = (app.clone(), in_flight.clone());
            let head = Head { by: Transport::Batch, again: true, ..head.clone() };
            tokio::spawn(async move { pass(&app, head, body, in_flight).await })
        })
        .collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap_or_else(|_| failed()));
    }
    batch::answer(answers).await
}

async fn older(State(app): State<App>, Path(server): Path<String>, request: Request) -> Response {
    match asking(&app, server, request, Transport::EventStream) {
        Ok(asking) => event_stream::serve(app, asking).await,
        Err((status, why)) => reply::plain(status, why),
    }
}

fn asking(app: &App, server: String, request: Request, by: Transport) -> Result<Asking, Unserved> {
    let server = ServerName::new(server);
    if !app.gate.identity.resources.has(&server) {
        return Err((StatusCode::NOT_FOUND, "No MCP server is served at this path."));
    }
    let method = match *request.method() {
        Method::POST => HttpMethod::Post,
        Method::GET => HttpMethod::Get,
        Method::DELETE if by == Transport::StreamableHttp => HttpMethod::Delete,
        _ => return Err((StatusCode::METHOD_NOT_ALLOWED, MessageFault::HttpMethod.message())),
    };
    let (parts, body) = request.into_parts();
    let peer = parts.extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0);
    let in_flight = parts.extensions.get::<InFlight>().cloned();
    let query = parts.uri.query().map(str::to_owned);
    let certificate = parts.extensions.get::<Certificate>().map(|certificate| certificate.0.clone());
    let head = Head { method, server, query, headers: parts.headers, peer, by, certificate, again: false };
    Ok(Asking { head, body, in_flight })
}

/// Takes one message through the gate.
async fn pass(app: &App, head: Head, body: PendingBody, in_flight: Option<InFlight>) -> Response {
    let server = head.server.clone();
    let (present, watched) = tokio::sync::watch::channel(());
    let arrival = Arrival { head, body, client: Client::new(watched) };
    let passed = app.call(arrival, in_flight.clone()).await;
    drop(present);
    match passed {
        Ok(sealed) => app.write(sealed, &server, in_flight),
        Err(_) => failed(),
    }
}

impl App {
    /// One call, in a task of its own: should the client hang up, which drops whatever
    /// waits for it, the call still ends on record.
    pub(super) fn call(&self, arrival: Arrival, in_flight: Option<InFlight>) -> JoinHandle<Reply> {
        let gate = self.gate.clone();
        tokio::spawn(async move {
            let _in_flight = in_flight;
            gate.pass(arrival).await
        })
    }

    pub(super) fn write(&self, sealed: Reply, server: &ServerName, in_flight: Option<InFlight>) -> Response {
        reply::write(sealed, &self.gate.identity.resources, server, self.carriage(in_flight, true))
    }

    /// `positions` for streams that can be taken up again.
    pub(super) fn carriage(&self, in_flight: Option<InFlight>, positions: bool) -> Carriage {
        Carriage { heartbeat: self.heartbeat, in_flight, positions }
    }

    pub(super) fn pending(&self, body: Body) -> PendingBody {
        pending(body, self.body, None)
    }
}

pub(super) fn failed() -> Response {
    tracing::error!("a call ended in a fault of ours; nothing was released");
    reply::plain(StatusCode::INTERNAL_SERVER_ERROR, "The call failed inside the gate.")
}

/// The body as a future: not read before someone asks, and then within bounds. A batch is
/// left in `found`, where one may come.
fn pending(body: Body, limits: BodyLimits, found: Option<batch::Found>) -> PendingBody {
    let single = move |body| match found {
        Some(found) => found.apart(body),
        None => Ok(body),
    };
    Box::pin(async move {
        let read = Limited::new(body, limits.max_bytes).collect();
        match tokio::time::timeout(limits.timeout, read).await {
            Err(_) => Err(MessageFault::TooSlow),
            Ok(Ok(collected)) => single(collected.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(MessageFault::TooLarge),
            Ok(Err(_)) => Err(MessageFault::NotJson("the body broke off")),
        }
    })
}

async fn gate_metadata(State(app): State<App>) -> Response {
    reply::metadata(app.gate.identity.resources.metadata(None))
}

async fn server_metadata(State(app): State<App>, Path(server): Path<String>) -> Response {
    reply::metadata(app.gate.identity.resources.metadata(Some(&ServerName::new(server))))
}
