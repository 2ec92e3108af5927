//! What `bridge` leaves open of the two eras: how each side opens, fails, hears of changes
//! and cancels in its own form, before servers that know one era alone.

#[path = "eras/servers.rs"]
mod servers;
#[path = "eras/world.rs"]
mod world;

use crate::support::Answer;
use serde_json::{Value, json};
use servers::SSN;
use world::{Client, World, next_event, tool};

/// What the client was answered last.
fn answer(events: &[Value]) -> &Value {
    events.last().expect("an answer")
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

#[test]
fn opening_calling_and_failing_have_the_form_of_each_era() {
    let world = World::start("eras-calls");
    let (modern, legacy) = (world.modern("old", "amara"), world.legacy("new", "amara"));
    // `initialize` was `server/discover` there.
    let opened = &legacy.opened;
    assert_eq!(opened["result"]["protocolVersion"], "2025-11-25", "{opened}");
    assert_eq!(opened["result"]["serverInfo"]["name"], "new", "{opened}");
    assert!(opened["result"].get("resultType").is_none(), "{opened}");
    let discover = &world.new.heard("server/discover")[0];
    let meta = &discover["params"]["_meta"];
    assert_eq!(meta["io.modelcontextprotocol/clientInfo"]["name"], "t", "{discover}");
    assert!(meta["io.modelcontextprotocol/clientCapabilities"]["elicitation"].is_object(), "{discover}");
    assert!(
        world.new.heard("initialize").is_empty() && world.new.heard("notifications/initialized").is_empty()
    );
    // `server/discover` is `initialize` here.
    let found = modern.ask(1, "server/discover", json!({}));
    let found = answer(&found);
    assert_eq!(found["result"]["resultType"], "complete", "{found}");
    assert!(
        found["result"]["supportedVersions"]
            .as_array()
            .is_some_and(|them| them.contains(&json!("2026-07-28"))),
        "{found}"
    );
    assert_eq!(found["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "old", "{found}");
    let initialize = world.old.heard("initialize").pop().unwrap();
    assert_eq!(initialize["params"]["protocolVersion"], "2025-11-25");
    assert!(initialize["params"]["capabilities"]["elicitation"].is_object(), "{initialize}");
    assert!(!world.old.heard("notifications/initialized").is_empty());
    for (client, server, complete) in
        [(&modern, &world.old, json!("complete")), (&legacy, &world.new, Value::Null)]
    {
        let done = client.ask(2, "tools/call", tool(&json!({"do": "tell"})));
        let done = answer(&done);
        assert_eq!((&done["id"], text(done)), (&json!(2), r#"{"ssn":"[US_SSN_1]"}"#));
        assert_eq!(done["result"].get("resultType").unwrap_or(&Value::Null), &complete, "{done}");
        let called = server.heard("tools/call").pop().unwrap();
        assert_eq!(called["params"]["arguments"], json!({"do": "tell"}));
        let versioned = called["params"]["_meta"].get("io.modelcontextprotocol/protocolVersion").is_some();
        assert_eq!(versioned, complete.is_null(), "{called}");
        assert_ne!(called["id"], 2, "the server knows the call by an id of the gate's");
        let failed = client.ask(3, "tools/call", tool(&json!({"do": "fail"})));
        let failed = answer(&failed);
        assert_eq!((&failed["id"], &failed["error"]["code"]), (&json!(3), &json!(-32050)), "{failed}");
        assert!(!failed.to_string().contains(SSN), "{failed}");
    }
}

#[test]
fn a_question_is_its_own_sessions_and_a_state_nobody_elses_guess() {
    let world = World::start("eras-questions");
    let legacy = world.legacy("new", "amara");
    let reply = |id: &Value| json!({"jsonrpc": "2.0", "id": id, "result": {"action": "accept"}});
    for nobodys in ["ask-1", "input-1", "of the server"] {
        assert_eq!(legacy.say(&reply(&json!(nobodys))).status, 400, "{nobodys}");
    }
    let (mut stream, mut read) = (legacy.open(4, "tools/call", tool(&json!({"do": "ask"}))), String::new());
    let question = next_event(&mut stream, &mut read);
    assert_eq!(question["params"]["message"], "Is it [US_SSN_1]?", "{question}");
    // Another session of the same person has no such question.
    assert_eq!(world.legacy("new", "amara").say(&reply(&question["id"])).status, 400);
    assert_eq!(world.new.heard("tools/call").len(), 1);
    assert_eq!(legacy.say(&reply(&question["id"])).status, 202);
    let done = next_event(&mut stream, &mut read);
    assert_eq!((&done["id"], text(&done)), (&json!(4), r#"{"ssn":"[US_SSN_1]"}"#));
    let calls = world.new.heard("tools/call");
    assert_ne!(calls[0]["id"], calls[1]["id"], "each round is a request of its own");

    let modern = world.modern("old", "amara");
    let asked = modern.ask(5, "tools/call", tool(&json!({"do": "ask"})));
    let result = &answer(&asked)["result"];
    let name = result["inputRequests"].as_object().unwrap().keys().next().unwrap();
    let mut again = tool(&json!({"do": "ask"}));
    again["inputResponses"] = json!({name: {"action": "accept", "content": {"word": "yes"}}});
    again["requestState"] = json!("a guess");
    assert!(answer(&modern.ask(6, "tools/call", again.clone())).get("error").is_some());
    assert!(world.old.answers().is_empty());
    again["requestState"] = result["requestState"].clone();
    let done = modern.ask(7, "tools/call", again);
    assert_eq!((&answer(&done)["id"], text(answer(&done))), (&json!(7), r#"{"ssn":"[US_SSN_1]"}"#));
    assert_eq!(world.old.answers()[0]["id"], "of the server");
    assert_eq!(world.old.heard("tools/call").len(), 1, "the call was made once");
}

#[test]
fn each_era_hears_of_changes_in_its_own_way() {
    let world = World::start("eras-changes");
    let modern = world.modern("old", "amara");
    let wanted = json!({"notifications": {"resourceSubscriptions": ["feed://rows"]}});
    let (mut stream, mut read) = (modern.open(10, "subscriptions/listen", wanted), String::new());
    let acknowledged = next_event(&mut stream, &mut read);
    assert_eq!(acknowledged["method"], "notifications/subscriptions/acknowledged", "{acknowledged}");
    let updated = next_event(&mut stream, &mut read);
    assert_eq!(updated["method"], "notifications/resources/updated", "{updated}");
    assert_eq!(updated["params"]["uri"], "feed://rows", "the other is not subscribed to: {updated}");
    assert_eq!(updated["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 10, "{updated}");
    assert_eq!(world.old.heard("resources/subscribe")[0]["params"]["uri"], "feed://rows");
    drop(stream);
    assert_eq!(world.old.wait_for("resources/unsubscribe")["params"]["uri"], "feed://rows");

    let legacy = world.legacy("new", "amara");
    let (mut stream, mut read) = (legacy.standing(), String::new());
    assert_eq!(
        world.new.wait_for("subscriptions/listen")["params"]["notifications"]["resourceSubscriptions"],
        json!([])
    );
    let subscribed = legacy.ask(11, "resources/subscribe", json!({"uri": "feed://rows"}));
    assert_eq!(answer(&subscribed)["result"], json!({}), "{subscribed:?}");
    let updated = next_event(&mut stream, &mut read);
    assert_eq!(updated["method"], "notifications/resources/updated", "{updated}");
    assert_eq!(updated["params"]["uri"], "feed://rows", "{updated}");
    assert!(world.new.heard("resources/subscribe").is_empty());
    let listens = world.new.heard("subscriptions/listen");
    assert_eq!(
        listens[1]["params"]["notifications"]["resourceSubscriptions"],
        json!(["feed://rows"]),
        "{listens:?}"
    );
}

#[test]
fn cancelling_reaches_the_server_in_its_own_form() {
    let world = World::start("eras-cancel");
    let modern = world.modern("old", "amara");
    let stream = modern.open(12, "tools/call", tool(&json!({"do": "wait"})));
    let id = world.old.wait_for("tools/call")["id"].clone();
    drop(stream);
    assert_eq!(world.old.wait_for("notifications/cancelled")["params"]["requestId"], id);

    let legacy = world.legacy("new", "amara");
    let _stream = legacy.open(13, "tools/call", tool(&json!({"do": "wait"})));
    world.new.wait_for("tools/call");
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 13}});
    assert_eq!(legacy.say(&cancel).status, 202);
    world.new.wait_for("hung up");
    assert!(world.new.heard("notifications/cancelled").is_empty());
}

#[test]
fn equal_ids_of_one_persons_clients_are_told_apart() {
    let world = World::start("eras-ids");
    for (server, clients) in [
        ("old", [world.modern("old", "amara"), world.modern("old", "amara")]),
        ("new", [world.legacy("new", "amara"), world.legacy("new", "amara")]),
    ] {
        let meet = |word: &str| tool(&json!({"do": "meet", "word": word}));
        let open = |client: &Client, word: &str| (client.open(14, "tools/call", meet(word)), word.to_owned());
        for (mut stream, word) in [open(&clients[0], "first"), open(&clients[1], "second")] {
            let done = Answer::read(&mut stream);
            let done = done.events().pop().unwrap_or_else(|| done.json());
            assert_eq!((&done["id"], text(&done)), (&json!(14), word.as_str()), "{server}: {done}");
        }
    }
}
