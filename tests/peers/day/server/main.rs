//! A hospital ward as an MCP server, on rmcp. Whatever it says names a patient with her
//! social security number, so that every message of the day has something to hide. It
//! speaks all protocol revisions, over Streamable HTTP or over its standard streams.
//!
//! `day-server --port N` prints `{"url": …}` on one line when it accepts connections;
//! `day-server --stdio` reads at once and ends with its input.

#[path = "../../conformance/fixture/src/changes.rs"]
mod changes;
#[path = "../../conformance/fixture/src/polling.rs"]
mod polling;
mod tools;
mod ward;

use std::{error::Error, sync::Arc, time::Duration};

use rmcp::{
    ServiceExt,
    transport::{
        stdio,
        streamable_http_server::{
            StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
        },
    },
};

/// What clients are told to wait before they take a dropped stream up again.
const RETRY: Duration = Duration::from_millis(200);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let ward = ward::Ward::new();
    match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [flag, port] if flag == "--port" => over_http(ward, port.parse()?).await,
        [flag] if flag == "--stdio" => {
            ward.serve(stdio()).await?.waiting().await?;
            Ok(())
        }
        _ => Err("usage: day-server --port N | --stdio".into()),
    }
}

async fn over_http(ward: ward::Ward, port: u16) -> Result<(), Box<dyn Error>> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!(r#"{{"url": "http://{}/mcp"}}"#, listener.local_addr()?);
    let mut sessions = LocalSessionManager::default();
    sessions.session_config.sse_retry = Some(RETRY);
    let mcp = StreamableHttpService::new(
        move || Ok(ward.clone()),
        Arc::new(polling::Sessions(sessions)),
        StreamableHttpServerConfig::default().with_sse_retry(Some(RETRY)),
    );
    axum::serve(listener, axum::Router::new().route_service("/mcp", mcp)).await?;
    Ok(())
}
