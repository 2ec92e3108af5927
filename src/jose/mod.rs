//! JSON Web Tokens and keys, read strictly.
//!
//! jsonwebtoken computes and checks signatures; everything else about a token is
//! decided here, since the library by itself accepts any `typ`, an unknown `crit`,
//! duplicate members and absent claims.
//!
//! Invariant: a key's own kind fixes the algorithm; a token's header never does.

pub mod compact;
pub mod issuer;
pub mod keys;
pub mod sign;

use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Unpadded base64url (RFC 7515 §2).
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}

/// 128 random bits as base64url: for ids, codes and session names.
///
/// # Panics
/// Never: should the system's randomness fail, the id is empty, and every check on
/// ids refuses an empty one.
pub fn random_id() -> String {
    let mut bytes = [0_u8; 16];
    rand::fill(&mut bytes).map_or_else(|_| String::new(), |()| base64url(&bytes))
}
