//! Streams that are taken up again, as MCP had it before 2026-07-28.

use crate::support::{Answer, Gate};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const RULES: &str = "server: feed\ntools:\n  watch: { release: all }\n";

/// A server with sessions that names a position in each stream and answers no call; the
/// positions it was asked to resume at, "" for a standing stream.
fn upstream() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let resumed = Arc::new(Mutex::new(Vec::new()));
    let (log, next) = (resumed.clone(), AtomicUsize::new(0));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let (head, message) = receive(&stream);
            if head.starts_with("get ") {
                let after = head.lines().find_map(|line| line.strip_prefix("last-event-id: "));
                log.lock().unwrap().push(after.unwrap_or_default().to_owned());
            }
            let event = format!("id: event {}\ndata: \n\n", next.fetch_add(1, Ordering::Relaxed));
            let whole = |result: Value| {
                let body = json!({"jsonrpc": "2.0", "id": message["id"], "result": result}).to_string();
                ("200 OK", "application/json\r\nMcp-Session-Id: the session", body)
            };
            let (status, kind, body) = match message["method"].as_str() {
                Some("initialize") => {
                    whole(json!({"protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
                    "serverInfo": {"name": "feed", "version": "1"}}))
                }
                Some("tools/list") => {
                    whole(json!({"tools": [{"name": "watch", "inputSchema": {"type": "object"}}]}))
                }
                Some("tools/call") | None => ("200 OK", "text/event-stream", event),
                Some(method) if method.starts_with("notifications/") => {
                    ("202 Accepted", "text/plain", String::new())
                }
                Some(_) => ("404 Not Found", "text/plain", String::new()),
            };
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n");
            let _ = write!(stream, "{head}Content-Type: {kind}\r\n\r\n{body}");
        }
    });
    (url, resumed)
}

/// A request's head, in lower case, and its message.
fn receive(stream: &TcpStream) -> (String, Value) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while reader.read_line(&mut head).unwrap() > 2 {}
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    (head, serde_json::from_slice(&body).unwrap_or_default())
}

struct Client {
    gate: Gate,
    token: String,
    session: String,
}

impl Client {
    fn say(&self, message: &Value) -> Answer {
        self.send("POST", "", &message.to_string())
    }

    fn resume(&self, position: &str) -> Answer {
        self.send("GET", &format!("Last-Event-ID: {position}\r\n"), "")
    }

    fn send(&self, verb: &str, header: &str, body: &str) -> Answer {
        let Self { gate, token, session } = self;
        let mut stream = TcpStream::connect(&gate.address).unwrap();
        write!(
            stream,
            "{verb} /feed/mcp HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\n\
             {session}{header}Content-Length: {}\r\n\r\n{body}",
            gate.address,
            body.len()
        )
        .unwrap();
        Answer::read(&mut stream)
    }

    /// Makes a call; the position that its stream names.
    fn call(&self, id: u8) -> String {
        let params = json!({"name": "watch", "arguments": {}});
        position(&self.say(&json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params})))
    }
}

fn position(answer: &Answer) -> String {
    let id = answer.body.lines().find_map(|line| line.strip_prefix("id: "));
    id.unwrap_or_else(|| panic!("no position in {answer:?}")).to_owned()
}

#[test]
fn the_stream_of_a_cancelled_request_is_not_taken_up_again() {
    let (url, resumed) = upstream();
    let gate = Gate::start("streams-resumption", &format!("feed: {{ url: '{url}', auth: none }}"), RULES);
    let token = gate.token("feed", "amara", "patient:read phi:read");
    let client = Client { gate, token, session: String::new() };
    let opened = client.say(&json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}}));
    let session = format!("Mcp-Session-Id: {}\r\n", opened.header("mcp-session-id").expect("a session"));
    let client = Client { session, ..client };

    let (kept, cancelled) = (client.call(2), client.call(3));
    let again = position(&client.resume(&cancelled));
    let resumptions = resumed.lock().unwrap().len();
    let params = json!({"requestId": 3});
    let notice = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params});
    assert_eq!(client.say(&notice).status, 202);
    for position in [&cancelled, &again] {
        let refused = client.resume(position);
        assert_eq!(refused.status, 405, "{refused:?}");
        assert_eq!(refused.json()["error"]["data"]["reason"], "stream_over");
    }
    assert_eq!(resumed.lock().unwrap().len(), resumptions, "the upstream was asked");

    // Other streams are as they were.
    position(&client.resume(&kept));
    position(&client.send("GET", "", ""));
    let asked = resumed.lock().unwrap()[resumptions..].to_vec();
    assert!(asked[0].starts_with("event "), "{asked:?}");
    assert_eq!(asked[1], "");
}
