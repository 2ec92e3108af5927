//! A development authorization server: authorization code with PKCE and resource
//! indicators, refresh, client credentials, and token exchange for the gate.
//!
//! It signs people in by a click. It is for the demo and for tests, and never for
//! anything else.

mod authorize;
mod token;

use super::people;
use crate::jose::random_id;
use crate::jose::sign::SigningKey;
use crate::model::clock::Clock;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the server knows from the start.
pub(super) struct Settings {
    pub(super) issuer: String,
    /// Resource identifiers that tokens may be asked for: the gate's.
    pub(super) resources: Vec<String>,
    /// Audiences of delegated tokens: the servers behind the gate.
    pub(super) downstreams: Vec<String>,
    pub(super) gate_client: String,
    pub(super) gate_key: Value,
}

pub(super) struct AuthorizationServer {
    settings: Settings,
    key: SigningKey,
    clock: Clock,
    state: Mutex<Issued>,
}

#[derive(Default)]
struct Issued {
    clients: HashMap<String, Vec<String>>,
    codes: HashMap<String, Code>,
    refresh: HashMap<String, Grant>,
    assertions: HashSet<String>,
}

/// What a person granted to a client.
#[derive(Clone)]
struct Grant {
    client: String,
    subject: String,
    scope: String,
    resource: String,
}

struct Code {
    grant: Grant,
    challenge: String,
    redirect_uri: String,
    expires: u64,
}

/// An OAuth error response (RFC 6749 §5.2).
struct OAuthError(StatusCode, &'static str, &'static str);

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1, "error_description": self.2}))).into_response()
    }
}

fn refuse<T>(error: &'static str, why: &'static str) -> Result<T, OAuthError> {
    Err(OAuthError(StatusCode::BAD_REQUEST, error, why))
}

impl AuthorizationServer {
    pub(super) fn new(settings: Settings) -> Result<Arc<Self>, &'static str> {
        let key = SigningKey::generate()?;
        Ok(Arc::new(Self { settings, key, clock: Clock::System, state: Mutex::default() }))
    }

    pub(super) fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/.well-known/oauth-authorization-server", get(metadata))
            .route("/.well-known/openid-configuration", get(metadata))
            .route(
                "/jwks",
                get(|State(server): State<Arc<Self>>| async move {
                    Json(json!({"keys": [server.key.public_jwk()]}))
                }),
            )
            .route("/register", post(register))
            .route("/authorize", get(authorize::authorize))
            .route("/token", post(token::token))
            .with_state(self)
    }

    /// An access token for a ready-made client configuration.
    pub(super) fn mint(
        &self,
        login: &str,
        client: &str,
        resource: &str,
        life: u64,
    ) -> Result<String, &'static str> {
        let grant = Grant {
            client: client.to_owned(),
            subject: login.to_owned(),
            scope: people::scopes_of(login).join(" "),
            resource: resource.to_owned(),
        };
        self.access_token(&grant, life)
    }

    fn state(&self) -> MutexGuard<'_, Issued> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An access token of RFC 9068.
    fn access_token(&self, grant: &Grant, life: u64) -> Result<String, &'static str> {
        self.sign(grant, life, Map::new())
    }

    fn sign(&self, grant: &Grant, life: u64, more: Map<String, Value>) -> Result<String, &'static str> {
        let now = self.clock.unix_seconds();
        let claims = json!({
            "iss": self.settings.issuer, "aud": grant.resource, "sub": grant.subject, "client_id": grant.client,
            "scope": grant.scope, "jti": random_id(), "iat": now, "exp": now + life, "auth_time": now,
        });
        let mut claims = claims.as_object().cloned().unwrap_or_default();
        claims.extend(more);
        self.key.sign("at+jwt", &claims)
    }
}

async fn metadata(State(server): State<Arc<AuthorizationServer>>) -> Json<Value> {
    let issuer = &server.settings.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "registration_endpoint": format!("{issuer}/register"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials", token::EXCHANGE],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
        "authorization_response_iss_parameter_supported": true,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "scopes_supported": ["accounts:read", "accounts:write", "patient:read", "phi:read", "pii:read"],
    }))
}

/// Dynamic registration (RFC 7591) of public clients.
async fn register(State(server): State<Arc<AuthorizationServer>>, Json(asked): Json<Value>) -> Response {
    let uris = asked.get("redirect_uris").and_then(Value::as_array).cloned().unwrap_or_default();
    let uris: Vec<String> = uris.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let local = |uri: &String| {
        url::Url::parse(uri).is_ok_and(|uri| matches!(uri.host_str(), Some("127.0.0.1" | "localhost")))
    };
    if uris.is_empty() || !uris.iter().all(local) {
        return OAuthError(
            StatusCode::BAD_REQUEST,
            "invalid_redirect_uri",
            "the demo takes loopback redirect URIs only",
        )
        .into_response();
    }
    let client = format!("client-{}", random_id());
    server.state().clients.insert(client.clone(), uris.clone());
    let registered = json!({
        "client_id": client, "redirect_uris": uris, "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "client_name": asked.get("client_name"),
    });
    (StatusCode::CREATED, Json(registered)).into_response()
}
