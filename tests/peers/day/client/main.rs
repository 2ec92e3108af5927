//! The client of rmcp: `day-client <mcp url> <token> <era> <upstream>`

// Sampling and logging are deprecated in the newest revision, not in the older ones.
#![allow(deprecated, reason = "the older revisions are spoken too")]

mod heard;
mod steps;

use std::{error::Error, time::Duration};

use rmcp::{
    ClientLifecycleMode, ClientServiceExt,
    model::ProtocolVersion,
    transport::{StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig},
};

const STEPS: &str = include_str!("../steps.txt");
const LONGEST_STEP: Duration = Duration::from_secs(20);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<_> = std::env::args().skip(1).collect();
    let [url, token, era, upstream, ..] = given.as_slice() else {
        return Err("usage: day-client <mcp url> <token> <era> <upstream>".into());
    };
    let modern = era == "modern";
    let lifecycle = if modern {
        ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
    } else {
        ClientLifecycleMode::Initialize
    };
    let heard = heard::Heard::default();
    let config = StreamableHttpClientTransportConfig::with_uri(url.as_str()).auth_header(token);
    let transport = StreamableHttpClientTransport::from_config(config);
    let client = heard.clone().serve_with_lifecycle(transport, lifecycle).await?;
    let day = steps::Day { client, heard, modern };
    for name in STEPS.split_whitespace() {
        if let Some(who) = not_offered(name, modern, upstream) {
            println!("NOT OFFERED {name} by this {who}");
            continue;
        }
        match tokio::time::timeout(LONGEST_STEP, day.live(name)).await {
            Ok(Ok(())) => println!("PASS {name}"),
            Ok(Err(error)) => println!("FAIL {name}: {error}"),
            Err(_) => println!("FAIL {name}: the step took too long"),
        }
    }
    day.client.cancel().await?;
    Ok(())
}

fn not_offered(step: &str, modern: bool, upstream: &str) -> Option<&'static str> {
    match step {
        "tasks" if !modern => Some("client: it has no tasks of 2025-11-25"),
        "resumption" if modern => Some("revision: 2026-07-28 has no event ids"),
        "resumption" if upstream == "stdio" => Some("upstream: standard streams do not break off"),
        _ => None,
    }
}
