//! Counters, scraped as a monitor would.

use crate::support::upstream::{self, Upstream};
use crate::support::{Answer, Gate, free_address};
use serde_json::json;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

fn get(address: &str, path: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    Answer::read(&mut stream)
}

#[test]
fn calls_and_rules_are_counted_and_nothing_else_is_told() {
    let tools = json!([{"name": "look", "inputSchema": {"type": "object"}}]);
    let upstream = Upstream::start(tools, |message, stream| {
        let record = json!({"ssn": "536-90-4399", "card": "4111 1111 1111 1111", "secret": 1, "ward": "5B"});
        let result = json!({"content": [], "structuredContent": record, "resultType": "complete"});
        upstream::whole(stream, message, &result);
    });
    let rules = "server: feed\ntools:\n  look: { release: { 'patient:read': [$.ssn, $.card, $.ward] }, \
                 redact: [{ path: $.ssn, as: mask }], profile: pci-dss }\n";
    let counters = free_address().to_string();
    let more = format!("metrics: {counters}\n");
    let gate = Gate::start_with(
        "metrics",
        &format!("feed: {{ url: '{}', auth: none }}", upstream.url),
        rules,
        &more,
    );
    let token = gate.token("feed", "amara", "patient:read");
    for _ in 0..3 {
        let answer = gate.ask("feed", &token, "tools/call", json!({"name": "look", "arguments": {}}));
        assert_eq!(answer.json()["result"]["structuredContent"]["ward"], "5B", "{}", answer.body);
    }
    let odd = json!({"name": "536-90-4399", "arguments": {}});
    assert_eq!(gate.ask("feed", &token, "tools/call", odd).status, 200);
    let scraped = get(&counters, "/metrics");
    assert!(scraped.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    for line in [
        r#"portcullis_calls_total{server="feed",method="tools/call",status="ok"} 3"#,
        r#"portcullis_calls_total{server="feed",method="tools/call",status="tool_unknown"} 1"#,
        r#"portcullis_rule_actions_total{server="feed",rule="look.redact[0]",entity="",operator="mask"} 3"#,
        r#"entity="PAN",operator="partial"} 3"#,
        r#"portcullis_values_withheld_total{server="feed"} 3"#,
        r#"portcullis_call_seconds_count{server="feed"} 4"#,
        "# EOF",
    ] {
        assert!(scraped.body.contains(line), "{line}\n{}", scraped.body);
    }
    // Not the samples' values: seconds measured may well hold the digits 536.
    let told: Vec<&str> =
        scraped.body.lines().map(|line| line.rsplit_once(' ').map_or(line, |(labels, _)| labels)).collect();
    for hidden in ["536", "4399", "1111 1111", "amara"] {
        assert!(!told.iter().any(|line| line.contains(hidden)), "{hidden}\n{}", scraped.body);
    }
    assert_eq!(get(&counters, "/feed/mcp").status, 404);
    assert_eq!(get(&gate.address, "/metrics").status, 404);
}
