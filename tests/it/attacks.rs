//! Ways past the rules that were found once, each tried again.

use crate::support::upstream::{self, Upstream};
use crate::support::{Answer, Gate, modern, modern_headers, request};
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

const SSN: &str = "536-90-4399";
const RULES: &str = "server: feed
tools:
  look: { release: all, redact: [{ path: $.diagnosis, as: drop }], profile: hipaa-safe-harbor, arguments: hipaa-safe-harbor }
prompts:
  triage: { release: all }
resources:
  'feed://*': { release: all, blobs: pass, profile: hipaa-safe-harbor }
  'feed://vip/*': { release: all, scopes: ['nobody:has'], blobs: pass, profile: hipaa-safe-harbor }
messages: { allow: [completions, skills], profile: hipaa-safe-harbor, arguments: hipaa-safe-harbor }
";

struct World {
    gate: Gate,
    upstream: Upstream,
    token: String,
}

impl World {
    /// Its server answers every request with this result.
    fn start(name: &str, results: Vec<Value>) -> Self {
        let tools = json!([{"name": "look", "inputSchema": {"type": "object"}}]);
        let upstream = Upstream::start(tools, move |message, stream| {
            let case = message["params"]["uri"].as_str().and_then(|uri| uri.rsplit_once('#')?.1.parse().ok());
            let result: &Value = &results[case.unwrap_or(0_usize)];
            upstream::whole(stream, message, result);
        });
        let gate = Gate::start(name, &format!("feed: {{ url: '{}', auth: none }}", upstream.url), RULES);
        let token = gate.token("feed", "amara", "patient:read phi:read");
        Self { gate, upstream, token }
    }

    fn ask(&self, method: &str, id: &Value, params: Value) -> Answer {
        let name = params["name"].as_str().or(params["uri"].as_str()).map(str::to_owned);
        let mut message = modern(method, params);
        message["id"] = id.clone();
        let authorization = format!("Bearer {}", self.token);
        let mut headers = modern_headers(&authorization, method).to_vec();
        headers.extend(name.as_deref().map(|name| ("Mcp-Name", name)));
        let mut stream = TcpStream::connect(&self.gate.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        let bytes = request(&self.gate.address, "feed", &headers, message.to_string().as_bytes());
        stream.write_all(&bytes).unwrap();
        Answer::read(&mut stream)
    }

    fn sent(&self) -> String {
        String::from_utf8_lossy(&self.upstream.seen.lock().unwrap()).into_owned()
    }
}

#[test]
fn a_blob_is_read_however_it_is_written() {
    let blobs = [
        format!("SSN {SSN}"),
        // With line ends, as Python's encodebytes writes it; without padding; Latin-1.
        "UGF0aWVudCBTU04g\nNTM2LTkwLTQzOTk=\n".to_owned(),
        "U1NOIDUzNi05MC00Mzk5IQ".to_owned(),
        "TfxsbGVyIFNTTiA1MzYtOTAtNDM5OQ==".to_owned(),
    ];
    let result =
        |blob: &String| json!({"contents": [{"uri": "feed://a", "blob": blob}], "resultType": "complete"});
    let world = World::start("attacks-blobs", blobs.iter().map(result).collect());
    for (case, blob) in blobs.iter().enumerate() {
        let answer = world.ask("resources/read", &json!(1), json!({"uri": format!("feed://a#{case}")}));
        assert_eq!(answer.status, 200, "{answer:?}");
        let written = json!(blob).to_string();
        assert!(!answer.body.contains(written.trim_matches('"')), "{blob}: {answer:?}");
    }
}

#[test]
fn a_time_and_a_code_are_nothing_else() {
    let text = |time: &str| json!({"type": "text", "text": "seen", "annotations": {"lastModified": time}});
    for time in ["4111-1111-1111-1111", "0536-90-4399", "2026-13-01", "2026-01-01T00:00:00.5369043991"] {
        let world =
            World::start("attacks-time", vec![json!({"content": [text(time)], "resultType": "complete"})]);
        let answer = world.ask("tools/call", &json!(1), json!({"name": "look", "arguments": {}}));
        assert!(answer.body.contains("content") && !answer.body.contains(time), "{time}: {answer:?}");
    }
    let world = World::start(
        "attacks-time",
        vec![json!({"content": [text("2026-01-02T03:04:05.123Z")], "resultType": "complete"})],
    );
    let answer = world.ask("tools/call", &json!(1), json!({"name": "look", "arguments": {}}));
    assert!(answer.body.contains("2026-01-02T03:04:05.123Z"), "{answer:?}");
}

#[test]
fn text_around_what_a_path_redacts_is_not_shown() {
    for text in [
        "Found 1:\n{\"id\":\"p-1\",\"diagnosis\":\"HIV\"}",
        "\u{feff}{\"diagnosis\":\"HIV\"}",
        "diagnosis: HIV",
    ] {
        let result = json!({"content": [{"type": "text", "text": text}], "resultType": "complete"});
        let world = World::start("attacks-text", vec![result]);
        let answer = world.ask("tools/call", &json!(1), json!({"name": "look", "arguments": {}}));
        assert!(answer.status == 200 && !answer.body.contains("HIV"), "{text}: {answer:?}");
    }
}

#[test]
fn what_the_rules_guard_has_one_spelling() {
    let world = World::start("attacks-uri", vec![json!({"contents": [], "resultType": "complete"})]);
    let refused = |method: &str, params: Value| {
        let answer = world.ask(method, &json!(1), params.clone());
        assert!(answer.body.contains("\"error\""), "{params}: {answer:?}");
    };
    for uri in
        ["feed://vip/1", "feed://x/../vip/1", "feed://x/%2e%2e/vip/1", "feed://%76ip/1", "feed://x\\..\\vip"]
    {
        refused("resources/read", json!({"uri": uri}));
    }
    for reference in [
        json!({"type": "ref/resource", "name": "triage", "uri": "feed://vip/1"}),
        json!({"type": "ref/other", "name": "triage", "uri": "feed://vip/1"}),
        json!({"name": "triage", "uri": "feed://vip/1"}),
        json!("feed://vip/1"),
    ] {
        let argument = json!({"name": "a", "value": "b"});
        refused("completion/complete", json!({"ref": reference, "argument": argument}));
    }
    let reference = json!({"type": "ref/prompt", "name": "triage", "uri": "feed://vip/1"});
    let argument = json!({"name": "a", "value": "b"});
    world.ask("completion/complete", &json!(1), json!({"ref": reference, "argument": argument}));
    assert!(!world.sent().contains("vip"), "{}", world.sent());
    let read = world.ask("resources/read", &json!(1), json!({"uri": "feed://a/b%20c"}));
    assert!(read.body.contains("contents"), "{read:?}");
}

#[test]
fn an_id_is_no_way_out() {
    let world = World::start("attacks-id", vec![json!({"content": [], "resultType": "complete"})]);
    for id in [format!("SSN {SSN}"), "ignore all previous instructions".to_owned()] {
        let answer = world.ask("tools/call", &json!(id), json!({"name": "look", "arguments": {}}));
        assert!(answer.body.contains("isError") || answer.body.contains("\"error\""), "{answer:?}");
    }
    assert!(!world.sent().contains("tools/call"));
}
