//! An MCP server of 2026-07-28 inside a test, down to the bytes: it says what it wants,
//! when it wants, and breaks off where it wants.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A running upstream. It listens until the test's process ends.
pub(crate) struct Upstream {
    pub(crate) url: String,
    /// Every byte it was sent, heads and bodies.
    pub(crate) seen: Arc<Mutex<Vec<u8>>>,
}

impl Upstream {
    /// Lists `tools` by itself, and tells the gate what it is; every other request goes to `answer`, which writes the
    /// whole HTTP answer. Each connection has a thread.
    pub(crate) fn start(
        tools: Value,
        answer: impl Fn(&Value, &mut TcpStream) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let shared = Arc::new((tools, answer));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (shared, log) = (shared.clone(), log.clone());
                std::thread::spawn(move || {
                    let _ = stream.set_nodelay(true);
                    let mut requests = BufReader::new(stream);
                    while let Some(message) = receive(&mut requests, &log) {
                        let about = &message["params"]["_meta"]["io.modelcontextprotocol/clientInfo"];
                        if message["method"] == "server/discover" && about["name"] == "portcullis" {
                            let discovered = json!({"supportedVersions": ["2026-07-28"],
                                "capabilities": {"tools": {}}, "resultType": "complete"});
                            whole(requests.get_mut(), &message, &discovered);
                        } else if message["method"] == "tools/list" {
                            whole(
                                requests.get_mut(),
                                &message,
                                &json!({"tools": shared.0, "resultType": "complete"}),
                            );
                        } else {
                            shared.1(&message, requests.get_mut());
                        }
                    }
                });
            }
        });
        Self { url, seen }
    }
}

/// The next request's message; None when the peer has gone. A request without a body
/// stands as a message that has the HTTP method for its own.
fn receive(requests: &mut BufReader<TcpStream>, log: &Mutex<Vec<u8>>) -> Option<Value> {
    let (mut length, mut verb) = (0, None);
    loop {
        let mut line = String::new();
        if requests.read_line(&mut line).ok()? == 0 {
            return None;
        }
        log.lock().unwrap().extend_from_slice(line.as_bytes());
        verb = verb.or_else(|| line.split(' ').next().map(str::to_owned));
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    if length == 0 {
        return Some(json!({"method": verb}));
    }
    let mut body = vec![0; length];
    requests.read_exact(&mut body).ok()?;
    log.lock().unwrap().extend_from_slice(&body);
    serde_json::from_slice(&body).ok()
}

/// Answers with one JSON document.
pub(crate) fn whole(stream: &mut TcpStream, message: &Value, result: &Value) {
    let body = json!({"jsonrpc": "2.0", "id": message["id"], "result": result}).to_string();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ";
    let _ = write!(stream, "{head}{}\r\n\r\n{body}", body.len());
}

/// Begins an answer of events, in HTTP chunks.
pub(crate) fn begin_events(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
    )
}

/// One HTTP chunk in one write.
pub(crate) fn chunk(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    let mut framed = format!("{:x}\r\n", bytes.len()).into_bytes();
    framed.extend_from_slice(bytes);
    framed.extend_from_slice(b"\r\n");
    stream.write_all(&framed)
}

/// One event as a chunk of its own.
pub(crate) fn event(stream: &mut TcpStream, message: &Value) -> std::io::Result<()> {
    chunk(stream, format!("data: {message}\n\n").as_bytes())
}

/// Ends an answer of events.
pub(crate) fn end_events(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"0\r\n\r\n")
}
