//! What the gate says of itself: RFC 9728 metadata and the challenges that lead
//! clients to it (RFC 6750 §3, MCP authorization).

use crate::jose::keys::Algorithm;
use crate::model::denial::Denial;
use crate::model::ids::ServerName;
use crate::model::scope::Scopes;
use crate::wire::arrival::{Head, Transport};
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
    possession: Possession,
    about: About,
}

/// By what a token can be bound to its holder here (RFC 9449, RFC 8705).
#[derive(Clone, Debug, Default)]
pub struct Possession {
    pub algorithms: Vec<Algorithm>,
    /// No issuer's tokens are taken without.
    pub dpop_required: bool,
    /// Connections show certificates.
    pub certificates: bool,
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
        Self {
            public_url: public_url.trim_end_matches('/').to_owned(),
            authorization_servers,
            scopes,
            possession: Possession::default(),
            about: About::default(),
        }
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

    /// The URL that a request is for: what `htu` of its proof must name.
    pub(super) fn target(&self, head: &Head) -> String {
        let stream = if head.by == Transport::EventStream { "/sse" } else { "" };
        format!("{}{stream}", self.identifier(&head.server))
    }

    /// Audiences accepted at a server: its own identifier and the gate's.
    pub(super) fn audiences(&self, server: &ServerName) -> [String; 2] {
        [self.identifier(server), self.public_url.clone()]
    }

    /// Whether this is one of the servers.
    pub fn has(&self, server: &ServerName) -> bool {
        self.scopes.contains_key(server)
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
        let Possession { algorithms, dpop_required, certificates } = &self.possession;
        let algorithms: Vec<&str> = algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
        let mut metadata = json!({
            "resource": resource,
            "authorization_servers": self.authorization_servers,
            "scopes_supported": scopes.iter().collect::<Vec<_>>(),
            "bearer_methods_supported": ["header"],
            "dpop_signing_alg_values_supported": algorithms,
            "dpop_bound_access_tokens_required": dpop_required,
            "tls_client_certificate_bound_access_tokens": certificates,
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

    /// With what is taken for a proof of possession.
    pub fn bound(self, possession: Possession) -> Self {
        Self { possession, ..self }
    }

    /// The `WWW-Authenticate` values for a refusal, where one is due: that of the scheme by
    /// which the token came, and where there is none or a bad one, the other's too.
    pub fn challenges(&self, server: &ServerName, denial: &Denial, by_dpop: bool) -> Vec<String> {
        let Some(told) = told(denial) else { return Vec::new() };
        let path = Self::path(server);
        let metadata =
            format!("resource_metadata=\"{}/.well-known/oauth-protected-resource{path}\"", self.public_url);
        let challenge = |scheme: &str, told: Vec<String>| {
            let parameters: Vec<String> = told.into_iter().chain([metadata.clone()]).collect();
            format!("{scheme} {}", parameters.join(", "))
        };
        let algorithms: Vec<&str> =
            self.possession.algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
        let algorithms = format!("algs=\"{}\"", algorithms.join(" "));
        let dpop = |told: Vec<String>| challenge("DPoP", told.into_iter().chain([algorithms]).collect());
        let anew = !matches!(denial, Denial::ScopeMissing { .. } | Denial::AuthorizationMalformed(_));
        match (by_dpop || self.possession.dpop_required, anew) {
            (true, true) if !self.possession.dpop_required => {
                vec![dpop(told), challenge("Bearer", Vec::new())]
            }
            (true, _) => vec![dpop(told)],
            (false, true) => vec![challenge("Bearer", told), dpop(Vec::new())],
            (false, false) => vec![challenge("Bearer", told)],
        }
    }
}

/// The parameters of a challenge (RFC 6750 §3, RFC 9449 §7.1, RFC 9470 §3); None where a
/// refusal has none.
fn told(denial: &Denial) -> Option<Vec<String>> {
    let error = |code: &str| vec![format!("error=\"{code}\""), described(&denial.message())];
    match denial {
        // RFC 6750 §3.1: no error code when no credentials were sent.
        Denial::TokenAbsent => Some(Vec::new()),
        Denial::TokenRefused(_) | Denial::BindingRefused(_) => Some(error("invalid_token")),
        Denial::ProofRefused(_) => Some(error("invalid_dpop_proof")),
        Denial::NonceRequired(_) => Some(error("use_dpop_nonce")),
        Denial::AuthorizationMalformed(_) => Some(error("invalid_request")),
        Denial::ScopeMissing { required, reason } => Some(vec![
            "error=\"insufficient_scope\"".to_owned(),
            format!("scope=\"{required}\""),
            described(reason),
        ]),
        Denial::StepUpRequired(step_up) => {
            let mut told = error("insufficient_user_authentication");
            if !step_up.acr.is_empty() {
                told.push(format!("acr_values=\"{}\"", quoted(&step_up.acr.join(" "))));
            }
            told.extend(step_up.max_age.map(|seconds| format!("max_age=\"{seconds}\"")));
            if !step_up.scopes.is_empty() {
                told.push(format!("scope=\"{}\"", step_up.scopes));
            }
            Some(told)
        }
        _ => None,
    }
}

fn described(text: &str) -> String {
    format!("error_description=\"{}\"", quoted(text))
}

/// The characters RFC 6750 §3 allows in `error_description`.
fn quoted(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\')).collect()
}
