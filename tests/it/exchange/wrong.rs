//! Answers of an authorization server that are not what was asked for, and none at all: cases
//! 102 and 103 of the catalogue.

use super::{World, tokens};
use crate::catalogue::Refusal;
use crate::support::Answer;
use crate::support::authority::{Asked, CLIENT, Draft, now, put_over};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use portcullis::jose::sign::SigningKey;
use serde_json::{Value, json};

/// One change to what would have been a good answer.
pub(super) enum Change {
    /// Of the token.
    Claims(Value),
    /// Beside the token.
    Answer(Value),
    Kind(&'static str),
    OtherKey,
    Token(&'static str),
}

impl Change {
    pub(super) fn make(&self, draft: &mut Draft) {
        match self {
            Self::Claims(more) => put_over(&mut draft.claims, more),
            Self::Answer(more) => put_over(&mut draft.answer, more),
            Self::Kind(kind) => (*kind).clone_into(&mut draft.kind),
            Self::OtherKey => draft.key = SigningKey::generate().unwrap(),
            Self::Token(token) => draft.token = Some((*token).to_owned()),
        }
    }
}

/// Catalogue, 102: what an answer may not be. Each variant is the draft changed in one way.
pub(crate) fn answers_that_are_not_what_was_asked_for(expected: Refusal) {
    let claims = |more: Value| Change::Claims(more);
    let answer = |more: Value| Change::Answer(more);
    let kind = |name: &str| json!({"issued_token_type": format!("urn:ietf:params:oauth:token-type:{name}")});
    let cases = [
        ("wider scope", "delegated scope", claims(json!({"scope": "records:read records:write"}))),
        ("other scope", "delegated scope", claims(json!({"scope": "records:write"}))),
        ("scope as a list", "delegated scope", claims(json!({"scope": ["records:read"]}))),
        ("no scope", "delegated scope", claims(json!({"scope": null}))),
        ("wider scope, said beside the token", "delegated scope", answer(json!({"scope": "records:*"}))),
        ("other audience", "delegated audience", claims(json!({"aud": "urn:ledger"}))),
        ("two audiences", "delegated audience", claims(json!({"aud": ["urn:records", "urn:ledger"]}))),
        ("no audience", "delegated audience", claims(json!({"aud": null}))),
        ("no actor", "delegated actor", claims(json!({"act": null}))),
        ("other actor", "delegated actor", claims(json!({"act": {"sub": "other"}}))),
        ("actor's name as the actor", "delegated actor", claims(json!({"act": CLIENT}))),
        ("longer chain", "delegated actor", claims(json!({"act": {"sub": CLIENT, "act": {"sub": "x"}}}))),
        ("other subject", "delegated subject", claims(json!({"sub": "bob"}))),
        ("the gate as subject", "delegated subject", claims(json!({"sub": CLIENT}))),
        ("no subject", "delegated subject", claims(json!({"sub": null}))),
        ("an hour", "delegated lifetime", claims(json!({"exp": now() + 3600}))),
        ("twenty seconds", "delegated lifetime", claims(json!({"iat": now() + 10, "exp": now() + 30}))),
        ("five seconds to come", "delegated lifetime", claims(json!({"iat": now() + 60, "exp": now() + 65}))),
        ("over already", "delegated lifetime", claims(json!({"iat": now() - 5, "exp": now()}))),
        ("no end", "delegated times", claims(json!({"exp": null}))),
        ("an end that is no number", "delegated times", claims(json!({"exp": "soon"}))),
        ("an hour, said beside the token", "delegated lifetime", answer(json!({"expires_in": 3600}))),
        ("refresh token issued", "issued_token_type", answer(kind("refresh_token"))),
        ("ID token issued", "issued_token_type", answer(kind("id_token"))),
        ("no issued_token_type", "issued_token_type", answer(json!({"issued_token_type": null}))),
        ("DPoP", "token_type", answer(json!({"token_type": "DPoP"}))),
        ("not an access token", "token_type", answer(json!({"token_type": "N_A"}))),
        ("no token_type", "token_type", answer(json!({"token_type": null}))),
        ("bound to a key", "delegated token is bound to another key", claims(json!({"cnf": {"jkt": "x"}}))),
        ("typ JWT", "delegated typ", Change::Kind("JWT")),
        ("typ of an assertion", "delegated typ", Change::Kind("oauth-id-jag+jwt")),
        ("another issuer", "delegated issuer", claims(json!({"iss": "https://other.example"}))),
        ("another client", "delegated client", claims(json!({"client_id": "other"}))),
        ("another key", "unknown key", Change::OtherKey),
        ("opaque", "segments", Change::Token("d41d8cd98f00b204e9800998ecf8427e")),
        ("no token", "access_token", answer(json!({"access_token": 7}))),
    ];
    let world = World::usual("exchange-wrong");
    assert!(world.call(&json!({})).body.contains("read"));
    for (name, detail, change) in cases {
        world.authority.deviate(move |draft, _: &Asked| {
            change.make(draft);
            None
        });
        let answer = world.call(&json!({}));
        refused(&world, expected, name, detail, &answer);
    }
    // The caller's own token, handed back.
    world.authority.deviate(|draft, asked| {
        draft.token = Some(asked["subject_token"].clone());
        None
    });
    let answer = world.call(&json!({}));
    refused(&world, expected, "the same token", "delegated audience", &answer);
    world.authority.behave();
    assert!(world.call(&json!({})).body.contains("read"), "one bad answer is not remembered");
    assert_eq!(tokens(&world.upstream).len(), 2);
}

fn refused(world: &World, expected: Refusal, name: &str, detail: &str, answer: &Answer) {
    let code = expected.code.unwrap().to_owned();
    assert_eq!(world.ended(), (code, detail.into()), "{name}");
    assert_eq!(answer.status, expected.status, "{name}: {answer:?}");
    assert!(answer.body.contains("\"isError\":true"), "{name}: {answer:?}");
    assert!(answer.header("www-authenticate").is_none(), "{name}: {answer:?}");
    assert!(!answer.body.contains(detail), "{name}: the reason is the operator's: {answer:?}");
    assert!(tokens(&world.upstream).len() <= 1, "{name}: nothing is forwarded");
}

/// Catalogue, 103: an authorization server that fails.
pub(crate) fn authorization_servers_that_fail(expected: Refusal) {
    type Given = fn() -> Response;
    let cases: [(&str, &str, Given); 9] = [
        ("500", "the authorization server failed", || StatusCode::INTERNAL_SERVER_ERROR.into_response()),
        ("503", "the authorization server failed", || {
            (StatusCode::SERVICE_UNAVAILABLE, "later").into_response()
        }),
        ("400", "refused by the authorization server", || {
            (StatusCode::BAD_REQUEST, r#"{"error":"invalid_target"}"#).into_response()
        }),
        ("401", "the authorization server does not know the client", || {
            (StatusCode::UNAUTHORIZED, r#"{"error":"invalid_client"}"#).into_response()
        }),
        ("a page", "answer is not JSON", || axum::response::Html("<p>Welcome</p>").into_response()),
        ("nothing", "answer is not JSON", || StatusCode::OK.into_response()),
        ("a member twice", "answer is not JSON", || {
            r#"{"access_token":"a","access_token":"b"}"#.into_response()
        }),
        ("too much", "the authorization server cannot be reached", || "x".repeat(1 << 20).into_response()),
        ("elsewhere", "refused by the authorization server", || {
            (StatusCode::FOUND, [(header::LOCATION, "http://127.0.0.1:9/token")]).into_response()
        }),
    ];
    let world = World::usual("exchange-failing");
    for (name, detail, answer) in cases {
        world.authority.deviate(move |_, _: &Asked| Some(answer()));
        let answer = world.call(&json!({}));
        refused(&world, expected, name, detail, &answer);
    }
    // Longer than the gate waits; the server's one thread is busy meanwhile.
    world.authority.deviate(|_, _: &Asked| {
        std::thread::sleep(std::time::Duration::from_secs(7));
        None
    });
    let answer = world.call(&json!({}));
    refused(&world, expected, "silence", "the authorization server cannot be reached", &answer);
    assert_eq!(tokens(&world.upstream).len(), 0);
}
