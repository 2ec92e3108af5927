//! Key sets (RFC 7517) and signature checks.

use crate::jose::compact::Compact;
use crate::model::strict;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde_json::{Map, Value};

/// Larger documents are not taken for a key set.
pub const MAX_KEY_SET_BYTES: usize = 256 << 10;
const MAX_KEYS: usize = 100;
const MIN_RSA_BITS: usize = 2048;

/// A signature algorithm that may be allowed for an issuer. All are asymmetric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    ES256,
    ES384,
    PS256,
    RS256,
    EdDSA,
}

impl Algorithm {
    pub const ALL: [Self; 5] = [Self::ES256, Self::ES384, Self::PS256, Self::RS256, Self::EdDSA];

    /// Its name in RFC 7518 §3.1 and RFC 8037 §3.1.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::PS256 => "PS256",
            Self::RS256 => "RS256",
            Self::EdDSA => "EdDSA",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::ES256),
            "ES384" => Some(Self::ES384),
            "PS256" => Some(Self::PS256),
            "RS256" => Some(Self::RS256),
            "EdDSA" => Some(Self::EdDSA),
            _ => None,
        }
    }

    fn library(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::ES256 => jsonwebtoken::Algorithm::ES256,
            Self::ES384 => jsonwebtoken::Algorithm::ES384,
            Self::PS256 => jsonwebtoken::Algorithm::PS256,
            Self::RS256 => jsonwebtoken::Algorithm::RS256,
            Self::EdDSA => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}

struct Key {
    id: Option<String>,
    /// The algorithms this key may be used with: one, or the two RSA ones.
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

/// The usable signature keys of one issuer.
pub struct KeySet {
    keys: Vec<Key>,
}

impl KeySet {
    /// Reads a JWK set. Keys of no use here (symmetric, for encryption, unknown
    /// curves, short RSA) are left out.
    ///
    /// # Errors
    /// A stable word when the document is not a key set, has two keys of one id, or
    /// has no usable key.
    pub fn read(document: &[u8]) -> Result<Self, &'static str> {
        if document.len() > MAX_KEY_SET_BYTES {
            return Err("key set too large");
        }
        let value = strict::parse(document).map_err(|_| "key set is not JSON")?;
        let entries = value.get("keys").and_then(Value::as_array).ok_or("key set has no keys")?;
        if entries.len() > MAX_KEYS {
            return Err("key set too large");
        }
        let keys: Vec<Key> = entries.iter().filter_map(Value::as_object).filter_map(usable).collect();
        let twice = |(place, key): (usize, &Key)| {
            key.id.is_some() && keys.iter().skip(place + 1).any(|other| other.id == key.id)
        };
        if keys.iter().enumerate().any(twice) {
            return Err("key id given twice");
        }
        if keys.is_empty() { Err("no usable key") } else { Ok(Self { keys }) }
    }

    /// A set of the one key that a proof of possession carries; None if it is of no use here.
    pub(super) fn of_one(jwk: &Map<String, Value>) -> Option<Self> {
        usable(jwk).map(|key| Self { keys: vec![Key { id: None, ..key }] })
    }

    /// Whether a key of this id is in the set.
    pub fn has(&self, id: &str) -> bool {
        self.keys.iter().any(|key| key.id.as_deref() == Some(id))
    }

    /// Checks the signature.
    ///
    /// # Errors
    /// `"unknown key"` if no key fits, so that the caller may fetch the set anew;
    /// `"signature"` if it does not hold.
    pub fn verify(&self, token: &Compact<'_>) -> Result<(), &'static str> {
        let fits = |key: &&Key| {
            key.algorithms.contains(&token.algorithm) && (token.key_id.is_none() || key.id == token.key_id)
        };
        let mut fitting = self.keys.iter().filter(fits);
        let key = fitting.next().ok_or("unknown key")?;
        if fitting.next().is_some() {
            return Err("key id missing");
        }
        let algorithm = token.algorithm.library();
        match jsonwebtoken::crypto::verify(token.signature, token.signed.as_bytes(), &key.key, algorithm) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err("signature"),
        }
    }
}

fn usable(jwk: &Map<String, Value>) -> Option<Key> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let signs = text("use").is_none_or(|purpose| purpose == "sig");
    let operations = jwk.get("key_ops").and_then(Value::as_array);
    let verifies =
        operations.is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
    if !signs || !verifies || jwk.contains_key("d") {
        return None;
    }
    let (kinds, key) = match (text("kty")?, text("crv")) {
        ("EC", Some("P-256")) => {
            (vec![Algorithm::ES256], DecodingKey::from_ec_components(text("x")?, text("y")?))
        }
        ("EC", Some("P-384")) => {
            (vec![Algorithm::ES384], DecodingKey::from_ec_components(text("x")?, text("y")?))
        }
        ("OKP", Some("Ed25519")) => (vec![Algorithm::EdDSA], DecodingKey::from_ed_components(text("x")?)),
        ("RSA", _) => {
            let modulus = URL_SAFE_NO_PAD.decode(text("n")?).ok()?;
            let bits = modulus.iter().skip_while(|byte| **byte == 0).count() * 8;
            let exponent = text("e").filter(|exponent| bits >= MIN_RSA_BITS && *exponent != "AQ")?;
            (vec![Algorithm::PS256, Algorithm::RS256], DecodingKey::from_rsa_components(text("n")?, exponent))
        }
        _ => return None,
    };
    let stated = text("alg").map(Algorithm::parse);
    let algorithms: Vec<Algorithm> = match stated {
        None => kinds,
        Some(stated) => kinds.into_iter().filter(|kind| Some(*kind) == stated).collect(),
    };
    let id = text("kid").map(str::to_owned);
    (!algorithms.is_empty()).then_some(())?;
    Some(Key { id, algorithms, key: key.ok()? })
}
