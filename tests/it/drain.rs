//! The signal to stop: what is open comes to an end that is on record, and nothing new begins.

use crate::support::upstream::{self, Upstream};
use crate::support::{Answer, Gate, PROGRAM, records};
use serde_json::{Value, json};
use std::io::Read;
use std::net::TcpStream;
use std::process::Command;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

const RULES: &str = "server: feed\ntools:\n  look: { release: all }\nresources:\n  'feed://*': { release: all }\nmessages:\n  allow: [subscriptions]\n";

/// Tells of each call, and answers it after a second.
fn serve(begun: &Sender<()>, message: &Value, stream: &mut TcpStream) {
    match message["method"].as_str() {
        Some("subscriptions/listen") => {
            let params = json!({"notifications": message["params"]["notifications"],
                "_meta": {"io.modelcontextprotocol/subscriptionId": message["id"]}});
            let method = "notifications/subscriptions/acknowledged";
            let _ = upstream::begin_events(stream);
            let _ = upstream::event(stream, &json!({"jsonrpc": "2.0", "method": method, "params": params}));
            std::thread::sleep(Duration::from_secs(30));
        }
        _ => {
            begun.send(()).unwrap();
            std::thread::sleep(Duration::from_secs(1));
            let content = json!([{"type": "text", "text": "late and whole"}]);
            upstream::whole(stream, message, &json!({"content": content, "resultType": "complete"}));
        }
    }
}

#[test]
fn what_is_open_ends_on_record_and_nothing_begins() {
    let (begun, calls) = channel();
    let tools = json!([{"name": "look", "inputSchema": {"type": "object"}}]);
    let server = Upstream::start(tools, move |message, stream| serve(&begun, message, stream));
    let feed = format!("feed: {{ url: '{}', auth: none }}", server.url);
    let mut gate = Gate::start_with("drain", &feed, RULES, "limits: { drain_seconds: 5 }");
    let token = gate.token("feed", "amara", "patient:read");
    let wanted = json!({"notifications": {"resourceSubscriptions": ["feed://rows"]}});
    let mut standing = gate.open("feed", &token, "subscriptions/listen", wanted);
    let mut heard = [0; 4096];
    assert!(standing.read(&mut heard).unwrap() > 0);
    let mut call = gate.open("feed", &token, "tools/call", json!({"name": "look", "arguments": {}}));
    calls.recv_timeout(Duration::from_secs(10)).unwrap();
    let asked = Instant::now();
    let signal = Command::new("kill").args(["-TERM", &gate.child.id().to_string()]).status().unwrap();
    assert!(signal.success());
    // The standing stream ends at once, the call when it is done.
    let mut rest = String::new();
    standing.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("0\r\n\r\n"), "a stream's end, not a broken connection: {rest:?}");
    assert!(asked.elapsed() < Duration::from_millis(900), "{:?}", asked.elapsed());
    let refused = TcpStream::connect(&gate.address).map(|mut stream| {
        let _ = std::io::Write::write_all(&mut stream, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer
    });
    assert!(refused.as_ref().map_or(true, Vec::is_empty), "nothing new begins: {refused:?}");
    assert!(Answer::read(&mut call).body.contains("late and whole"));
    assert!(gate.child.wait().unwrap().success());
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    let records = records(&gate.state);
    let of = |event: &str| records.iter().filter(|record| record["event"] == event).count();
    assert_eq!((of("decision"), of("outcome")), (2, 2), "each decision has an outcome: {records:?}");
    let verified =
        Command::new(PROGRAM).args(["audit", "verify"]).arg(gate.state.join("audit")).status().unwrap();
    assert!(verified.success());
}
