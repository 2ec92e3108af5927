//! `GET /metrics`, on a listener of its own: whoever may scrape need not reach the gate, and
//! whoever reaches the gate may not scrape.

use crate::audit::Metrics;
use crate::server::drain::Drain;
use crate::server::listener::{self, Limits};
use crate::server::reply;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use std::sync::Arc;
use tokio::net::TcpListener;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves the counters until `drain` begins.
pub async fn serve(listener: TcpListener, metrics: Arc<Metrics>, drain: Drain) {
    let router = Router::new()
        .route("/metrics", get(text))
        .fallback(|| async { reply::plain(StatusCode::NOT_FOUND, "The counters are at /metrics.") })
        .with_state(metrics);
    let limits = Limits { connections: 16, connections_per_peer: 16, ..Limits::default() };
    listener::serve(listener, router, limits, None, drain).await;
}

async fn text(State(metrics): State<Arc<Metrics>>) -> Response {
    match metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => reply::plain(StatusCode::INTERNAL_SERVER_ERROR, "The counters could not be written."),
    }
}
