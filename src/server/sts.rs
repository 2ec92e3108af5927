//! What downstreams need to verify the gate's own tokens: metadata (RFC 8414) and keys
//! (RFC 7517) of each issuer. Public, and the same for everyone.

use crate::model::ids::ServerName;
use crate::server::reply;
use crate::server::router::App;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

pub(super) async fn metadata(State(app): State<App>, Path(server): Path<String>) -> Response {
    let sts = app.gate.exchange.issuance.sts.as_ref();
    reply::metadata(sts.and_then(|sts| sts.metadata(&ServerName::new(server))))
}

pub(super) async fn keys(State(app): State<App>, Path(server): Path<String>) -> Response {
    let sts = app.gate.exchange.issuance.sts.as_ref();
    let Some((keys, fresh_for)) = sts.and_then(|sts| sts.key_set(&ServerName::new(server))) else {
        return reply::plain(StatusCode::NOT_FOUND, "No such issuer.");
    };
    let mut response =
        reply::respond(StatusCode::OK, "application/jwk-set+json", keys.to_string().into_bytes());
    if let Ok(value) = HeaderValue::from_str(&format!("public, max-age={fresh_for}")) {
        response.headers_mut().insert(header::CACHE_CONTROL, value);
    }
    response
}
