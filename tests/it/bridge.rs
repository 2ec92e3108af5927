//! Eras bridged through a running gate: a client with a session before a server of
//! 2026-07-28, and the reverse.

use crate::support::upstream::{self, Upstream};
use crate::support::{Answer, Gate, request};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const SSN: &str = "536-90-4399";
const RULES: &str = "server: feed
tools:
  look: { release: all, profile: hipaa-safe-harbor }
resources:
  'feed://*': { release: all, profile: hipaa-safe-harbor }
messages: { allow: [elicitation, logging, subscriptions], profile: hipaa-safe-harbor }
";

/// Every message the server got, and the answers it waits for.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Value>>>);

impl Seen {
    fn note(&self, message: &Value) {
        self.0.lock().unwrap().push(message.clone());
    }

    /// The first message that fits, once it has come.
    fn wait_for(&self, fits: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(found) = self.0.lock().unwrap().iter().find(|message| fits(message)) {
                return found.clone();
            }
            assert!(Instant::now() < deadline, "it did not come: {:?}", self.0.lock().unwrap());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn has(&self, text: &str) -> bool {
        json!(*self.0.lock().unwrap()).to_string().contains(text)
    }
}

fn question() -> Value {
    json!({"mode": "form", "message": format!("May {SSN} be shown?"), "requestedSchema": {"type": "object", "properties": {}}})
}

fn row(said: &str) -> Value {
    json!({"content": [{"type": "text", "text": format!("{said}, SSN {SSN}")}]})
}

/// A server with sessions, which asks by requests and hears of cancellation by a notice.
fn legacy(seen: &Seen, message: &Value, stream: &mut TcpStream) {
    seen.note(message);
    let arguments = &message["params"]["arguments"];
    match message["method"].as_str() {
        Some("initialize") => {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMcp-Session-Id: upstream-session\r\nContent-Length: ";
            let body =
                json!({"jsonrpc": "2.0", "id": message["id"], "result": {"protocolVersion": "2025-11-25",
                "capabilities": {"tools": {}, "resources": {"subscribe": true}, "logging": {}},
                "serverInfo": {"name": "feed", "version": "1"}}})
                .to_string();
            let _ = write!(stream, "{head}{}\r\n\r\n{body}", body.len());
        }
        Some("tools/call") => {
            let _ = upstream::begin_events(stream);
            if arguments["ask"] == json!(true) {
                let asked = json!({"jsonrpc": "2.0", "id": "q-1", "method": "elicitation/create", "params": question()});
                let _ = upstream::event(stream, &asked);
                seen.wait_for(|message| message["id"] == "q-1" && message.get("result").is_some());
            }
            if arguments["wait"] == json!(true) {
                let id = message["id"].clone();
                seen.wait_for(|other| {
                    other["method"] == "notifications/cancelled" && other["params"]["requestId"] == id
                });
                return;
            }
            if let Some(pause) = arguments["pause"].as_u64() {
                std::thread::sleep(Duration::from_millis(pause));
            }
            let result = row(arguments["say"].as_str().unwrap_or("seen"));
            let _ =
                upstream::event(stream, &json!({"jsonrpc": "2.0", "id": message["id"], "result": result}));
            let _ = upstream::end_events(stream);
        }
        Some("resources/subscribe" | "resources/unsubscribe" | "logging/setLevel") => {
            upstream::whole(stream, message, &json!({}));
        }
        _ => {
            let _ = stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
        }
    }
}

/// A server without sessions, which asks by `input_required`.
fn modern(seen: &Seen, message: &Value, stream: &mut TcpStream) {
    seen.note(message);
    let params = &message["params"];
    match message["method"].as_str() {
        Some("server/discover") => upstream::whole(
            stream,
            message,
            &json!({"supportedVersions": ["2026-07-28"],
            "capabilities": {"tools": {}, "resources": {"subscribe": true}}, "resultType": "complete"}),
        ),
        Some("subscriptions/listen") => {
            let tag = json!({"io.modelcontextprotocol/subscriptionId": message["id"]});
            let _ = upstream::begin_events(stream);
            let note = |method: &str, mut params: Value| {
                params["_meta"] = tag.clone();
                json!({"jsonrpc": "2.0", "method": method, "params": params})
            };
            let _ = upstream::event(
                stream,
                &note(
                    "notifications/subscriptions/acknowledged",
                    json!({"notifications": params["notifications"]}),
                ),
            );
            for uri in params["notifications"]["resourceSubscriptions"].as_array().into_iter().flatten() {
                let _ =
                    upstream::event(stream, &note("notifications/resources/updated", json!({"uri": uri})));
            }
            std::thread::sleep(Duration::from_secs(3));
        }
        Some("tools/call")
            if params["arguments"]["ask"] == json!(true) && params["inputResponses"].is_null() =>
        {
            upstream::whole(
                stream,
                message,
                &json!({"resultType": "input_required", "requestState": "state",
                "inputRequests": {"q": {"method": "elicitation/create", "params": question()}}}),
            );
        }
        Some("tools/call") => {
            let mut result = row("seen");
            result["resultType"] = json!("complete");
            upstream::whole(stream, message, &result);
        }
        _ => {
            let _ = stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
        }
    }
}

fn start(name: &str, era: &str, serve: fn(&Seen, &Value, &mut TcpStream)) -> (Gate, Seen, String) {
    let seen = Seen::default();
    let own = seen.clone();
    let tools = json!([{"name": "look", "inputSchema": {"type": "object"}}]);
    let server = Upstream::start(tools, move |message, stream| serve(&own, message, stream));
    let gate =
        Gate::start(name, &format!("feed: {{ url: '{}', auth: none, era: {era} }}", server.url), RULES);
    let token = gate.token("feed", "amara", "patient:read");
    (gate, seen, token)
}

fn look(arguments: Value) -> Value {
    let capabilities = json!({"elicitation": {"form": {}}});
    let mut params =
        json!({"name": "look", "_meta": {"io.modelcontextprotocol/clientCapabilities": capabilities}});
    params["arguments"] = arguments;
    params
}

/// The messages of an answer, whether it came whole or as events.
fn messages(answer: &Answer) -> Vec<Value> {
    if answer.header("content-type") == Some("text/event-stream") {
        answer.events()
    } else {
        vec![answer.json()]
    }
}

fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let (mut read, mut buffer) = (String::new(), [0; 4096]);
    while !read.contains(text) {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "`{text}` did not come: {read}");
        read.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    read
}

#[test]
fn what_a_legacy_server_asks_becomes_input_required() {
    let (gate, seen, token) = start("bridge-asks", "legacy", legacy);
    let asked = messages(&gate.ask("feed", &token, "tools/call", look(json!({"ask": true})))).pop().unwrap();
    let result = &asked["result"];
    assert_eq!(result["resultType"], "input_required", "{asked}");
    let (name, wanted) = result["inputRequests"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(wanted["params"]["message"], "May [US_SSN_1] be shown?");
    let mut again = look(json!({"ask": true}));
    again["requestState"] = result["requestState"].clone();
    again["inputResponses"] = json!({name: {"action": "decline"}});
    // The state is this person's: nobody else goes on with the call.
    let other = gate.token("feed", "chen", "accounts:read");
    let stolen = gate.ask("feed", &other, "tools/call", again.clone());
    assert!(stolen.body.contains("\"error\"") && !stolen.body.contains("seen"), "{stolen:?}");
    let done = messages(&gate.ask("feed", &token, "tools/call", again.clone())).pop().unwrap();
    assert_eq!(done["result"]["content"][0]["text"], "seen, SSN [US_SSN_1]", "{done}");
    assert_eq!(seen.wait_for(|message| message["id"] == "q-1")["result"]["action"], "decline");
    // It was good once.
    let replayed = gate.ask("feed", &token, "tools/call", again);
    assert!(replayed.body.contains("\"error\""), "{replayed:?}");
}

#[test]
fn agents_of_one_person_get_each_their_own_answer() {
    let (gate, seen, token) = start("bridge-ids", "legacy", legacy);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (gate, token) = (&gate, &token);
            scope.spawn(move || {
                // Every one of them calls its request by the same id.
                let arguments = json!({"say": format!("agent {number}"), "pause": 80 - 10 * number});
                let answer = messages(&gate.ask("feed", token, "tools/call", look(arguments))).pop().unwrap();
                let expected = format!("agent {number}, SSN [US_SSN_1]");
                assert_eq!(answer["result"]["content"][0]["text"], json!(expected), "{answer}");
            });
        }
    });
    let seen = seen.0.lock().unwrap();
    let opened = seen.iter().filter(|message| message["method"] == "initialize").count();
    let mut ids: Vec<String> = seen
        .iter()
        .filter(|message| message["method"] == "tools/call")
        .map(|call| call["id"].to_string())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 8, "no two calls of a session have one id");
    assert!(opened >= 1);
}

#[test]
fn hanging_up_becomes_a_cancellation() {
    let (gate, seen, token) = start("bridge-cancel", "legacy", legacy);
    let stream = gate.open("feed", &token, "tools/call", look(json!({"wait": true})));
    let call = seen.wait_for(|message| message["method"] == "tools/call");
    drop(stream);
    let cancelled = seen.wait_for(|message| message["method"] == "notifications/cancelled");
    assert_eq!(cancelled["params"]["requestId"], call["id"]);
}

#[test]
fn a_session_before_a_server_without_one() {
    let (gate, seen, token) = start("bridge-modern", "modern", modern);
    let send = |session: &str, message: &Value| {
        let authorization = format!("Bearer {token}");
        let mut headers = vec![
            ("Authorization", authorization.as_str()),
            ("Content-Type", "application/json"),
            ("Accept", "application/json, text/event-stream"),
        ];
        if !session.is_empty() {
            headers.extend([("Mcp-Session-Id", session), ("MCP-Protocol-Version", "2025-11-25")]);
        }
        let mut stream = TcpStream::connect(&gate.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        stream.write_all(&request(&gate.address, "feed", &headers, message.to_string().as_bytes())).unwrap();
        stream
    };
    let opened = Answer::read(&mut send(
        "",
        &json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {"elicitation": {}}, "clientInfo": {"name": "t", "version": "1"}}}),
    ));
    let session = opened.header("mcp-session-id").expect("a session").to_owned();
    let answer = messages(&opened).pop().unwrap();
    assert_eq!(answer["result"]["protocolVersion"], "2025-11-25", "{answer}");
    // `input_required` becomes a request on the call's stream.
    let mut call = send(
        &session,
        &json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call",
        "params": {"name": "look", "arguments": {"ask": true}}}),
    );
    let asked = read_until(&mut call, "\n\n");
    assert!(asked.contains("May [US_SSN_1] be shown?") && !asked.contains(SSN), "{asked}");
    let asked: Value =
        serde_json::from_str(asked.split_once("data: ").unwrap().1.lines().next().unwrap()).unwrap();
    for (id, status) in [(json!("ask-99"), 400), (asked["id"].clone(), 202), (asked["id"].clone(), 400)] {
        let answer =
            json!({"jsonrpc": "2.0", "id": id, "result": {"action": "accept", "content": {"ok": true}}});
        assert_eq!(Answer::read(&mut send(&session, &answer)).status, status, "{id}");
    }
    assert!(read_until(&mut call, "seen").contains("SSN [US_SSN_1]"));
    let again = seen.wait_for(|message| !message["params"]["inputResponses"].is_null());
    assert_eq!(again["params"]["requestState"], "state");
    assert_eq!(again["params"]["inputResponses"]["q"]["action"], "accept");
    // A subscription becomes one `subscriptions/listen` behind the standing stream.
    let subscribe =
        json!({"jsonrpc": "2.0", "id": 3, "method": "resources/subscribe", "params": {"uri": "feed://rows"}});
    assert_eq!(Answer::read(&mut send(&session, &subscribe)).status, 200);
    let mut standing = TcpStream::connect(&gate.address).unwrap();
    standing.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    write!(
        standing,
        "GET /feed/mcp HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nAccept: text/event-stream\r\n\
        Mcp-Session-Id: {session}\r\nMCP-Protocol-Version: 2025-11-25\r\n\r\n",
        gate.address
    )
    .unwrap();
    let heard = read_until(&mut standing, "notifications/resources/updated");
    assert!(heard.contains("feed://rows"), "{heard}");
    assert!(!seen.has("initialize"), "a server of 2026-07-28 knows none");
}
