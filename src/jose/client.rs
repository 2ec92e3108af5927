//! The gate as a client of an authorization server: how it proves who it is
//! (RFC 6749 §2.3, RFC 7523, RFC 8705 §2), whatever it then asks for.
//!
//! Invariant: a proof goes to an endpoint of the issuer's own metadata and nowhere else.

use crate::jose::credential::{self, proof};
use crate::jose::issuer::{Issuer, IssuerFault};
use crate::jose::random_id;
use crate::jose::sign::SigningKey;
use crate::model::clock::Clock;
use crate::model::sensitive::Sensitive;
use crate::model::strict;
use crate::net::{HttpClient, Limits};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use url::Url;

const LIMITS: Limits = Limits { max_bytes: 64 << 10, timeout: Duration::from_secs(5) };
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
pub const JSON: &str = "application/json";
const MAX_NONCE: usize = 256;
/// Seconds a client assertion is good for.
const ASSERTION_LIFE: u64 = 30;

/// How a client proves itself; the names are those of OpenID Connect Core §9 and
/// RFC 8705 §2.1.
#[derive(Clone)]
pub enum Proof {
    PrivateKeyJwt(SigningKey),
    ClientSecretBasic(Sensitive<String>),
    ClientSecretPost(Sensitive<String>),
    /// The connection shows the certificate, and the form only the client's name.
    TlsClientAuth,
}

/// A client that an issuer knows.
pub struct OAuthClient {
    pub issuer: Arc<Issuer>,
    pub id: String,
    proof: Proof,
    http: HttpClient,
    pub clock: Clock,
    /// What the server last wanted to see in a proof (RFC 9449 §8).
    nonce: Mutex<Option<String>>,
}

impl OAuthClient {
    /// For [`Proof::TlsClientAuth`], `http` must show the certificate.
    pub fn new(issuer: Arc<Issuer>, id: String, proof: Proof, http: HttpClient, clock: Clock) -> Self {
        Self { issuer, id, proof, http, clock, nonce: Mutex::default() }
    }

    /// Asks an endpoint that answers with a JSON object, such as `token_endpoint`.
    ///
    /// # Errors
    /// A stable word for the audit.
    pub async fn ask(
        &self,
        endpoint: &str,
        form: &[(&str, &str)],
        binding: Option<&SigningKey>,
    ) -> Result<Map<String, Value>, &'static str> {
        let sent = self.nonce();
        let mut answer = self.send(endpoint, form, JSON, binding.map(|key| (key, sent.as_deref()))).await?;
        // Once: the server may want to see a nonce that it has only now given.
        if let Some(key) = binding
            && let Some(given) = self.given(&answer)
            && wants_nonce(&answer)
            && sent.as_deref() != Some(&given)
        {
            answer = self.send(endpoint, form, JSON, Some((key, Some(&given)))).await?;
        }
        match answer.status() {
            StatusCode::OK => {}
            status if status.is_server_error() => return Err("the authorization server failed"),
            StatusCode::UNAUTHORIZED => return Err("the authorization server does not know the client"),
            _ => return Err("refused by the authorization server"),
        }
        match strict::parse(answer.body()) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) | Err(_) => Err("answer is not JSON"),
        }
    }

    /// Posts a form with the proof of the client in it, and takes whatever answer of this media
    /// type comes.
    ///
    /// # Errors
    /// A stable word for the audit.
    pub async fn post(
        &self,
        endpoint: &str,
        form: &[(&str, &str)],
        accept: &'static str,
    ) -> Result<Response<Bytes>, &'static str> {
        self.send(endpoint, form, accept, None).await
    }

    /// Where the client asks an endpoint that the metadata names.
    pub(crate) async fn endpoint(&self, name: &str) -> Result<Url, IssuerFault> {
        match self.proof {
            Proof::TlsClientAuth => self.issuer.mtls_endpoint(name).await,
            _ => self.issuer.endpoint(name).await,
        }
    }

    /// As [`OAuthClient::post`], with the proof of the key to which a token is to be bound, and
    /// a nonce in it.
    async fn send(
        &self,
        endpoint: &str,
        form: &[(&str, &str)],
        accept: &'static str,
        binding: Option<(&SigningKey, Option<&str>)>,
    ) -> Result<Response<Bytes>, &'static str> {
        let url = self.endpoint(endpoint).await.map_err(|fault| fault.0)?;
        let request = self.request(&url, form, accept, binding)?;
        let answer = self.http.fetch(request, LIMITS).await;
        answer.map_err(|_| "the authorization server cannot be reached")
    }

    fn request(
        &self,
        url: &Url,
        form: &[(&str, &str)],
        accept: &'static str,
        binding: Option<(&SigningKey, Option<&str>)>,
    ) -> Result<Request<Bytes>, &'static str> {
        let mut request = Request::post(url.as_str())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, accept);
        if let Some((key, nonce)) = binding {
            let asked = credential::Asked { method: "POST", url: url.as_str(), token: None, nonce };
            request = request.header("dpop", proof(key, &asked, self.clock.unix_seconds())?);
        }
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        match &self.proof {
            Proof::PrivateKeyJwt(key) => {
                let assertion = self.assertion(key)?;
                body.append_pair("client_id", &self.id).append_pair("client_assertion_type", ASSERTION);
                body.append_pair("client_assertion", &assertion);
            }
            Proof::ClientSecretBasic(secret) => {
                request = request.header(header::AUTHORIZATION, self.basic(secret));
            }
            Proof::ClientSecretPost(secret) => {
                body.append_pair("client_id", &self.id).append_pair("client_secret", secret.expose());
            }
            Proof::TlsClientAuth => {
                body.append_pair("client_id", &self.id);
            }
        }
        request.body(Bytes::from(body.finish())).map_err(|_| "endpoint")
    }

    /// The nonce that an answer gives, which the next proof shows.
    fn given(&self, answer: &Response<Bytes>) -> Option<String> {
        let nonce = answer.headers().get("dpop-nonce").and_then(|nonce| nonce.to_str().ok());
        let nonce = nonce.filter(|nonce| nonce.len() <= MAX_NONCE)?.to_owned();
        *self.nonce.lock().unwrap_or_else(PoisonError::into_inner) = Some(nonce.clone());
        Some(nonce)
    }

    fn nonce(&self) -> Option<String> {
        self.nonce.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// RFC 7523 §3, with the issuer alone as audience.
    fn assertion(&self, key: &SigningKey) -> Result<String, &'static str> {
        let now = self.clock.unix_seconds();
        let claims = json!({
            "iss": self.id, "sub": self.id, "aud": self.issuer.settings.issuer,
            "iat": now, "exp": now + ASSERTION_LIFE, "jti": random_id(),
        });
        key.sign("JWT", claims.as_object().ok_or("assertion")?)
    }

    /// RFC 6749 §2.3.1: both halves in the form's own encoding first.
    fn basic(&self, secret: &Sensitive<String>) -> String {
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encoded(&self.id), encoded(secret.expose()));
        format!("Basic {}", STANDARD.encode(pair))
    }
}

/// Whether a refusal is for want of a nonce (RFC 9449 §8).
fn wants_nonce(answer: &Response<Bytes>) -> bool {
    let error =
        || strict::parse(answer.body()).ok()?.get("error")?.as_str().map(|error| error == "use_dpop_nonce");
    answer.status().is_client_error() && error().unwrap_or(false)
}
