//! Key sets (RFC 7517) and signature checks.

use crate::jose::compact::Compact;
use crate::jose::rsa;
use crate::model::strict;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde_json::{Map, Value};

/// Larger documents are not taken for a key set.
pub const MAX_KEY_SET_BYTES: usize = 256 << 10;
const MAX_KEYS: usize = 100;

/// A signature algorithm that may be allowed for an issuer. All are asymmetric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    ES256,
    ES384,
    PS256,
    PS384,
    PS512,
    RS256,
    RS384,
    RS512,
    EdDSA,
}

impl Algorithm {
    pub const ALL: [Self; 9] = [
        Self::ES256,
        Self::ES384,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::EdDSA,
    ];
    const RSA: [Self; 6] = [Self::PS256, Self::PS384, Self::PS512, Self::RS256, Self::RS384, Self::RS512];

    /// By its registered name. `Ed25519` (RFC 9864) is EdDSA with the one curve that is
    /// known here.
    pub fn parse(name: &str) -> Option<Self> {
        if name == "Ed25519" {
            return Some(Self::EdDSA);
        }
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::EdDSA => "EdDSA",
        }
    }

    pub(super) fn library(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::ES256 => jsonwebtoken::Algorithm::ES256,
            Self::ES384 => jsonwebtoken::Algorithm::ES384,
            Self::PS256 => jsonwebtoken::Algorithm::PS256,
            Self::PS384 => jsonwebtoken::Algorithm::PS384,
            Self::PS512 => jsonwebtoken::Algorithm::PS512,
            Self::RS256 => jsonwebtoken::Algorithm::RS256,
            Self::RS384 => jsonwebtoken::Algorithm::RS384,
            Self::RS512 => jsonwebtoken::Algorithm::RS512,
            Self::EdDSA => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}

struct Key {
    id: Option<String>,
    /// The algorithms this key may be used with: one, or those of RSA.
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

/// The usable signature keys of one issuer.
pub struct KeySet {
    keys: Vec<Key>,
}

impl KeySet {
    /// Reads a JWK set. Keys of no use here (symmetric, private, for encryption, unknown
    /// curves, short RSA) are left out, and so are all that share an id: which of them is
    /// meant, another reader may see differently.
    ///
    /// # Errors
    /// A stable word when the document is not a key set, or has no usable key.
    pub fn read(document: &[u8]) -> Result<Self, &'static str> {
        if document.len() > MAX_KEY_SET_BYTES {
            return Err("key set too large");
        }
        let value = strict::parse(document).map_err(|_| "key set is not JSON")?;
        let entries = value.get("keys").and_then(Value::as_array).ok_or("key set has no keys")?;
        if entries.len() > MAX_KEYS {
            return Err("key set too large");
        }
        let members: Vec<&Map<String, Value>> = entries.iter().filter_map(Value::as_object).collect();
        let shared = |jwk: &Map<String, Value>| {
            let id = jwk.get("kid");
            id.is_some() && members.iter().filter(|other| other.get("kid") == id).count() > 1
        };
        let keys: Vec<Key> =
            members.iter().filter(|jwk| !shared(jwk)).filter_map(|jwk| usable(jwk)).collect();
        if keys.is_empty() { Err("no usable key") } else { Ok(Self { keys }) }
    }

    /// A set of the one key that a proof of possession carries; None if it is of no use here.
    pub(super) fn of_one(jwk: &Map<String, Value>) -> Option<Self> {
        usable(jwk).map(|key| Self { keys: vec![Key { id: None, ..key }] })
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

/// Members of private and symmetric keys (RFC 7518 §6). Whoever publishes them has no secret.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

fn usable(jwk: &Map<String, Value>) -> Option<Key> {
    // Of another type than a text, a member is not the one that RFC 7517 §4 means.
    let text = |name: &str| match jwk.get(name) {
        None => Some(None),
        Some(value) => value.as_str().map(Some),
    };
    let needed = |name: &str| text(name).flatten();
    let verifies = |operations: &Value| {
        operations.as_array().is_some_and(|known| known.iter().any(|operation| operation == "verify"))
    };
    let signs = text("use")?.is_none_or(|purpose| purpose == "sig");
    if !signs
        || !jwk.get("key_ops").is_none_or(verifies)
        || PRIVATE.iter().any(|name| jwk.contains_key(*name))
    {
        return None;
    }
    let (kinds, key) = match (needed("kty")?, text("crv")?) {
        ("EC", Some("P-256")) => {
            (vec![Algorithm::ES256], DecodingKey::from_ec_components(needed("x")?, needed("y")?))
        }
        ("EC", Some("P-384")) => {
            (vec![Algorithm::ES384], DecodingKey::from_ec_components(needed("x")?, needed("y")?))
        }
        ("OKP", Some("Ed25519")) => (vec![Algorithm::EdDSA], DecodingKey::from_ed_components(needed("x")?)),
        ("RSA", _) => (Algorithm::RSA.to_vec(), {
            let (modulus, exponent) = (needed("n")?, needed("e")?);
            rsa::is_sound(&decode(modulus)?, &decode(exponent)?).then_some(())?;
            DecodingKey::from_rsa_components(modulus, exponent)
        }),
        _ => return None,
    };
    let algorithms: Vec<Algorithm> = match text("alg")? {
        None => kinds,
        Some(stated) => {
            let stated = Algorithm::parse(stated);
            kinds.into_iter().filter(|kind| Some(*kind) == stated).collect()
        }
    };
    let id = text("kid")?.map(str::to_owned);
    (!algorithms.is_empty()).then_some(())?;
    Some(Key { id, algorithms, key: key.ok()? })
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
