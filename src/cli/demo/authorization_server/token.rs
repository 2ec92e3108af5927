//! The token endpoint: code, refresh, client credentials, and exchange (RFC 8693).

use super::{AuthorizationServer, Grant, OAuthError, refuse};
use crate::jose::compact::Compact;
use crate::jose::keys::KeySet;
use crate::jose::{base64url, random_id, sha256};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use http::{StatusCode, header};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Arc;

pub(super) const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Seconds.
const ACCESS_LIFE: u64 = 900;
const DELEGATED_LIFE: u64 = 5;

type Asked = HashMap<String, String>;

pub(super) async fn token(
    State(server): State<Arc<AuthorizationServer>>,
    Form(asked): Form<Asked>,
) -> Response {
    match answer(&server, &asked) {
        Ok(body) => ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response(),
        Err(error) => error.into_response(),
    }
}

fn answer(server: &AuthorizationServer, asked: &Asked) -> Result<Value, OAuthError> {
    match text(asked, "grant_type") {
        "authorization_code" => code(server, asked),
        "refresh_token" => refresh(server, asked),
        "client_credentials" => client_credentials(server, asked),
        EXCHANGE => exchange(server, asked),
        _ => refuse("unsupported_grant_type", "unknown grant_type"),
    }
}

fn text<'a>(asked: &'a Asked, name: &str) -> &'a str {
    asked.get(name).map(String::as_str).unwrap_or_default()
}

fn code(server: &AuthorizationServer, asked: &Asked) -> Result<Value, OAuthError> {
    // A code is good once: it is gone whatever comes of this request.
    let Some(code) = server.state().codes.remove(text(asked, "code")) else {
        return refuse("invalid_grant", "unknown or used code");
    };
    let proof = base64url(&sha256(text(asked, "code_verifier").as_bytes()));
    let fits = code.challenge == proof
        && code.redirect_uri == text(asked, "redirect_uri")
        && code.grant.client == text(asked, "client_id")
        && code.expires > server.clock.unix_seconds();
    if !fits {
        return refuse("invalid_grant", "the code was issued for another request");
    }
    if !["", &code.grant.resource].contains(&text(asked, "resource")) {
        return refuse("invalid_target", "the code was issued for another resource");
    }
    issue(server, code.grant)
}

fn refresh(server: &AuthorizationServer, asked: &Asked) -> Result<Value, OAuthError> {
    let Some(grant) = server.state().refresh.remove(text(asked, "refresh_token")) else {
        return refuse("invalid_grant", "unknown or used refresh token");
    };
    if grant.client != text(asked, "client_id") {
        return refuse("invalid_grant", "the refresh token belongs to another client");
    }
    issue(server, grant)
}

fn issue(server: &AuthorizationServer, grant: Grant) -> Result<Value, OAuthError> {
    let token = server.access_token(&grant, ACCESS_LIFE).or_else(|what| refuse("server_error", what))?;
    let refresh = random_id();
    let scope = grant.scope.clone();
    server.state().refresh.insert(refresh.clone(), grant);
    Ok(
        json!({"access_token": token, "token_type": "Bearer", "expires_in": ACCESS_LIFE, "scope": scope, "refresh_token": refresh}),
    )
}

/// The gate in its own name, to read a server's catalogue.
fn client_credentials(server: &AuthorizationServer, asked: &Asked) -> Result<Value, OAuthError> {
    authenticate_gate(server, asked)?;
    let grant = delegated_grant(server, asked, server.settings.gate_client.clone(), text(asked, "resource"))?;
    let token = server.access_token(&grant, DELEGATED_LIFE).or_else(|what| refuse("server_error", what))?;
    Ok(
        json!({"access_token": token, "token_type": "Bearer", "expires_in": DELEGATED_LIFE, "scope": grant.scope}),
    )
}

fn exchange(server: &AuthorizationServer, asked: &Asked) -> Result<Value, OAuthError> {
    authenticate_gate(server, asked)?;
    if text(asked, "subject_token_type") != ACCESS_TOKEN || asked.contains_key("actor_token") {
        return refuse("invalid_request", "an access token is exchanged, without actor_token");
    }
    let subject = subject(server, text(asked, "subject_token"))?;
    let grant = delegated_grant(server, asked, subject, text(asked, "audience"))?;
    let mut actor = Map::new();
    actor.insert("act".into(), json!({"sub": server.settings.gate_client}));
    let token = server.sign(&grant, DELEGATED_LIFE, actor).or_else(|what| refuse("server_error", what))?;
    Ok(json!({
        "access_token": token, "issued_token_type": ACCESS_TOKEN, "token_type": "Bearer",
        "expires_in": DELEGATED_LIFE, "scope": grant.scope,
    }))
}

/// One operation at one known downstream, and nothing wider.
fn delegated_grant(
    server: &AuthorizationServer,
    asked: &Asked,
    subject: String,
    audience: &str,
) -> Result<Grant, OAuthError> {
    if !server.settings.downstreams.iter().any(|known| known == audience) {
        return refuse("invalid_target", "unknown audience");
    }
    let scope = text(asked, "scope");
    if scope.contains(' ') || !scope.contains(':') {
        return refuse("invalid_scope", "exactly one operation, such as clinic:getPatient");
    }
    let client = server.settings.gate_client.clone();
    Ok(Grant { client, subject, scope: scope.to_owned(), resource: audience.to_owned() })
}

/// The subject of a token of ours that was made for the gate and is still good.
fn subject(server: &AuthorizationServer, token: &str) -> Result<String, OAuthError> {
    let keys = json!({"keys": [server.key.public_jwk()]}).to_string();
    let keys = KeySet::read(keys.as_bytes()).or_else(|what| refuse("server_error", what))?;
    let token = Compact::read(token).or_else(|_| refuse("invalid_request", "subject_token"))?;
    keys.verify(&token).or_else(|_| refuse("invalid_request", "subject_token"))?;
    let claim = |name: &str| token.claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let expires = token.claims.get("exp").and_then(Value::as_u64).unwrap_or(0);
    let ours = server.settings.resources.iter().any(|resource| resource == claim("aud"));
    if !ours || expires <= server.clock.unix_seconds() || token.claims.contains_key("act") {
        return refuse("invalid_request", "the subject token is expired or for someone else");
    }
    Ok(claim("sub").to_owned())
}

/// `private_key_jwt` (RFC 7523 §3): the gate's key, our issuer alone as audience, a
/// short life, and each assertion once.
fn authenticate_gate(server: &AuthorizationServer, asked: &Asked) -> Result<(), OAuthError> {
    let unknown = |why| Err(OAuthError(StatusCode::UNAUTHORIZED, "invalid_client", why));
    if text(asked, "client_assertion_type") != ASSERTION {
        return unknown("private_key_jwt is required");
    }
    let keys = json!({"keys": [server.settings.gate_key]}).to_string();
    let Ok(keys) = KeySet::read(keys.as_bytes()) else { return unknown("the gate has no key") };
    let Ok(assertion) = Compact::read(text(asked, "client_assertion")) else {
        return unknown("client_assertion");
    };
    let claim = |name: &str| assertion.claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let expires = assertion.claims.get("exp").and_then(Value::as_u64).unwrap_or(0);
    let (gate, now) = (&server.settings.gate_client, server.clock.unix_seconds());
    let sound = keys.verify(&assertion).is_ok()
        && claim("iss") == gate
        && claim("sub") == gate
        && claim("aud") == server.settings.issuer
        && expires > now
        && expires <= now + 60;
    if !sound || !server.state().assertions.insert(claim("jti").to_owned()) {
        return unknown("the assertion is wrong, expired or used");
    }
    Ok(())
}
