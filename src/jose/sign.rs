//! Signing: client assertions (RFC 7523), the tokens of the local token service and of the
//! demo.

use crate::jose::base64url;
use crate::jose::keys::Algorithm;
use crate::jose::proof::thumbprint;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::EncodingKey;
use serde_json::{Map, Value, json};

/// What a key signs with (RFC 7518 §3.4, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub enum SigningAlgorithm {
    #[default]
    ES256,
    EdDSA,
}

impl SigningAlgorithm {
    fn of_jose(self) -> Algorithm {
        match self {
            Self::ES256 => Algorithm::ES256,
            Self::EdDSA => Algorithm::EdDSA,
        }
    }
}

/// A P-256 or an Ed25519 key with its RFC 7638 thumbprint as id.
#[derive(Clone)]
pub struct SigningKey {
    algorithm: SigningAlgorithm,
    key: EncodingKey,
    pkcs8: Vec<u8>,
    /// The members of the public half that its thumbprint is made of, in their order.
    public: Map<String, Value>,
    id: String,
}

impl SigningKey {
    /// A P-256 key.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate() -> Result<Self, &'static str> {
        Self::generate_for(SigningAlgorithm::ES256)
    }

    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate_for(algorithm: SigningAlgorithm) -> Result<Self, &'static str> {
        let random = SystemRandom::new();
        let document = match algorithm {
            SigningAlgorithm::ES256 => {
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
            }
            SigningAlgorithm::EdDSA => Ed25519KeyPair::generate_pkcs8(&random),
        };
        Self::from_pkcs8(document.map_err(|_| "no key could be generated")?.as_ref())
    }

    /// Reads a PKCS#8 PEM file (`-----BEGIN PRIVATE KEY-----`).
    ///
    /// # Errors
    /// When it is none, or of another kind.
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
        let (algorithm, key, public) = if let Ok(pair) =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
        {
            // An uncompressed point: 0x04, then x and y of 32 bytes each.
            let point = pair.public_key().as_ref();
            let (x, y) = point.get(1..33).zip(point.get(33..65)).ok_or("not a P-256 key")?;
            let public = json!({"crv": "P-256", "kty": "EC", "x": base64url(x), "y": base64url(y)});
            (SigningAlgorithm::ES256, EncodingKey::from_ec_der(pkcs8), public)
        } else {
            let pair = Ed25519KeyPair::from_pkcs8(pkcs8);
            let pair = pair.map_err(|_| "neither a P-256 nor an Ed25519 key in PKCS#8")?;
            let public = json!({"crv": "Ed25519", "kty": "OKP", "x": base64url(pair.public_key().as_ref())});
            (SigningAlgorithm::EdDSA, EncodingKey::from_ed_der(pkcs8), public)
        };
        let public = public.as_object().cloned().unwrap_or_default();
        let id = thumbprint(&public).ok_or("a key without a thumbprint")?;
        Ok(Self { algorithm, key, pkcs8: pkcs8.to_vec(), public, id })
    }

    pub fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// The public half as a JWK (RFC 7517).
    pub fn public_jwk(&self) -> Value {
        let mut jwk = self.public.clone();
        let more = [("kid", self.id.as_str()), ("alg", self.algorithm.of_jose().as_str()), ("use", "sig")];
        jwk.extend(more.map(|(name, value)| (name.to_owned(), value.into())));
        Value::Object(jwk)
    }

    /// A compact token with these claims and this `typ`.
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn sign(&self, kind: &str, claims: &Map<String, Value>) -> Result<String, &'static str> {
        self.compact(&json!({"alg": self.algorithm.of_jose().as_str(), "typ": kind, "kid": self.id}), claims)
    }

    /// A compact token that carries the public key itself (RFC 9449 §4.2).
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn prove(&self, kind: &str, claims: &Map<String, Value>) -> Result<String, &'static str> {
        self.compact(
            &json!({"alg": self.algorithm.of_jose().as_str(), "typ": kind, "jwk": self.public}),
            claims,
        )
    }

    /// The key's thumbprint (RFC 7638).
    pub fn thumbprint(&self) -> &str {
        &self.id
    }

    fn compact(&self, header: &Value, claims: &Map<String, Value>) -> Result<String, &'static str> {
        let header = header.to_string();
        let claims = Value::Object(claims.clone()).to_string();
        let signed = format!("{}.{}", base64url(header.as_bytes()), base64url(claims.as_bytes()));
        let algorithm = self.algorithm.of_jose().library();
        let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &self.key, algorithm);
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
        for algorithm in [SigningAlgorithm::ES256, SigningAlgorithm::EdDSA] {
            let [key, other] = [(); 2].map(|()| SigningKey::generate_for(algorithm).unwrap());
            let claims = json!({"sub": "alice"}).as_object().unwrap().clone();
            let key = SigningKey::from_pem(&key.to_pem()).unwrap();
            assert_eq!(key.algorithm(), algorithm);
            let token = key.sign("at+jwt", &claims).unwrap();
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

    /// The keys of RFC 8037 appendix A.1 to A.3, as OpenSSL writes them.
    #[test]
    fn an_ed25519_key_of_elsewhere_has_the_thumbprint_of_its_standard() {
        let key = SigningKey::from_pem(
            "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
             -----END PRIVATE KEY-----\n",
        )
        .unwrap();
        assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(key.public_jwk()["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    }
}
