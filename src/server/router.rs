//! Routes: one MCP endpoint per server, the metadata beside them, and health.

use crate::identity::Resources;
use crate::model::call::{Asked, Client};
use crate::model::denial::MessageFault;
use crate::model::ids::ServerName;
use crate::pipeline::Gate;
use crate::server::listener::{InFlight, Peer};
use crate::server::stream::Carriage;
use crate::server::strict::{Refusal, Served};
use crate::server::{batch, reply};
use crate::wire::arrival::{Arrival, Head, HttpMethod, PendingBody};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{any, get};
use http::{Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

/// Bounds on a request's body.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    pub max_bytes: usize,
    pub timeout: Duration,
}

#[derive(Clone)]
struct App {
    gate: Arc<Gate>,
    body: BodyLimits,
    heartbeat: Duration,
}

/// The gate's routes behind its strictness. `heartbeat` is the longest silence of a stream.
pub fn router(gate: Arc<Gate>, served: Served, body: BodyLimits, heartbeat: Duration) -> Router {
    let served = Arc::new(served);
    Router::new()
        .route("/{server}/mcp", any(mcp))
        .route("/.well-known/oauth-protected-resource", get(gate_metadata))
        .route("/.well-known/oauth-protected-resource/{server}/mcp", get(server_metadata))
        .route("/healthz", get(|| async { "ok" }))
        .fallback(|| async { reply::plain(StatusCode::NOT_FOUND, "Not found.") })
        .with_state(App { gate, body, heartbeat })
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
            reply::closing(reply::denied(&denial, &Asked::default(), None), version)
        }
    }
}

async fn mcp(State(app): State<App>, Path(server): Path<String>, request: Request) -> Response {
    let server = ServerName::new(server);
    if app.gate.identity.resources.metadata(Some(&server)).is_none() {
        return reply::plain(StatusCode::NOT_FOUND, "No MCP server is served at this path.");
    }
    let method = match *request.method() {
        Method::POST => HttpMethod::Post,
        Method::GET => HttpMethod::Get,
        Method::DELETE => HttpMethod::Delete,
        _ => return reply::plain(StatusCode::METHOD_NOT_ALLOWED, MessageFault::HttpMethod.message()),
    };
    let (parts, body) = request.into_parts();
    let peer = parts.extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0);
    let in_flight = parts.extensions.get::<InFlight>().cloned();
    let query = parts.uri.query().map(str::to_owned);
    let head = Head { method, server, query, headers: parts.headers, peer, batched: false };
    let found = batch::may_come(&head).then(batch::Found::default);
    let body = pending(body, app.body, found.clone());
    let answered = pass(&app, head.clone(), body, in_flight.clone()).await;
    let batch = found.map(|found| found.take()).unwrap_or_default();
    if batch.is_empty() {
        return answered;
    }
    let calls: Vec<_> = batch
        .into_iter()
        .map(|message| {
            let body: PendingBody = Box::pin(std::future::ready(Ok(message)));
            let (app, in_flight) = (app.clone(), in_flight.clone());
            let head = Head { batched: true, ..head.clone() };
            tokio::spawn(async move { pass(&app, head, body, in_flight).await })
        })
        .collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap_or_else(|_| failed()));
    }
    batch::answer(answers).await
}

/// Takes one message through the gate.
async fn pass(app: &App, head: Head, body: PendingBody, in_flight: Option<InFlight>) -> Response {
    let server = head.server.clone();
    // In a task of its own: should the client hang up, which drops this future, the call
    // still ends on record.
    let (present, watched) = tokio::sync::watch::channel(());
    let arrival = Arrival { head, body, client: Client::new(watched) };
    let gate = app.gate.clone();
    let held = in_flight.clone();
    let passed = tokio::spawn(async move {
        let _in_flight = held;
        gate.pass(arrival).await
    })
    .await;
    drop(present);
    match passed {
        Ok(sealed) => {
            let carriage = Carriage { heartbeat: app.heartbeat, in_flight };
            reply::write(sealed, &app.gate.identity.resources, &server, carriage)
        }
        Err(_) => failed(),
    }
}

fn failed() -> Response {
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

/// The path at which a server is routed; [`router`] and the metadata agree on it.
pub fn path(server: &ServerName) -> String {
    Resources::path(server)
}
