//! The authorization endpoint (RFC 6749 §4.1.1, PKCE, RFC 8707, RFC 9207).

use super::{AuthorizationServer, Code, Grant, OAuthError, refuse};
use crate::cli::demo::people::{PEOPLE, scopes_of};
use crate::jose::random_id;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Response};
use http::{StatusCode, header};
use std::collections::HashMap;
use std::sync::Arc;

const CODE_LIFE: u64 = 60;

pub(super) async fn authorize(
    State(server): State<Arc<AuthorizationServer>>,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    match answer(&server, &asked) {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

fn answer(server: &AuthorizationServer, asked: &HashMap<String, String>) -> Result<Response, OAuthError> {
    let text = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let redirect_uri = text("redirect_uri");
    let registered = server
        .state()
        .clients
        .get(text("client_id"))
        .is_some_and(|uris| uris.iter().any(|uri| uri == redirect_uri));
    if !registered {
        return refuse("invalid_request", "unknown client or redirect_uri");
    }
    if text("response_type") != "code"
        || text("code_challenge_method") != "S256"
        || text("code_challenge").len() != 43
    {
        return refuse("invalid_request", "response_type=code with PKCE S256 is required");
    }
    if !server.settings.resources.iter().any(|resource| resource == text("resource")) {
        return refuse("invalid_target", "resource must name a protected resource of the gate");
    }
    let login = text("login_hint");
    if !PEOPLE.iter().any(|(name, ..)| *name == login) {
        return Ok(sign_in_page(asked).into_response());
    }
    let allowed = scopes_of(login);
    let granted: Vec<&str> = text("scope").split(' ').filter(|scope| allowed.contains(scope)).collect();
    let mut back = vec![("state", text("state").to_owned()), ("iss", server.settings.issuer.clone())];
    if granted.is_empty() {
        back.push(("error", "access_denied".to_owned()));
    } else {
        let code = random_id();
        let grant = Grant {
            client: text("client_id").to_owned(),
            subject: login.to_owned(),
            scope: granted.join(" "),
            resource: text("resource").to_owned(),
        };
        let expires = server.clock.unix_seconds() + CODE_LIFE;
        let challenge = text("code_challenge").to_owned();
        server
            .state()
            .codes
            .insert(code.clone(), Code { grant, challenge, redirect_uri: redirect_uri.to_owned(), expires });
        back.push(("code", code));
    }
    let mut target = url::Url::parse(redirect_uri).or_else(|_| refuse("invalid_request", "redirect_uri"))?;
    target.query_pairs_mut().extend_pairs(back.iter().filter(|(_, value)| !value.is_empty()));
    Ok((StatusCode::FOUND, [(header::LOCATION, target.to_string())]).into_response())
}

/// One button a person; each only adds `login_hint` to the same request.
fn sign_in_page(asked: &HashMap<String, String>) -> Html<String> {
    let query = |login: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .extend_pairs(asked.iter().filter(|(name, _)| *name != "login_hint"))
            .append_pair("login_hint", login);
        // Percent-encoded, so that nothing of the request can end the attribute.
        query.finish().replace('\'', "%27").replace('"', "%22")
    };
    let rows: String = PEOPLE
        .iter()
        .map(|(login, name, role)| {
            format!("<p><a href=\"/authorize?{}\">{name}</a> <small>{role}</small></p>", query(login))
        })
        .collect();
    Html(format!(
        "<!doctype html><meta charset=utf-8><title>Sign in to the demo</title><h1>Sign in to the demo as</h1>{rows}"
    ))
}
