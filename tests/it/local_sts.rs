//! Tokens that the gate signs itself, where its authorization server cannot exchange.

use crate::exchange::{RULES, tokens, upstream};
use crate::support::authority::Authority;
use crate::support::{Gate, records};
use portcullis::config::build::{Built, Checked};
use portcullis::downstream::{Pinned, Verifier};
use portcullis::exchange::target::{Downstream, Target};
use portcullis::jose::compact::Compact;
use portcullis::jose::random_id;
use portcullis::model::clock::Clock;
use portcullis::model::ids::{CallId, Lineage, ServerName};
use portcullis::model::principal::Principal;
use portcullis::model::scope::Scopes;
use portcullis::net::HttpClient;
use portcullis::server::drain::Drain;
use portcullis::server::{listener, router};
use serde_json::{Map, Value, json};
use std::time::Duration;

fn call(authority: &Authority, gate: &Gate) -> crate::support::Answer {
    let token = authority.token(&format!("http://{}/records/mcp", gate.address), &json!({}));
    gate.ask("records", &token, "tools/call", json!({"name": "read", "arguments": {}}))
}

fn pinned(gate: &str, own: &str) -> Pinned {
    Pinned {
        issuer: format!("{gate}/records/sts"),
        audience: "urn:records".into(),
        gate: own.into(),
        server: "records".into(),
    }
}

#[test]
fn a_server_verifies_the_gate_s_own_tokens_also_after_a_restart() {
    for (algorithm, more) in [("ES256", ""), ("EdDSA", "local_sts: { algorithm: EdDSA }\n")] {
        verifies(algorithm, more);
    }
}

fn verifies(algorithm: &str, more: &'static str) {
    let (authority, upstream) = (Authority::start(), upstream());
    let line = format!("records: {{ url: '{}', auth: local_sts, audience: 'urn:records' }}", upstream.url);
    let name = format!("sts-{algorithm}");
    let mut gate = Gate::beside(&name, authority.url(), &line, RULES, &[], |_| more.to_owned());
    let url = format!("http://{}", gate.address);
    assert!(call(&authority, &gate).body.contains("read"));
    assert_eq!(authority.exchanges().len(), 0, "nobody is asked");

    let token = tokens(&upstream).pop().unwrap();
    let read = Compact::read(&token).unwrap();
    assert_eq!((read.kind.as_deref(), read.algorithm.as_str()), (Some("at+jwt"), algorithm));
    let last = records(&gate.state).pop().unwrap();
    let mut claims: Map<String, Value> = read.claims;
    let (issued, expires) = (claims.remove("iat").unwrap(), claims.remove("exp").unwrap());
    assert_eq!(expires.as_u64().unwrap() - issued.as_u64().unwrap(), 5);
    assert!(claims.remove("jti").unwrap().as_str().unwrap().len() > 16);
    let expected = json!({
        "iss": format!("{url}/records/sts"), "aud": "urn:records", "scope": "records:read", "sub": "alice",
        "sub_iss": authority.url(), "act": {"sub": url}, "client_id": url, "txn": last["call"],
    });
    assert_eq!(Value::Object(claims), expected);
    let decision =
        records(&gate.state).into_iter().rev().find(|record| record["event"] == "decision").unwrap();
    assert_eq!(decision["delegation"]["mode"], "local_sts");

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let verify = |verifier: &Verifier, token: &str, tool: &str| {
        let judged = runtime.block_on(verifier.verify(Some(&format!("Bearer {token}")), tool));
        judged.map_err(|refused| refused.0)
    };
    let verifier = Verifier::new(pinned(&url, &url)).unwrap();
    assert_eq!(verify(&verifier, &token, "write").unwrap_err(), "scope");
    let caller = verify(&verifier, &token, "read").unwrap();
    assert_eq!((caller.subject.as_str(), caller.issuer.as_str()), ("alice", authority.url()));
    assert_eq!(caller.actor.as_deref(), Some(url.as_str()));
    assert_eq!(verify(&verifier, &token, "read").unwrap_err(), "used before");
    for (check, pinned) in [
        ("audience", Pinned { audience: "urn:ledger".into(), ..pinned(&url, &url) }),
        ("act", pinned(&url, "another gate")),
        ("scope", Pinned { server: "ledger".into(), ..pinned(&url, &url) }),
        ("issuer", Pinned { issuer: authority.url().into(), ..pinned(&url, &url) }),
    ] {
        assert_eq!(verify(&Verifier::new(pinned).unwrap(), &token, "read").unwrap_err(), check);
    }
    // What the gate signed is no good at the gate, and an AS's token none at the server.
    let answer = gate.ask("records", &token, "tools/call", json!({"name": "read", "arguments": {}}));
    assert_eq!(answer.status, 401, "{answer:?}");
    let inbound = authority.token("urn:records", &json!({"scope": "records:read", "act": {"sub": url}}));
    assert_eq!(verify(&verifier, &inbound, "read").unwrap_err(), "issuer");

    gate.restart();
    assert!(call(&authority, &gate).body.contains("read"));
    let later = tokens(&upstream).pop().unwrap();
    assert_eq!(Compact::read(&later).unwrap().key_id, Compact::read(&token).unwrap().key_id);
    verify(&verifier, &later, "read").unwrap();
}

#[test]
fn nothing_falls_back_to_the_local_token_service() {
    let (authority, upstream) = (Authority::start(), upstream());
    let own = authority.clone();
    let line = format!("records: {{ url: '{}', auth: exchange, audience: 'urn:records' }}", upstream.url);
    let gate = Gate::beside("sts-none", authority.url(), &line, RULES, &[], |folder| own.client(folder));
    authority
        .deviate(|_, _| Some(axum::response::IntoResponse::into_response(http::StatusCode::BAD_REQUEST)));
    assert!(call(&authority, &gate).body.contains("isError"));
    assert_eq!(tokens(&upstream).len(), 0);
    assert!(!gate.state.join("sts").exists());
}

/// A week of rotations, seen by a verifier that keeps the key set as long as it likes to.
#[tokio::test]
async fn no_valid_token_is_refused_while_keys_rotate() {
    let clock = Clock::manual(1_800_000_000);
    let state = crate::support::folder("sts-rotation");
    let at = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", at.local_addr().unwrap());
    std::fs::create_dir_all(state.join("rules/tools")).unwrap();
    std::fs::write(state.join("rules/tools/records.yaml"), RULES).unwrap();
    let configuration = format!(
        "listen: {}\npublic_url: {url}\nstate_dir: .\nrules: rules\nissuers: [{{ issuer: 'http://127.0.0.1:1' }}]\n\
         local_sts: {{ rotate_seconds: 3600, overlap_seconds: 600 }}\n\
         upstreams: {{ records: {{ url: 'http://127.0.0.1:1/mcp', auth: local_sts, audience: 'urn:records' }} }}\n",
        at.local_addr().unwrap()
    );
    let checked = Checked::from_text("portcullis.yaml", &configuration, &state, false).unwrap();
    let Built { gate, served, body, heartbeat, .. } = checked.build(&clock).unwrap();
    let router = router::router(gate.clone(), served, body, heartbeat);
    tokio::spawn(listener::serve(at, router, listener::Limits::default(), None, Drain::default()));

    let verifier = Verifier::with(pinned(&url, &url), HttpClient::new().unwrap(), clock.clone());
    let server = ServerName::new("records");
    let downstream = Downstream { audience: Some("urn:records".into()), resource: None, bound: false };
    let target = Target::new(downstream, &server, "read");
    let principal = Principal {
        issuer: "https://as.example".into(),
        subject: "alice".into(),
        client: "agent".into(),
        scopes: Scopes::default(),
        token_id: "t".into(),
        expires: u64::MAX,
        actors: Vec::new(),
        claims: Map::new(),
        lineage: Lineage::new("x"),
    };
    let sts = gate.exchange.issuance.sts.as_ref().unwrap();
    let (mut keys, mut most) = (Vec::new(), 0);
    for step in 0..10_080 {
        clock.advance(Duration::from_secs(60));
        let token = sts.delegated(&server, &principal, &target, &CallId::new(random_id()), None).unwrap();
        let key = Compact::read(token.expose()).unwrap().key_id.unwrap();
        if keys.last() != Some(&key) {
            keys.push(key);
        }
        most = most.max(sts.key_set(&server).unwrap().0["keys"].as_array().unwrap().len());
        let judged = verifier.verify(Some(&format!("Bearer {}", token.expose())), "read").await;
        assert!(judged.is_ok(), "minute {step}: {judged:?}");
    }
    assert!((160..=170).contains(&keys.len()) && most == 2, "{} keys, {most} at once", keys.len());
    // A token lives no longer than the caller's own.
    let brief = Principal { expires: clock.unix_seconds() + 2, ..principal.clone() };
    let token = sts.delegated(&server, &brief, &target, &CallId::new(random_id()), None).unwrap();
    assert_eq!(Compact::read(token.expose()).unwrap().claims["exp"], json!(brief.expires));
    clock.advance(Duration::from_secs(2));
    assert!(sts.delegated(&server, &brief, &target, &CallId::new(random_id()), None).is_err());
    clock.advance(Duration::from_secs(1));
    let judged = verifier.verify(Some(&format!("Bearer {}", token.expose())), "read").await;
    assert_eq!(judged.unwrap_err().0, "expired", "one second of leeway and no more");
}
