//! Finding the token: in the `Authorization` header and nowhere else (RFC 6750 §2.1,
//! RFC 9449 §7.1).
//!
//! Invariant: a request that offers a second credential, or one in a place that RFC 6750
//! lets a server do without, is refused whatever the first one is worth.

use crate::jose::compact::MAX_TOKEN_BYTES;
use crate::model::denial::Denial;
use crate::model::sensitive::Sensitive;
use crate::wire::arrival::Head;
use http::header::{AUTHORIZATION, CONTENT_TYPE};

/// How a token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Bearer,
    /// With a proof beside it (RFC 9449 §7.1).
    Dpop,
}

/// A token as it came.
pub(super) struct Credential {
    pub(super) scheme: Scheme,
    pub(super) token: Sensitive<String>,
}

impl Scheme {
    fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "bearer" => Some(Self::Bearer),
            "dpop" => Some(Self::Dpop),
            _ => None,
        }
    }
}

pub(super) fn credential(head: &Head) -> Result<Credential, Denial> {
    let malformed = |what| Err(Denial::AuthorizationMalformed(what));
    let query = head.query.as_deref().unwrap_or_default();
    if query.split('&').any(|pair| pair.split('=').next() == Some("access_token")) {
        return malformed("a token in the query string is not accepted");
    }
    if is_form(head) {
        return malformed("a token in a form is not accepted");
    }
    let mut values = head.headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Err(Denial::TokenAbsent) };
    if values.next().is_some() {
        return malformed("more than one Authorization header");
    }
    let Ok(value) = value.to_str() else { return malformed("the Authorization header is not ASCII") };
    let Some((scheme, token)) = value.split_once([' ', '\t']) else {
        return malformed("the Authorization header has no token");
    };
    // Another scheme is no token at all: the challenge says which one is meant.
    let known = Scheme::parse(scheme).ok_or(Denial::TokenAbsent)?;
    if token.split(',').skip(1).any(|further| further.trim().contains(' ')) {
        return malformed("more than one credential in the Authorization header");
    }
    if token.len() > MAX_TOKEN_BYTES {
        return Err(Denial::TokenTooLarge);
    }
    // b64token of RFC 6750 §2.1. A second blank, or a tab, is one of its characters as
    // little as a quotation mark.
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() || value.as_bytes().get(scheme.len()) != Some(&b' ') || !token.bytes().all(allowed) {
        return Err(Denial::TokenRefused("characters"));
    }
    Ok(Credential { scheme: known, token: Sensitive::new(token.to_owned()) })
}

/// RFC 6750 §2.2 puts a token into the body of a form. No message of MCP is one, and the
/// body is not read for it.
fn is_form(head: &Head) -> bool {
    let kind = head.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
