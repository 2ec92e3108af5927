//! JSON Web Tokens and keys, read strictly.
//!
//! jsonwebtoken computes and checks signatures; everything else about a token is
//! decided here, since the library by itself accepts any `typ`, an unknown `crit`,
//! duplicate members and absent claims.
//!
//! Invariant: a key's own kind fixes the algorithm; a token's header never does.

pub mod client;
pub mod compact;
pub mod credential;
mod discovery;
pub mod issuer;
pub mod kept;
pub mod keys;
pub mod private;
pub mod proof;
mod rsa;
pub mod sign;

use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Unpadded base64url (RFC 7515 §2).
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Compares two secrets in a time that says nothing of either.
pub fn same_secret(one: &[u8], other: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(&sha256(one), &sha256(other)).is_ok()
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

/// A secret of this deployment: read from a file, or made there for its owner alone.
///
/// # Errors
/// When the file cannot be read or made, is too short to be one, or others can read it.
pub fn kept_secret(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
    // Never in the place of one that is there: what it has sealed could not be read any more.
    match private::create(path, format!("{}{}", random_id(), random_id()).as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let secret = private::read(path).map_err(std::io::Error::other)?;
    let secret = secret.expose().as_bytes();
    if secret.len() < 32 {
        return Err(std::io::Error::other("the key file is too short"));
    }
    Ok(secret.to_vec())
}
