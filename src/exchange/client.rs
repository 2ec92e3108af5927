//! Token exchange at the authorization server (RFC 8693), as a client that proves
//! itself with a signed assertion (RFC 7523).
//!
//! Invariant: an answer is believed only after its token was verified and found to
//! be no wider than what was asked for.

use crate::jose::compact::Compact;
use crate::jose::issuer::Issuer;
use crate::jose::random_id;
use crate::jose::sign::SigningKey;
use crate::model::clock::Clock;
use crate::model::principal::Principal;
use crate::model::sensitive::Sensitive;
use crate::model::strict;
use crate::net::{HttpClient, Limits};
use bytes::Bytes;
use http::{Request, StatusCode, header};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

const LIMITS: Limits = Limits { max_bytes: 64 << 10, timeout: Duration::from_secs(5) };
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Seconds a client assertion is good for.
const ASSERTION_LIFE: u64 = 30;

/// What a delegated token is for: one operation at one downstream.
#[derive(Clone, Debug)]
pub struct Target {
    pub audience: String,
    /// Such as `clinic:getPatient`.
    pub scope: String,
}

/// The gate as a client of the authorization server.
pub struct TokenClient {
    issuer: Arc<Issuer>,
    client_id: String,
    key: SigningKey,
    http: HttpClient,
    clock: Clock,
    /// Seconds a delegated token may live.
    max_life: u64,
}

impl TokenClient {
    pub fn new(
        issuer: Arc<Issuer>,
        client_id: String,
        key: SigningKey,
        http: HttpClient,
        clock: Clock,
    ) -> Self {
        Self { issuer, client_id, key, http, clock, max_life: 5 }
    }

    /// Exchanges a caller's token for one that may do `target` in the caller's name.
    ///
    /// # Errors
    /// A stable word for the audit.
    pub async fn exchange(
        &self,
        token: &Sensitive<String>,
        principal: &Principal,
        target: &Target,
    ) -> Result<Sensitive<String>, &'static str> {
        let form = [
            ("grant_type", EXCHANGE),
            ("subject_token", token.expose()),
            ("subject_token_type", ACCESS_TOKEN),
            ("requested_token_type", ACCESS_TOKEN),
            ("audience", &target.audience),
            ("scope", &target.scope),
        ];
        let answer = self.ask(&form).await?;
        if answer.get("issued_token_type").and_then(Value::as_str) != Some(ACCESS_TOKEN) {
            return Err("issued_token_type");
        }
        let delegated = Self::accept(&answer)?;
        let claims = self.verified(&delegated, target).await?;
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        if text(claims.get("sub")).as_deref() != Some(&principal.subject) {
            return Err("delegated subject");
        }
        if text(claims.get("act").and_then(|act| act.get("sub"))).as_deref() != Some(&self.client_id) {
            return Err("delegated actor");
        }
        Ok(delegated)
    }

    /// A token in the gate's own name, to read the catalogue of a server.
    ///
    /// # Errors
    /// A stable word for the log.
    pub async fn service_token(&self, target: &Target) -> Result<Sensitive<String>, &'static str> {
        let form =
            [("grant_type", "client_credentials"), ("resource", &target.audience), ("scope", &target.scope)];
        let answer = self.ask(&form).await?;
        let token = Self::accept(&answer)?;
        self.verified(&token, target).await?;
        Ok(token)
    }

    async fn ask(&self, form: &[(&str, &str)]) -> Result<Map<String, Value>, &'static str> {
        let endpoint = self.issuer.endpoint("token_endpoint").await.map_err(|fault| fault.0)?;
        let assertion = self.assertion()?;
        let body = self.body(form, &assertion);
        let request = Request::post(endpoint.as_str())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(Bytes::from(body));
        let request = request.map_err(|_| "token endpoint")?;
        let answer = self.http.fetch(request, LIMITS).await.map_err(|_| "token endpoint unreachable")?;
        if answer.status() != StatusCode::OK {
            return Err("refused by the authorization server");
        }
        match strict::parse(answer.body()) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) | Err(_) => Err("answer is not JSON"),
        }
    }

    fn body(&self, form: &[(&str, &str)], assertion: &str) -> String {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form).append_pair("client_id", &self.client_id);
        body.append_pair("client_assertion_type", ASSERTION).append_pair("client_assertion", assertion);
        body.finish()
    }

    /// RFC 7523 §3, with the issuer alone as audience.
    fn assertion(&self) -> Result<String, &'static str> {
        let now = self.clock.unix_seconds();
        let claims = json!({
            "iss": self.client_id, "sub": self.client_id, "aud": self.issuer.settings.issuer,
            "iat": now, "exp": now + ASSERTION_LIFE, "jti": random_id(),
        });
        self.key.sign("JWT", claims.as_object().ok_or("assertion")?)
    }

    fn accept(answer: &Map<String, Value>) -> Result<Sensitive<String>, &'static str> {
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        if !text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
            return Err("token_type");
        }
        text("access_token").map(|token| Sensitive::new(token.to_owned())).ok_or("access_token")
    }

    /// Verifies a token of our issuer and that it is exactly for `target`.
    async fn verified(
        &self,
        token: &Sensitive<String>,
        target: &Target,
    ) -> Result<Map<String, Value>, &'static str> {
        let compact = Compact::read(token.expose())?;
        self.issuer.verify(&compact).await.map_err(|fault| fault.0)??;
        let text = |name: &str| compact.claims.get(name).and_then(Value::as_str);
        let number = |name: &str| compact.claims.get(name).and_then(Value::as_u64);
        if text("iss") != Some(&self.issuer.settings.issuer) {
            return Err("delegated issuer");
        }
        if text("aud") != Some(&target.audience) {
            return Err("delegated audience");
        }
        if text("scope") != Some(&target.scope) {
            return Err("delegated scope");
        }
        let (Some(issued), Some(expires)) = (number("iat"), number("exp")) else {
            return Err("delegated times");
        };
        if expires.saturating_sub(issued) > self.max_life || expires <= self.clock.unix_seconds() {
            return Err("delegated lifetime");
        }
        Ok(compact.claims)
    }
}
