//! Clients of MCP 2024-11-05: a stream, and posts beside it.

#[path = "older/world.rs"]
mod world;

use crate::support::{Answer, PROGRAM, records};
use serde_json::json;
use std::process::Command;
use world::{Stream, World, call, initialize};

#[test]
fn an_older_client_has_its_answers_on_its_stream() {
    let world = World::start("older", "limits: { heartbeat_seconds: 1 }");
    let mut stream = world.begin();
    let session = stream.endpoint.split_once("?session=").unwrap().1.to_owned();
    assert!(stream.endpoint.starts_with("/feed/mcp/sse?session=") && session.len() >= 22, "{session}");
    // What the server says unasked comes too, filtered.
    let log = stream.message();
    assert_eq!(log["method"], "notifications/message");
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    assert_eq!(world.post(&stream, &list).status, 202);
    let listed = stream.response(1)["result"]["tools"].clone();
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["name"]), (1, &json!("look")));
    let posted = world.post(&stream, &call(2, "look", "plain"));
    assert_eq!((posted.status, posted.body.as_str()), (202, ""));
    assert!(stream.response(2).to_string().contains("[US_SSN_1]"));
    // A refusal is an answer as well.
    assert_eq!(world.post(&stream, &call(3, "phi", "plain")).status, 202);
    assert!(stream.response(3)["error"].to_string().contains("phi:read"));
    // The server asks something while it works; the post of the call is long done.
    assert_eq!(world.post(&stream, &call(4, "look", "ask")).status, 202);
    let asked = stream.message();
    assert_eq!(asked["method"], "elicitation/create", "{asked}");
    let declined = json!({"jsonrpc": "2.0", "id": asked["id"], "result": {"action": "decline"}});
    assert_eq!(world.post(&stream, &declined).status, 202);
    assert!(stream.response(4).to_string().contains("[US_SSN_1]"));
    // An answer that could only be taken up again is none for a client that cannot.
    assert_eq!(world.post(&stream, &call(5, "look", "leave")).status, 202);
    assert_eq!(stream.response(5)["result"]["isError"], true);
    while stream.line().unwrap() != ":" {}
    assert!(world.seen("upstreams-own\r\n") > 0);
    assert_eq!(world.seen(&session), 0, "the upstream never sees the gate's session");
    drop(stream);
    world.wait("the stream's end is on record", |world| world.outcomes("http/sse") == ["client_left"]);
    world.wait("the server's session is ended", |world| world.seen("DELETE /mcp") == 1);
    world.wait("and that is on record", |world| world.outcomes("http/delete") == ["ok"]);
    world.wait("what is unasked too", |world| world.outcomes("http/get") == ["client_left"]);
    assert_eq!(world.outcomes("tools/call"), ["ok", "ok", "detached"]);
    let late = world.post_as(&world.token, &format!("/feed/mcp/sse?session={session}"), &list.to_string());
    assert_eq!(late.status, 404, "{late:?}");
    let audit = world.gate.state.join("audit");
    let verified = Command::new(PROGRAM).args(["audit", "verify"]).arg(audit).status().unwrap();
    assert!(verified.success());
}

#[test]
fn a_stream_is_good_for_its_owner_alone() {
    let world = World::start("older-owner", "");
    let stranger = Answer::read(&mut world.get("", ""));
    assert_eq!(stranger.status, 401);
    assert!(stranger.header("www-authenticate").unwrap().contains("/feed/mcp\""), "{stranger:?}");
    assert_eq!(Answer::read(&mut world.get("nonsense", "")).status, 401);
    let modern = Answer::read(&mut world.get(&world.token, "MCP-Protocol-Version: 2026-07-28\r\n"));
    assert_eq!(modern.status, 400, "{modern:?}");
    let mut stream = world.begin();
    stream.message();
    let other = world.gate.token("feed", "chen", "accounts:read");
    let others = Stream::begun(world.get(&other, ""));
    let (look, before) = (call(9, "look", "plain").to_string(), world.seen("\"tools/call\""));
    let hello = initialize().to_string();
    let in_query = format!("{}&access_token=x", stream.endpoint);
    let batch = format!("[{look}]");
    let unknown = "/feed/mcp/sse?session=AAAAAAAAAAAAAAAAAAAAAA";
    let (own, theirs) = (stream.endpoint.as_str(), others.endpoint.as_str());
    for (name, token, path, body, status) in [
        ("no token", "", own, look.as_str(), 401),
        ("another's token", &other, own, &look, 404),
        ("another's token, and no message", &other, own, "{\"id\":9}", 400),
        ("another's token, saying hello", &other, own, &hello, 404),
        ("another's stream", &world.token, theirs, &look, 404),
        ("hello on another's stream", &world.token, theirs, &hello, 404),
        ("no session", &world.token, "/feed/mcp/sse", &look, 404),
        ("no such session", &world.token, unknown, &look, 404),
        ("a token in the query", "", &in_query, &look, 400),
        ("before hello", &other, theirs, &look, 404),
        ("hello again", &world.token, own, &hello, 404),
        ("a batch", &world.token, own, &batch, 400),
        ("no JSON", &world.token, own, "{", 400),
        ("another server's", &world.token, "/other/mcp/sse", &look, 404),
    ] {
        let answer = world.post_as(token, path, body);
        assert_eq!(answer.status, status, "{name}: {answer:?}");
    }
    let head = "Content-Type: application/json\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: look\r\nAccept: */*\r\n";
    let message = crate::support::modern("tools/call", json!({"name": "look", "arguments": {}}));
    let mut modern = world.send("POST", own, &world.token, head, &message.to_string());
    assert_eq!(Answer::read(&mut modern).status, 400);
    assert_eq!(Answer::read(&mut world.send("DELETE", own, &world.token, "", "")).status, 405);
    assert_eq!(world.seen("\"tools/call\""), before, "none of it went on");
    // And nothing of it came on the stream.
    assert_eq!(world.post(&stream, &call(10, "look", "plain")).status, 202);
    assert_eq!(stream.message()["id"], 10);
    // An answer to no question is taken, says nothing, and is on record.
    let unasked = json!({"jsonrpc": "2.0", "id": "ask-1", "result": {"action": "accept", "content": {}}});
    assert_eq!(world.post(&stream, &unasked).status, 202);
    let all = records(&world.gate.state);
    assert!(all.iter().any(|record| record["status"] == "answer_unexpected"));
}

#[test]
fn a_stream_has_room_for_so_many_open_messages() {
    let world = World::start("older-room", "");
    let stream = world.begin();
    for id in 0..64 {
        assert_eq!(world.post(&stream, &call(id, "look", "never")).status, 202, "{id}");
    }
    assert_eq!(world.post(&stream, &call(64, "look", "never")).status, 503);
    // Another stream of the same caller has room of its own.
    let mut second = world.begin();
    assert_eq!(world.post(&second, &call(1, "look", "plain")).status, 202);
    second.response(1);
}

#[test]
fn a_closing_gate_lets_a_stream_have_its_last_answer() {
    let mut world = World::start("older-drain", "");
    let mut stream = world.begin();
    stream.message();
    assert_eq!(world.post(&stream, &call(1, "look", "slow")).status, 202);
    let signal = Command::new("kill").args(["-TERM", &world.gate.child.id().to_string()]).status().unwrap();
    assert!(signal.success());
    assert!(stream.response(1).to_string().contains("[US_SSN_1]"));
    while stream.line().is_some() {}
    assert!(world.gate.child.wait().unwrap().success());
    assert_eq!(world.outcomes("http/sse"), ["drained"]);
    assert_eq!(world.outcomes("tools/call"), ["ok"]);
    assert_eq!(world.outcomes("http/delete"), ["ok"]);
    assert_eq!(world.seen("DELETE /mcp"), 1);
}
