//! Two servers of different eras under one roof, with tools of the same name: each call is
//! its own server's, by that server's rules.

use crate::support::upstream::{self, Upstream};
use crate::support::{Answer, Gate, PROGRAM, folder, records, request};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SSN: &str = "536-90-4399";
const RULES: &str = "server: ward
tools:
  look: { release: { 'patient:read': [$.id, $.ssn] }, scopes: ['patient:read'], profile: hipaa-safe-harbor }
  hidden: { release: all, scopes: ['nobody:has'] }
messages: { allow: [elicitation], profile: hipaa-safe-harbor }
---
server: bank
tools:
  look: { release: { 'phi:read': [$.balance] }, profile: hipaa-safe-harbor }
messages: { allow: [elicitation], profile: hipaa-safe-harbor }
";
const FEDERATION: &str = "federations: { all: { members: [ward, bank] } }";

struct World {
    gate: Gate,
    ward: Upstream,
    bank: Upstream,
    /// What the legacy server was answered.
    answers: Arc<Mutex<Vec<Value>>>,
}

impl World {
    fn start(name: &str) -> Self {
        let tool = |name: &str| json!({"name": name, "description": format!("Looks for {SSN}."), "inputSchema": {"type": "object"}});
        let ward =
            Upstream::start(json!([tool("look"), tool("hidden"), tool("unruled")]), |message, stream| {
                let arguments = &message["params"]["arguments"];
                let responses = &message["params"]["inputResponses"];
                if arguments["ask"] == json!(true) && responses.is_null() {
                    let question = json!({"method": "elicitation/create", "params": {
                    "mode": "form", "message": format!("ward asks about {SSN}"),
                    "requestedSchema": {"type": "object", "properties": {}}}});
                    let result = json!({"resultType": "input_required", "inputRequests": {"q": question},
                    "requestState": "the state"});
                    return upstream::whole(stream, message, &result);
                }
                let row = json!({"id": "p-1", "ssn": SSN, "balance": 7, "answered": responses}).to_string();
                upstream::whole(
                    stream,
                    message,
                    &json!({"resultType": "complete", "content": [{"type": "text", "text": row}]}),
                );
            });
        let answers: Arc<Mutex<Vec<Value>>> = Arc::default();
        let taken = answers.clone();
        let bank =
            Upstream::start(json!([tool("look")]), move |message, stream| bank(&taken, message, stream));
        let upstreams = format!(
            "ward: {{ url: '{}', auth: none }}\nbank: {{ url: '{}', auth: none, era: legacy }}",
            ward.url, bank.url
        );
        let gate = Gate::start_with(name, &upstreams, RULES, FEDERATION);
        Self { gate, ward, bank, answers }
    }

    /// A message of a session of 2025-11-25.
    fn legacy(&self, token: &str, session: &str, message: &Value) -> TcpStream {
        let authorization = format!("Bearer {token}");
        let mut headers = vec![
            ("Authorization", authorization.as_str()),
            ("Content-Type", "application/json"),
            ("Accept", "application/json, text/event-stream"),
            ("MCP-Protocol-Version", "2025-11-25"),
        ];
        if !session.is_empty() {
            headers.push(("Mcp-Session-Id", session));
        }
        let mut stream = TcpStream::connect(&self.gate.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        let bytes = request(&self.gate.address, "all", &headers, message.to_string().as_bytes());
        stream.write_all(&bytes).unwrap();
        stream
    }
}

/// A server of the legacy era, which asks its client by a request.
fn bank(answers: &Mutex<Vec<Value>>, message: &Value, stream: &mut TcpStream) {
    match message["method"].as_str() {
        Some("initialize") => upstream::whole(
            stream,
            message,
            &json!({"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "bank", "version": "1"}}),
        ),
        Some("tools/call") => {
            let asks = message["params"]["arguments"]["ask"] == json!(true);
            let _ = upstream::begin_events(stream);
            if asks {
                let params = json!({"mode": "form", "message": format!("bank asks about {SSN}"),
                    "requestedSchema": {"type": "object", "properties": {}}});
                let question = json!({"jsonrpc": "2.0", "id": "input-1", "method": "elicitation/create", "params": params});
                let _ = upstream::event(stream, &question);
                while answers.lock().unwrap().is_empty() {
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
            let row = json!({"id": "p-1", "ssn": SSN, "balance": 7}).to_string();
            let result = json!({"content": [{"type": "text", "text": row}]});
            let _ =
                upstream::event(stream, &json!({"jsonrpc": "2.0", "id": message["id"], "result": result}));
            let _ = upstream::end_events(stream);
        }
        _ => {
            if message.get("result").is_some() {
                answers.lock().unwrap().push(message.clone());
            }
            let _ = stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
        }
    }
}

fn call(name: &str) -> Value {
    json!({"name": name, "arguments": {}})
}

fn names(list: &Value) -> Vec<&str> {
    list["result"]["tools"].as_array().unwrap().iter().filter_map(|tool| tool["name"].as_str()).collect()
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

/// The next whole event of a stream.
fn next_event(stream: &mut TcpStream, read: &mut String) -> Value {
    loop {
        let found = read.lines().find_map(|line| line.strip_prefix("data: ").filter(|data| !data.is_empty()));
        if let Some(event) = found.and_then(|data| serde_json::from_str(data).ok()) {
            let end = read.find("data: ").unwrap();
            *read = read[end..].split_once('\n').unwrap().1.to_owned();
            return event;
        }
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "the stream ended: {read}");
        read.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
}

#[test]
fn each_call_is_its_own_servers_by_its_own_rules() {
    let world = World::start("federation");
    let token = world.gate.token("all", "amara", "patient:read phi:read");
    let ask = |method: &str, params: Value| world.gate.ask("all", &token, method, params);
    let found = ask("server/discover", json!({})).json();
    assert_eq!(found["result"]["capabilities"], json!({"tools": {}}), "{found}");
    let listed = ask("tools/list", json!({})).json();
    assert_eq!(names(&listed), ["bank.look", "ward.look"]);
    assert_eq!(listed["result"]["cacheScope"], "private", "{listed}");
    assert!(listed.to_string().contains("[US_SSN_1]") && !listed.to_string().contains(SSN), "{listed}");
    let ward = ask("tools/call", call("ward.look"));
    assert_eq!(text(&ward.json()), r#"{"id":"p-1","ssn":"[US_SSN_1]"}"#);
    let bank = ask("tools/call", call("bank.look")).events().pop().unwrap();
    assert_eq!(text(&bank), r#"{"balance":7}"#);
    let sent = String::from_utf8(world.ward.seen.lock().unwrap().clone()).unwrap();
    assert!(sent.contains("\"name\":\"look\"") && sent.to_lowercase().contains("mcp-name: look"), "{sent}");
    assert!(!sent.contains("ward.look"), "{sent}");
    // Each stands in the journal as what it was.
    let told = records(&world.gate.state);
    for server in ["ward", "bank"] {
        let called = |record: &&Value| record["what"]["server"] == server && record["what"]["tool"] == "look";
        assert!(told.iter().any(|record| called(&record)), "{server}");
    }
}

#[test]
fn what_names_no_member_goes_nowhere() {
    let world = World::start("federation-names");
    let token = world.gate.token("all", "amara", "patient:read phi:read");
    let calls =
        |bytes: &Upstream| String::from_utf8_lossy(&bytes.seen.lock().unwrap()).matches("tools/call").count();
    for name in [
        "look",
        "ward",
        "ward.",
        ".look",
        "ward.hidden",
        "ward.unruled",
        "Ward.look",
        "all.ward.look",
        "ward.bank.look",
        "ward..look",
        "other.look",
    ] {
        let answer = world.gate.ask("all", &token, "tools/call", call(name));
        assert!(
            answer.body.contains("\"error\"") || answer.body.contains("\"isError\":true"),
            "{name}: {answer:?}"
        );
    }
    for (method, params) in [
        ("prompts/list", json!({})),
        ("resources/read", json!({"uri": "ward://1"})),
        (
            "completion/complete",
            json!({"ref": {"type": "ref/prompt", "name": "x"}, "argument": {"name": "a", "value": "b"}}),
        ),
        ("subscriptions/listen", json!({"notifications": {"toolsListChanged": true}})),
        ("tasks/get", json!({"taskId": "guess"})),
    ] {
        let answer = world.gate.ask("all", &token, method, params);
        assert!(answer.body.contains("\"error\""), "{method}: {answer:?}");
    }
    assert_eq!((calls(&world.ward), calls(&world.bank)), (0, 0));
    // A token is for the endpoint that it was made for.
    assert_eq!(world.gate.ask("ward", &token, "tools/call", call("look")).status, 401);
    let ward = world.gate.token("ward", "amara", "patient:read phi:read");
    assert_eq!(world.gate.ask("all", &ward, "tools/call", call("ward.look")).status, 401);
    // Scopes are each tool's own.
    let without = world.gate.token("all", "amara", "phi:read");
    let listed = world.gate.ask("all", &without, "tools/list", json!({})).json();
    assert_eq!(names(&listed), ["bank.look"]);
    let refused = world.gate.ask("all", &without, "tools/call", call("ward.look"));
    assert_eq!(refused.status, 403);
    assert!(
        refused
            .header("www-authenticate")
            .is_some_and(|it| it.contains("/all/mcp") && it.contains("patient:read"))
    );
}

#[test]
fn a_state_is_good_for_the_tool_that_gave_it() {
    let world = World::start("federation-state");
    let token = world.gate.token("all", "amara", "patient:read phi:read");
    let meta = json!({"io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}}});
    let mut params = json!({"name": "ward.look", "arguments": {"ask": true}, "_meta": meta});
    let asked = world.gate.ask("all", &token, "tools/call", params.clone()).json();
    assert_eq!(
        asked["result"]["inputRequests"]["q"]["params"]["message"], "ward asks about [US_SSN_1]",
        "{asked}"
    );
    params["requestState"] = asked["result"]["requestState"].clone();
    params["inputResponses"] = json!({"q": {"action": "accept", "content": {}}});
    let mut elsewhere = params.clone();
    elsewhere["name"] = json!("bank.look");
    let refused = world.gate.ask("all", &token, "tools/call", elsewhere);
    assert!(refused.body.contains("\"error\""), "{refused:?}");
    let done = world.gate.ask("all", &token, "tools/call", params).json();
    assert_eq!(text(&done), r#"{"id":"p-1","ssn":"[US_SSN_1]"}"#);
}

#[test]
fn one_session_reaches_members_of_both_eras() {
    let world = World::start("federation-session");
    let token = world.gate.token("all", "amara", "patient:read phi:read");
    let say = |session: &str, message: Value| Answer::read(&mut world.legacy(&token, session, &message));
    let opened = say(
        "",
        json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {"elicitation": {}}, "clientInfo": {"name": "t", "version": "1"}}}),
    );
    let session = opened.header("mcp-session-id").expect("a session").to_owned();
    assert_eq!(say(&session, json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).status, 202);
    let listed = say(&session, json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"}));
    assert_eq!(names(&listed.json()), ["bank.look", "ward.look"]);
    // Both ask at once, and both questions have the same id at their servers.
    let calling = |id: u64, name: &str| {
        let params = json!({"name": name, "arguments": {"ask": true}});
        world.legacy(
            &token,
            &session,
            &json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}),
        )
    };
    let (mut ward, mut bank) = (calling(3, "ward.look"), calling(4, "bank.look"));
    let (mut of_ward, mut of_bank) = (String::new(), String::new());
    let (from_ward, from_bank) = (next_event(&mut ward, &mut of_ward), next_event(&mut bank, &mut of_bank));
    assert_eq!(from_ward["params"]["message"], "ward asks about [US_SSN_1]");
    assert_eq!(from_bank["params"]["message"], "bank asks about [US_SSN_1]");
    assert_ne!(from_ward["id"], from_bank["id"]);
    for (question, word) in [(&from_bank, "decline"), (&from_ward, "accept")] {
        let answer = json!({"jsonrpc": "2.0", "id": question["id"], "result": {"action": word}});
        assert_eq!(say(&session, answer).status, 202);
    }
    assert_eq!(text(&next_event(&mut bank, &mut of_bank)), r#"{"balance":7}"#);
    assert_eq!(text(&next_event(&mut ward, &mut of_ward)), r#"{"id":"p-1","ssn":"[US_SSN_1]"}"#);
    let answers = world.answers.lock().unwrap().clone();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!((&answers[0]["id"], &answers[0]["result"]["action"]), (&json!("input-1"), &json!("decline")));
    let sent = String::from_utf8_lossy(&world.ward.seen.lock().unwrap()).into_owned();
    assert!(sent.contains("accept") && !sent.contains("decline"), "{sent}");
    // Another person's session is not this one's.
    let other = world.gate.token("all", "chen", "accounts:read");
    let stolen = json!({"jsonrpc": "2.0", "id": 5, "method": "tools/list"});
    assert_eq!(Answer::read(&mut world.legacy(&other, &session, &stolen)).status, 404);
}

#[test]
fn a_federation_that_cannot_be_is_a_fault() {
    let world = World::start("federation-faults");
    let file = world.gate.state.join("portcullis.yaml");
    let good = std::fs::read_to_string(&file).unwrap();
    let state = folder("federation-faults-check");
    for (federations, said) in [
        ("all: { members: [ward, nowhere] }", "`nowhere` is no upstream"),
        ("ward: { members: [bank] }", "has this name already"),
        ("all: { members: [] }", "needs `members`"),
        ("all: { members: [ward, ward] }", "twice"),
        ("all: { members: [ward], separator: ' ' }", "`separator` may be"),
        ("'a.b': { members: [ward] }", "letters, digits"),
        ("all: { members: [all] }", "`all` is no upstream"),
    ] {
        let changed = good.replace(FEDERATION, &format!("federations: {{ {federations} }}"));
        let changed =
            changed.replace("rules: rules", &format!("rules: {}", world.gate.state.join("rules").display()));
        assert_ne!(changed, good);
        let path = state.join("portcullis.yaml");
        std::fs::write(&path, changed).unwrap();
        let output = Command::new(PROGRAM).args(["check", "--config"]).arg(&path).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && told.contains(said), "{federations}: {told}");
    }
}
