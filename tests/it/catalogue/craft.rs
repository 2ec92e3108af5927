//! Keys and tokens made by hand: whatever a header or a payload should say, down to the byte.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use portcullis::jose::base64url;
use serde_json::{Map, Value, json};

enum Secret {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

/// A key that signs anything.
pub(crate) struct Key {
    pub(crate) id: String,
    secret: Secret,
    jwk: Value,
}

impl Key {
    pub(crate) fn es256(id: &str) -> Self {
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).unwrap();
        let point = pair.public_key().as_ref();
        let (x, y) = (base64url(&point[1..33]), base64url(&point[33..65]));
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": id});
        Self { id: id.to_owned(), secret: Secret::Ec(pair), jwk }
    }

    pub(crate) fn rs256(id: &str) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let public = pair.public_key();
        let n = base64url(public.modulus().big_endian_without_leading_zero());
        let e = base64url(public.exponent().big_endian_without_leading_zero());
        let jwk = json!({"kty": "RSA", "n": n, "e": e, "kid": id});
        Self { id: id.to_owned(), secret: Secret::Rsa(pair), jwk }
    }

    /// The public half (RFC 7517).
    pub(crate) fn jwk(&self) -> Value {
        self.jwk.clone()
    }

    /// The public half, with members changed or added.
    pub(crate) fn jwk_with(&self, changes: &Value) -> Value {
        let mut jwk = self.jwk.clone();
        jwk.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        jwk
    }

    /// The header of a good access token.
    pub(crate) fn header(&self) -> Value {
        let algorithm = match self.secret {
            Secret::Ec(_) => "ES256",
            Secret::Rsa(_) => "RS256",
        };
        json!({"alg": algorithm, "typ": "at+jwt", "kid": self.id})
    }

    pub(crate) fn signature(&self, signed: &[u8]) -> Vec<u8> {
        match &self.secret {
            Secret::Ec(pair) => pair.sign(&SystemRandom::new(), signed).unwrap().as_ref().to_vec(),
            Secret::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed, &mut signature).unwrap();
                signature
            }
        }
    }

    /// A token with this header and payload, well signed.
    pub(crate) fn sign(&self, header: &[u8], payload: &[u8]) -> String {
        let signed = unsigned(header, payload);
        format!("{signed}.{}", base64url(&self.signature(signed.as_bytes())))
    }

    /// A good access token with these claims.
    pub(crate) fn token(&self, claims: &Map<String, Value>) -> String {
        self.token_with(&json!({}), claims)
    }

    /// As [`Key::token`], with members of the header changed; null takes one away.
    pub(crate) fn token_with(&self, changes: &Value, claims: &Map<String, Value>) -> String {
        let header = changed(self.header().as_object().unwrap(), changes);
        self.sign(text(&header).as_bytes(), text(claims).as_bytes())
    }
}

/// Header and payload as they are signed.
pub(crate) fn unsigned(header: &[u8], payload: &[u8]) -> String {
    format!("{}.{}", base64url(header), base64url(payload))
}

/// With members changed or added; null takes one away.
pub(crate) fn changed(object: &Map<String, Value>, changes: &Value) -> Map<String, Value> {
    let mut object = object.clone();
    for (name, value) in changes.as_object().unwrap() {
        object.remove(name);
        if !value.is_null() {
            object.insert(name.clone(), value.clone());
        }
    }
    object
}

pub(crate) fn text(object: &Map<String, Value>) -> String {
    Value::Object(object.clone()).to_string()
}
