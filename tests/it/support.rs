//! The demo as a child process, and a plain HTTP client that can also misbehave.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

// Paths, so that a bench can take this file as it is.
#[path = "support/authority.rs"]
pub(crate) mod authority;
#[path = "support/gate.rs"]
mod gate;
#[path = "support/issuer.rs"]
#[allow(dead_code, reason = "a bench that takes this file has no use for it")]
pub(crate) mod issuer;
#[path = "support/upstream.rs"]
pub(crate) mod upstream;
pub(crate) use gate::Gate;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_portcullis");

/// A running demo: gate, authorization server, clinic, ledger. Ends with the value.
pub(crate) struct Demo {
    child: Child,
    pub(crate) addresses: Value,
    pub(crate) state: PathBuf,
}

pub(crate) fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// An address that a child process may listen on. Its port lies below those that the system
/// gives out by itself, so that nothing takes it before the child does.
pub(crate) fn free_address() -> SocketAddr {
    const FIRST: u16 = 20_000;
    const PORTS: u16 = 10_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() * 97 % u32::from(PORTS)).unwrap();
    let ports = std::iter::repeat_with(|| FIRST + (own + NEXT.fetch_add(1, Ordering::Relaxed)) % PORTS);
    let mut addresses = ports.take(PORTS.into()).map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    addresses.find(|address| TcpListener::bind(address).is_ok()).expect("a free port")
}

impl Demo {
    pub(crate) fn start(name: &str) -> Self {
        Self::resume(folder(name))
    }

    /// Starts with a state folder that may hold an earlier journal.
    pub(crate) fn resume(state: PathBuf) -> Self {
        Self::for_resources(state, &[])
    }

    /// Its authorization server gives tokens for further resources too.
    pub(crate) fn for_resources(state: PathBuf, resources: &[String]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["demo", "--quiet", "--json", "--port", "0", "--state"])
            .arg(&state)
            .args(resources.iter().flat_map(|resource| ["--resource", resource]))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let addresses = serde_json::from_str(&line).expect("the demo prints its addresses");
        Self { child, addresses, state }
    }

    pub(crate) fn gate(&self) -> &str {
        self.addresses["gate"].as_str().unwrap().strip_prefix("http://").unwrap()
    }

    pub(crate) fn authorization_server(&self) -> &str {
        self.addresses["authorization_server"].as_str().unwrap()
    }

    /// The ready-made `Authorization` value for a server.
    pub(crate) fn authorization(&self, server: &str) -> String {
        self.addresses["clients"]["mcpServers"][server]["headers"]["Authorization"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends bytes as they are and reads the answer to its end.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Answer {
        exchange(self.gate(), bytes)
    }

    /// Posts a body to a server's endpoint with further header lines.
    pub(crate) fn post(&self, server: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        Self::post_to(self.gate(), server, headers, body)
    }

    /// As [`Demo::post`], to another gate.
    pub(crate) fn post_to(gate: &str, server: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        exchange(gate, &request(gate, server, headers, body))
    }

    /// A well-formed `tools/call` of MCP 2026-07-28 with the ready-made token.
    pub(crate) fn call(&self, server: &str, tool: &str, arguments: &Value) -> Answer {
        let authorization = self.authorization(server);
        let body = modern("tools/call", json!({"name": tool, "arguments": arguments}));
        let headers = modern_headers(&authorization, "tools/call");
        let mut headers = headers.to_vec();
        headers.push(("Mcp-Name", tool));
        self.post(server, &headers, body.to_string().as_bytes())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The bytes of a POST to a server's endpoint.
pub(crate) fn request(gate: &str, server: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut request = format!("POST /{server}/mcp HTTP/1.1\r\nHost: {gate}\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    let mut bytes = request.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Sends bytes as they are and reads the answer to its end.
pub(crate) fn exchange(address: &str, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    // The gate may refuse and close before all was sent.
    let _ = stream.write_all(bytes);
    Answer::read(&mut stream)
}

pub(crate) fn modern(method: &str, mut params: Value) -> Value {
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({});
    json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
}

pub(crate) fn modern_headers<'a>(authorization: &'a str, method: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("Authorization", authorization),
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
        ("MCP-Protocol-Version", "2026-07-28"),
        ("Mcp-Method", method),
    ]
}

/// An HTTP answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let end = bytes.windows(4).position(|at| at == b"\r\n\r\n");
        let (head, body) = bytes.split_at(end.map_or(bytes.len(), |end| end + 4));
        let head = String::from_utf8_lossy(head).trim_end().to_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let mut answer = Self { status, head, body: String::new() };
        let chunked = answer.header("transfer-encoding") == Some("chunked");
        let body = if chunked { unchunked(body) } else { body.to_vec() };
        answer.body = String::from_utf8_lossy(&body).into_owned();
        answer
    }

    /// The messages of its events.
    pub(crate) fn events(&self) -> Vec<Value> {
        let data = self.body.split("\n\n").filter_map(|event| event.strip_prefix("data: "));
        data.map(|data| serde_json::from_str(data).unwrap_or_else(|_| panic!("not JSON: {data}"))).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All that came: status line, headers and body.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        format!("{}\r\n\r\n{}", self.head, self.body).into_bytes()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// What the chunks hold, up to where they break off.
fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(end) = bytes.windows(2).position(|at| at == b"\r\n") {
        let size =
            std::str::from_utf8(&bytes[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let rest = &bytes[end + 2..];
        let Some(size) = size.filter(|size| *size > 0) else { break };
        out.extend_from_slice(&rest[..size.min(rest.len())]);
        bytes = rest.get(size + 2..).unwrap_or_default();
    }
    out
}

/// The journal's records, parsed.
pub(crate) fn records(state: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(state.join("audit/audit.jsonl")).unwrap();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// How many calls were forwarded to an upstream, by the journal.
pub(crate) fn forwarded(state: &Path) -> usize {
    records(state).iter().filter(|record| record["event"] == "decision").count()
}
