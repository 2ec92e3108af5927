//! 37–55: what a well-signed token says and must not say.

use super::craft::text;
use super::world::{Call, OWN_CLIENT, Wanted, World, now};
use super::{Attempt, Case, Challenge, Refusal, run};
use crate::support::issuer::Bystander;
use portcullis::jose::base64url;
use serde_json::{Value, json};

#[test]
fn claims_that_are_not_to_be_believed() {
    run(
        &World::with("claims", Wanted { issuer: ", machines: false".to_owned(), ..Wanted::default() }),
        cases(),
    );
}

/// 431: too large to be looked at.
const TOO_LARGE: Refusal = Refusal { status: 431, error: Challenge::None, code: Some("token_too_large") };

#[allow(clippy::too_many_lines, reason = "a table")]
pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::refused(37, "expired by a second more than the leeway", |world| {
            vec![changed(world, "six seconds ago", "expired", json!({"exp": now() - 6, "iat": now() - 60}))]
        }),
        Case::refused(38, "`exp` missing, or not a whole number of seconds", |world| {
            let later = now() + 300;
            let mut values =
                vec![Value::Null, json!(later.to_string()), json!(1e300), json!(-1), json!([later])];
            values.push(json!(4_102_444_800.5));
            let mut attempts: Vec<Attempt> = values
                .iter()
                .map(|value| changed(world, &value.to_string(), "exp", json!({"exp": value})))
                .collect();
            let spelled = |spelling: &str| {
                let payload =
                    text(&world.claims_with(&json!({"exp": 7_777_777}))).replace("7777777", spelling);
                world.key.sign(world.key.header().to_string().as_bytes(), payload.as_bytes())
            };
            attempts.push(Attempt::token(world, "null", "exp", &spelled("null")));
            attempts.push(Attempt::token(world, "1e10", "exp", &spelled("1e10")));
            attempts.push(Attempt::token(world, "beyond 64 bits", "exp", &spelled("99999999999999999999")));
            attempts
        }),
        Case::refused(39, "`nbf` in the future", |world| {
            vec![
                changed(world, "in a minute", "not yet valid", json!({"nbf": now() + 60})),
                changed(world, "as a string", "nbf", json!({"nbf": now().to_string()})),
            ]
        }),
        Case::refused(40, "`iat` in the future, or a life beyond the issuer's policy", |world| {
            vec![
                changed(world, "in a minute", "issued in the future", json!({"iat": now() + 60})),
                changed(
                    world,
                    "an hour and a second",
                    "lifetime",
                    json!({"iat": now(), "exp": now() + 3601}),
                ),
                changed(world, "as a string", "iat", json!({"iat": now().to_string()})),
            ]
        }),
        Case::refused(41, "`iss` that is nearly the issuer's", |world| {
            let url = &world.issuer.url;
            let values = [
                json!(format!("{url}/")),
                json!(url.replace("http", "HTTP")),
                json!(url.replace("127.0.0.1", "localhost")),
                json!(url.replace("http:", "https:")),
                json!(format!("{url}?")),
                json!(format!(" {url}")),
                json!([url]),
                json!([url, "https://as.example"]),
                Value::Null,
            ];
            values.iter().map(|iss| changed(world, &iss.to_string(), "issuer", json!({"iss": iss}))).collect()
        }),
        Case::refused(42, "`aud` missing or nearly ours", |world| {
            let ours = world.resource();
            let values = [
                Value::Null,
                json!("https://tools.example/mcp"),
                json!(ours.trim_end_matches("/mcp")),
                json!(format!("{ours}/")),
                json!(format!("{ours}x")),
                json!(ours.replace("notes", "ledger")),
                json!(ours.replace("notes", "NOTES")),
                json!(ours.replace("http", "HTTP")),
                json!([]),
                json!([[ours]]),
                json!({"aud": ours}),
            ];
            values
                .iter()
                .map(|aud| changed(world, &aud.to_string(), "audience", json!({"aud": aud})))
                .collect()
        }),
        Case::refused(43, "`aud` with others beside us", |world| {
            let ours = world.resource();
            [
                json!([ours, "https://tools.example/mcp"]),
                json!(["urn:x", ours]),
                json!([ours, 7]),
                json!([ours, ""]),
            ]
            .iter()
            .map(|aud| changed(world, &aud.to_string(), "audience", json!({"aud": aud})))
            .collect()
        }),
        Case::refused(44, "`aud` that is the scope", |world| {
            vec![changed(world, "the same text", "audience", json!({"aud": "notes:read"}))]
        }),
        Case::refused(45, "a required claim missing", |world| {
            let missing = [
                ("iss", "issuer"),
                ("exp", "exp"),
                ("aud", "audience"),
                ("sub", "sub"),
                ("client_id", "client_id"),
                ("iat", "iat"),
                ("jti", "jti"),
            ];
            missing.map(|(claim, detail)| changed(world, claim, detail, json!({claim: null}))).into()
        }),
        Case::refused(46, "a claim twice", |world| {
            let ours = json!(world.resource());
            let actor = json!({"sub": "x"});
            [
                ("aud", ours),
                ("sub", json!("bob")),
                ("scope", json!("notes:read")),
                ("act", actor.clone()),
                ("exp", json!(now() + 60)),
            ]
            .map(|(name, value)| {
                let claims = text(&world.claims_with(&json!({"act": actor})));
                let payload = format!("{},\"{name}\":{value}}}", claims.strip_suffix('}').unwrap());
                Attempt::token(world, name, OBJECT, &signed(world, payload.as_bytes()))
            })
            .into()
        }),
        Case::refused(47, "bytes that are not UTF-8, a byte order mark, half a surrogate pair", |world| {
            let claims = text(&world.claims());
            let broken = |bytes: &[u8]| {
                let mut payload = claims.trim_end_matches('}').as_bytes().to_vec();
                payload.extend_from_slice(b",\"note\":\"");
                payload.extend_from_slice(bytes);
                payload.extend_from_slice(b"\"}");
                payload
            };
            let marked = ["\u{feff}".as_bytes(), claims.as_bytes()].concat();
            let wide: Vec<u8> = claims.encode_utf16().flat_map(u16::to_le_bytes).collect();
            [
                ("0xff", broken(b"\xff")),
                ("an overlong slash", broken(b"\xc0\xaf")),
                ("a surrogate in UTF-8", broken(b"\xed\xa0\x80")),
                ("half a pair, escaped", broken(br"\ud800")),
                ("a byte order mark", marked),
                ("UTF-16", wide),
                ("a NUL behind it", [claims.as_bytes(), b"\0"].concat()),
                ("a second object behind it", [claims.as_bytes(), b"{}"].concat()),
            ]
            .map(|(what, payload)| Attempt::token(world, what, OBJECT, &signed(world, &payload)))
            .into()
        }),
        Case::refused(48, "a thousand levels of nesting", |world| {
            let deep = |open: &str, close: &str| {
                let claims = text(&world.claims());
                let inner = format!("{}1{}", open.repeat(1000), close.repeat(1000));
                signed(world, format!("{},\"deep\":{inner}}}", claims.trim_end_matches('}')).as_bytes())
            };
            vec![
                Attempt::token(world, "lists", OBJECT, &deep("[", "]")),
                Attempt::token(world, "objects", OBJECT, &deep("{\"a\":", "}")),
            ]
        }),
        Case::told(
            49,
            "a token beyond 16 kB; of a head beyond 32 kB there is no record",
            TOO_LARGE,
            |case| {
                let world = World::start("large");
                let long = |bytes: usize| Call::default().bearer(&"a".repeat(bytes));
                let good = world.key.token(&world.claims_with(&json!({"note": "x".repeat(16 << 10)})));
                let good = Call::default().bearer(&good);
                case.holds(&world, &Attempt::call(&world, "20 kB of nothing", None, &long(20 << 10)));
                case.holds(&world, &Attempt::call(&world, "a well-signed one", None, &good));
                let before = (world.records().len(), world.forwarded());
                for bytes in [33 << 10, 64 << 10, 1 << 20] {
                    // The gate closes on what is still being sent, which may cost the answer.
                    let answer = world.send(&long(bytes).bytes(&world.gate));
                    assert!(matches!(answer.status, 431 | 0), "{bytes}: {answer:?}");
                }
                assert_eq!((world.records().len(), world.forwarded()), before);
            },
        ),
        Case::refused(50, "`sub` empty, huge, with control characters, or a client's own", |world| {
            let subjects = [
                (json!(""), "sub"),
                (json!("x".repeat(10_000)), "sub"),
                (json!("ali\nce"), "sub"),
                (json!("alice\u{0}"), "sub"),
                (json!("ali\u{9b}ce"), "sub"),
                (json!(7), "sub"),
                (json!(["alice"]), "sub"),
                (json!("agent"), "subject"),
                (json!(OWN_CLIENT), "subject"),
            ];
            subjects
                .iter()
                .map(|(sub, detail)| {
                    let shown: String = sub.to_string().chars().take(20).collect();
                    changed(world, &shown, detail, json!({"sub": sub}))
                })
                .collect()
        }),
        Case::refused(51, "`act` that is no object, or a chain of more than eight", |world| {
            let mut chain = json!({"sub": "x"});
            for _ in 0..8 {
                chain = json!({"sub": "x", "act": chain});
            }
            [
                json!("x"),
                json!(["x"]),
                json!([{"sub": "x"}]),
                json!({}),
                json!({"sub": 7}),
                json!({"sub": "x", "act": "y"}),
                chain,
            ]
            .iter()
            .map(|act| {
                let shown: String = act.to_string().chars().take(24).collect();
                changed(world, &shown, "act", json!({"act": act}))
            })
            .collect()
        }),
        Case::refused(52, "a nested `act` that names us", |world| {
            let act = json!({"sub": "agent", "act": {"sub": OWN_CLIENT}});
            let deeper = json!({"sub": "agent", "act": {"sub": "other", "act": {"sub": OWN_CLIENT}}});
            [act, deeper]
                .iter()
                .map(|act| changed(world, "inside", "delegated token", json!({"act": act})))
                .collect()
        }),
        Case::refused(53, "`may_act` that names another", |world| {
            [
                json!({"sub": "other"}),
                json!({"sub": [OWN_CLIENT]}),
                json!({}),
                json!(OWN_CLIENT),
                json!({"sub": OWN_CLIENT, "iss": "https://as.example"}),
            ]
            .iter()
            .map(|may| changed(world, &may.to_string(), "may_act", json!({"may_act": may})))
            .collect()
        }),
        Case::refused(54, "a token that was made for a downstream", |world| {
            let act = json!({"sub": OWN_CLIENT});
            let ours = json!({"act": act});
            let theirs = json!({"act": act, "aud": "urn:notes", "scope": "notes:read", "exp": now() + 5});
            vec![
                changed(world, "with our audience", "delegated token", ours),
                changed(world, "as it is sent", "audience", theirs),
            ]
        }),
        Case::told(55, "an unknown issuer, whom nobody asks", super::INVALID_TOKEN, |case| {
            let (world, bystander) = (World::start("unknown-issuer"), Bystander::start());
            let before = world.issuer.connections() + world.tenant.connections();
            for iss in
                [format!("http://127.0.0.1:{}", bystander.port), format!("{}.evil.example", world.issuer.url)]
            {
                let token = world.key.token(&world.claims_with(&json!({"iss": iss})));
                case.holds(&world, &Attempt::token(&world, &iss, "issuer", &token));
            }
            assert_eq!(bystander.met(), 0, "it was asked");
            assert_eq!(world.issuer.connections() + world.tenant.connections(), before, "another was asked");
        }),
    ]
}

const OBJECT: &str = "not a JSON object";

#[allow(clippy::needless_pass_by_value, reason = "a literal at every call")]
fn changed(world: &World, what: &str, detail: &'static str, changes: Value) -> Attempt {
    Attempt::token(world, what, detail, &world.key.token(&world.claims_with(&changes)))
}

fn signed(world: &World, payload: &[u8]) -> String {
    let header = world.key.header().to_string();
    let signed = format!("{}.{}", base64url(header.as_bytes()), base64url(payload));
    format!("{signed}.{}", base64url(&world.key.signature(signed.as_bytes())))
}
