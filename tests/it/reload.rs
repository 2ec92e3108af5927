//! Rules change under load: no call is lost, and a faulty set is not taken.

use crate::support::{Demo, PROGRAM, folder, free_address, modern, modern_headers};
use serde_json::json;
use std::process::Command;
use std::time::{Duration, Instant};

#[test]
fn rules_change_under_load_and_no_call_is_lost() {
    let demo = Demo::start("reload-load");
    // Another gate before the same servers: it listens elsewhere and is the same
    // resource, so the demo's tokens are good at it.
    let listen = free_address();
    let state = folder("reload-gate");
    std::fs::create_dir_all(state.join("rules/tools")).unwrap();
    let file = state.join("rules/tools/ledger.yaml");
    let rule = |paths: &str| {
        let tool = format!("{{ scopes: [accounts:read], release: {{ accounts:read: [{paths}] }} }}");
        let text = format!("server: ledger\ntools:\n  listAccounts: {tool}\n");
        std::fs::write(&file, text).unwrap();
    };
    rule("$");
    std::fs::write(state.join("portcullis.yaml"), configuration(&demo, &listen.to_string())).unwrap();
    let mut gate = Command::new(PROGRAM)
        .args(["serve", "--config"])
        .arg(state.join("portcullis.yaml"))
        .stderr(std::fs::File::create(state.join("log")).unwrap())
        .spawn()
        .unwrap();
    let authorization = demo.authorization("ledger");
    let body = modern("tools/call", json!({"name": "listAccounts", "arguments": {"limit": 1}})).to_string();
    let mut headers = modern_headers(&authorization, "tools/call").to_vec();
    headers.push(("Mcp-Name", "listAccounts"));
    let deadline = Instant::now() + Duration::from_secs(40);
    while Instant::now() < deadline && std::net::TcpStream::connect(listen).is_err() {
        std::thread::sleep(Duration::from_millis(50));
    }
    // The listener answers once the catalogue was read.
    let (mut calls, mut phase, mut since) = (0, 0, Instant::now());
    while Instant::now() < deadline && phase < 5 {
        let answer = Demo::post_to(&listen.to_string(), "ledger", &headers, body.as_bytes());
        assert_eq!(answer.status, 200, "call {calls} was lost: {answer:?}");
        let balance = &answer.json()["result"]["structuredContent"]["accounts"][0]["balance"];
        assert!(balance.is_number(), "call {calls}: {answer:?}");
        let whole = *balance != json!(0);
        calls += 1;
        if phase == 0 && whole && calls > 5 {
            rule("\"$.accounts[*].id\"");
            phase = 1;
        } else if phase == 1 && !whole {
            rule("$[");
            (phase, since) = (2, Instant::now());
        } else if phase >= 2 {
            assert!(!whole, "a faulty set was taken");
            if since.elapsed() > Duration::from_secs(3) {
                match phase {
                    2 => std::fs::rename(&file, state.join("rules/tools/ledger.yml")).unwrap(),
                    3 => std::fs::remove_file(state.join("rules/tools/ledger.yml")).unwrap(),
                    _ => {}
                }
                (phase, since) = (phase + 1, Instant::now());
            }
        }
    }
    gate.kill().unwrap();
    gate.wait().unwrap();
    assert_eq!(phase, 5, "the rules never changed in {calls} calls");
    let log = std::fs::read_to_string(state.join("log")).unwrap();
    for said in [
        "ledger.yaml:3:",
        "rename it",
        "can be read again",
        "ledger: there are no tool rules for it any more",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
}

fn configuration(demo: &Demo, listen: &str) -> String {
    format!(
        "listen: {listen}\npublic_url: http://{}\nstate_dir: .\nrules: rules\n\
         issuers:\n  - {{ issuer: '{}', max_token_life: 86400 }}\n\
         client: {{ client_id: portcullis, private_key_file: '{}' }}\n\
         upstreams:\n  ledger: {{ url: '{}', auth: exchange, audience: 'urn:demo:ledger' }}\n\
         guard: {{ tool_calls_per_second: 1000, tool_call_burst: 1000, calls_per_second: 1000, call_burst: 1000 }}\n",
        demo.gate(),
        demo.addresses["authorization_server"].as_str().unwrap(),
        demo.state.join("gate-key.pem").display(),
        demo.addresses["servers"]["ledger"].as_str().unwrap(),
    )
}

#[test]
fn changed_rules_are_taken_and_faulty_ones_are_not() {
    use portcullis::config::rulebook::Places;
    let rules = folder("reload");
    let tools = rules.join("tools");
    std::fs::create_dir_all(&tools).unwrap();
    let write = |text: &str| std::fs::write(tools.join("x.yaml"), text).unwrap();
    write("server: x\ntools:\n  t: { release: all }\n");
    let places = Places { rules: Some(rules.clone()), policies: None, demo: false };
    let first = places.read().unwrap();
    let loaded = first.load().unwrap();
    assert_eq!(loaded.version, first.version());
    write("server: x\ntools:\n  t: { release: { a: [$.id] } }\n");
    let second = places.read().unwrap();
    assert_ne!(first, second);
    assert_ne!(second.load().unwrap().version, loaded.version);
    write("server: x\ntools:\n  t: { releese: all }\n");
    let fault = places.read().unwrap().load().err().unwrap().to_string();
    assert!(fault.contains("x.yaml:3:8"), "{fault}");
    let output = Command::new(PROGRAM).args(["rules", "test"]).arg(&rules).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("x.yaml:3:8"));
}
