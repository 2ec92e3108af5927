//! The two servers: each does what a call's argument `do` says, in its own era's form.

use super::world::Heard;
use crate::support::upstream;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Barrier;

pub(super) const SSN: &str = "536-90-4399";

/// Answers as a server of 2025-11-25 does.
pub(super) fn legacy_server(
    heard: &Heard,
    both: &Barrier,
    message: &Value,
    stream: &mut TcpStream,
) -> std::io::Result<()> {
    match message["method"].as_str() {
        Some("initialize") => {
            let result = json!({"protocolVersion": "2025-11-25", "serverInfo": {"name": "old", "version": "1"},
                "capabilities": {"tools": {}, "resources": {"subscribe": true}}});
            let body = json!({"jsonrpc": "2.0", "id": message["id"], "result": result}).to_string();
            let head = "HTTP/1.1 200 OK\r\nMcp-Session-Id: s-1\r\nContent-Type: application/json";
            write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        }
        Some("GET") => {
            upstream::begin_events(stream)?;
            changed(stream, "feed://other")?;
            changed(stream, "feed://rows")?;
            until_gone(stream)
        }
        Some("tools/call") => {
            upstream::begin_events(stream)?;
            match doing(message) {
                "ask" => {
                    let question = json!({"jsonrpc": "2.0", "id": "of the server", "method": "elicitation/create", "params": asking()});
                    upstream::event(stream, &question)?;
                    heard.until("answer", || heard.answers().pop());
                }
                "wait" => drop(heard.wait_for("notifications/cancelled")),
                _ => {}
            }
            upstream::event(stream, &told(both, message))?;
            upstream::end_events(stream)
        }
        Some("resources/subscribe" | "resources/unsubscribe") => {
            upstream::whole(stream, message, &json!({}));
            Ok(())
        }
        _ => stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"),
    }
}

/// Answers as a server of 2026-07-28 does.
pub(super) fn modern_server(
    heard: &Heard,
    both: &Barrier,
    message: &Value,
    stream: &mut TcpStream,
) -> std::io::Result<()> {
    let mut answer = json!({"jsonrpc": "2.0", "id": message["id"], "result": {"resultType": "complete"}});
    match message["method"].as_str() {
        Some("server/discover") => {
            answer["result"]["supportedVersions"] = json!(["2026-07-28"]);
            answer["result"]["capabilities"] = json!({"tools": {}, "resources": {"subscribe": true}});
            answer["result"]["_meta"]["io.modelcontextprotocol/serverInfo"] =
                json!({"name": "new", "version": "1"});
        }
        Some("subscriptions/listen") => {
            let wanted = &message["params"]["notifications"];
            upstream::begin_events(stream)?;
            let method = "notifications/subscriptions/acknowledged";
            upstream::event(
                stream,
                &json!({"jsonrpc": "2.0", "method": method, "params": {"notifications": wanted}}),
            )?;
            for uri in wanted["resourceSubscriptions"].as_array().into_iter().flatten() {
                changed(stream, uri.as_str().unwrap())?;
            }
            return until_gone(stream);
        }
        Some("tools/call")
            if doing(message) == "ask" && message["params"].get("inputResponses").is_none() =>
        {
            answer["result"] = json!({"resultType": "input_required", "requestState": "the state",
                "inputRequests": {"q": {"method": "elicitation/create", "params": asking()}}});
        }
        Some("tools/call") if doing(message) == "wait" => {
            upstream::begin_events(stream)?;
            let ended = until_gone(stream);
            heard.note(&json!({"method": "hung up"}));
            return ended;
        }
        _ => answer = told(both, message),
    }
    upstream::begin_events(stream)?;
    upstream::event(stream, &answer)?;
    upstream::end_events(stream)
}

fn doing(message: &Value) -> &str {
    message["params"]["arguments"]["do"].as_str().unwrap_or_default()
}

fn asking() -> Value {
    json!({"mode": "form", "message": format!("Is it {SSN}?"), "requestedSchema": {
        "type": "object", "properties": {"word": {"type": "string"}}}})
}

/// The answer to a call. Those that are to meet are answered when both are there.
fn told(both: &Barrier, message: &Value) -> Value {
    let id = &message["id"];
    let text = match doing(message) {
        "fail" => {
            let error = json!({"code": -32050, "message": format!("No row for {SSN}.")});
            return json!({"jsonrpc": "2.0", "id": id, "error": error});
        }
        "meet" => {
            both.wait();
            message["params"]["arguments"]["word"].as_str().unwrap().to_owned()
        }
        _ => json!({"ssn": SSN}).to_string(),
    };
    json!({"jsonrpc": "2.0", "id": id, "result": {"resultType": "complete", "content": [{"type": "text", "text": text}]}})
}

fn changed(stream: &mut TcpStream, uri: &str) -> std::io::Result<()> {
    let method = "notifications/resources/updated";
    upstream::event(stream, &json!({"jsonrpc": "2.0", "method": method, "params": {"uri": uri}}))
}

/// Keeps a stream open until the peer hangs up.
fn until_gone(stream: &mut TcpStream) -> std::io::Result<()> {
    while stream.read(&mut [0; 64])? > 0 {}
    Ok(())
}
