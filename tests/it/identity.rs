//! Tokens that must not pass, over sockets.

use crate::support::{Answer, Demo, forwarded, modern, modern_headers, records};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::jose::sign::SigningKey;
use serde_json::{Value, json};

fn list(demo: &Demo, authorization: &str) -> Answer {
    let body = modern("tools/list", json!({})).to_string();
    demo.post("ledger", &modern_headers(authorization, "tools/list"), body.as_bytes())
}

fn part(token: &str, index: usize) -> Value {
    let segment = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(segment).unwrap()).unwrap()
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[test]
fn forged_and_misplaced_tokens_are_refused_for_their_own_reason() {
    let demo = Demo::start("identity");
    let good = demo.authorization("ledger");
    let token = good.strip_prefix("Bearer ").unwrap();
    assert_eq!(list(&demo, &good).status, 200);
    let before = forwarded(&demo.state);
    let segments: Vec<&str> = token.split('.').collect();
    let header = |change: fn(&mut Value)| {
        let mut header = part(token, 0);
        change(&mut header);
        format!("{}.{}.{}", encode(&header), segments[1], segments[2])
    };
    let mut claims = part(token, 1);
    claims["sub"] = json!("amara");
    let tampered = format!("{}.{}.{}", segments[0], encode(&claims), segments[2]);
    let stranger = SigningKey::generate().unwrap();
    let by_stranger = stranger.sign("at+jwt", part(token, 1).as_object().unwrap()).unwrap();
    let mut foreign = part(token, 1);
    foreign["iss"] = json!("https://as.evil.example");
    let foreign = stranger.sign("at+jwt", foreign.as_object().unwrap()).unwrap();
    let clinic = demo.authorization("clinic").strip_prefix("Bearer ").unwrap().to_owned();
    for (name, token, reason) in [
        ("tampered claims", tampered, "signature"),
        ("another key", by_stranger, "unknown key"),
        ("unknown issuer", foreign, "issuer"),
        ("for another resource", clinic, "audience"),
        ("alg none", header(|header| header["alg"] = json!("none")), "algorithm"),
        ("alg HS256", header(|header| header["alg"] = json!("HS256")), "algorithm"),
        ("another typ", header(|header| header["typ"] = json!("JWT")), "signature"),
        ("jwk in the header", header(|header| header["jwk"] = json!({})), "header parameter"),
        ("unknown crit", header(|header| header["crit"] = json!(["x"])), "header parameter"),
        ("kid a number", header(|header| header["kid"] = json!(7)), "header parameter"),
        ("kid a path", header(|header| header["kid"] = json!("../../etc/passwd")), "unknown key"),
        ("two segments", format!("{}.{}", segments[0], segments[1]), "segments"),
        ("four segments", format!("{token}.x"), "segments"),
        ("empty signature", format!("{}.{}.", segments[0], segments[1]), "segments"),
        ("padding", format!("{token}="), "base64url"),
        ("opaque", "d41d8cd98f00b204".to_owned(), "segments"),
    ] {
        let answer = list(&demo, &format!("Bearer {token}"));
        assert_eq!(answer.status, 401, "{name}: {answer:?}");
        assert!(answer.head.contains("error=\"invalid_token\""), "{name}: {answer:?}");
        let last = records(&demo.state).pop().unwrap();
        assert_eq!(
            (last["status"].as_str(), last["detail"].as_str()),
            (Some("token_refused"), Some(reason)),
            "{name}: {last}"
        );
    }
    for (name, authorization, status) in [
        ("basic", "Basic YTpi".to_owned(), 401),
        ("no scheme", token.to_owned(), 400),
        ("two in one header", format!("Bearer {token}, Bearer {token}"), 400),
        ("lower-case scheme works", format!("bearer {token}"), 200),
    ] {
        assert_eq!(list(&demo, &authorization).status, status, "{name}");
    }
    assert_eq!(forwarded(&demo.state), before + 1);
}

#[test]
fn the_challenge_and_the_metadata_are_to_the_letter() {
    let demo = Demo::start("metadata");
    let get = |path: &str| {
        demo.raw(
            format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", demo.gate()).as_bytes(),
        )
    };
    let answer = get("/ledger/mcp");
    let url = format!("http://{}/.well-known/oauth-protected-resource/ledger/mcp", demo.gate());
    assert!(
        answer.head.contains(&format!("www-authenticate: Bearer resource_metadata=\"{url}\"\r\n")),
        "{answer:?}"
    );
    let document = get("/.well-known/oauth-protected-resource/ledger/mcp").json();
    assert_eq!(document["resource"], json!(format!("http://{}/ledger/mcp", demo.gate())));
    assert_eq!(document["authorization_servers"], json!([demo.addresses["authorization_server"]]));
    assert_eq!(document["bearer_methods_supported"], json!(["header"]));
    let gate = get("/.well-known/oauth-protected-resource").json();
    assert_eq!(gate["resource"], json!(format!("http://{}", demo.gate())));
    assert_eq!(get("/.well-known/oauth-protected-resource/vault/mcp").status, 404);
}

#[test]
fn the_tokens_the_gate_sends_are_no_good_at_the_gate() {
    let demo = Demo::start("delegated");
    // A token that says the gate acts for someone is one made for a downstream.
    let mut claims = part(&demo.authorization("ledger"), 1);
    claims["act"] = json!({"sub": "portcullis"});
    let key = SigningKey::generate().unwrap();
    let forged = key.sign("at+jwt", claims.as_object().unwrap()).unwrap();
    assert_eq!(list(&demo, &format!("Bearer {forged}")).status, 401);
}
