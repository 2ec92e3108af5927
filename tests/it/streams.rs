//! Streams: what must hold however they are cut, stalled or broken.

use crate::support::Gate;
use crate::support::upstream::{self, Upstream};
use serde_json::json;

const RULES: &str = "server: feed\ntools:\n  watch: { release: all, profile: hipaa-safe-harbor }\n";

#[test]
fn a_gate_before_an_upstream_of_the_test() {
    let tools = json!([{"name": "watch", "inputSchema": {"type": "object"}}]);
    let upstream = Upstream::start(tools, |message, stream| {
        let result =
            json!({"content": [{"type": "text", "text": "SSN 536-90-4399"}], "resultType": "complete"});
        upstream::whole(stream, message, &result);
    });
    let gate =
        Gate::start("streams-first", &format!("feed: {{ url: '{}', auth: none }}", upstream.url), RULES);
    let token = gate.token("feed", "amara", "patient:read phi:read");
    let answer = gate.ask("feed", &token, "tools/call", json!({"name": "watch", "arguments": {}}));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.contains("US_SSN") && !answer.body.contains("536-90"), "{answer:?}");
}
