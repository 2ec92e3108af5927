//! What a client says.

use super::sample::{SECRET, leaks, places, sample};
use super::world::{World, tool};
use portcullis::wire::form::asks::Asking;
use portcullis::wire::method::Method;
use serde_json::json;

#[test]
fn none_goes_in() {
    let world = World::start("planted-requests", tool());
    let task = world.begin_task();
    world.plan(Vec::new(), json!({"result": {"content": [], "resultType": "complete"}}));
    let mut cases = 0;
    for method in Method::ALL {
        if matches!(
            method,
            Method::Response
                | Method::EndSession
                | Method::OpenStream
                | Method::OpenEventStream
                | Method::ToolsList
        ) {
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
                world.legacy(&message)
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
            let stream = world.legacy(&json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call",
                "params": {"name": "watch", "arguments": {}}}));
            let id = stream
                .body
                .split("\"id\":\"")
                .nth(1)
                .and_then(|rest| rest.split('"').next())
                .expect("a question");
            world.upstream.seen.lock().unwrap().clear();
            let result = sample(asking.answer(), &place);
            let answer = world.legacy(&json!({"jsonrpc": "2.0", "id": id, "result": result}));
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
    let answer = world.legacy(&json!({"jsonrpc": "2.0", "id": "ask-999", "result": {}}));
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
