//! What a server says unasked, wrongly, or in the transport.

use super::sample::{SECRET, leaks};
use super::world::{RULES, World, none_comes_out, question, tool};
use crate::support::Gate;
use crate::support::upstream::Upstream;
use portcullis::wire::form::asks::Asking;
use portcullis::wire::form::notices::Notice;
use portcullis::wire::method::Method;
use serde_json::json;
use std::sync::Arc;

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
                world.legacy(&json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call",
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
        for answer in [world.modern("tools/call", question(Method::ToolsCall)), world.legacy(&json!({
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
