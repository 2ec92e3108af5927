//! A gate before two servers, each of one era alone, and clients of either.

use super::servers::{legacy_server, modern_server};
use crate::support::upstream::Upstream;
use crate::support::{Answer, Gate, request};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};

const RULES: &str = "server: old
tools: { look: { release: all, text: detect, profile: hipaa-safe-harbor } }
resources: { 'feed://*': { release: all } }
messages: { allow: [elicitation, subscriptions], profile: hipaa-safe-harbor }
---
server: new
tools: { look: { release: all, text: detect, profile: hipaa-safe-harbor } }
resources: { 'feed://*': { release: all } }
messages: { allow: [elicitation, subscriptions], profile: hipaa-safe-harbor }
";
const PATIENCE: Duration = Duration::from_secs(10);

/// What a server was told, message by message.
#[derive(Clone, Default)]
pub(super) struct Heard(Arc<Mutex<Vec<Value>>>);

impl Heard {
    pub(super) fn heard(&self, method: &str) -> Vec<Value> {
        self.0.lock().unwrap().iter().filter(|message| message["method"] == method).cloned().collect()
    }

    pub(super) fn answers(&self) -> Vec<Value> {
        self.0.lock().unwrap().iter().filter(|message| message.get("method").is_none()).cloned().collect()
    }

    pub(super) fn wait_for(&self, method: &str) -> Value {
        self.until(method, || self.heard(method).pop())
    }

    pub(super) fn until<T>(&self, what: &str, found: impl Fn() -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = found() {
                return found;
            }
            assert!(Instant::now() < deadline, "no {what} in {:#?}", self.0.lock().unwrap());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(super) fn note(&self, message: &Value) {
        self.0.lock().unwrap().push(message.clone());
    }
}

pub(super) struct World {
    gate: Gate,
    /// The server of 2025-11-25.
    pub(super) old: Heard,
    /// The server of 2026-07-28.
    pub(super) new: Heard,
}

impl World {
    pub(super) fn start(name: &str) -> Self {
        let (old, new) = (Heard::default(), Heard::default());
        let tools = json!([{"name": "look", "inputSchema": {"type": "object"}}]);
        let (heard, both) = (old.clone(), Barrier::new(2));
        let first = Upstream::start(tools.clone(), move |message, stream| {
            heard.note(message);
            let _ = legacy_server(&heard, &both, message, stream);
        });
        let (heard, both) = (new.clone(), Barrier::new(2));
        let second = Upstream::start(tools, move |message, stream| {
            heard.note(message);
            let _ = modern_server(&heard, &both, message, stream);
        });
        let upstreams = format!(
            "old: {{ url: '{}', auth: none, era: legacy }}\nnew: {{ url: '{}', auth: none, era: modern }}",
            first.url, second.url
        );
        Self { gate: Gate::start(name, &upstreams, RULES), old, new }
    }

    /// A client of 2026-07-28 before a server.
    pub(super) fn modern(&self, server: &'static str, person: &str) -> Client<'_> {
        let scope = if person == "chen" { "accounts:read" } else { "patient:read" };
        let token = self.gate.token(server, person, scope);
        Client { gate: &self.gate, server, token, session: None, opened: Value::Null }
    }

    /// A client with a session of 2025-11-25.
    pub(super) fn legacy(&self, server: &'static str, person: &str) -> Client<'_> {
        let mut client = Client { session: Some(String::new()), ..self.modern(server, person) };
        let opened = client.say(&json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {"elicitation": {}},
            "clientInfo": {"name": "t", "version": "1"}}}));
        client.session = Some(opened.header("mcp-session-id").expect("a session").to_owned());
        client.opened = opened.json();
        let ready = client.say(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        assert_eq!(ready.status, 202, "{ready:?}");
        client
    }
}

pub(super) struct Client<'w> {
    gate: &'w Gate,
    server: &'static str,
    token: String,
    /// Empty until it is opened; None from 2026-07-28 on.
    session: Option<String>,
    /// The answer to `initialize`.
    pub(super) opened: Value,
}

impl Client<'_> {
    /// Makes a request; everything that comes, the answer last.
    pub(super) fn ask(&self, id: u64, method: &str, params: Value) -> Vec<Value> {
        let answer = Answer::read(&mut self.open(id, method, params));
        let whole = answer.json();
        if whole.is_object() { vec![whole] } else { answer.events() }
    }

    /// Makes a request and leaves the connection to the caller.
    pub(super) fn open(&self, id: u64, method: &str, mut params: Value) -> TcpStream {
        if self.session.is_none() {
            params["_meta"] = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}}});
        }
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
    }

    pub(super) fn say(&self, message: &Value) -> Answer {
        Answer::read(&mut self.send(message))
    }

    /// The session's standing stream.
    pub(super) fn standing(&self) -> TcpStream {
        let session = self.session.as_deref().unwrap_or_default();
        let head = format!(
            "GET /{}/mcp HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\nAuthorization: Bearer {}\r\n\
             MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: {session}\r\n\r\n",
            self.server, self.gate.address, self.token
        );
        self.write(head.as_bytes())
    }

    fn send(&self, message: &Value) -> TcpStream {
        let authorization = format!("Bearer {}", self.token);
        let version = if self.session.is_some() { "2025-11-25" } else { "2026-07-28" };
        let mut headers = vec![
            ("Authorization", authorization.as_str()),
            ("Content-Type", "application/json"),
            ("Accept", "application/json, text/event-stream"),
            ("MCP-Protocol-Version", version),
        ];
        match self.session.as_deref() {
            None => {
                headers.push(("Mcp-Method", message["method"].as_str().unwrap()));
                headers.extend(message["params"]["name"].as_str().map(|name| ("Mcp-Name", name)));
            }
            Some("") => {}
            Some(session) => headers.push(("Mcp-Session-Id", session)),
        }
        self.write(&request(&self.gate.address, self.server, &headers, message.to_string().as_bytes()))
    }

    fn write(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(&self.gate.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(bytes).unwrap();
        stream
    }
}

pub(super) fn tool(arguments: &Value) -> Value {
    json!({"name": "look", "arguments": arguments})
}

/// The next whole event of a stream.
pub(super) fn next_event(stream: &mut TcpStream, read: &mut String) -> Value {
    loop {
        if let Some((event, rest)) = read.split_once("\n\n") {
            let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or_default();
            let data = serde_json::from_str(data).ok();
            *read = rest.to_owned();
            if let Some(data) = data {
                return data;
            }
            continue;
        }
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).unwrap_or_else(|error| panic!("{error} after {read}"));
        assert!(count > 0, "the stream ended: {read}");
        read.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
}
