//! Finding the token: in the `Authorization` header and nowhere else (RFC 6750 §2.1).

use crate::model::denial::Denial;
use crate::model::sensitive::Sensitive;
use crate::wire::arrival::Head;
use http::header::AUTHORIZATION;

pub(super) fn token(head: &Head) -> Result<Sensitive<String>, Denial> {
    let malformed = |what| Err(Denial::AuthorizationMalformed(what));
    let query = head.query.as_deref().unwrap_or_default();
    if query.split('&').any(|pair| pair.split('=').next() == Some("access_token")) {
        return malformed("a token in the query string is not accepted");
    }
    let mut values = head.headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Err(Denial::TokenAbsent) };
    if values.next().is_some() {
        return malformed("more than one Authorization header");
    }
    let Ok(value) = value.to_str() else { return malformed("the Authorization header is not ASCII") };
    let Some((scheme, token)) = value.split_once(' ') else {
        return malformed("the Authorization header has no token");
    };
    if !scheme.eq_ignore_ascii_case("bearer") {
        // Another scheme is no token at all: the challenge says which one is meant.
        return Err(Denial::TokenAbsent);
    }
    // b64token of RFC 6750 §2.1; commas and spaces would be a second credential.
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() || !token.bytes().all(allowed) {
        return malformed("the token has characters that no token has");
    }
    Ok(Sensitive::new(token.to_owned()))
}
