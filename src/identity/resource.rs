//! What the gate says of itself: RFC 9728 metadata and the challenges that lead
//! clients to it (RFC 6750 §3, MCP authorization).

use crate::model::denial::Denial;
use crate::model::ids::ServerName;
use crate::model::scope::Scopes;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The protected resources: one per MCP server, and the gate as a whole.
#[derive(Clone, Debug)]
pub struct Resources {
    /// The gate's URL as clients know it, without a trailing slash. Configured,
    /// never taken from a request.
    public_url: String,
    authorization_servers: Vec<String>,
    /// The scopes that each server's tools ask for.
    scopes: BTreeMap<ServerName, Scopes>,
    about: About,
}

/// Pages for people about the gate (RFC 9728 §2).
#[derive(Clone, Debug, Default)]
pub struct About {
    pub documentation: Option<String>,
    pub policy: Option<String>,
    pub terms_of_service: Option<String>,
}

impl Resources {
    pub fn new(
        public_url: &str,
        authorization_servers: Vec<String>,
        scopes: BTreeMap<ServerName, Scopes>,
    ) -> Self {
        let public_url = public_url.trim_end_matches('/').to_owned();
        Self { public_url, authorization_servers, scopes, about: About::default() }
    }

    pub fn described_by(mut self, about: About) -> Self {
        self.about = about;
        self
    }

    /// The path below the public URL at which a server is reached.
    pub fn path(server: &ServerName) -> String {
        format!("/{server}/mcp")
    }

    /// The resource identifier of a server (RFC 8707): the URL that clients call.
    pub fn identifier(&self, server: &ServerName) -> String {
        format!("{}{}", self.public_url, Self::path(server))
    }

    /// Audiences accepted at a server: its own identifier and the gate's.
    pub(super) fn audiences(&self, server: &ServerName) -> [String; 2] {
        [self.identifier(server), self.public_url.clone()]
    }

    /// The RFC 9728 document of a server, or of the gate as a whole.
    pub fn metadata(&self, server: Option<&ServerName>) -> Option<Value> {
        let (resource, scopes) = match server {
            Some(server) => (self.identifier(server), self.scopes.get(server)?.clone()),
            None => {
                let all = self.scopes.values().fold(Scopes::default(), |all, some| all.union(some));
                (self.public_url.clone(), all)
            }
        };
        let mut metadata = json!({
            "resource": resource,
            "authorization_servers": self.authorization_servers,
            "scopes_supported": scopes.iter().collect::<Vec<_>>(),
            "bearer_methods_supported": ["header"],
            "resource_name": server.map_or_else(|| "Portcullis".to_owned(), |server| format!("Portcullis: {server}")),
        });
        for (member, page) in [
            ("resource_documentation", &self.about.documentation),
            ("resource_policy_uri", &self.about.policy),
            ("resource_tos_uri", &self.about.terms_of_service),
        ] {
            if let Some(page) = page {
                metadata[member] = json!(page);
            }
        }
        Some(metadata)
    }

    /// The `WWW-Authenticate` value for a refusal, where one is due.
    pub fn challenge(&self, server: &ServerName, denial: &Denial) -> Option<String> {
        let metadata = format!(
            "resource_metadata=\"{}/.well-known/oauth-protected-resource{}\"",
            self.public_url,
            Self::path(server)
        );
        match denial {
            // RFC 6750 §3.1: no error code when no credentials were sent.
            Denial::TokenAbsent => Some(format!("Bearer {metadata}")),
            Denial::TokenRefused(_) => {
                let description = quoted(&denial.message());
                Some(format!(
                    "Bearer error=\"invalid_token\", error_description=\"{description}\", {metadata}"
                ))
            }
            Denial::AuthorizationMalformed(_) => {
                let description = quoted(&denial.message());
                Some(format!(
                    "Bearer error=\"invalid_request\", error_description=\"{description}\", {metadata}"
                ))
            }
            Denial::ScopeMissing { required, reason } => Some(format!(
                "Bearer error=\"insufficient_scope\", scope=\"{required}\", {metadata}, error_description=\"{}\"",
                quoted(reason)
            )),
            _ => None,
        }
    }
}

/// The characters RFC 6750 §3 allows in `error_description`.
fn quoted(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\')).collect()
}
