//! What a delegated token is for: one operation at one downstream.

use crate::model::ids::ServerName;

/// Seconds a delegated token may live.
pub const LIFE: u64 = 5;
/// Seconds by which a downstream's clock may differ from ours: with more, a token of five
/// seconds would live a multiple of its time there.
pub const LEEWAY: u64 = 1;

/// How the authorization server knows a server (RFC 8693 §2.1): by a logical name, by
/// where it is (RFC 8707), or by both.
#[derive(Clone, Debug)]
pub struct Downstream {
    pub audience: Option<String>,
    pub resource: Option<String>,
    /// Its tokens are bound to a key of the gate's (RFC 9449).
    pub bound: bool,
}

impl Downstream {
    /// The one `aud` of its tokens.
    pub fn named(&self) -> &str {
        self.audience.as_deref().or(self.resource.as_deref()).unwrap_or_default()
    }
}

/// One operation at one downstream.
#[derive(Clone, Debug)]
pub struct Target {
    pub downstream: Downstream,
    /// Such as `clinic:getPatient`.
    pub scope: String,
    /// Such as `getPatient`.
    pub operation: String,
}

impl Target {
    pub fn new(downstream: Downstream, server: &ServerName, named: &str) -> Self {
        Self { downstream, scope: operation(server, named), operation: named.to_owned() }
    }
}

/// The scope that stands for one operation of one server.
pub fn operation(server: &ServerName, operation: &str) -> String {
    format!("{server}:{operation}")
}
