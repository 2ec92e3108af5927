//! A gate between a client and a server that says what the test plans.

use super::sample::{HELLO, leaks, places, sample};
use crate::support::upstream::{self, Upstream};
use crate::support::{Answer, Gate, request};
use portcullis::wire::form::Form;
use portcullis::wire::method::Method;
use serde_json::{Map, Value, json};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(super) const RULES: &str = "server: feed
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
pub(super) struct Script {
    /// Said before the answer, as events.
    before: Vec<Value>,
    /// `result` or `error`.
    answer: Map<String, Value>,
}

pub(super) struct World {
    pub(super) gate: Gate,
    pub(super) upstream: Upstream,
    pub(super) script: Arc<Mutex<Script>>,
    pub(super) token: String,
    pub(super) session: String,
}

impl World {
    pub(super) fn start(name: &str, tools: Value) -> Self {
        let script: Arc<Mutex<Script>> = Arc::default();
        let next = script.clone();
        let upstream = Upstream::start(tools, move |message, stream| say(&next, message, stream));
        let gate = Gate::start(name, &format!("feed: {{ url: '{}', auth: none }}", upstream.url), RULES);
        let token = gate.token("feed", "amara", "patient:read phi:read");
        let world = Self { gate, upstream, script, token, session: String::new() };
        let opening = world.legacy(&json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {"sampling": {}, "elicitation": {}, "roots": {}},
            "clientInfo": {"name": "test", "version": "1"}}}));
        let session = opening.header("mcp-session-id").expect("a session").to_owned();
        Self { session, ..world }
    }

    pub(super) fn plan(&self, before: Vec<Value>, answer: Value) {
        let Value::Object(answer) = answer else { unreachable!("a result or an error") };
        *self.script.lock().unwrap() = Script { before, answer };
    }

    /// A message of the session.
    pub(super) fn legacy(&self, message: &Value) -> Answer {
        let mut headers = vec![("MCP-Protocol-Version", "2025-11-25")];
        if !self.session.is_empty() {
            headers.push(("Mcp-Session-Id", &self.session));
        }
        self.send(&headers, message)
    }

    /// A request of 2026-07-28, with the headers it must have.
    pub(super) fn modern(&self, method: &str, mut params: Map<String, Value>) -> Answer {
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

    pub(super) fn send(&self, headers: &[(&str, &str)], message: &Value) -> Answer {
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

pub(super) fn tool() -> Value {
    json!([{"name": "watch", "description": HELLO, "inputSchema": {"type": "object"}}])
}

impl World {
    /// A task of `watch`; the id as the client knows it.
    pub(super) fn begin_task(&self) -> String {
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

pub(super) fn with(mut object: Map<String, Value>, name: &str, value: &str) -> Map<String, Value> {
    object.entry(name).or_insert(json!(value));
    object
}

/// Harmless parameters.
pub(super) fn question(method: Method) -> Map<String, Value> {
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

/// One form, every place of it: `send` makes the upstream say the sample and returns what the
/// client got.
pub(super) fn none_comes_out(
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
