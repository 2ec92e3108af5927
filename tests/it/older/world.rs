//! An older client, and a server with sessions whose tools do what the arguments say.

use crate::support::upstream::{self, Upstream};
use crate::support::{Answer, Gate, records};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const SSN: &str = "536-90-4399";
const RULES: &str = "server: feed
tools:
  look: { release: { 'patient:read': [$.id, $.ssn] }, scopes: ['patient:read'], profile: hipaa-safe-harbor }
  phi: { release: all, scopes: ['phi:read'], profile: hipaa-safe-harbor }
messages: { allow: [logging, elicitation], profile: hipaa-safe-harbor }
";

pub(super) struct World {
    pub(super) gate: Gate,
    upstream: Upstream,
    /// Of someone who may `look` and no more.
    pub(super) token: String,
}

/// An older client's stream.
pub(super) struct Stream {
    lines: BufReader<TcpStream>,
    /// Where it was told to post.
    pub(super) endpoint: String,
}

impl World {
    pub(super) fn start(name: &str, more: &str) -> Self {
        let tool = |name: &str| json!({"name": name, "inputSchema": {"type": "object"}});
        let (answered, answers) = channel();
        let (answered, answers) = (Mutex::new(answered), Mutex::new(answers));
        let upstream = Upstream::start(json!([tool("look"), tool("phi")]), move |message, stream| {
            if message["result"].is_object() {
                answered.lock().unwrap().send(message["result"].clone()).unwrap();
            }
            serve(message, stream, &answers);
        });
        let feed = format!("feed: {{ url: '{}', auth: none, era: legacy }}", upstream.url);
        let gate = Gate::start_with(name, &feed, RULES, more);
        let token = gate.token("feed", "amara", "patient:read");
        Self { gate, upstream, token }
    }

    pub(super) fn send(&self, verb: &str, path: &str, token: &str, more: &str, body: &str) -> TcpStream {
        let address = &self.gate.address;
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        let bearer =
            if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
        let head =
            format!("{verb} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{bearer}{more}");
        let length =
            if verb == "POST" { format!("Content-Length: {}\r\n", body.len()) } else { String::new() };
        write!(stream, "{head}{length}\r\n{body}").unwrap();
        stream
    }

    pub(super) fn get(&self, token: &str, more: &str) -> TcpStream {
        self.send("GET", "/feed/mcp/sse", token, &format!("Accept: text/event-stream\r\n{more}"), "")
    }

    /// Posts as clients of the time did: without `Accept`.
    pub(super) fn post_as(&self, token: &str, path: &str, body: &str) -> Answer {
        Answer::read(&mut self.send("POST", path, token, "Content-Type: application/json\r\n", body))
    }

    pub(super) fn post(&self, stream: &Stream, message: &Value) -> Answer {
        self.post_as(&self.token, &stream.endpoint, &message.to_string())
    }

    /// A stream on which the client has said hello.
    pub(super) fn begin(&self) -> Stream {
        let mut stream = Stream::begun(self.get(&self.token, ""));
        assert_eq!(self.post(&stream, &initialize()).status, 202);
        assert_eq!(stream.message()["result"]["protocolVersion"], "2024-11-05");
        let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        assert_eq!(self.post(&stream, &ready).status, 202);
        stream
    }

    /// How often the upstream was sent a text.
    pub(super) fn seen(&self, what: &str) -> usize {
        String::from_utf8_lossy(&self.upstream.seen.lock().unwrap()).matches(what).count()
    }

    pub(super) fn wait(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !holds(self) {
            assert!(Instant::now() < deadline, "{what}: {:#?}", records(&self.gate.state));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// How the calls of a method ended that were decided on.
    pub(super) fn outcomes(&self, method: &str) -> Vec<String> {
        let records = records(&self.gate.state);
        let decided =
            |call: &Value| records.iter().any(|it| it["call"] == *call && it["what"]["method"] == method);
        let ended = records.iter().filter(|it| it["event"] == "outcome" && decided(&it["call"]));
        ended.map(|it| it["status"].as_str().unwrap().to_owned()).collect()
    }
}

fn serve(message: &Value, stream: &mut TcpStream, answers: &Mutex<Receiver<Value>>) {
    let row = json!({"id": "p-1", "ssn": SSN}).to_string();
    let result = json!({"content": [{"type": "text", "text": row}]});
    let answer = json!({"jsonrpc": "2.0", "id": message["id"], "result": result});
    let way = message["params"]["arguments"]["way"].as_str();
    match (message["method"].as_str(), way) {
        (Some("initialize"), _) => {
            let result = json!({"protocolVersion": message["params"]["protocolVersion"],
                "capabilities": {"tools": {}}, "serverInfo": {"name": "feed", "version": "1"}});
            let body = json!({"jsonrpc": "2.0", "id": message["id"], "result": result}).to_string();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMcp-Session-Id: upstreams-own";
            let _ = write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        }
        (Some("tools/call"), Some("ask")) => {
            let _ = upstream::begin_events(stream);
            let schema = json!({"type": "object", "properties": {}});
            let params = json!({"message": format!("of {SSN}?"), "requestedSchema": schema});
            let ask = json!({"jsonrpc": "2.0", "id": "q", "method": "elicitation/create", "params": params});
            let _ = upstream::chunk(stream, format!("id: p-7\ndata: {ask}\n\n").as_bytes());
            let answered = answers.lock().unwrap().recv_timeout(Duration::from_secs(10)).unwrap();
            assert_eq!(answered["action"], "decline");
            let _ = upstream::event(stream, &answer);
            let _ = upstream::end_events(stream);
        }
        (Some("tools/call"), Some("leave")) => {
            let _ = upstream::begin_events(stream);
            let _ = upstream::chunk(stream, b"id: p-1\nretry: 10\ndata: \n\n");
            let _ = upstream::end_events(stream);
        }
        (Some("tools/call"), Some("slow")) => {
            std::thread::sleep(Duration::from_millis(1500));
            upstream::whole(stream, message, &result);
        }
        (Some("tools/call"), Some("never")) => std::thread::sleep(Duration::from_secs(20)),
        (Some("tools/call"), _) => upstream::whole(stream, message, &result),
        (Some("GET"), _) => {
            let _ = upstream::begin_events(stream);
            let params = json!({"level": "info", "data": format!("saw {SSN}")});
            let log = json!({"jsonrpc": "2.0", "method": "notifications/message", "params": params});
            let _ = upstream::event(stream, &log);
            std::thread::sleep(Duration::from_secs(20));
        }
        _ => {
            let _ = stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
        }
    }
}

impl Stream {
    /// Reads the first event, which names the endpoint.
    pub(super) fn begun(stream: TcpStream) -> Self {
        let mut stream = Self { lines: BufReader::new(stream), endpoint: String::new() };
        let (name, endpoint) = stream.next();
        assert_eq!(name, "endpoint");
        stream.endpoint = endpoint;
        stream
    }

    /// The next event: its name and data.
    fn next(&mut self) -> (String, String) {
        let (mut name, mut before) = ("message".to_owned(), Vec::new());
        loop {
            let line = self.line().unwrap_or_else(|| panic!("ended after {before:#?}"));
            if let Some(text) = line.strip_prefix("event: ") {
                text.clone_into(&mut name);
            }
            if let Some(data) = line.strip_prefix("data: ") {
                assert_eq!(self.line().as_deref(), Some(""), "one line of data, and the event ends");
                return (name, data.to_owned());
            }
            assert!(!line.starts_with("id:") && !line.starts_with("retry:"), "{line}");
            before.push(line);
        }
    }

    /// The next line, those of HTTP included; None at the end.
    pub(super) fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let length = self.lines.read_line(&mut line).unwrap();
        assert!(!line.contains(SSN), "{line}");
        (length > 0).then(|| line.trim_end().to_owned())
    }

    pub(super) fn message(&mut self) -> Value {
        let (name, data) = self.next();
        assert_eq!(name, "message");
        serde_json::from_str(&data).unwrap()
    }

    /// The response to a request; what else comes before it is left aside.
    pub(super) fn response(&mut self, id: u64) -> Value {
        loop {
            let message = self.message();
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
        }
    }
}

pub(super) fn initialize() -> Value {
    json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": "2024-11-05",
        "capabilities": {"elicitation": {}}, "clientInfo": {"name": "old", "version": "1"}}})
}

pub(super) fn call(id: u64, tool: &str, way: &str) -> Value {
    let params = json!({"name": tool, "arguments": {"way": way}});
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params})
}
