//! The caller, as a verified access token describes it.

use crate::model::ids::Lineage;
use crate::model::scope::Scopes;

/// Who is calling. Built by `identity` from a token it has verified, never from
/// what a client says of itself.
#[derive(Clone, Debug)]
pub struct Principal {
    /// `iss`: subjects are unique only within their issuer.
    pub issuer: String,
    /// `sub`: the person, or the client itself for a machine token.
    pub subject: String,
    /// `client_id`: the agent's OAuth client.
    pub client: String,
    pub scopes: Scopes,
    /// `jti` of the presented token.
    pub token_id: String,
    /// `exp`, seconds since the epoch.
    pub expires: u64,
    /// `act` claim chain, outermost first (RFC 8693 §4.1). History, never authority.
    pub actors: Vec<String>,
    /// All claims of the token, for policy.
    pub claims: serde_json::Map<String, serde_json::Value>,
    pub lineage: Lineage,
}
