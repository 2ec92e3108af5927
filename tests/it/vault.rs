//! Pseudonyms and tokens there and back: an agent that never learns a name writes about the
//! person, and the tool gets the name.

use crate::support::upstream::{self, Upstream};
use crate::support::{Answer, Demo, Gate, modern, modern_headers, records};
use serde_json::{Value, json};
use std::time::Duration;

const RULES: &str = "server: ward
tools:
  read:
    release: all
    redact:
      - { path: $.name, as: pseudonym, entity: PERSON }
      - { path: $.ssn, as: token, entity: US_SSN }
  write:
    release: all
    restore:
      - { path: $.note, entities: [PERSON, US_SSN] }
      - { path: $.about.people, entities: [PERSON], when: phi:read }
";

const NAME: &str = "Amara Okafor";
const SSN: &str = "536-90-4399";

/// What it is told to write, it writes, and says so with a stack of its own words.
fn ward() -> Upstream {
    let written = json!({"type": "object", "properties": {
        "note": {"type": "string", "x-mcp-header": "Note"}, "title": {"type": "string"}, "about": {"type": "object"},
        "dose": {"type": "number"}}});
    let tools = json!([{"name": "read", "inputSchema": {"type": "object"}}, {"name": "write", "inputSchema": written}]);
    Upstream::start(tools, |message, stream| {
        let arguments = &message["params"]["arguments"];
        let result = match message["params"]["name"].as_str() {
            Some("read") => json!({"name": NAME, "ssn": SSN, "ward": "5B"}),
            _ => json!({"written": arguments, "says": format!("AMARA OKAFOR noted: {}", arguments["note"])}),
        };
        let content = json!([{"type": "text", "text": result.to_string()}]);
        let result = json!({"content": content, "structuredContent": result, "resultType": "complete"});
        upstream::whole(stream, message, &result);
    })
}

fn gate(name: &str, upstream: &Upstream, more: &str) -> Gate {
    Gate::start_with(name, &format!("ward: {{ url: '{}', auth: none }}", upstream.url), RULES, more)
}

fn call(gate: &Gate, token: &str, tool: &str, arguments: &Value) -> Answer {
    gate.ask("ward", token, "tools/call", json!({"name": tool, "arguments": arguments}))
}

fn write(gate: &Gate, token: &str, arguments: &Value) -> Answer {
    // The header that the tool's schema wants mirrors what the client says.
    let body = modern("tools/call", json!({"name": "write", "arguments": arguments}));
    let authorization = format!("Bearer {token}");
    let mut headers = modern_headers(&authorization, "tools/call").to_vec();
    headers.push(("Mcp-Name", "write"));
    headers.extend(arguments["note"].as_str().map(|note| ("Mcp-Param-Note", note)));
    Demo::post_to(&gate.address, "ward", &headers, body.to_string().as_bytes())
}

fn sent(upstream: &Upstream) -> String {
    String::from_utf8(upstream.seen.lock().unwrap().clone()).unwrap()
}

/// What a language model would do, with what it would have to go by: the texts of results.
fn model(seen: &[String]) -> Option<(&'static str, Value)> {
    let read = seen.first().map(|text| serde_json::from_str::<Value>(text).unwrap());
    match (seen.len(), read) {
        (0, _) => Some(("read", json!({}))),
        (1, Some(read)) => {
            let (name, ssn) = (read["name"].as_str()?, read["ssn"].as_str()?);
            Some((
                "write",
                json!({"note": format!("{name} slept well; {name}'s SSN is {ssn}."), "dose": 1.5}),
            ))
        }
        _ => None,
    }
}

#[test]
fn an_agent_writes_about_whom_it_never_knew() {
    let upstream = ward();
    let gate = gate("vault", &upstream, "");
    let token = gate.token("ward", "amara", "patient:read");
    let mut seen: Vec<String> = Vec::new();
    while let Some((tool, arguments)) = model(&seen) {
        let answer = if tool == "write" {
            write(&gate, &token, &arguments)
        } else {
            call(&gate, &token, tool, &arguments)
        };
        assert_eq!(answer.status, 200, "{answer:?}");
        let result = &answer.json()["result"];
        assert_ne!(result["isError"], true, "{result}");
        for hidden in [NAME, "Amara", "AMARA", SSN] {
            assert!(!answer.body.contains(hidden), "{hidden} in {}", answer.body);
        }
        seen.push(result["content"][0]["text"].as_str().unwrap().to_owned());
    }
    assert_eq!(seen.len(), 2);
    let note = format!("{NAME} slept well; {NAME}'s SSN is {SSN}.");
    let sent = sent(&upstream);
    assert!(sent.contains(&json!(note).to_string()) && sent.contains("\"dose\":1.5"), "{sent}");
    assert!(
        sent.to_ascii_lowercase().contains(&format!("mcp-param-note: {}", note.to_ascii_lowercase())),
        "{sent}"
    );
    assert!(!sent.contains("PERSON_") && !sent.contains("tkn:"), "{sent}");

    // The same person is the same to this caller in the next result, and stays it.
    let again = call(&gate, &token, "read", &json!({})).json()["result"]["structuredContent"].clone();
    assert_eq!(again["name"], serde_json::from_str::<Value>(&seen[0]).unwrap()["name"]);

    let records = records(&gate.state);
    let restored: Vec<&Value> = records
        .iter()
        .filter(|record| record["event"] == "decision")
        .map(|record| &record["restored"])
        .collect();
    assert!(restored.contains(&&json!({"PERSON": 2, "US_SSN": 1})), "{restored:?}");
    let all = json!(records).to_string();
    assert!(!all.contains("Amara") && !all.contains(SSN) && !all.contains("PERSON_"), "{all}");
}

#[test]
fn stand_ins_are_refused_to_others_and_elsewhere() {
    let upstream = ward();
    let gate = gate("vault-refused", &upstream, "");
    let (amara, nina) =
        (gate.token("ward", "amara", "patient:read"), gate.token("ward", "nina", "patient:read"));
    let phi = gate.token("ward", "amara", "patient:read phi:read");
    let read =
        |token: &str| call(&gate, token, "read", &json!({})).json()["result"]["structuredContent"].clone();
    let (mine, hers) = (read(&amara), read(&nina));
    assert_ne!(mine["name"], hers["name"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (name, ssn) = (text(&mine["name"]), text(&mine["ssn"]));
    let unknown = "that you were not given, or that has expired";
    let misplaced = "where this tool takes none";
    let typo = name.replace(char::is_numeric, "9");
    for (why, token, arguments, says) in [
        ("another's pseudonym", &nina, json!({"note": name}), unknown),
        ("another's token", &nina, json!({"note": ssn}), unknown),
        ("a slip", &amara, json!({"note": typo}), unknown),
        ("another entity", &amara, json!({"note": ssn.replace("US_SSN", "PERSON")}), unknown),
        ("cut short", &amara, json!({"note": &ssn[..ssn.len() - 4]}), unknown),
        ("another argument", &amara, json!({"title": name}), misplaced),
        ("in part", &amara, json!({"note": name, "title": format!("on {name}")}), misplaced),
        ("lower case", &amara, json!({"title": name.to_lowercase()}), misplaced),
        ("a member name", &amara, json!({"about": {"people": {&name: 1}}}), misplaced),
        ("without the scope", &amara, json!({"about": {"people": [name]}}), misplaced),
        ("an entity that the rule leaves out", &phi, json!({"about": {"people": [ssn]}}), misplaced),
    ] {
        let before = sent(&upstream).len();
        let answer = write(&gate, token, &arguments);
        assert_eq!(answer.json()["result"]["isError"], true, "{why}: {}", answer.body);
        assert!(answer.body.contains(says), "{why}: {}", answer.body);
        assert_eq!(sent(&upstream).len(), before, "{why}");
    }
    let answer = write(&gate, &phi, &json!({"about": {"people": [[name]]}}));
    assert_ne!(answer.json()["result"]["isError"], true, "{}", answer.body);
    assert!(sent(&upstream).contains(r#"{"people":[["Amara Okafor"]]}"#));
    // Neither does a prompt, an id or anything else carry one out.
    let id = json!({"jsonrpc": "2.0", "id": name, "method": "tools/list", "params": modern("tools/list", json!({}))["params"]});
    let authorization = format!("Bearer {amara}");
    let headers = modern_headers(&authorization, "tools/list");
    let answer = Demo::post_to(&gate.address, "ward", &headers, id.to_string().as_bytes());
    assert!(answer.body.contains(misplaced), "{}", answer.body);
    let refusals = records(&gate.state).iter().filter(|record| record["event"] == "refusal").count();
    assert_eq!(refusals, 12);
}

#[test]
fn stand_ins_expire_and_are_bounded() {
    let upstream = ward();
    let gate = gate("vault-bounds", &upstream, "vault: { seconds: 1, pseudonyms: 0 }\n");
    let token = gate.token("ward", "amara", "patient:read");
    let read = call(&gate, &token, "read", &json!({})).json()["result"]["structuredContent"].clone();
    assert_eq!(read["name"], "[REDACTED]", "beyond the bound values are masked");
    drop(gate);
    let gate = self::gate("vault-expiry", &upstream, "vault: { seconds: 1 }\n");
    let token = gate.token("ward", "amara", "patient:read");
    let read = call(&gate, &token, "read", &json!({})).json()["result"]["structuredContent"].clone();
    std::thread::sleep(Duration::from_millis(1_500));
    let answer = write(&gate, &token, &json!({"note": read["name"]}));
    assert!(answer.body.contains("has expired"), "{}", answer.body);
}

/// What was put into a call's arguments does not come back by its task either.
#[test]
fn a_task_keeps_what_it_began_with_to_itself() {
    let written = json!({"type": "object", "properties": {"note": {"type": "string"}}});
    let tools = json!([{"name": "read", "inputSchema": {"type": "object"}}, {"name": "write", "inputSchema": written}]);
    let times =
        json!({"createdAt": "2026-01-02T03:04:05Z", "lastUpdatedAt": "2026-01-02T03:04:05Z", "ttlMs": null});
    let upstream = Upstream::start(tools, move |message, stream| {
        let mut task = times.clone();
        task["taskId"] = json!("t-1");
        let result = match (message["method"].as_str(), message["params"]["name"].as_str()) {
            (Some("tasks/get"), _) => {
                task["status"] = json!("completed");
                task["statusMessage"] = json!("filed for Amara Okafor");
                task["resultType"] = json!("complete");
                task["result"] = json!({"content": [{"type": "text", "text": "filed for Amara Okafor"}]});
                task
            }
            (_, Some("read")) => {
                json!({"content": [], "structuredContent": {"name": NAME}, "resultType": "complete"})
            }
            _ => {
                (task["status"], task["resultType"]) = (json!("working"), json!("task"));
                task
            }
        };
        upstream::whole(stream, message, &result);
    });
    let rules = format!("{RULES}messages: {{ allow: [tasks] }}\n");
    let gate = Gate::start("vault-task", &format!("ward: {{ url: '{}', auth: none }}", upstream.url), &rules);
    let token = gate.token("ward", "amara", "patient:read");
    let extension = json!({"extensions": {"io.modelcontextprotocol/tasks": {}}});
    let ask = |method: &str, params: Value, name: &str| {
        let mut body = modern(method, params);
        body["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = extension.clone();
        let authorization = format!("Bearer {token}");
        let mut headers = modern_headers(&authorization, method).to_vec();
        headers.push(("Mcp-Name", name));
        Demo::post_to(&gate.address, "ward", &headers, body.to_string().as_bytes())
    };
    let name = ask("tools/call", json!({"name": "read", "arguments": {}}), "read").json()["result"]["structuredContent"]["name"].clone();
    let began = ask("tools/call", json!({"name": "write", "arguments": {"note": name}}), "write").json();
    let task = began["result"]["taskId"].as_str().unwrap_or_else(|| panic!("{began}")).to_owned();
    assert!(sent(&upstream).contains(NAME));
    let ended = ask("tasks/get", json!({"taskId": task}), &task);
    let shown = format!("filed for {}", name.as_str().unwrap());
    assert_eq!(ended.json()["result"]["result"]["content"][0]["text"], shown, "{}", ended.body);
    assert!(!ended.body.contains("Amara"), "{}", ended.body);
}
