//! Token exchange before an authorization server that answers well, badly, or not at all.

mod wrong;

use crate::support::authority::{Asked, Authority, CLIENT, Proof, SECRET, Secured, proved, put_over};
use crate::support::upstream::{Upstream, whole};
use crate::support::{Answer, Gate, records};
use portcullis::jose::compact::Compact;
use portcullis::jose::{base64url, sha256};
use portcullis::server::tls::{Files, Tls};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use wrong::Change;
pub(crate) use wrong::{answers_that_are_not_what_was_asked_for, authorization_servers_that_fail};

pub(crate) const RULES: &str = "server: records\ntools:\n  read: { scopes: ['tools:call'], release: all }\n";

pub(crate) fn upstream() -> Upstream {
    let tools = json!([{"name": "read", "inputSchema": {"type": "object"}}]);
    Upstream::start(tools, |message, stream| {
        whole(
            stream,
            message,
            &json!({"content": [{"type": "text", "text": "read"}], "resultType": "complete"}),
        );
    })
}

/// The tokens that came with tool calls.
pub(crate) fn tokens(upstream: &Upstream) -> Vec<String> {
    let seen = String::from_utf8_lossy(&upstream.seen.lock().unwrap()).into_owned();
    let requests = seen.split("POST /mcp HTTP/1.1");
    let calls = requests.filter(|request| request.contains("\"method\":\"tools/call\""));
    let token = |request: &str| {
        let line = request.lines().find_map(|line| line.strip_prefix("authorization: Bearer "));
        line.unwrap_or_default().to_owned()
    };
    calls.map(token).collect()
}

struct World {
    authority: Authority,
    upstream: Upstream,
    gate: Gate,
}

impl World {
    fn start(
        name: &str,
        authority: Authority,
        auth: &str,
        variables: &[(&str, &str)],
        prepare: impl FnOnce(&Path) -> String,
    ) -> Self {
        let upstream = upstream();
        let line = format!("records: {{ url: '{}', {auth} }}", upstream.url);
        let gate = Gate::beside(name, authority.url(), &line, RULES, variables, prepare);
        Self { authority, upstream, gate }
    }

    fn usual(name: &str) -> Self {
        let authority = Authority::start();
        let own = authority.clone();
        Self::start(name, authority, "auth: exchange, audience: 'urn:records'", &[], |folder| {
            own.client(folder)
        })
    }

    fn call(&self, more: &Value) -> Answer {
        let token = self.authority.token(&format!("http://{}/records/mcp", self.gate.address), more);
        self.gate.ask("records", &token, "tools/call", json!({"name": "read", "arguments": {}}))
    }

    /// How the last call ended, by the audit.
    fn ended(&self) -> (String, String) {
        let last = records(&self.gate.state).pop().unwrap();
        let text = |name: &str| last[name].as_str().unwrap_or_default().to_owned();
        (text("status"), text("detail"))
    }
}

#[test]
fn the_server_gets_one_operation_for_five_seconds_and_each_call_its_own() {
    let world = World::usual("exchange-good");
    for _ in 0..2 {
        assert!(world.call(&json!({})).body.contains("read"));
    }
    let tokens = tokens(&world.upstream);
    assert_eq!(tokens.len(), 2);
    let ids: Vec<Value> = tokens
        .iter()
        .map(|token| {
            let mut claims = Compact::read(token).unwrap().claims;
            assert_eq!(
                (&claims["sub"], &claims["act"], &claims["scope"], &claims["aud"]),
                (&json!("alice"), &json!({"sub": CLIENT}), &json!("records:read"), &json!("urn:records"))
            );
            assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 5);
            claims.remove("jti").unwrap()
        })
        .collect();
    assert_ne!(ids[0], ids[1]);
    let asked = world.authority.exchanges().pop().unwrap();
    assert_eq!(asked["audience"], "urn:records");
    assert!(!asked.contains_key("resource") && !asked.contains_key("actor_token"));
    let decision =
        records(&world.gate.state).into_iter().rev().find(|record| record["event"] == "decision").unwrap();
    assert_eq!(
        decision["delegation"],
        json!({"mode": "exchange", "aud": "urn:records", "scope": "records:read"})
    );
}

#[test]
fn the_caller_s_chain_and_who_may_act_are_kept() {
    let world = World::usual("exchange-chain");
    let earlier = json!({"sub": "agent", "act": {"sub": "first"}});
    assert!(world.call(&json!({"act": earlier, "may_act": {"sub": CLIENT}})).body.contains("read"));
    let token = tokens(&world.upstream).pop().unwrap();
    assert_eq!(Compact::read(&token).unwrap().claims["act"], json!({"sub": CLIENT, "act": earlier}));
    world.authority.deviate(|draft, _: &Asked| {
        put_over(&mut draft.claims, &json!({"act": {"sub": CLIENT}}));
        None
    });
    world.call(&json!({"act": earlier}));
    assert_eq!(world.ended().1, "delegated actor", "a chain that was cut short");
    world.authority.behave();
    let (asked, told) = (world.authority.exchanges().len(), tokens(&world.upstream).len());
    // Refused by whichever stage comes first, and never brought before the server.
    let answer = world.call(&json!({"may_act": {"sub": "other"}}));
    assert!(answer.status == 401 || answer.body.contains("isError"), "{answer:?}");
    let deep = (0..8).fold(json!({"sub": "a"}), |inner, _| json!({"sub": "a", "act": inner}));
    let answer = world.call(&json!({"act": deep}));
    assert!(answer.status == 401 || answer.body.contains("isError"), "{answer:?}");
    assert_eq!((world.authority.exchanges().len(), tokens(&world.upstream).len()), (asked, told));
}

#[test]
fn rich_authorization_is_narrowed_to_the_operation() {
    let world = World::usual("exchange-details");
    let granted = json!([
        {"type": "mcp_tool", "actions": ["read", "write"], "purpose": "TREAT"}, {"type": "payment", "amount": 5},
    ]);
    assert!(world.call(&json!({"authorization_details": granted})).body.contains("read"));
    let narrowed =
        json!([{"type": "mcp_tool", "actions": ["read"], "purpose": "TREAT", "locations": ["urn:records"]}]);
    let asked = world.authority.exchanges().pop().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&asked["authorization_details"]).unwrap(), narrowed);
    let token = tokens(&world.upstream).pop().unwrap();
    assert_eq!(Compact::read(&token).unwrap().claims["authorization_details"], narrowed);
    world.authority.deviate(move |draft, _: &Asked| {
        put_over(&mut draft.claims, &json!({"authorization_details": granted}));
        None
    });
    world.call(&json!({"authorization_details": [{"type": "mcp_tool", "actions": ["read"]}]}));
    assert_eq!(world.ended().1, "delegated authorization_details");
    world.authority.behave();
    world.call(&json!({"authorization_details": [{"type": "mcp_tool", "actions": ["write"]}]}));
    assert_eq!(world.ended().1, "authorization_details do not cover it");
    assert_eq!(tokens(&world.upstream).len(), 1);
}

#[test]
fn a_server_is_named_by_audience_by_resource_or_by_both() {
    for (name, auth, expected) in [
        (
            "exchange-resource",
            "resource: 'https://records.example/'",
            (None, Some("https://records.example/")),
        ),
        (
            "exchange-both",
            "audience: 'urn:records', resource: 'https://records.example/'",
            (Some("urn:records"), Some("https://records.example/")),
        ),
    ] {
        let authority = Authority::start();
        let own = authority.clone();
        let world = World::start(name, authority, &format!("auth: exchange, {auth}"), &[], |folder| {
            own.client(folder)
        });
        assert!(world.call(&json!({})).body.contains("read"), "{name}");
        let asked = world.authority.exchanges().pop().unwrap();
        let text = |name: &str| asked.get(name).map(String::as_str);
        assert_eq!((text("audience"), text("resource")), expected);
    }
}

#[test]
fn a_client_secret_comes_from_a_file_or_the_environment() {
    use std::os::unix::fs::PermissionsExt;
    let auth = "auth: exchange, audience: 'urn:records'";
    let by_file =
        World::start("exchange-basic", Authority::with(Proof::SecretInHeader, None), auth, &[], |folder| {
            let path = folder.join("secret");
            std::fs::write(&path, format!("{SECRET}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            format!("client: {{ client_id: {CLIENT}, client_secret: 'file:secret' }}\n")
        });
    assert!(by_file.call(&json!({})).body.contains("read"));
    let variables = [("GATE_SECRET", SECRET)];
    let by_variable = World::start(
        "exchange-post",
        Authority::with(Proof::SecretInBody, None),
        auth,
        &variables,
        |_| {
            format!(
                "client: {{ client_id: {CLIENT}, client_secret: 'env:GATE_SECRET', client_secret_in: body }}\n"
            )
        },
    );
    assert!(by_variable.call(&json!({})).body.contains("read"));
}

#[test]
fn a_client_shows_its_certificate_at_the_alias_of_the_endpoint() {
    let folder = crate::support::folder("exchange-certificates");
    let trusted = crate::tls::authority();
    let write = |name: &str, text: &str| {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    };
    let pair = |name: &str| {
        let (certificate, key) = crate::tls::issued(&trusted);
        (write(&format!("{name}.pem"), &certificate), write(&format!("{name}-key.pem"), &key))
    };
    let (ca, server, client) = (write("ca.pem", &trusted.pem()), pair("server"), pair("client"));
    let tls = |client_ca| {
        let (certificate, private_key) = server.clone();
        Arc::new(
            Tls::open(Files { certificate, private_key, client_ca, client_certificate_optional: false })
                .unwrap(),
        )
    };
    let secured = Secured { plain: tls(None), mutual: tls(Some(ca.clone())) };
    let world = World::start(
        "exchange-mutual",
        Authority::with(Proof::Certificate, Some(secured)),
        "auth: exchange, audience: 'urn:records'",
        &[("SSL_CERT_FILE", &ca.display().to_string())],
        |_| {
            let (certificate, key) = (client.0.display(), client.1.display());
            format!(
                "client: {{ client_id: {CLIENT}, certificate_file: '{certificate}', private_key_file: '{key}' }}\n"
            )
        },
    );
    assert!(world.call(&json!({})).body.contains("read"), "{:?}", world.ended());
}

/// What a request showed besides its message: the values of two headers.
fn shown(upstream: &Upstream) -> (String, String) {
    let seen = String::from_utf8_lossy(&upstream.seen.lock().unwrap()).into_owned();
    let call = seen
        .split("POST /mcp HTTP/1.1")
        .filter(|request| request.contains("\"method\":\"tools/call\""))
        .last();
    let header = |name: &str| {
        let line = call.unwrap().lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_default().to_owned()
    };
    (header("authorization"), header("dpop"))
}

#[test]
fn a_bound_token_comes_with_a_proof_of_its_key() {
    for (name, auth) in [("exchange-bound", "exchange"), ("sts-bound", "local_sts")] {
        let authority = Authority::start();
        let own = authority.clone();
        let auth = format!("auth: {auth}, audience: 'urn:records', dpop: true");
        let world = World::start(name, authority, &auth, &[], |folder| own.client(folder));
        let mut proofs = Vec::new();
        for _ in 0..2 {
            assert!(world.call(&json!({})).body.contains("read"), "{:?}", world.ended());
            let (authorization, proof) = shown(&world.upstream);
            let token = authorization.strip_prefix("DPoP ").expect("the scheme");
            let (thumbprint, claims) = proved(&proof, "POST", &world.upstream.url);
            assert_eq!(claims["ath"], json!(base64url(&sha256(token.as_bytes()))));
            assert_eq!(Compact::read(token).unwrap().claims["cnf"], json!({"jkt": thumbprint}));
            proofs.push(claims["jti"].clone());
        }
        assert_ne!(proofs[0], proofs[1]);
        if name == "sts-bound" {
            continue;
        }
        // The authorization server may want to see a nonce, and another one later.
        for nonce in ["one", "two"] {
            world.authority.demand_nonce(nonce);
            assert!(world.call(&json!({})).body.contains("read"), "{nonce}: {:?}", world.ended());
        }
        // Catalogue, 102: what is not bound, or to another key.
        let told = world.upstream.seen.lock().unwrap().len();
        for (detail, changes) in [
            ("token_type", Change::Answer(json!({"token_type": "Bearer"}))),
            ("delegated token is bound to no key", Change::Claims(json!({"cnf": null}))),
            ("delegated token is bound to another key", Change::Claims(json!({"cnf": {"jkt": "x"}}))),
        ] {
            world.authority.deviate(move |draft, _: &Asked| {
                changes.make(draft);
                None
            });
            world.call(&json!({}));
            assert_eq!(world.ended(), ("exchange_failed".into(), detail.into()));
        }
        assert_eq!(world.upstream.seen.lock().unwrap().len(), told);
    }
}
