//! Operators that need the deployment's key, over sockets: the same for a value in each call,
//! and dates moved by a lineage's own number of days.

use crate::support::upstream::{self, Upstream};
use crate::support::{Demo, Gate, modern, modern_headers};
use serde_json::{Value, json};

const RULES: &str = "server: feed
tools:
  look: { release: all, redact: [{ path: $.ssn, as: hash, entity: US_SSN }, { path: $.account, as: fpe },
          { path: '$.visits[*]', as: shift }] }
";

fn look(gate: &Gate, login: &str) -> Value {
    let authorization = format!("Bearer {}", gate.token("feed", login, "patient:read"));
    let body = modern("tools/call", json!({"name": "look", "arguments": {}})).to_string();
    let mut headers = modern_headers(&authorization, "tools/call").to_vec();
    headers.push(("Mcp-Name", "look"));
    let answer = Demo::post_to(&gate.address, "feed", &headers, body.as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["result"]["structuredContent"].clone()
}

#[test]
fn what_is_keyed_is_the_same_in_every_call_and_moves_with_the_lineage() {
    let tools = json!([{"name": "look", "inputSchema": {"type": "object"}}]);
    let upstream = Upstream::start(tools, |message, stream| {
        let record =
            json!({"ssn": "536-90-4399", "account": "12-3456-7890", "visits": ["2026-03-01", "2026-03-11"]});
        let content = json!([{"type": "text", "text": record.to_string()}]);
        let result = json!({"content": content, "structuredContent": record, "resultType": "complete"});
        upstream::whole(stream, message, &result);
    });
    let gate = Gate::start("keyed", &format!("feed: {{ url: '{}', auth: none }}", upstream.url), RULES);
    let (first, again, other) = (look(&gate, "amara"), look(&gate, "amara"), look(&gate, "nina"));
    assert_eq!(first, again);
    assert!(first["ssn"].as_str().unwrap().starts_with("hash:"), "{first}");
    assert_ne!(first["account"], "12-3456-7890");
    for name in ["ssn", "account"] {
        assert_eq!(first[name], other[name]);
    }
    assert_ne!(first["visits"], other["visits"]);
    let day = |date: &Value| chrono::NaiveDate::parse_from_str(date.as_str().unwrap(), "%Y-%m-%d").unwrap();
    for record in [&first, &other] {
        let visits = &record["visits"];
        assert_ne!(visits[0], "2026-03-01");
        assert_eq!((day(&visits[1]) - day(&visits[0])).num_days(), 10);
    }
}
