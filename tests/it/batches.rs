//! Batches of MCP 2025-03-26: each message is a call of its own.

use crate::support::upstream::{self, Upstream};
use crate::support::{Answer, Gate, records, request};
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

const SSN: &str = "536-90-4399";
const RULES: &str = "server: feed
tools:
  look: { release: { 'patient:read': [$.id, $.ssn] }, scopes: ['patient:read'], profile: hipaa-safe-harbor }
  phi: { release: all, scopes: ['phi:read'], profile: hipaa-safe-harbor }
";

struct World {
    gate: Gate,
    upstream: Upstream,
    token: String,
    session: String,
}

impl World {
    /// A session of the given revision, of someone who may `look` and no more.
    fn start(name: &str, revision: &'static str) -> Self {
        Self::start_with(name, revision, "")
    }

    /// As [`World::start`], with further lines of configuration.
    fn start_with(name: &str, revision: &'static str, more: &str) -> Self {
        let tool = |name: &str| json!({"name": name, "inputSchema": {"type": "object"}});
        let upstream = Upstream::start(json!([tool("look"), tool("phi")]), move |message, stream| {
            let row = json!({"id": "p-1", "ssn": SSN}).to_string();
            let result = json!({"content": [{"type": "text", "text": row}]});
            match message["method"].as_str() {
                Some("initialize") => upstream::whole(
                    stream,
                    message,
                    &json!({"protocolVersion": revision,
                    "capabilities": {"tools": {}}, "serverInfo": {"name": "feed", "version": "1"}}),
                ),
                Some("tools/call") if message["params"]["arguments"]["stream"] == json!(true) => {
                    let _ = upstream::begin_events(stream);
                    let params = json!({"progressToken": "p", "progress": 1, "message": format!("at {SSN}")});
                    let note =
                        json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params});
                    let _ = upstream::event(stream, &note);
                    let answer = json!({"jsonrpc": "2.0", "id": message["id"], "result": result});
                    let _ = upstream::event(stream, &answer);
                    let _ = upstream::end_events(stream);
                }
                Some("tools/call") if message["params"]["arguments"]["batch"].is_array() => {
                    batched(message, &result, stream);
                }
                Some("tools/call") => upstream::whole(stream, message, &result),
                _ => {
                    let _ = stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
                }
            }
        });
        let feed = format!("feed: {{ url: '{}', auth: none, era: legacy }}", upstream.url);
        let gate = Gate::start_with(name, &feed, RULES, more);
        let token = gate.token("feed", "amara", "patient:read");
        let mut world = Self { gate, upstream, token, session: String::new() };
        let opened = world.send(&json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}}));
        opened.header("mcp-session-id").expect("a session").clone_into(&mut world.session);
        world
    }

    fn send(&self, body: &Value) -> Answer {
        self.send_text(&body.to_string(), &self.token)
    }

    fn send_text(&self, body: &str, token: &str) -> Answer {
        let authorization = format!("Bearer {token}");
        let mut headers = vec![
            ("Authorization", authorization.as_str()),
            ("Content-Type", "application/json"),
            ("Accept", "application/json, text/event-stream"),
        ];
        if !self.session.is_empty() {
            headers.push(("Mcp-Session-Id", &self.session));
        }
        let mut stream = TcpStream::connect(&self.gate.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        stream.write_all(&request(&self.gate.address, "feed", &headers, body.as_bytes())).unwrap();
        Answer::read(&mut stream)
    }

    fn calls(&self) -> usize {
        String::from_utf8_lossy(&self.upstream.seen.lock().unwrap()).matches("\"tools/call\"").count()
    }
}

/// Answers with the batch that the arguments describe: `note` and `answer` say the row,
/// `other` answers a request that nobody made.
fn batched(message: &Value, result: &Value, stream: &mut TcpStream) {
    let arguments = &message["params"]["arguments"];
    let answer = |id: &Value| json!({"jsonrpc": "2.0", "id": id, "result": result});
    let one = |word: &Value| match word.as_str() {
        Some("note") => json!({"jsonrpc": "2.0", "method": "notifications/progress",
            "params": {"progressToken": "p", "progress": 1, "message": format!("at {SSN}")}}),
        Some("answer") => answer(&message["id"]),
        Some("other") => answer(&json!(4711)),
        Some("nested") => json!([answer(&message["id"])]),
        _ => word.clone(),
    };
    let batch: Vec<Value> = arguments["batch"].as_array().unwrap().iter().map(one).collect();
    let batch = Value::Array(batch).to_string();
    if arguments["as"] == "json" {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ";
        let _ = write!(stream, "{head}{}\r\n\r\n {batch}", batch.len() + 1);
        return;
    }
    let _ = upstream::begin_events(stream);
    let event = format!("id: e-1\ndata: {batch}\n\n");
    for part in event.as_bytes().chunks(7) {
        let _ = upstream::chunk(stream, part);
    }
    let _ = upstream::end_events(stream);
}

/// The messages of events, with ids or without.
fn events(answer: &Answer) -> Vec<Value> {
    let data = answer.body.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).unwrap()).collect()
}

fn call(id: impl Into<Value>, tool: &str, arguments: Value) -> Value {
    let mut params = json!({"name": tool, "_meta": {"progressToken": "p"}});
    params["arguments"] = arguments;
    json!({"jsonrpc": "2.0", "id": id.into(), "method": "tools/call", "params": params})
}

fn by_id(answers: &[Value], id: impl Into<Value>) -> &Value {
    let id = id.into();
    answers.iter().find(|answer| answer["id"] == id).unwrap_or_else(|| panic!("{id}: {answers:?}"))
}

#[test]
fn each_message_is_a_call_of_its_own() {
    let world = World::start("batches", "2025-03-26");
    let before = records(&world.gate.state).len();
    let batch = json!([
        call(1, "look", json!({})),
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 99}},
        call("two", "phi", json!({})),
        call(3, "nosuch", json!({})),
        {"jsonrpc": "2.0", "id": 4, "method": "ping"},
        {"jsonrpc": "2.0", "id": 5, "method": "nosuch/method"},
        {"jsonrpc": "2.0", "id": 6, "method": "initialize", "params": {
            "protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}},
        [call(7, "look", json!({}))],
        {"jsonrpc": "2.0", "id": "ask-1", "result": {}},
        "look",
    ]);
    let answer = world.send(&batch);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")), "{answer:?}");
    assert!(!answer.body.contains(SSN) && answer.header("mcp-session-id").is_none(), "{answer:?}");
    let answers = answer.json().as_array().unwrap().clone();
    let told = |id: Value| by_id(&answers, id).to_string();
    assert!(told(json!(1)).contains(r#"{\"id\":\"p-1\",\"ssn\":\"[US_SSN_1]\"}"#), "{answers:?}");
    assert!(told(json!("two")).contains("phi:read"), "another's scope does not help: {answers:?}");
    for (id, said) in
        [(json!(3), "error"), (json!(4), "\"result\":{}"), (json!(5), "-32601"), (json!(6), "error")]
    {
        assert!(told(id.clone()).contains(said), "{id}: {answers:?}");
    }
    // The nested batch, the answer to no question and the string: refused, each by itself.
    assert_eq!(answers.iter().filter(|answer| answer["id"].is_null()).count(), 3, "{answers:?}");
    assert_eq!(world.calls(), 1);
    // One record or two for each message, and one for what the body turned out to be.
    let after = records(&world.gate.state).len();
    assert!(after - before >= 11, "{before} {after}");
    let notes = json!([{"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 99}}]);
    assert_eq!(world.send(&notes).status, 202);
}

#[test]
fn streams_of_a_batch_come_as_one() {
    let world = World::start("batches-stream", "2025-03-26");
    let batch: Vec<Value> = (1..=8).map(|id| call(id, "look", json!({"stream": id % 2 == 0}))).collect();
    let answer = world.send(&Value::Array(batch));
    assert_eq!(answer.header("content-type"), Some("text/event-stream"), "{answer:?}");
    assert!(!answer.body.contains(SSN), "{answer:?}");
    let events = answer.events();
    for id in 1..=8 {
        assert!(by_id(&events, id).to_string().contains("[US_SSN_1]"), "{events:?}");
    }
    assert_eq!(answer.body.matches("notifications/progress").count(), 4, "{answer:?}");
}

#[test]
fn what_is_no_batch_of_its_session_is_refused() {
    let world = World::start("batches-refused", "2025-03-26");
    let many = |count: u64| Value::Array((0..count).map(|id| call(id, "look", json!({}))).collect());
    for (name, body) in [
        ("empty", "[]".to_owned()),
        ("33", many(33).to_string()),
        ("one id twice", json!([call(1, "look", json!({})), call(1, "look", json!({}))]).to_string()),
        ("cut off", "[{\"jsonrpc\":\"2.0\"".to_owned()),
        ("more behind", format!("{} {{}}", many(1))),
        ("a member twice", many(1).to_string().replacen("\"id\":0", "\"id\":0,\"id\":1", 1)),
    ] {
        let answer = world.send_text(&body, &world.token);
        assert_eq!(answer.status, 400, "{name}: {answer:?}");
    }
    assert_eq!(world.calls(), 0);
    assert_eq!(world.send(&many(32)).json().as_array().unwrap().len(), 32);
    // Not for strangers, nor for someone else in the same session.
    assert_eq!(world.send_text(&many(1).to_string(), "nonsense").status, 401);
    let other = world.gate.token("feed", "chen", "accounts:read");
    let before = world.calls();
    let stolen = world.send_text(&many(2).to_string(), &other);
    assert!(!stolen.body.contains("result"), "{stolen:?}");
    assert_eq!(world.calls(), before);
}

#[test]
fn other_revisions_have_no_batches() {
    for revision in ["2024-11-05", "2025-06-18", "2025-11-25"] {
        let world = World::start(&format!("batches-{revision}"), revision);
        let answer = world.send(&json!([call(1, "look", json!({}))]));
        assert!(answer.body.contains("-32600"), "{revision}: {answer:?}");
        assert_eq!(world.calls(), 0, "{revision}");
    }
}

#[test]
fn a_batch_of_the_servers_is_filtered_message_by_message() {
    let world = World::start("batches-down", "2025-03-26");
    let ask = |batch: Value, way: &str| world.send(&call(1, "look", json!({"batch": batch, "as": way})));
    for way in ["json", "events"] {
        let answer = ask(json!(["note", "note", "answer", "other", "note"]), way);
        let events = events(&answer);
        assert!(!answer.body.contains(SSN), "{way}: {answer:?}");
        assert_eq!(events.len(), 3, "nothing follows the response, {way}: {answer:?}");
        assert!(events[..2].iter().all(|note| note["params"]["message"] == "[REDACTED]"), "{answer:?}");
        assert!(by_id(&events, 1).to_string().contains("[US_SSN_1]"), "{way}: {answer:?}");
        // Whatever is not one message in it takes the place of the answer.
        let huge = Value::Array(vec![json!("note"); 257]);
        for bad in [json!([]), json!(["other"]), json!(["note", "nested"]), json!([SSN]), json!([null]), huge]
        {
            let answer = ask(bad.clone(), way);
            assert!(
                !answer.body.contains(SSN) && answer.body.contains("no usable answer"),
                "{way} {answer:?}"
            );
        }
    }
    let refused = records(&world.gate.state).iter().filter(|it| it["status"] == "upstream_malformed").count();
    assert_eq!(refused, 12);
}

#[test]
fn a_batch_of_the_servers_belongs_to_its_revision() {
    for revision in ["2024-11-05", "2025-06-18", "2025-11-25"] {
        let world = World::start(&format!("batches-down-{revision}"), revision);
        for way in ["json", "events"] {
            let answer = world.send(&call(1, "look", json!({"batch": ["note", "answer"], "as": way})));
            assert!(!answer.body.contains(SSN) && answer.body.contains("isError\":true"), "{answer:?}");
        }
    }
}

#[test]
fn a_rate_holds_within_a_batch() {
    let rate =
        "guard: { calls_per_second: 10000, call_burst: 10000, tool_calls_per_second: 1, tool_call_burst: 3 }";
    let world = World::start_with("batches-rate", "2025-03-26", rate);
    let answer = world.send(&Value::Array((1..=9).map(|id| call(id, "look", json!({}))).collect()));
    let answers = answer.json().as_array().unwrap().clone();
    let passed = answers.iter().filter(|answer| answer["result"]["content"].is_array()).count();
    assert_eq!((answers.len(), passed, world.calls()), (9, 3, 3), "{answers:?}");
    assert_eq!(answer.body.matches("Rate limit reached").count(), 6, "{answers:?}");
}
