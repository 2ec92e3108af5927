//! Arguments that headers mirror (`x-mcp-header`), over the bridge: a client with a session
//! knows none of it, and a server of 2026-07-28 refuses a call without.

use crate::support::upstream::{self, Upstream};
use crate::support::{Answer, Gate, request};
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

#[test]
fn a_legacy_clients_arguments_are_mirrored_and_keep_their_spelling() {
    let properties = json!({"ward": {"type": "string", "x-mcp-header": "Ward"}, "dose": {"type": "number"}});
    let tools = json!([{"name": "look", "inputSchema": {"type": "object", "properties": properties}}]);
    let server = Upstream::start(tools, |message, stream| {
        let result = match message["method"].as_str() {
            Some("server/discover") => {
                json!({"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}})
            }
            _ => json!({"content": [{"type": "text", "text": "seen"}]}),
        };
        let mut result = result;
        result["resultType"] = json!("complete");
        upstream::whole(stream, message, &result);
    });
    let feed = format!("feed: {{ url: '{}', auth: none, era: modern }}", server.url);
    let gate = Gate::start("mirrored", &feed, "server: feed\ntools:\n  look: { release: all }\n");
    let token = gate.token("feed", "amara", "patient:read");
    let send = |session: Option<&str>, body: &str| {
        let authorization = format!("Bearer {token}");
        let mut headers = vec![
            ("Authorization", authorization.as_str()),
            ("Content-Type", "application/json"),
            ("Accept", "application/json, text/event-stream"),
        ];
        headers.extend(session.map(|session| ("Mcp-Session-Id", session)));
        let mut stream = TcpStream::connect(&gate.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        stream.write_all(&request(&gate.address, "feed", &headers, body.as_bytes())).unwrap();
        Answer::read(&mut stream)
    };
    let initialize: Value = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}});
    let opened = send(None, &initialize.to_string());
    let session = opened.header("mcp-session-id").expect("a session");
    let call = r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"look","arguments":{"ward":"Süd 4","dose":12345678901234567890.10}}}"#;
    assert!(send(Some(session), call).body.contains("seen"));
    let sent = String::from_utf8(server.seen.lock().unwrap().clone()).unwrap();
    let mirrored =
        sent.to_ascii_lowercase().lines().any(|line| line.starts_with("mcp-param-ward: =?base64?"));
    assert!(mirrored, "{sent}");
    assert!(sent.contains(r#""dose":12345678901234567890.10"#), "{sent}");
}
