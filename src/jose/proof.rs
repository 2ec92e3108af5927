//! A token that is signed by the key in its own header: a proof that its sender holds that
//! key (RFC 9449 §4.2), and nothing else.
//!
//! Invariant: no access token is ever read by this module, so that a key in a header can
//! vouch for nothing but itself.

use crate::jose::compact::{Compact, REFUSED_HEADERS};
use crate::jose::keys::{Algorithm, KeySet};
use crate::jose::{base64url, sha256};
use serde_json::{Map, Value};

const KIND: &str = "dpop+jwt";
/// A proof has an RSA key and a few claims at most.
const MAX_PROOF_BYTES: usize = 4 << 10;
/// Members of a JWK that make it a private or a symmetric one (RFC 7518 §6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A proof whose signature holds.
#[derive(Debug)]
pub struct Proof {
    pub claims: Map<String, Value>,
    /// The key's SHA-256 thumbprint (RFC 7638): what `cnf.jkt` names.
    pub thumbprint: String,
}

impl Proof {
    /// Reads a proof and checks its signature by its own key.
    ///
    /// # Errors
    /// The name of the check of RFC 9449 §4.3 that failed.
    pub fn read(text: &str, allowed: &[Algorithm]) -> Result<Self, &'static str> {
        if text.len() > MAX_PROOF_BYTES {
            return Err("proof too large");
        }
        let refused: Vec<&str> = REFUSED_HEADERS.into_iter().filter(|name| *name != "jwk").collect();
        let (mut token, header) = Compact::parts(text, &refused)?;
        if !token.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case(KIND)) {
            return Err("typ");
        }
        if !allowed.contains(&token.algorithm) {
            return Err("algorithm");
        }
        let jwk = header.get("jwk").and_then(Value::as_object).ok_or("jwk")?;
        if PRIVATE.iter().any(|member| jwk.contains_key(*member)) {
            return Err("private key");
        }
        let thumbprint = thumbprint(jwk).ok_or("jwk")?;
        // The key is in the header; whatever the header calls it is not looked up.
        token.key_id = None;
        KeySet::of_one(jwk).ok_or("jwk")?.verify(&token).map_err(|check| match check {
            "unknown key" => "algorithm",
            other => other,
        })?;
        Ok(Self { claims: token.claims, thumbprint })
    }
}

/// RFC 7638 §3: the required members alone, in order, without white space.
pub fn thumbprint(jwk: &Map<String, Value>) -> Option<String> {
    let plain = |text: &&str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let text = |name: &str| jwk.get(name).and_then(Value::as_str).filter(plain);
    let names: &[&str] = match text("kty")? {
        "EC" => &["crv", "kty", "x", "y"],
        "OKP" => &["crv", "kty", "x"],
        "RSA" => &["e", "kty", "n"],
        _ => return None,
    };
    let members = names.iter().map(|name| Some(format!("\"{name}\":\"{}\"", text(name)?)));
    let members: Vec<String> = members.collect::<Option<_>>()?;
    Some(base64url(&sha256(format!("{{{}}}", members.join(",")).as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_thumbprint_is_that_of_rfc_7638() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let jwk = json!({"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"});
        let found = thumbprint(jwk.as_object().unwrap());
        assert_eq!(found.as_deref(), Some("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
        assert_eq!(thumbprint(json!({"kty": "oct", "k": "x"}).as_object().unwrap()), None);
        assert_eq!(
            thumbprint(json!({"kty": "OKP", "crv": "Ed25519", "x": "a\"b"}).as_object().unwrap()),
            None
        );
    }
}
