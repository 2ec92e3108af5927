//! A secret planted in every place that any message of MCP has, one case a place, through a
//! running gate: none comes out to a client, and none goes in to a server.
//!
//! The places are read off the gate's own forms; that those leave out no member of the
//! specification is for `coverage.rs` to show.

mod sample;

use crate::support::upstream::{self, Upstream};
use crate::support::{Answer, Gate, request};
use portcullis::wire::form::asks::Asking;
use portcullis::wire::form::notices::Notice;
use portcullis::wire::form::{Form, answers, lists};
use portcullis::wire::method::Method;
use sample::{HELLO, SECRET, leaks, places, sample};
use serde_json::{Map, Value, json};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const RULES: &str = "server: feed
tools:
  '*': { release: all, blobs: pass, text: detect, profile: hipaa-safe-harbor, arguments: hipaa-safe-harbor }
prompts:
  '*': { release: all, blobs: pass, text: detect, profile: hipaa-safe-harbor, arguments: hipaa-safe-harbor }
resources:
  '*': { release: all, blobs: pass, text: detect, profile: hipaa-safe-harbor, arguments: hipaa-safe-harbor }
messages:
  allow: [instructions, logging, completions, sampling, elicitation, roots, subscriptions, tasks, apps, skills]
  profile: hipaa-safe-harbor
  arguments: hipaa-safe-harbor
";

/// What the upstream does next: messages to say, the last of them its answer.
#[derive(Clone, Default)]
struct Script {
    /// Said before the answer, as events.
    before: Vec<Value>,
    /// `result` or `error`.
    answer: Map<String, Value>,
}

struct World {
    gate: Gate,
    upstream: Upstream,
    script: Arc<Mutex<Script>>,
    token: String,
    session: String,
}

impl World {
    fn start(name: &str, tools: Value) -> Self {
        let script: Arc<Mutex<Script>> = Arc::default();
        let next = script.clone();
        let upstream = Upstream::start(tools, move |message, stream| say(&next, message, stream));
        let gate = Gate::start(name, &format!("feed: {{ url: '{}', auth: none }}", upstream.url), RULES);
        let token = gate.token("feed", "amara", "patient:read phi:read");
        let mut world = Self { gate, upstream, script, token, session: String::new() };
        let opening = world.legacy(json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {"sampling": {}, "elicitation": {}, "roots": {}},
            "clientInfo": {"name": "test", "version": "1"}}}));
        world.session = opening.header("mcp-session-id").expect("a session").to_owned();
        world
    }

    fn plan(&self, before: Vec<Value>, answer: Value) {
        let answer = answer.as_object().unwrap().clone();
        *self.script.lock().unwrap() = Script { before, answer };
    }

    /// A message of the session.
    fn legacy(&self, message: Value) -> Answer {
        let mut headers = vec![("MCP-Protocol-Version", "2025-11-25")];
        if !self.session.is_empty() {
            headers.push(("Mcp-Session-Id", &self.session));
        }
        self.send(&headers, &message)
    }

    /// A request of 2026-07-28, with the headers it must have.
    fn modern(&self, method: &str, mut params: Map<String, Value>) -> Answer {
        let mut meta = params.get("_meta").and_then(Value::as_object).cloned().unwrap_or_default();
        meta.insert("io.modelcontextprotocol/protocolVersion".into(), json!("2026-07-28"));
        meta.insert(
            "io.modelcontextprotocol/clientCapabilities".into(),
            json!({"sampling": {}, "elicitation": {}, "roots": {}, "extensions": {"io.modelcontextprotocol/tasks": {}}}),
        );
        params.insert("_meta".into(), Value::Object(meta));
        let member = match method {
            "tools/call" | "prompts/get" => "name",
            "resources/read" => "uri",
            _ => "taskId",
        };
        let name = params.get(member).and_then(Value::as_str).map(str::to_owned);
        let mut headers = vec![("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", method)];
        headers.extend(name.as_deref().map(|name| ("Mcp-Name", name)));
        self.send(&headers, &json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}))
    }

    fn send(&self, headers: &[(&str, &str)], message: &Value) -> Answer {
        let authorization = format!("Bearer {}", self.token);
        let mut all = vec![
            ("Authorization", authorization.as_str()),
            ("Content-Type", "application/json"),
            ("Accept", "application/json, text/event-stream"),
        ];
        all.extend_from_slice(headers);
        let mut stream = TcpStream::connect(&self.gate.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        let bytes = request(&self.gate.address, "feed", &all, message.to_string().as_bytes());
        std::io::Write::write_all(&mut stream, &bytes).unwrap();
        Answer::read(&mut stream)
    }
}

/// The upstream's side of the script; it opens sessions by itself.
fn say(script: &Mutex<Script>, message: &Value, stream: &mut TcpStream) {
    let script = script.lock().unwrap().clone();
    if message["method"] == "initialize" && script.answer.is_empty() {
        let result = json!({"protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
            "serverInfo": {"name": "feed", "version": "1"}});
        return upstream::whole(stream, message, &result);
    }
    if message.get("id").is_none() || message.get("method").is_none() {
        let _ = std::io::Write::write_all(stream, b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
        return;
    }
    let mut answer = script.answer;
    answer.insert("jsonrpc".into(), json!("2.0"));
    answer.insert("id".into(), message["id"].clone());
    let _ = upstream::begin_events(stream);
    for said in &script.before {
        let _ = upstream::event(stream, said);
    }
    let _ = upstream::event(stream, &Value::Object(answer));
    let _ = upstream::end_events(stream);
}

fn tool() -> Value {
    json!([{"name": "watch", "description": HELLO, "inputSchema": {"type": "object"}}])
}

/// One form, every place of it: `send` makes the upstream say the sample and returns what the
/// client got.
fn none_comes_out(
    name: &str,
    form: &Form,
    mut send: impl FnMut(Map<String, Value>) -> Answer,
    cases: &mut usize,
) {
    let control = send(sample(form, ""));
    assert!(!leaks(&control.bytes()), "{name}: the control leaks");
    let says = form.0.iter().any(|member| member.name != "_meta");
    assert!(
        !says || control.body.contains("\"result\"") || control.body.contains("\"method\""),
        "{name}: nothing passes: {control:?}"
    );
    for place in places(form) {
        let answer = send(sample(form, &place));
        assert!(!leaks(&answer.bytes()), "{name} {place} comes out:\n{}", answer.body);
        *cases += 1;
    }
}

#[test]
fn none_comes_out_of_a_result() {
    let world = World::start("planted-results", tool());
    let mut cases = 0;
    let modern = [
        Method::Discover,
        Method::ToolsCall,
        Method::PromptsList,
        Method::PromptsGet,
        Method::ResourcesList,
        Method::ResourcesTemplatesList,
        Method::ResourcesRead,
        Method::DirectoryRead,
        Method::SkillsList,
        Method::SkillsGet,
        Method::Complete,
        Method::SubscriptionsListen,
    ];
    for method in modern {
        none_comes_out(
            method.as_str(),
            method.result(),
            |result| {
                world.plan(Vec::new(), json!({"result": with(result, "resultType", "complete")}));
                world.modern(method.as_str(), question(method))
            },
            &mut cases,
        );
    }
    for (name, kind, form) in
        [("input required", "input_required", &answers::INPUT_REQUIRED), ("task", "task", &answers::TASK)]
    {
        none_comes_out(
            name,
            form,
            |result| {
                let mut result = with(result, "resultType", kind);
                result.entry("taskId").or_insert(json!(format!("t {SECRET}")));
                world.plan(Vec::new(), json!({"result": result}));
                world.modern("tools/call", question(Method::ToolsCall))
            },
            &mut cases,
        );
    }
    let task = world.begin_task();
    for method in [Method::TasksGet, Method::TasksCancel, Method::TasksUpdate] {
        none_comes_out(
            method.as_str(),
            method.result(),
            |result| {
                let mut result = with(result, "resultType", "complete");
                result.entry("taskId").or_insert(json!(format!("t {SECRET}")));
                world.plan(Vec::new(), json!({"result": result}));
                world.modern(method.as_str(), Map::from_iter([("taskId".to_owned(), json!(task))]))
            },
            &mut cases,
        );
    }
    let legacy = [
        Method::Initialize,
        Method::LoggingSetLevel,
        Method::ResourcesSubscribe,
        Method::ResourcesUnsubscribe,
        Method::TasksList,
        Method::ToolsCall,
    ];
    for method in legacy {
        none_comes_out(
            &format!("legacy {}", method.as_str()),
            method.result(),
            |mut result| {
                if method == Method::Initialize {
                    result.insert("protocolVersion".into(), json!("2025-11-25"));
                }
                world.plan(Vec::new(), json!({"result": result}));
                world.legacy(
                    json!({"jsonrpc": "2.0", "id": 2, "method": method.as_str(), "params": question(method)}),
                )
            },
            &mut cases,
        );
    }
    none_comes_out(
        "tasks/result",
        Method::TasksResult.result(),
        |result| {
            world.plan(Vec::new(), json!({"result": result}));
            world.legacy(
                json!({"jsonrpc": "2.0", "id": 2, "method": "tasks/result", "params": {"taskId": task}}),
            )
        },
        &mut cases,
    );
    none_comes_out(
        "legacy task",
        &answers::TASK_CREATED,
        |mut result| {
            result["task"]["taskId"] = json!("one more");
            world.plan(Vec::new(), json!({"result": result}));
            world.legacy(json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call",
            "params": {"name": "watch", "arguments": {}, "task": {"ttl": 1}}}))
        },
        &mut cases,
    );
    println!("{cases} places of results");
    assert!(cases > 300, "{cases}");
}

#[test]
fn none_comes_out_of_a_tool_list() {
    // One tool a place, pinned as it is: its reviewers may have missed the number.
    let places = places(&lists::TOOL);
    let tools: Vec<Value> = places
        .iter()
        .enumerate()
        .map(|(number, place)| {
            let mut tool = sample(&lists::TOOL, place);
            if place != ".name" {
                tool.insert("name".into(), json!(format!("tool{number}")));
            }
            for schema in ["inputSchema", "outputSchema"] {
                if place != &format!(".{schema}") {
                    tool.insert(
                        schema.into(),
                        json!({"type": "object", "properties": {"ssn": {"type": "string"}}}),
                    );
                }
            }
            Value::Object(tool)
        })
        .collect();
    let world = World::start("planted-tools", Value::Array(tools));
    let answer = world.modern("tools/list", Map::new());
    assert!(!leaks(&answer.bytes()), "{}", answer.body);
    assert!(
        answer.body.contains("tool1") && answer.body.contains("\"ssn\":{\"type\":\"string\"}"),
        "{}",
        answer.body
    );
}

#[test]
fn none_comes_out_of_what_a_server_says_unasked() {
    let world = World::start("planted-notices", tool());
    let mut cases = 0;
    world.begin_task();
    let done = || json!({"result": {"content": [], "resultType": "complete"}});
    for notice in Notice::ALL {
        none_comes_out(
            notice.as_str(),
            notice.params(),
            |mut params| {
                if notice == Notice::Cancelled && params.get("requestId") == Some(&json!("token-1")) {
                    params.insert("requestId".into(), json!(7));
                }
                if matches!(notice, Notice::Task | Notice::TaskStatus) {
                    params.entry("taskId").or_insert(json!("the task"));
                    params.remove("result");
                    params.remove("error");
                }
                world.plan(
                    vec![json!({"jsonrpc": "2.0", "method": notice.as_str(), "params": params})],
                    done(),
                );
                let mut asked = question(Method::ToolsCall);
                asked.insert("_meta".into(), json!({"progressToken": "token-1"}));
                world.modern("tools/call", asked)
            },
            &mut cases,
        );
    }
    for asking in Asking::ALL {
        none_comes_out(
            asking.as_str(),
            asking.params(),
            |params| {
                let id = format!("ask {SECRET}");
                world.plan(
                    vec![json!({"jsonrpc": "2.0", "id": id, "method": asking.as_str(), "params": params})],
                    done(),
                );
                world.legacy(json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call",
                "params": {"name": "watch", "arguments": {}}}))
            },
            &mut cases,
        );
    }
    println!("{cases} places of notifications and requests of a server");
    assert!(cases > 100, "{cases}");
}

#[test]
fn none_comes_out_of_an_error_or_of_anything_unknown() {
    let world = World::start("planted-errors", tool());
    let elicitation = json!({"mode": "url", "message": SECRET, "url": format!("https://a.example/?{SECRET}"), "elicitationId": SECRET});
    let errors = [
        json!({"code": -32603, "message": format!("row {SECRET} failed")}),
        json!({"code": -32603, "message": "x", "data": {"row": SECRET}}),
        json!({"code": -32603, "message": "x", "data": SECRET}),
        json!({"code": -32602, "message": "x", "data": {"uri": format!("row://{SECRET}")}}),
        json!({"code": -32021, "message": "x", "data": {"requiredCapabilities": {SECRET: {}, "sampling": {SECRET: SECRET}}}}),
        json!({"code": -32022, "message": "x", "data": {"supported": [SECRET], "requested": SECRET}}),
        json!({"code": -32042, "message": "x", "data": {"elicitations": [elicitation], SECRET: SECRET}}),
        json!({"code": -32603, "message": "x", SECRET: SECRET}),
    ];
    for method in
        [Method::ToolsCall, Method::PromptsGet, Method::ResourcesRead, Method::ToolsList, Method::Discover]
    {
        for error in &errors {
            world.plan(Vec::new(), json!({"error": error}));
            let answer = world.modern(method.as_str(), question(method));
            assert!(!leaks(&answer.bytes()), "{}: {error}\n{}", method.as_str(), answer.body);
        }
    }
    let said = [
        json!({"jsonrpc": "2.0", "method": "notifications/unknown", "params": {"note": SECRET}}),
        json!({"jsonrpc": "2.0", "method": SECRET}),
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"note": SECRET}}),
        json!({"jsonrpc": "2.0", "id": 99, "result": {"content": [{"type": "text", "text": SECRET}]}}),
        json!({"jsonrpc": "2.0", "id": SECRET, "error": {"code": 1, "message": SECRET}}),
        json!({"jsonrpc": "1.0", "method": SECRET}),
        json!([SECRET]),
        json!(SECRET),
        json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": SECRET, "progress": 1, "message": SECRET}}),
    ];
    let results = [
        json!({"content": [], "toolResult": SECRET}),
        json!({"content": [], "resultType": SECRET}),
        json!({"content": [{"type": SECRET, "text": SECRET}]}),
        json!({"content": SECRET}),
        json!({"content": [SECRET]}),
        json!(SECRET),
        json!([SECRET]),
    ];
    for said in said {
        world.plan(vec![said.clone()], json!({"result": {"content": []}}));
        for answer in [world.modern("tools/call", question(Method::ToolsCall)), world.legacy(json!({
            "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "watch", "arguments": {}}}))]
        {
            assert!(!leaks(&answer.bytes()), "{said}\n{}", answer.body);
        }
    }
    for result in results {
        world.plan(Vec::new(), json!({"result": result}));
        let answer = world.modern("tools/call", question(Method::ToolsCall));
        assert!(!leaks(&answer.bytes()), "{result}\n{}", answer.body);
    }
}

#[test]
fn none_comes_out_of_http_itself() {
    let heads: [&str; 6] = [
        "HTTP/1.1 200 536-90-4399\r\nContent-Type: application/json\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Row: 536-90-4399\r\nSet-Cookie: row=536-90-4399\r\nMcp-Session-Id: 536-90-4399\r\nWWW-Authenticate: Bearer 536-90-4399\r\n",
        "HTTP/1.1 302 Found\r\nLocation: https://a.example/536-90-4399\r\nContent-Type: application/json\r\n",
        "HTTP/1.1 500 536-90-4399\r\nContent-Type: text/plain\r\nRetry-After: 536-90-4399\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n",
    ];
    let bodies = [
        json!({"jsonrpc": "2.0", "id": 7, "result": {"content": [], "resultType": "complete"}}).to_string(),
        format!("<h1>{SECRET}</h1>"),
        format!(
            ": {SECRET}\nid: {SECRET}\nevent: {SECRET}\nretry: 536904399\n{SECRET}: {SECRET}\ndata: {}\n\n",
            json!({"jsonrpc": "2.0", "id": 7, "result": {"content": []}})
        ),
        format!("data: {SECRET}\n\n"),
    ];
    let pairs: Arc<Vec<(String, String)>> = Arc::new(
        heads.iter().flat_map(|head| bodies.iter().map(|body| ((*head).to_owned(), body.clone()))).collect(),
    );
    let shared = pairs.clone();
    let upstream = Upstream::start(tool(), move |message, stream| {
        let number = message["params"]["arguments"]["case"].as_u64().unwrap_or(0);
        let (head, body) = &shared[usize::try_from(number).unwrap()];
        let bytes = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        let _ = std::io::Write::write_all(stream, bytes.as_bytes());
    });
    let gate =
        Gate::start("planted-http", &format!("feed: {{ url: '{}', auth: none }}", upstream.url), RULES);
    let token = gate.token("feed", "amara", "patient:read phi:read");
    for (number, pair) in pairs.iter().enumerate() {
        let answer =
            gate.ask("feed", &token, "tools/call", json!({"name": "watch", "arguments": {"case": number}}));
        assert!(!leaks(&answer.bytes()), "{pair:?}\n{answer:?}");
        assert!(answer.status != 0, "{pair:?}");
    }
}

#[test]
fn none_goes_in() {
    let world = World::start("planted-requests", tool());
    let task = world.begin_task();
    world.plan(Vec::new(), json!({"result": {"content": [], "resultType": "complete"}}));
    let mut cases = 0;
    for method in Method::ALL {
        if matches!(method, Method::Response | Method::EndSession | Method::OpenStream | Method::ToolsList) {
            continue;
        }
        for place in std::iter::once(String::new()).chain(places(method.params())) {
            let mut params = sample(method.params(), &place);
            if method.name_member() == Some("taskId") && !place.starts_with(".taskId") {
                params.insert("taskId".into(), json!(task));
            }
            if method == Method::ToolsCall && !place.starts_with(".name") {
                params.insert("name".into(), json!("watch"));
            }
            world.upstream.seen.lock().unwrap().clear();
            let answer = if method.is_legacy() {
                let mut message =
                    json!({"jsonrpc": "2.0", "id": 5, "method": method.as_str(), "params": params});
                if method.is_notification() {
                    message.as_object_mut().unwrap().remove("id");
                }
                world.legacy(message)
            } else if method.is_notification() {
                continue;
            } else {
                world.modern(method.as_str(), params)
            };
            let seen = world.upstream.seen.lock().unwrap().clone();
            assert!(
                !leaks(&seen),
                "{} {place} goes in:\n{}",
                method.as_str(),
                String::from_utf8_lossy(&seen)
            );
            let sent = String::from_utf8_lossy(&seen).contains(method.as_str());
            assert!(
                sent || !place.is_empty() || method == Method::Ping,
                "{}: nothing passes: {answer:?}",
                method.as_str()
            );
            cases += usize::from(!place.is_empty());
        }
    }
    println!("{cases} places of requests");
    assert!(cases > 150, "{cases}");
}

#[test]
fn none_goes_in_with_an_answer_or_a_header() {
    let world = World::start("planted-answers", tool());
    let mut cases = 0;
    for asking in Asking::ALL {
        for place in std::iter::once(String::new()).chain(places(asking.answer())) {
            let params = sample(asking.params(), "");
            world.plan(
                vec![json!({"jsonrpc": "2.0", "id": 11, "method": asking.as_str(), "params": params})],
                json!({"result": {"content": []}}),
            );
            let stream = world.legacy(json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call",
                "params": {"name": "watch", "arguments": {}}}));
            let id = stream
                .body
                .split("\"id\":\"")
                .nth(1)
                .and_then(|rest| rest.split('"').next())
                .expect("a question");
            world.upstream.seen.lock().unwrap().clear();
            let result = sample(asking.answer(), &place);
            let answer = world.legacy(json!({"jsonrpc": "2.0", "id": id, "result": result}));
            let seen = world.upstream.seen.lock().unwrap().clone();
            assert!(!leaks(&seen), "{} {place} goes in", asking.as_str());
            if place.is_empty() {
                assert_eq!(answer.status, 202, "{}: {answer:?}", asking.as_str());
                assert!(String::from_utf8_lossy(&seen).contains("\"id\":11"), "{}", asking.as_str());
            }
            cases += 1;
        }
    }
    // A response to nothing is refused.
    let answer = world.legacy(json!({"jsonrpc": "2.0", "id": "ask-999", "result": {}}));
    assert_eq!(answer.json()["error"]["data"]["reason"], "answer_unexpected");
    let headers = [
        "User-Agent",
        "X-Row",
        "Cookie",
        "Referer",
        "Mcp-Param-Row",
        "Mcp-Session-Id",
        "Last-Event-ID",
        "Baggage",
        "Tracestate",
        "X-Forwarded-For",
        "Forwarded",
        "Mcp-Name",
        "Origin",
    ];
    world.plan(Vec::new(), json!({"result": {"content": []}}));
    for header in headers {
        world.upstream.seen.lock().unwrap().clear();
        let meta = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {}});
        let mut headers =
            vec![("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), (header, SECRET)];
        if header != "Mcp-Name" {
            headers.push(("Mcp-Name", "watch"));
        }
        world.send(
            &headers,
            &json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call",
            "params": {"name": "watch", "arguments": {}, "_meta": meta}}),
        );
        let seen = world.upstream.seen.lock().unwrap().clone();
        assert!(!leaks(&seen), "{header} goes in:\n{}", String::from_utf8_lossy(&seen));
        cases += 1;
    }
    println!("{cases} places of answers and headers");
}

impl World {
    /// A task of `watch`; the id as the client knows it.
    fn begin_task(&self) -> String {
        let times = json!({"resultType": "task", "taskId": "the task", "status": "working",
            "createdAt": "2026-01-02T03:04:05Z", "lastUpdatedAt": "2026-01-02T03:04:05Z", "ttlMs": null});
        self.plan(Vec::new(), json!({"result": times}));
        let answer = self.modern("tools/call", question(Method::ToolsCall));
        let data =
            answer.body.split("data: ").nth(1).and_then(|data| data.lines().next()).unwrap_or(&answer.body);
        let message: Value = serde_json::from_str(data.trim()).unwrap_or_else(|_| panic!("{answer:?}"));
        message["result"]["taskId"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    }
}

fn with(mut object: Map<String, Value>, name: &str, value: &str) -> Map<String, Value> {
    object.entry(name).or_insert(json!(value));
    object
}

/// Harmless parameters.
fn question(method: Method) -> Map<String, Value> {
    let params = match method {
        Method::ToolsCall => json!({"name": "watch", "arguments": {}}),
        Method::PromptsGet => json!({"name": "greet"}),
        Method::ResourcesRead
        | Method::DirectoryRead
        | Method::ResourcesSubscribe
        | Method::ResourcesUnsubscribe => {
            json!({"uri": "demo://one"})
        }
        Method::Complete => {
            json!({"ref": {"type": "ref/prompt", "name": "greet"}, "argument": {"name": "a", "value": "b"}})
        }
        Method::SubscriptionsListen => json!({"notifications": {}}),
        Method::LoggingSetLevel => json!({"level": "debug"}),
        Method::Initialize => {
            json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}})
        }
        _ => json!({}),
    };
    params.as_object().unwrap().clone()
}
