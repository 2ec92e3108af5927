//! Requests that two readers could read in two ways, and what a client says of itself by
//! headers: neither reaches a server.

#[path = "http/two.rs"]
mod two;

use crate::support::upstream::{self, Upstream};
use crate::support::{Answer, Gate, modern, modern_headers, request};
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

const RULES: &str = "server: feed\ntools:\n  look: { release: all }\n";

/// What a proxy in front might say, and what a server behind might believe.
const CLAIMS: [(&str, &str); 12] = [
    ("x-forwarded-for", "203.0.113.7"),
    ("x-forwarded-host", "claimed.example"),
    ("x-forwarded-proto", "claimed"),
    ("x-forwarded-user", "claimed"),
    ("x-real-ip", "203.0.113.7"),
    ("forwarded", "for=203.0.113.7"),
    ("x-remote-user", "claimed"),
    ("x-auth-request-email", "claimed@example"),
    ("x-original-url", "/claimed"),
    ("x-http-method-override", "DELETE"),
    ("cookie", "sid=claimed"),
    ("proxy-authorization", "Basic claimed"),
];

/// A server that answers every call, and what it was sent.
fn server() -> Upstream {
    let tools = json!([{"name": "look", "inputSchema": {"type": "object"}}]);
    Upstream::start(tools, |message, stream| {
        let content = json!([{"type": "text", "text": "seen"}]);
        upstream::whole(stream, message, &json!({"content": content, "resultType": "complete"}));
    })
}

fn call(marker: &str) -> Value {
    modern("tools/call", json!({"name": "look", "arguments": {"marker": marker}}))
}

fn sent(server: &Upstream) -> String {
    String::from_utf8_lossy(&server.seen.lock().unwrap()).to_ascii_lowercase()
}

fn exchange(gate: &Gate, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(&gate.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    // The gate may refuse and close before all was sent.
    let _ = stream.write_all(bytes);
    Answer::read(&mut stream)
}

#[test]
fn what_can_be_read_in_two_ways_is_not_read() {
    let server = server();
    let gate = Gate::start("http-screen", &format!("feed: {{ url: '{}', auth: none }}", server.url), RULES);
    let authorization = format!("Bearer {}", gate.token("feed", "amara", "patient:read"));
    let mut headers = modern_headers(&authorization, "tools/call").to_vec();
    headers.push(("Mcp-Name", "look"));
    let good = |marker: &str| {
        let bytes = request(&gate.address, "feed", &headers, call(marker).to_string().as_bytes());
        String::from_utf8(bytes).unwrap()
    };
    assert_eq!(exchange(&gate, good("honest").as_bytes()).status, 200);
    assert!(sent(&server).contains("honest"), "what arrives is seen");
    let length = format!("Content-Length: {}\r\n", call("odd").to_string().len());
    let line = format!("POST /feed/mcp HTTP/1.1\r\nHost: {}\r\n", gate.address);
    let inside = |more: &str| good("odd").replace("Connection: close\r\n", more);
    let cases = [
        ("two lengths, equal", inside(&length)),
        ("two lengths, different", inside("Content-Length: 0\r\n")),
        ("a list of lengths", good("odd").replace("Content-Length: ", "Content-Length: 1, ")),
        ("a signed length", good("odd").replace("Content-Length: ", "Content-Length: +")),
        ("length and chunked", inside("Transfer-Encoding: chunked\r\n")),
        ("chunked under a veil", inside("Transfer-Encoding: xchunked\r\n")),
        ("space before the colon", inside("Transfer-Encoding : chunked\r\n")),
        ("length with a space before the colon", inside("Content-Length : 0\r\n")),
        ("a folded line", inside("X-One: a\r\n b: c\r\n")),
        ("a first line folded", good("odd").replace("Host:", " Folded: a\r\nHost:")),
        ("a bare LF", inside("X-One: a\nX-Two: b\r\n")),
        ("a bare CR", inside("X-One: a\rX-Two: b\r\n")),
        ("a NUL", inside("X-One: a\0b\r\n")),
        ("no colon", inside("X-One\r\n")),
        ("another host in absolute form", good("odd").replace("POST /", "POST http://elsewhere.example/")),
        ("CONNECT", good("odd").replace("POST /feed/mcp", &format!("CONNECT {}", gate.address))),
        ("asterisk form", good("odd").replace("POST /feed/mcp", "POST *")),
        ("a head too large", inside(&format!("X-One: {}\r\n", "a".repeat(40 << 10)))),
        ("too many headers", inside(&"X-One: a\r\n".repeat(101))),
        ("HTTP/1.0", good("odd").replace("HTTP/1.1", "HTTP/1.0").replace(&length, "")),
        ("HTTP/2 by prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()),
    ];
    for (name, bytes) in cases {
        assert_ne!(bytes, good("odd"), "{name}: the case is none");
        // A second request behind it on the connection must not be read either.
        let answer = exchange(&gate, format!("{bytes}{}", good("odd")).as_bytes());
        assert!(answer.status == 0 || (400..500).contains(&answer.status), "{name}: {answer:?}");
        assert!(!answer.body.contains("HTTP/1.1"), "{name}: two answers: {answer:?}");
        assert!(!sent(&server).contains("odd"), "{name} reached the server");
    }
    // Its own absolute form is the same request (RFC 9112, 3.2.2).
    let absolute = good("absolute").replace("POST /", &format!("POST http://{}/", gate.address));
    assert_eq!(exchange(&gate, absolute.as_bytes()).status, 200);
    // A request inside a body is a body, also where the connection stays open.
    let smuggled = format!("{line}{}", good("smuggled").split_once("\r\n").unwrap().1);
    let outer = format!("{line}Content-Length: {}\r\n\r\n{smuggled}", smuggled.len());
    let answer = exchange(&gate, format!("{outer}{}", good("next")).as_bytes());
    assert_eq!(answer.body.matches("HTTP/1.1 200").count(), 1, "an answer each: {answer:?}");
    assert!(!sent(&server).contains("smuggled") && sent(&server).contains("next"));
}

#[test]
fn claims_by_header_end_at_the_gate() {
    let server = server();
    let gate = Gate::start("http-claims", &format!("feed: {{ url: '{}', auth: none }}", server.url), RULES);
    let authorization = format!("Bearer {}", gate.token("feed", "amara", "patient:read"));
    let mut headers = modern_headers(&authorization, "tools/call").to_vec();
    headers.push(("Mcp-Name", "look"));
    headers.extend(CLAIMS);
    let bytes = request(&gate.address, "feed", &headers, call("honest").to_string().as_bytes());
    assert_eq!(exchange(&gate, &bytes).status, 200);
    let sent = sent(&server);
    assert!(sent.contains("honest") && sent.contains("mcp-name: look"), "{sent}");
    for said in CLAIMS.iter().flat_map(|(name, value)| [*name, *value]).chain([authorization.as_str()]) {
        let said = said.to_ascii_lowercase();
        assert!(said == "delete" || !sent.contains(&said), "{said} went on: {sent}");
    }
    assert!(!sent.contains("bearer"), "{sent}");
}
