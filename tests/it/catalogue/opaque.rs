//! 104: what an authorization server says of an opaque token (RFC 7662), and what does not
//! count as saying that it is good.

use super::craft::Key;
use super::world::{OWN_CLIENT, Wanted, World, now};
use super::{Attempt, Case, Challenge, INVALID_TOKEN, Refusal, run};
use crate::support::issuer::{Bystander, Issuer, METADATA, Page};
use serde_json::{Value, json};

const PATH: &str = "/introspect";

fn world(name: &str, settings: &str) -> World {
    world_of(name, &format!(", introspection: {{ {settings} }}"))
}

fn world_of(name: &str, settings: &str) -> World {
    let issuer = Issuer::start();
    let mut metadata = issuer.metadata();
    metadata["introspection_endpoint"] = json!(format!("{}{PATH}", issuer.url));
    issuer.serve(METADATA, Page::Json(metadata));
    let wanted = Wanted { issuer: settings.to_owned(), ..Wanted::default() };
    World::before(name, issuer, wanted)
}

fn told(world: &World, changes: &Value) -> Value {
    let mut told = Value::Object(world.claims_with(changes));
    if told.get("active").is_none() {
        told["active"] = json!(true);
    }
    told
}

#[test]
fn opaque_tokens_are_what_their_issuer_says() {
    let world = world("opaque", "cache_seconds: 0");
    world.issuer.serve(PATH, Page::Json(told(&world, &json!({"iss": null, "jti": null, "iat": null}))));
    let answer = world.call("Bearer an-opaque-token-of-some-length");
    assert_eq!(answer.status, 200, "{answer:?}\n{}", world.log());
    // A signed token needs no question.
    let asked = world.issuer.asked_for(PATH);
    assert_eq!(world.call(&format!("Bearer {}", world.token())).status, 200);
    assert_eq!(world.issuer.asked_for(PATH), asked);
    run(&world, cases());
    // When nobody answers, no token is good.
    for page in [Page::Raw(Vec::new()), Page::Json(json!("x")), Page::Raw(unsupported())] {
        world.issuer.serve(PATH, page);
        let answer = world.call("Bearer an-opaque-token-of-some-length");
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_eq!(world.records().pop().unwrap()["status"], "introspection_unavailable");
    }
}

#[test]
fn a_token_that_names_nobody_is_its_clients_own() {
    let introspection = "introspection: { cache_seconds: 0 }";
    for (settings, status) in [("", 200), (", machines: false", 401)] {
        let world = world_of("opaque-own", &format!("{settings}, {introspection}"));
        world.issuer.serve(PATH, Page::Json(told(&world, &json!({"sub": null}))));
        let answer = world.call("Bearer an-opaque-token-of-some-length");
        assert_eq!(answer.status, status, "{answer:?}\n{}", world.log());
    }
}

/// A token is a secret: it is not told to whoever the metadata was made to name.
#[test]
fn nobody_is_asked_on_a_host_that_the_configuration_does_not_name() {
    let world = world("opaque-elsewhere", "cache_seconds: 0");
    let bystander = Bystander::start();
    let mut metadata = world.issuer.metadata();
    metadata["introspection_endpoint"] = json!(format!("http://localhost:{}/x", bystander.port));
    world.issuer.serve(METADATA, Page::Json(metadata));
    let answer = world.call("Bearer an-opaque-token-of-some-length");
    assert_eq!(answer.status, 503, "{answer:?}");
    let last = world.records().pop().unwrap();
    assert_eq!(last["detail"], "an endpoint is on another host than the issuer", "{last}");
    assert_eq!(bystander.met(), 0);
}

fn unsupported() -> Vec<u8> {
    crate::support::issuer::whole(
        "400 Bad Request",
        "Content-Type: application/json\r\n",
        b"{\"active\":true}",
    )
}

#[test]
fn an_answer_is_kept_for_its_time_and_asked_for_once() {
    let world = world("opaque-kept", "cache_seconds: 60");
    let expires = now() + 3;
    world.issuer.serve(PATH, Page::Json(told(&world, &json!({"exp": expires}))));
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| world.call("Bearer an-opaque-token-of-some-length").status))
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    assert_eq!(world.issuer.asked_for(PATH), 1, "one question for all");
    world.issuer.serve(PATH, Page::Json(json!({"active": false})));
    assert_eq!(world.call("Bearer an-opaque-token-of-some-length").status, 200, "kept");
    while now() <= expires {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(
        world.call("Bearer an-opaque-token-of-some-length").status,
        401,
        "not beyond the token's own end"
    );
    assert_eq!(world.issuer.asked_for(PATH), 2);
}

#[test]
fn signed_answers_are_taken_and_nothing_else_where_they_are_asked_for() {
    let world = world("opaque-signed", "cache_seconds: 0, signed: true");
    let answer = |key: &Key, kind: &str, changes: &Value| {
        let claims = json!({
            "iss": world.issuer.url, "aud": OWN_CLIENT, "iat": now(),
            "token_introspection": told(&world, &json!({})),
        });
        let claims = super::craft::changed(claims.as_object().unwrap(), changes);
        let token = key.token_with(&json!({"typ": kind}), &claims);
        let head = "Content-Type: application/token-introspection+jwt\r\nConnection: close\r\n";
        Page::Raw(crate::support::issuer::whole("200 OK", head, token.as_bytes()))
    };
    let kind = "token-introspection+jwt";
    world.issuer.serve(PATH, answer(&world.key, kind, &json!({})));
    let good = world.call("Bearer an-opaque-token-of-some-length");
    assert_eq!(good.status, 200, "{good:?} {}", world.log());
    for (detail, page) in [
        ("the answer is not signed", Page::Json(told(&world, &json!({})))),
        ("signature", answer(&Key::es256("one"), kind, &json!({}))),
        ("the answer is another kind of token", answer(&world.key, "at+jwt", &json!({}))),
        ("the answer is for another", answer(&world.key, kind, &json!({"aud": "another"}))),
        (
            "the answer is another issuer's",
            answer(&world.key, kind, &json!({"iss": "https://other.example"})),
        ),
        ("the answer is an old one", answer(&world.key, kind, &json!({"iat": now() - 120}))),
        ("the answer is not a JSON object", answer(&world.key, kind, &json!({"token_introspection": null}))),
    ] {
        world.issuer.serve(PATH, page);
        let answer = world.call("Bearer an-opaque-token-of-some-length");
        let last = world.records().pop().unwrap();
        assert_eq!((answer.status, last["detail"].as_str()), (503, Some(detail)), "{last}");
    }
}

pub(super) fn cases() -> Vec<Case> {
    vec![Case::told(
        104,
        "introspection: `active` as text, and other answers that are none",
        INVALID_TOKEN,
        active,
    )]
}

fn active(case: &Case) {
    let world = world("opaque-active", "cache_seconds: 0");
    let other_refusal =
        Refusal { status: 401, error: Challenge::Error("invalid_token"), code: Some("token_refused") };
    assert!(case.refusal == other_refusal);
    for (what, detail, changes) in [
        ("\"true\"", "inactive", json!({"active": "true"})),
        ("1", "inactive", json!({"active": 1})),
        ("false", "inactive", json!({"active": false})),
        ("another issuer", "inactive", json!({"iss": "https://other.example"})),
        ("another audience", "audience", json!({"aud": "https://other.example"})),
        ("no audience", "audience", json!({"aud": null})),
        ("no end", "exp", json!({"exp": null})),
        ("over", "expired", json!({"exp": now() - 60, "iat": now() - 120})),
        ("a life too long", "lifetime", json!({"exp": now() + 999_999, "iat": null})),
        ("a person without a subject", "sub", json!({"sub": null, "username": "alice"})),
        ("neither a subject nor a client", "sub", json!({"sub": null, "client_id": null})),
    ] {
        world.issuer.serve(PATH, Page::Json(told(&world, &changes)));
        case.holds(&world, &Attempt::token(&world, what, detail, "an-opaque-token-of-some-length"));
    }
    world.issuer.serve(PATH, Page::Json(json!({"scope": "notes:read"})));
    case.holds(&world, &Attempt::token(&world, "nothing said", "inactive", "an-opaque-token-of-some-length"));
}
