//! The compact form of a signed token (RFC 7515 §7.1, RFC 8725).

use crate::jose::keys::Algorithm;
use crate::model::strict;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// Larger tokens are refused before anything is decoded.
pub const MAX_TOKEN_BYTES: usize = 16 << 10;
/// Of a member of the header that we read.
const MAX_TEXT: usize = 256;

/// Header members that carry or point to a key, change what is signed, or demand
/// processing we do not do.
pub(super) const REFUSED_HEADERS: [&str; 9] =
    ["jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "enc", "p2c"];

/// A token taken apart, its signature not yet checked.
#[derive(Debug)]
pub struct Compact<'t> {
    pub algorithm: Algorithm,
    pub kind: Option<String>,
    pub key_id: Option<String>,
    /// Not to be believed before [`crate::jose::keys::KeySet::verify`].
    pub claims: Map<String, Value>,
    pub(super) signed: &'t str,
    pub(super) signature: &'t str,
}

impl<'t> Compact<'t> {
    /// # Errors
    /// The name of the check that failed.
    pub fn read(token: &'t str) -> Result<Self, &'static str> {
        let (token, payload, _) = Self::open(token, &REFUSED_HEADERS)?;
        Ok(Self { claims: object(payload)?, ..token })
    }

    /// As [`Compact::read`], where the payload may be anything: it has no claims then.
    ///
    /// # Errors
    /// As [`Compact::read`].
    pub fn read_opaque(token: &'t str) -> Result<Self, &'static str> {
        let (token, payload, _) = Self::open(token, &REFUSED_HEADERS)?;
        decode(payload).map(|_| token)
    }

    /// The token with its header, which may name none of `refused`.
    pub(super) fn parts(
        token: &'t str,
        refused: &[&str],
    ) -> Result<(Self, Map<String, Value>), &'static str> {
        let (token, payload, header) = Self::open(token, refused)?;
        Ok((Self { claims: object(payload)?, ..token }, header))
    }

    /// The token without its claims, the segment that holds them, and the header.
    fn open(token: &'t str, refused: &[&str]) -> Result<(Self, &'t str, Map<String, Value>), &'static str> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err("token too large");
        }
        let (signed, signature) = token.rsplit_once('.').ok_or("segments")?;
        let (header, payload) = signed.split_once('.').ok_or("segments")?;
        if payload.contains('.') || signature.is_empty() {
            return Err("segments");
        }
        decode(signature)?;
        let header = object(header)?;
        if header.keys().any(|name| refused.contains(&name.as_str())) {
            return Err("header parameter");
        }
        let algorithm =
            header.get("alg").and_then(Value::as_str).and_then(Algorithm::parse).ok_or("algorithm")?;
        let token = Self {
            algorithm,
            kind: text(&header, "typ")?,
            key_id: text(&header, "kid")?.filter(|id| !id.is_empty()),
            claims: Map::new(),
            signed,
            signature,
        };
        Ok((token, payload, header))
    }
}

fn text(header: &Map<String, Value>, name: &str) -> Result<Option<String>, &'static str> {
    match header.get(name) {
        None => Ok(None),
        Some(Value::String(text))
            if text.len() <= MAX_TEXT && text.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            Ok(Some(text.clone()))
        }
        Some(_) => Err("header parameter"),
    }
}

fn object(segment: &str) -> Result<Map<String, Value>, &'static str> {
    match strict::parse(&decode(segment)?) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) | Err(_) => Err("not a JSON object"),
    }
}

/// Base64url without padding, white space, or stray bits in the last character.
fn decode(segment: &str) -> Result<Vec<u8>, &'static str> {
    URL_SAFE_NO_PAD.decode(segment).map_err(|_| "base64url")
}
