//! Rules that can never fire, by what a tool declares of itself: the tool is blocked, and
//! such rules are not taken.

use crate::support::Gate;
use crate::support::upstream::{self, Upstream};
use serde_json::json;
use std::time::{Duration, Instant};

fn rules(path: &str) -> String {
    format!(
        "server: feed\ntools:\n  look:\n    release: all\n    redact:\n      - {{ path: {path}, as: mask }}\n  other: {{ release: all }}\n"
    )
}

#[test]
fn a_redaction_that_cannot_fire_blocks_its_tool_until_it_is_mended() {
    let output =
        json!({"type": "object", "properties": {"ssn": {"type": "string"}}, "additionalProperties": false});
    let input = json!({"type": "object"});
    let tools = json!([{"name": "look", "inputSchema": input, "outputSchema": output}, {"name": "other", "inputSchema": input}]);
    let upstream = Upstream::start(tools, |message, stream| {
        let result =
            json!({"content": [], "structuredContent": {"ssn": "536-90-4399"}, "resultType": "complete"});
        upstream::whole(stream, message, &result);
    });
    let feed = format!("feed: {{ url: '{}', auth: none }}", upstream.url);
    let gate = Gate::start("misfit", &feed, &rules("$.snn"));
    let token = gate.token("feed", "amara", "patient:read");
    let call = || gate.ask("feed", &token, "tools/call", json!({"name": "look", "arguments": {}}));
    let listed = || {
        let list = gate.ask("feed", &token, "tools/list", json!({})).json();
        let tools = list["result"]["tools"].as_array().unwrap().clone();
        tools.into_iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let log = || std::fs::read_to_string(gate.state.join("log")).unwrap();
    let until = |what: &str, holds: &dyn Fn() -> bool| {
        let begun = Instant::now();
        while !holds() {
            assert!(begun.elapsed() < Duration::from_secs(20), "{what}\n{}", log());
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    assert!(call().body.contains("rules do not fit"), "{}", call().body);
    assert_eq!(listed(), ["other"]);
    assert!(log().contains("feed.yaml:6:1: `$.snn` can never fire: the tool's outputSchema"), "{}", log());

    let file = gate.state.join("rules/tools/feed.yaml");
    std::fs::write(&file, rules("$.ssn")).unwrap();
    until("the mended rules are taken", &|| call().body.contains("[REDACTED]"));
    assert_eq!(listed(), ["look", "other"]);

    std::fs::write(&file, rules("$.ssn.number")).unwrap();
    until("the faulty rules are refused", &|| log().contains("`$.ssn.number` can never fire"));
    assert!(call().body.contains("[REDACTED]") && !call().body.contains("536-90"));
}
