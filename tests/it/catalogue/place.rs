//! 67–78: tokens of another kind, and tokens in a place where none is taken.

use super::craft::changed;
use super::world::{Call, World, now};
use super::{Attempt, Case, Challenge, INVALID_REQUEST, NO_TOKEN, Refusal, run};
use crate::support::modern;
use portcullis::jose::random_id;
use serde_json::{Value, json};

#[test]
fn tokens_of_another_kind_or_in_another_place() {
    run(&World::start("place"), cases());
}

/// A trailer needs a chunked body, and the gate takes none over HTTP/1.1.
const NO_LENGTH: Refusal = Refusal { status: 411, error: Challenge::None, code: None };

#[allow(clippy::too_many_lines, reason = "a table")]
pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::refused(67, "an ID token", |world| {
            let claims = json!({"aud": "agent", "nonce": "n", "scope": null, "client_id": null, "jti": null});
            vec![
                of_kind(world, "as it is", "typ", "JWT", claims.clone()),
                of_kind(world, "with our audience", "typ", "JWT", json!({"nonce": "n", "at_hash": "x"})),
                of_kind(world, "that says it is an access token", "audience", "at+jwt", claims),
            ]
        }),
        Case::refused(68, "a refresh token", |world| {
            vec![
                Attempt::token(world, "opaque", "segments", &random_id()),
                of_kind(world, "a JWT", "typ", "rt+jwt", json!({})),
            ]
        }),
        Case::refused(69, "a client assertion", |world| {
            let claims = json!({"iss": "agent", "sub": "agent", "aud": world.issuer.url, "scope": null});
            vec![
                of_kind(world, "as RFC 7523 has it", "issuer", "JWT", claims.clone()),
                of_kind(world, "with its own type", "typ", "client-authentication+jwt", json!({})),
                of_kind(world, "in the issuer's name", "typ", "JWT", json!({"aud": world.issuer.url})),
            ]
        }),
        Case::refused(70, "an opaque token where only JWTs are configured", |world| {
            let tokens = [random_id(), "x".to_owned(), "==".to_owned(), "...".to_owned(), "a.b.c".to_owned()];
            let detail = |token: &str| match token {
                "..." => "segments",
                "a.b.c" => "base64url",
                _ => "segments",
            };
            tokens.iter().map(|token| Attempt::token(world, token, detail(token), token)).collect()
        }),
        Case::with(71, "the query string", INVALID_REQUEST, |world| {
            let query = format!("access_token={}", world.token());
            let what = "a token in the query string is not accepted";
            vec![
                Attempt::call(world, "alone", Some(what), &Call::default().query(&query)),
                Attempt::call(
                    world,
                    "behind another member",
                    Some(what),
                    &Call::default().query(&format!("a=b&{query}")),
                ),
                Attempt::call(world, "empty", Some(what), &Call::default().query("access_token")),
            ]
        }),
        Case::with(72, "the body of a form", INVALID_REQUEST, |world| {
            let form = format!("access_token={}", world.token());
            let what = "a token in a form is not accepted";
            let call = |kind: &str| Call::default().instead("Content-Type", kind).body(&form);
            vec![
                Attempt::call(world, "alone", Some(what), &call("application/x-www-form-urlencoded")),
                Attempt::call(
                    world,
                    "with a charset",
                    Some(what),
                    &call("Application/X-WWW-Form-URLEncoded; charset=utf-8"),
                ),
                Attempt::call(
                    world,
                    "beside a good header",
                    Some(what),
                    &call("application/x-www-form-urlencoded").bearer(&world.token()),
                ),
            ]
        }),
        Case::with(73, "two `Authorization` headers, or two credentials in one", INVALID_REQUEST, |world| {
            let (one, two) = (world.token(), world.token());
            let several = "more than one Authorization header";
            let list = "more than one credential in the Authorization header";
            let joined = |text: &str| Call::default().header("Authorization", text);
            vec![
                Attempt::call(
                    world,
                    "the same twice",
                    Some(several),
                    &Call::default().bearer(&one).bearer(&one),
                ),
                Attempt::call(
                    world,
                    "two good ones",
                    Some(several),
                    &Call::default().bearer(&one).bearer(&two),
                ),
                Attempt::call(
                    world,
                    "a good and a bad one",
                    Some(several),
                    &Call::default().bearer(&one).bearer("x"),
                ),
                Attempt::call(
                    world,
                    "another scheme first",
                    Some(several),
                    &joined("Basic YTpi").bearer(&one),
                ),
                Attempt::call(
                    world,
                    "in a list",
                    Some(list),
                    &joined(&format!("Bearer {one}, Bearer {two}")),
                ),
                Attempt::call(
                    world,
                    "in a list without a blank",
                    Some(list),
                    &joined(&format!("Bearer {one},Bearer {two}")),
                ),
            ]
        }),
        Case::with(74, "the header and the query string", INVALID_REQUEST, |world| {
            let token = world.token();
            let call = Call::default().bearer(&token).query(&format!("access_token={token}"));
            vec![Attempt::call(
                world,
                "both good",
                Some("a token in the query string is not accepted"),
                &call,
            )]
        }),
        Case::told(
            75,
            "odd blanks behind the scheme (another scheme is as if no token were sent)",
            super::INVALID_TOKEN,
            |case| {
                let world = World::start("scheme");
                let token = world.token();
                let with = |value: String| Call::default().header("Authorization", &value);
                for (what, value) in [
                    ("two blanks", format!("Bearer  {token}")),
                    ("a tab", format!("Bearer\t{token}")),
                    ("a tab and a blank", format!("bearer\t {token}")),
                    ("a quoted token", format!("Bearer \"{token}\"")),
                ] {
                    case.holds(&world, &Attempt::call(&world, what, Some("characters"), &with(value)));
                }
                let none = Case::with(case.number, case.name, NO_TOKEN, |_| Vec::new());
                for value in [
                    "Basic YTpi".to_owned(),
                    format!("Token {token}"),
                    format!("DPoPx {token}"),
                    format!("BearerX {token}"),
                ] {
                    none.holds(&world, &Attempt::call(&world, "another scheme", None, &with(value)));
                }
                for scheme in ["bearer", "BEARER", "bEaReR"] {
                    assert_eq!(world.call(&format!("{scheme} {token}")).status, 200, "{scheme}");
                }
            },
        ),
        Case::with(76, "a cookie, or a header of another name", NO_TOKEN, |world| {
            let token = world.token();
            let bearer = format!("Bearer {token}");
            [
                ("Cookie", format!("access_token={token}")),
                ("Cookie", format!("Authorization={bearer}")),
                ("X-Authorization", bearer.clone()),
                ("Proxy-Authorization", bearer.clone()),
                ("X-Forwarded-Access-Token", token.clone()),
                ("X-Forwarded-User", "alice".to_owned()),
                ("X-HTTP-Authorization", bearer.clone()),
            ]
            .iter()
            .map(|(name, value)| Attempt::call(world, name, None, &Call::default().header(name, value)))
            .collect()
        }),
        Case::with(77, "a trailer", NO_LENGTH, |world| {
            let body = modern("tools/call", json!({"name": "read", "arguments": {}})).to_string();
            let request =
                Call::default().header("Trailer", "Authorization").header("Transfer-Encoding", "chunked");
            let head = String::from_utf8(request.body("").bytes(&world.gate))
                .unwrap()
                .replace("Content-Length: 0\r\n", "");
            let trailer = format!("Authorization: Bearer {}\r\n", world.token());
            let bytes = format!("{head}{:x}\r\n{body}\r\n0\r\n{trailer}\r\n", body.len()).into_bytes();
            vec![Attempt { what: "of a chunked body".to_owned(), detail: None, request: bytes }]
        }),
        Case::told(78, "`_meta`, or a tool's arguments", NO_TOKEN, |case| {
            let world = World::start("meta");
            let token = world.token();
            let bearer = format!("Bearer {token}");
            for params in [
                json!({"_meta": {"Authorization": bearer}}),
                json!({"_meta": {"access_token": token, "io.modelcontextprotocol/authorization": bearer}}),
                json!({"arguments": {"access_token": token, "Authorization": bearer}}),
                json!({"access_token": token}),
            ] {
                let call = Call::default().params(params);
                case.holds(&world, &Attempt::call(&world, "without a header", None, &call));
                // And beside a good one it is nothing to the gate: whoever is refused stays so.
                let poor = world.key.token(&world.claims_with(&json!({"scope": null})));
                let scope = Case::with(case.number, case.name, super::INSUFFICIENT_SCOPE, |_| Vec::new());
                scope.holds(
                    &world,
                    &Attempt::call(&world, "beside a poorer token", None, &call.bearer(&poor)),
                );
            }
            let told = format!("{}{:?}", world.log(), world.records());
            let signature = token.rsplit('.').next().unwrap();
            assert!(
                !told.contains(signature) && !told.contains(&token),
                "a token is in the log or on record"
            );
        }),
    ]
}

/// A well-signed token of another kind.
#[allow(clippy::needless_pass_by_value, reason = "a literal at every call")]
fn of_kind(world: &World, what: &str, detail: &'static str, kind: &str, changes: Value) -> Attempt {
    let claims = changed(&world.claims_with(&json!({"exp": now() + 60})), &changes);
    Attempt::token(world, what, detail, &world.key.token_with(&json!({"typ": kind}), &claims))
}
