//! 1–17: what is wrong with a signature, or with the form that carries it.

use super::craft::{text, unsigned};
use super::world::World;
use super::{Attempt, Case, run};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use portcullis::jose::base64url;
use serde_json::{Value, json};

#[test]
fn signatures_that_do_not_hold() {
    run(&World::start("signature"), cases());
}

#[allow(clippy::too_many_lines, reason = "a table")]
pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::refused(1, "`alg` none", |world| unsecured(world, &["none"])),
        Case::refused(2, "`alg` none in other spellings", |world| {
            unsecured(world, &["None", "NONE", "nOnE"])
        }),
        Case::refused(3, "an empty signature", |world| {
            let token = world.token();
            let signed = token.rsplit_once('.').unwrap().0;
            vec![Attempt::token(world, "nothing behind the dot", "segments", &format!("{signed}."))]
        }),
        Case::refused(4, "two or four segments", |world| {
            let token = world.token();
            let signed = token.rsplit_once('.').unwrap().0;
            vec![
                Attempt::token(world, "two", "segments", signed),
                Attempt::token(world, "four", "segments", &format!("{token}.{}", base64url(b"x"))),
            ]
        }),
        Case::refused(5, "HS256 keyed with the public JWK", |world| {
            let jwk = world.key.jwk();
            vec![
                keyed(world, "the JWK as JSON", jwk.to_string().as_bytes()),
                keyed(world, "its x", jwk["x"].as_str().unwrap().as_bytes()),
                keyed(world, "its point", &point(&jwk)),
            ]
        }),
        Case::refused(6, "HS256 keyed with the public key as PEM", |world| {
            let pem = pem(&world.key.jwk());
            vec![
                keyed(world, "without a newline at its end", pem.trim_end().as_bytes()),
                keyed(world, "with a newline", pem.as_bytes()),
            ]
        }),
        Case::refused(7, "HS256 keyed with an empty or common secret", |world| {
            let secrets: [&[u8]; 4] = [b"", b"secret", b"changeme", &[0; 32]];
            secrets.map(|secret| keyed(world, &format!("{} bytes", secret.len()), secret)).into()
        }),
        Case::refused(8, "RS256 where the issuer has ES256 alone", |world| {
            let mut header = world.rsa.header();
            let token = |header: &Value| {
                world.rsa.sign(header.to_string().as_bytes(), text(&world.claims()).as_bytes())
            };
            let other = token(&header);
            header["kid"] = json!(world.key.id);
            vec![
                Attempt::token(world, "with its own kid", "algorithm", &other),
                Attempt::token(world, "with the kid of the ES256 key", "algorithm", &token(&header)),
            ]
        }),
        Case::refused(9, "ES256 with r and s zero", |world| {
            vec![Attempt::token(world, "64 bytes of zero", "signature", &resigned(world, |_| vec![0; 64]))]
        }),
        Case::refused(10, "an ECDSA signature in DER", |world| {
            vec![Attempt::token(world, "DER", "signature", &resigned(world, |signature| der(&signature)))]
        }),
        Case::refused(11, "r or s not below the order of the curve", |world| {
            let with = |at: usize, number: [u8; 32]| {
                resigned(world, |mut signature| {
                    signature[at..at + 32].copy_from_slice(&number);
                    signature
                })
            };
            vec![
                Attempt::token(world, "r is n", "signature", &with(0, ORDER)),
                Attempt::token(world, "s is n", "signature", &with(32, ORDER)),
                Attempt::token(world, "s is the greatest number", "signature", &with(32, [0xff; 32])),
                Attempt::token(
                    world,
                    "s plus n, cut to its bytes",
                    "signature",
                    &resigned(world, |mut signature| {
                        add(&mut signature[32..]);
                        signature
                    }),
                ),
            ]
        }),
        Case::refused(12, "a signature of 63 or 65 bytes", |world| {
            let short = resigned(world, |signature| signature[..63].to_vec());
            let long = resigned(world, |signature| [&signature[..], &[0]].concat());
            let led = resigned(world, |signature| [&[0], &signature[..]].concat());
            vec![
                Attempt::token(world, "63", "signature", &short),
                Attempt::token(world, "65, a zero behind", "signature", &long),
                Attempt::token(world, "65, a zero before", "signature", &led),
            ]
        }),
        Case::refused(13, "`=` padding", |world| {
            let token = world.token();
            let (signed, signature) = token.rsplit_once('.').unwrap();
            let (header, payload) = signed.split_once('.').unwrap();
            vec![
                Attempt::token(world, "at the signature", "base64url", &format!("{token}==")),
                Attempt::token(
                    world,
                    "at the header",
                    "base64url",
                    &format!("{header}=.{payload}.{signature}"),
                ),
                padded_and_signed(world),
            ]
        }),
        Case::refused(14, "stray bits in the last character", |world| {
            let token = world.token();
            // 64 bytes leave four bits of the last character, which must be zero.
            let last = token.chars().last().unwrap();
            let stray =
                char::from(ALPHABET[ALPHABET.iter().position(|c| char::from(*c) == last).unwrap() + 1]);
            let token = format!("{}{stray}", &token[..token.len() - 1]);
            vec![Attempt::token(world, "in the signature", "base64url", &token)]
        }),
        Case::refused(15, "white space inside the token", |world| {
            let token = world.token();
            let (head, tail) = token.split_at(token.len() / 2);
            vec![
                Attempt::token(world, "a blank", "characters", &format!("{head} {tail}")),
                Attempt::token(world, "a tab", "characters", &format!("{head}\t{tail}")),
                Attempt::token(world, "a blank behind the dot", "characters", &token.replacen('.', ". ", 1)),
            ]
        }),
        Case::refused(16, "the alphabet of plain base64", |world| {
            // The signature is made over the segment as it is written.
            let mut claims = world.claims();
            claims.insert("note".into(), json!("\u{7ff}\u{7fe}\u{7ff}?>?>~~~\u{fff}\u{ffe}"));
            let payload = STANDARD.encode(text(&claims));
            let payload = payload.trim_end_matches('=');
            assert!(payload.contains(['+', '/']), "{payload}");
            let signed = format!("{}.{payload}", base64url(world.key.header().to_string().as_bytes()));
            let signature = base64url(&world.key.signature(signed.as_bytes()));
            vec![Attempt::token(world, "in the payload", "base64url", &format!("{signed}.{signature}"))]
        }),
        Case::refused(17, "the JSON forms of a signature", |world| {
            let token = world.token();
            let parts: Vec<&str> = token.split('.').collect();
            let flat = json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]});
            let general =
                json!({"payload": parts[1], "signatures": [{"protected": parts[0], "signature": parts[2]}]});
            vec![
                Attempt::token(world, "flattened", "characters", &flat.to_string()),
                Attempt::token(
                    world,
                    "general, as base64url",
                    "segments",
                    &base64url(general.to_string().as_bytes()),
                ),
            ]
        }),
    ]
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The order of P-256 (FIPS 186-5 names it n).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// Tokens that say they are not signed, with the signature that there would be and without.
fn unsecured(world: &World, spellings: &[&str]) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for spelling in spellings {
        let header = json!({"alg": spelling, "typ": "at+jwt", "kid": world.key.id}).to_string();
        let signed = unsigned(header.as_bytes(), text(&world.claims()).as_bytes());
        attempts.push(Attempt::token(world, spelling, "segments", &format!("{signed}.")));
        let signature = base64url(&world.key.signature(signed.as_bytes()));
        attempts.push(Attempt::token(world, spelling, "algorithm", &format!("{signed}.{signature}")));
    }
    attempts
}

fn keyed(world: &World, what: &str, secret: &[u8]) -> Attempt {
    let header = json!({"alg": "HS256", "typ": "at+jwt", "kid": world.key.id}).to_string();
    let signed = unsigned(header.as_bytes(), text(&world.claims()).as_bytes());
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
    Attempt::token(world, what, "algorithm", &format!("{signed}.{}", base64url(tag.as_ref())))
}

/// A good token whose signature is changed.
fn resigned(world: &World, change: impl Fn(Vec<u8>) -> Vec<u8>) -> String {
    let signed = unsigned(world.key.header().to_string().as_bytes(), text(&world.claims()).as_bytes());
    let signature = change(world.key.signature(signed.as_bytes()));
    format!("{signed}.{}", base64url(&signature))
}

/// A token whose payload is padded, and was when it was signed.
fn padded_and_signed(world: &World) -> Attempt {
    let mut claims = text(&world.claims());
    while claims.len().is_multiple_of(3) {
        claims.push(' ');
    }
    let header = base64url(world.key.header().to_string().as_bytes());
    let signed = format!("{header}.{}", STANDARD.encode(&claims).replace('+', "-").replace('/', "_"));
    let signature = base64url(&world.key.signature(signed.as_bytes()));
    Attempt::token(world, "at the payload, signed so", "base64url", &format!("{signed}.{signature}"))
}

/// The uncompressed point of a key.
fn point(jwk: &Value) -> Vec<u8> {
    let part = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    [vec![4], part("x"), part("y")].concat()
}

/// SubjectPublicKeyInfo of P-256 (RFC 5480) as PEM.
fn pem(jwk: &Value) -> String {
    let mut der = vec![0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    der.extend([0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00]);
    der.extend(point(jwk));
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

/// The ASN.1 form of r and s.
fn der(signature: &[u8]) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let bytes: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
        let sign = if bytes[0] > 0x7f { vec![0] } else { vec![] };
        let body = [sign, bytes].concat();
        [vec![2, u8::try_from(body.len()).unwrap()], body].concat()
    };
    let body = [integer(&signature[..32]), integer(&signature[32..])].concat();
    [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat()
}

/// Adds the order of the curve, and lets go of what runs over.
fn add(number: &mut [u8]) {
    let mut carry = 0;
    for (byte, order) in number.iter_mut().zip(ORDER).rev() {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
}
