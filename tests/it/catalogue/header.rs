//! 18–36: headers that point to keys, demand what nobody does here, or name another kind
//! of token; and key sets that hold what is no key for a signature.

use super::craft::{Key, changed, text, unsigned};
use super::world::World;
use super::{Attempt, Case, run};
use crate::support::issuer::Bystander;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portcullis::jose::base64url;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// Nobody may come here: `jku`, `x5u` and `kid` say to.
static BYSTANDER: LazyLock<Bystander> = LazyLock::new(Bystander::start);

#[test]
fn headers_that_ask_for_too_much() {
    let world = World::start("header");
    // Keys of the second issuer that are of no use, beside one that is: see 24, 26, 35, 36.
    let mut keys = vec![world.rsa.jwk()];
    keys.extend(useless().iter().map(|(_, jwk)| jwk.clone()));
    world.tenant.serve_keys(&keys);
    run(&world, cases());
    let good = world.rsa.token(&world.tenant_claims());
    assert_eq!(world.call(&format!("Bearer {good}")).status, 200, "the good key among them");
    assert_eq!(BYSTANDER.met(), 0, "an address out of a token was asked");
}

/// A key of the second issuer, used by the cases that need its private half.
struct Useless {
    key: Key,
    changes: Value,
}

static USELESS: LazyLock<Vec<Useless>> = LazyLock::new(|| {
    let of = |id: &str, changes: Value| Useless { key: Key::es256(id), changes };
    vec![
        of("spare", json!({})),
        of("twice", json!({})),
        of("encrypts", json!({"use": "enc"})),
        of("signs-not", json!({"key_ops": ["encrypt", "deriveKey"]})),
        of("purpose-list", json!({"use": ["sig"]})),
        of("other-alg", json!({"alg": "ES384"})),
        of("private", json!({"d": "AAAA"})),
        of("off-curve", json!({"y": base64url(&[1; 32])})),
    ]
});

fn useless() -> Vec<(&'static str, Value)> {
    let mut keys: Vec<(&str, Value)> = USELESS
        .iter()
        .map(|useless| (useless.key.id.as_str(), useless.key.jwk_with(&useless.changes)))
        .collect();
    keys.push(("twice", Key::es256("twice").jwk()));
    let modulus = |bytes: usize| base64url(&vec![0xc5; bytes]);
    keys.push(("rsa-1024", json!({"kty": "RSA", "kid": "rsa-1024", "n": modulus(128), "e": "AQAB"})));
    keys.push(("rsa-e-1", json!({"kty": "RSA", "kid": "rsa-e-1", "n": modulus(256), "e": "AQ"})));
    keys.push(("rsa-e-1-led", json!({"kty": "RSA", "kid": "rsa-e-1-led", "n": modulus(256), "e": "AAAB"})));
    keys
}

/// A token of the second issuer, signed by one of those keys.
fn by(world: &World, id: &str) -> String {
    let useless = USELESS.iter().find(|useless| useless.key.id == id).unwrap();
    useless.key.token(&world.tenant_claims())
}

#[allow(clippy::too_many_lines, reason = "a table")]
pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::refused(18, "a key in the header: `jwk`", |world| {
            let own = Key::es256("own");
            let by_stranger = own.token_with(&json!({"jwk": own.jwk(), "kid": null}), &world.claims());
            let with_ours = world.key.token_with(&json!({"jwk": world.key.jwk()}), &world.claims());
            vec![
                Attempt::token(world, "the stranger's, who signed", HEADER, &by_stranger),
                Attempt::token(world, "the issuer's, which signed", HEADER, &with_ours),
            ]
        }),
        Case::refused(19, "a place of keys in the header: `jku`", |world| pointing(world, "jku")),
        Case::refused(20, "a place of a certificate: `x5u`", |world| pointing(world, "x5u")),
        Case::refused(21, "a self-signed chain in the header: `x5c`", |world| {
            let certificate = rcgen::generate_simple_self_signed(vec!["as.example".to_owned()]).unwrap();
            let chain = json!([STANDARD.encode(certificate.cert.der())]);
            let token = world.key.token_with(&json!({"x5c": chain}), &world.claims());
            vec![Attempt::token(world, "beside a good signature", HEADER, &token)]
        }),
        Case::refused(22, "`kid` as a path, with a quote, a NUL, or as a URL", |world| {
            let url = format!("http://127.0.0.1:{}/key", BYSTANDER.port);
            let kids = [
                ("a path", "../../../../dev/null", "unknown key"),
                ("a quote", "one' OR '1'='1", HEADER),
                ("a NUL", "one\0", HEADER),
                ("a URL", url.as_str(), "unknown key"),
                ("other case", "ONE", "unknown key"),
            ];
            let token = |kid: &str| world.key.token_with(&json!({"kid": kid}), &world.claims());
            kids.map(|(what, kid, detail)| Attempt::token(world, what, detail, &token(kid))).into()
        }),
        Case::refused(23, "`kid` as a number or a list", |world| {
            let kids = [json!(1), json!(["one"]), json!({"kid": "one"}), json!(true)];
            let token = |kid: &Value| world.key.token_with(&json!({"kid": kid}), &world.claims());
            kids.iter().map(|kid| Attempt::token(world, &kid.to_string(), HEADER, &token(kid))).collect()
        }),
        Case::refused(24, "no `kid`, where the issuer has several keys", |world| {
            let spare = &USELESS[0].key;
            let without = |kid: Value| spare.token_with(&json!({"kid": kid}), &world.tenant_claims());
            // It has two for ES256 that can verify.
            vec![
                Attempt::token(world, "without", "key id missing", &without(Value::Null)),
                Attempt::token(world, "empty", "key id missing", &without(json!(""))),
            ]
        }),
        Case::refused(25, "`kid` of another issuer or tenant", |world| {
            let ours = world.key.token(&world.tenant_claims());
            let theirs = USELESS[0].key.token(&world.claims());
            vec![
                Attempt::token(world, "the first issuer's key for the second", "unknown key", &ours),
                Attempt::token(world, "the second's for the first", "unknown key", &theirs),
            ]
        }),
        Case::refused(26, "`kid` that two keys of the set have", |world| {
            vec![Attempt::token(world, "signed by one of them", "unknown key", &by(world, "twice"))]
        }),
        Case::refused(27, "an unknown `crit`", |world| {
            let crits = [json!(["urn:x"]), json!(["exp"]), json!([]), json!("urn:x"), json!(["alg"])];
            let token = |crit: &Value| {
                let changes = json!({"crit": crit, "urn:x": 1, "exp": 1});
                world.key.token_with(&changes, &world.claims())
            };
            crits.iter().map(|crit| Attempt::token(world, &crit.to_string(), HEADER, &token(crit))).collect()
        }),
        Case::refused(28, "`b64` false", |world| {
            // RFC 7797: the payload is then signed as it is.
            let header =
                changed(world.key.header().as_object().unwrap(), &json!({"b64": false, "crit": ["b64"]}));
            let (header, payload) = (text(&header), text(&world.claims()));
            let signed = format!("{}.{payload}", base64url(header.as_bytes()));
            let signature = base64url(&world.key.signature(signed.as_bytes()));
            let token = unsigned(header.as_bytes(), payload.as_bytes());
            let without_crit = world.key.token_with(&json!({"b64": false}), &world.claims());
            vec![
                Attempt::token(world, "signed so", HEADER, &format!("{token}.{signature}")),
                Attempt::token(world, "without `crit`", HEADER, &without_crit),
            ]
        }),
        Case::refused(29, "a member of the header twice", |world| {
            let payload = text(&world.claims());
            let header = |more: &str| {
                let header = world.key.header().to_string();
                format!("{},{more}}}", header.trim_end_matches('}'))
            };
            [
                "\"alg\":\"none\"",
                "\"alg\":\"ES256\"",
                "\"kid\":\"one\"",
                "\"typ\":\"JWT\"",
                "\"\\u0061lg\":\"ES256\"",
            ]
            .map(|more| {
                let token = world.key.sign(header(more).as_bytes(), payload.as_bytes());
                Attempt::token(world, more, "not a JSON object", &token)
            })
            .into()
        }),
        Case::refused(30, "`zip`, and a JWE of an unsigned token", |world| {
            let zipped = world.key.token_with(&json!({"zip": "DEF"}), &world.claims());
            let jwe = encrypted(&json!({"alg": "dir", "enc": "A256GCM", "zip": "DEF", "cty": "JWT"}));
            vec![
                Attempt::token(world, "`zip` in a signed token", HEADER, &zipped),
                Attempt::token(world, "a JWE", "segments", &jwe),
            ]
        }),
        Case::refused(31, "a nested token whose inner part is not signed", |world| {
            let inner = format!("{}.", unsigned(br#"{"alg":"none"}"#, text(&world.claims()).as_bytes()));
            let header = changed(world.key.header().as_object().unwrap(), &json!({"cty": "JWT"}));
            let quoted = json!(inner).to_string();
            vec![
                nested(world, "as it is", &text(&header), &inner),
                nested(world, "as a JSON string", &text(&header), &quoted),
            ]
        }),
        Case::refused(32, "a JWE", |world| {
            let jwe = encrypted(&json!({"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": "rsa"}));
            let signed = world.key.token_with(&json!({"enc": "A256GCM"}), &world.claims());
            vec![
                Attempt::token(world, "five segments", "segments", &jwe),
                Attempt::token(world, "three segments and `enc`", HEADER, &signed),
            ]
        }),
        Case::refused(33, "PBES2 with a huge `p2c`", |world| {
            let jwe = encrypted(
                &json!({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 2_147_483_647_u32, "p2s": "AAAA"}),
            );
            let changes = json!({"alg": "PBES2-HS256+A128KW", "p2c": 2_147_483_647_u32, "p2s": "AAAA"});
            vec![
                Attempt::token(world, "a JWE", "segments", &jwe),
                Attempt::token(
                    world,
                    "three segments",
                    HEADER,
                    &world.key.token_with(&changes, &world.claims()),
                ),
            ]
        }),
        Case::refused(34, "`typ` missing or of another kind of token", |world| {
            let kinds = [
                Value::Null,
                json!("JWT"),
                json!("jwt"),
                json!("dpop+jwt"),
                json!("logout+jwt"),
                json!("txntoken+jwt"),
                json!("oauth-id-jag+jwt"),
                json!("secevent+jwt"),
                json!("token-introspection+jwt"),
                json!("at+jwt2"),
                json!("application/jwt"),
            ];
            let token = |kind: &Value| world.key.token_with(&json!({"typ": kind}), &world.claims());
            let mut attempts: Vec<Attempt> = kinds
                .iter()
                .map(|kind| Attempt::token(world, &kind.to_string(), "typ", &token(kind)))
                .collect();
            attempts.push(Attempt::token(world, "a list", HEADER, &token(&json!(["at+jwt"]))));
            attempts
        }),
        Case::refused(35, "a key for encryption, or for other operations", |world| {
            ["encrypts", "signs-not", "purpose-list", "other-alg", "private"]
                .map(|id| Attempt::token(world, id, "unknown key", &by(world, id)))
                .into()
        }),
        Case::refused(36, "RSA of 1024 bits, `e` of 1, a point off the curve", |world| {
            let mut attempts =
                vec![Attempt::token(world, "off the curve", "signature", &by(world, "off-curve"))];
            for (id, bytes) in [("rsa-1024", 128), ("rsa-e-1", 256), ("rsa-e-1-led", 256)] {
                let header = json!({"alg": "RS256", "typ": "at+jwt", "kid": id}).to_string();
                let signed = unsigned(header.as_bytes(), text(&world.tenant_claims()).as_bytes());
                let token = format!("{signed}.{}", base64url(&padded(signed.as_bytes(), bytes)));
                attempts.push(Attempt::token(world, id, "unknown key", &token));
            }
            attempts
        }),
    ]
}

const HEADER: &str = "header parameter";

fn pointing(world: &World, member: &str) -> Vec<Attempt> {
    let url = format!("http://127.0.0.1:{}/keys", BYSTANDER.port);
    let by_stranger = Key::es256("one").token_with(&json!({member: url}), &world.claims());
    let by_issuer =
        world.key.token_with(&json!({member: format!("{}/jwks", world.issuer.url)}), &world.claims());
    vec![
        Attempt::token(world, "a stranger's", HEADER, &by_stranger),
        Attempt::token(world, "the issuer's own", HEADER, &by_issuer),
    ]
}

fn nested(world: &World, what: &str, header: &str, payload: &str) -> Attempt {
    Attempt::token(world, what, "not a JSON object", &world.key.sign(header.as_bytes(), payload.as_bytes()))
}

/// Five segments; nobody comes to decrypt them.
fn encrypted(header: &Value) -> String {
    let part = base64url(&[7; 48]);
    format!(
        "{}.{part}.{}.{part}.{}",
        base64url(header.to_string().as_bytes()),
        base64url(&[7; 12]),
        base64url(&[7; 16])
    )
}

/// EMSA-PKCS1-v1_5 (RFC 8017 §9.2): under an exponent of one it is its own signature.
fn padded(signed: &[u8], bytes: usize) -> Vec<u8> {
    let mut info =
        vec![0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
    info.extend([0x05, 0x00, 0x04, 0x20]);
    info.extend(digest::digest(&digest::SHA256, signed).as_ref());
    let mut padded = vec![0, 1];
    padded.resize(bytes - info.len() - 1, 0xff);
    padded.push(0);
    padded.extend(info);
    padded
}
