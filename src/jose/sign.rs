//! Signing: client assertions (RFC 7523) and the demo's tokens.

use crate::jose::{base64url, sha256};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::EncodingKey;
use serde_json::{Map, Value, json};

/// An ES256 key with its RFC 7638 thumbprint as id.
#[derive(Clone)]
pub struct SigningKey {
    key: EncodingKey,
    pkcs8: Vec<u8>,
    x: String,
    y: String,
    id: String,
}

impl SigningKey {
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate() -> Result<Self, &'static str> {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        Self::from_pkcs8(document.map_err(|_| "no key could be generated")?.as_ref())
    }

    /// Reads a PKCS#8 PEM file (`-----BEGIN PRIVATE KEY-----`).
    pub fn from_pem(pem: &str) -> Result<Self, &'static str> {
        let body = pem.trim().strip_prefix("-----BEGIN PRIVATE KEY-----");
        let body = body.and_then(|rest| rest.strip_suffix("-----END PRIVATE KEY-----"));
        let compact: String = body.ok_or("not a PKCS#8 PEM file")?.split_whitespace().collect();
        Self::from_pkcs8(&STANDARD.decode(compact).map_err(|_| "not a PKCS#8 PEM file")?)
    }

    pub fn to_pem(&self) -> String {
        let encoded = STANDARD.encode(&self.pkcs8);
        let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
        let (mut rest, width) = (encoded.as_str(), 64);
        while !rest.is_empty() {
            let (line, tail) = rest.split_at(width.min(rest.len()));
            pem.push_str(line);
            pem.push('\n');
            rest = tail;
        }
        pem.push_str("-----END PRIVATE KEY-----\n");
        pem
    }

    fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, &'static str> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8);
        let pair = pair.map_err(|_| "not a P-256 key in PKCS#8")?;
        // An uncompressed point: 0x04, then x and y of 32 bytes each.
        let point = pair.public_key().as_ref();
        let (Some(x), Some(y)) = (point.get(1..33), point.get(33..65)) else { return Err("not a P-256 key") };
        let (x, y) = (base64url(x), base64url(y));
        let thumbprint = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let id = base64url(&sha256(thumbprint.as_bytes()));
        Ok(Self { key: EncodingKey::from_ec_der(pkcs8), pkcs8: pkcs8.to_vec(), x, y, id })
    }

    /// The public half as a JWK (RFC 7517).
    pub fn public_jwk(&self) -> Value {
        json!({"kty": "EC", "crv": "P-256", "x": self.x, "y": self.y, "kid": self.id, "alg": "ES256", "use": "sig"})
    }

    /// A compact token with these claims and this `typ`.
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn sign(&self, kind: &str, claims: &Map<String, Value>) -> Result<String, &'static str> {
        self.compact(&json!({"alg": "ES256", "typ": kind, "kid": self.id}), claims)
    }

    /// A compact token that carries the public key itself (RFC 9449 §4.2).
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn prove(&self, kind: &str, claims: &Map<String, Value>) -> Result<String, &'static str> {
        let key = json!({"kty": "EC", "crv": "P-256", "x": self.x, "y": self.y});
        self.compact(&json!({"alg": "ES256", "typ": kind, "jwk": key}), claims)
    }

    /// The key's thumbprint (RFC 7638).
    pub fn thumbprint(&self) -> &str {
        &self.id
    }

    fn compact(&self, header: &Value, claims: &Map<String, Value>) -> Result<String, &'static str> {
        let header = header.to_string();
        let claims = Value::Object(claims.clone()).to_string();
        let signed = format!("{}.{}", base64url(header.as_bytes()), base64url(claims.as_bytes()));
        let signature =
            jsonwebtoken::crypto::sign(signed.as_bytes(), &self.key, jsonwebtoken::Algorithm::ES256);
        Ok(format!("{signed}.{}", signature.map_err(|_| "the key does not sign")?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::compact::Compact;
    use crate::jose::keys::KeySet;

    #[test]
    fn what_a_key_signs_its_public_half_verifies_and_no_other() {
        let (key, other) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
        let claims = json!({"sub": "alice"}).as_object().unwrap().clone();
        let token = SigningKey::from_pem(&key.to_pem()).unwrap().sign("at+jwt", &claims).unwrap();
        let read = Compact::read(&token).unwrap();
        let set = |key: &SigningKey| {
            KeySet::read(json!({"keys": [key.public_jwk()]}).to_string().as_bytes()).unwrap()
        };
        assert_eq!(set(&key).verify(&read), Ok(()));
        assert_eq!(set(&other).verify(&read), Err("unknown key"));
        let mut renamed = other.public_jwk();
        renamed["kid"] = key.public_jwk()["kid"].clone();
        let forged = KeySet::read(json!({"keys": [renamed]}).to_string().as_bytes()).unwrap();
        assert_eq!(forged.verify(&read), Err("signature"));
    }
}
