//! The endpoint for security events (RFC 8935 §2). A signal is on record before it is
//! acknowledged.

use crate::identity::signals::Refusal;
use crate::server::reply;
use crate::server::router::{App, BodyLimits};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use serde_json::json;

/// Of one event.
const MAX_BYTES: usize = 16 << 10;

pub(super) async fn receive(State(app): State<App>, request: Request) -> Response {
    let Some(receiver) = &app.gate.signals else {
        return reply::plain(StatusCode::NOT_FOUND, "Not found.");
    };
    let authorization = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if !receiver.knows(authorization) {
        return refused(Refusal::AuthenticationFailed);
    }
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind.is_none_or(|kind| kind.split(';').next() != Some("application/secevent+jwt")) {
        return refused(Refusal::InvalidRequest("Content-Type"));
    }
    let Some(event) = read(request.into_body(), app.body).await else {
        return refused(Refusal::InvalidRequest("body"));
    };
    let signal = match receiver.receive(event.trim_ascii()).await {
        Ok(signal) => signal,
        Err(refusal) => return refused(refusal),
    };
    tracing::info!(events = ?signal.events, revoked = signal.revoked.len(), "a security event was taken");
    match app.gate.audit.signal(&signal).await {
        Ok(()) => {
            receiver.recorded(&signal);
            reply::respond(StatusCode::ACCEPTED, "", Vec::new())
        }
        // What it revoked stays revoked; the transmitter sends it again.
        Err(_) => refused(Refusal::Unavailable("audit")),
    }
}

async fn read(body: Body, limits: BodyLimits) -> Option<String> {
    let read = Limited::new(body, MAX_BYTES).collect();
    let body = tokio::time::timeout(limits.timeout, read).await.ok()?.ok()?;
    String::from_utf8(body.to_bytes().to_vec()).ok()
}

fn refused(refusal: Refusal) -> Response {
    let (status, word) = match refusal {
        Refusal::AuthenticationFailed => (StatusCode::UNAUTHORIZED, "authentication_failed"),
        Refusal::InvalidRequest(_) => (StatusCode::BAD_REQUEST, "invalid_request"),
        Refusal::InvalidKey => (StatusCode::BAD_REQUEST, "invalid_key"),
        Refusal::InvalidIssuer => (StatusCode::BAD_REQUEST, "invalid_issuer"),
        Refusal::InvalidAudience => (StatusCode::BAD_REQUEST, "invalid_audience"),
        Refusal::Unavailable(_) => {
            return reply::plain(StatusCode::SERVICE_UNAVAILABLE, "The event cannot be taken at the moment.");
        }
    };
    tracing::warn!(?refusal, "a security event was not taken");
    let body = json!({"err": word, "description": "The event was not taken."}).to_string();
    let mut response = reply::respond(status, "application/json", body.into_bytes());
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
