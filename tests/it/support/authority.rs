//! An authorization server inside a test, which answers well unless it is told how not to:
//! metadata, keys, client credentials and token exchange. It verifies how its client proves
//! itself as a real one would.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, StatusCode, header};
use portcullis::jose::compact::Compact;
use portcullis::jose::keys::KeySet;
use portcullis::jose::sign::SigningKey;
use portcullis::jose::{base64url, random_id, sha256};
use portcullis::server::drain::Drain;
use portcullis::server::listener::{self, Limits};
use portcullis::server::tls::Tls;
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

pub(crate) const CLIENT: &str = "portcullis";
pub(crate) const SECRET: &str = "a secret: with + and %";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// What it is about to answer to an exchange.
pub(crate) struct Draft {
    pub(crate) kind: String,
    pub(crate) claims: Value,
    /// Without the token.
    pub(crate) answer: Value,
    /// Signs the token.
    pub(crate) key: SigningKey,
    /// Takes the token's place.
    pub(crate) token: Option<String>,
}

/// Changes the draft, or answers in its place.
pub(crate) type Deviation = Box<dyn Fn(&mut Draft, &Asked) -> Option<Response> + Send + Sync>;
/// A form as it came.
pub(crate) type Asked = HashMap<String, String>;

/// How the client proves itself here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    PrivateKeyJwt,
    SecretInHeader,
    SecretInBody,
    /// The listener has asked for the certificate.
    Certificate,
}

struct Shared {
    url: String,
    /// Where clients with certificates are sent.
    alias: Option<String>,
    key: SigningKey,
    client_key: SigningKey,
    proof: Proof,
    deviation: Mutex<Option<Deviation>>,
    exchanges: Mutex<Vec<Asked>>,
    /// What a proof must show, where it is asked for (RFC 9449 §8).
    nonce: Mutex<Option<String>>,
    assertions: Mutex<HashSet<String>>,
    revoked: Mutex<Vec<String>>,
}

/// A running authorization server. It listens until the test's process ends.
#[derive(Clone)]
pub(crate) struct Authority(Arc<Shared>);

/// The keys of TLS, where it speaks that: without and with client certificates.
pub(crate) struct Secured {
    pub(crate) plain: Arc<Tls>,
    pub(crate) mutual: Arc<Tls>,
}

impl Authority {
    pub(crate) fn start() -> Self {
        Self::with(Proof::PrivateKeyJwt, None)
    }

    pub(crate) fn with(proof: Proof, secured: Option<Secured>) -> Self {
        let (sender, started) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let at = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let alias_at = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let port = |at: &TcpListener| at.local_addr().unwrap().port();
                let (url, alias) = match &secured {
                    Some(_) => (
                        format!("https://localhost:{}", port(&at)),
                        Some(format!("https://localhost:{}", port(&alias_at))),
                    ),
                    None => (format!("http://127.0.0.1:{}", port(&at)), None),
                };
                let authority = Self(Arc::new(Shared {
                    url,
                    alias,
                    key: SigningKey::generate().unwrap(),
                    client_key: SigningKey::generate().unwrap(),
                    proof,
                    deviation: Mutex::default(),
                    exchanges: Mutex::default(),
                    nonce: Mutex::default(),
                    assertions: Mutex::default(),
                    revoked: Mutex::default(),
                }));
                sender.send(authority.clone()).unwrap();
                let (plain, mutual) = match secured {
                    Some(secured) => (Some(secured.plain), Some(secured.mutual)),
                    None => (None, None),
                };
                let router = authority.router();
                let serve =
                    |at, tls| listener::serve(at, router.clone(), Limits::default(), tls, Drain::default());
                tokio::join!(serve(at, plain), serve(alias_at, mutual));
            });
        });
        started.recv().unwrap()
    }

    fn router(&self) -> Router {
        let metadata = |State(own): State<Self>| async move { Json(own.metadata()) };
        let keys = |State(own): State<Self>| async move { Json(json!({"keys": [own.0.key.public_jwk()]})) };
        let token = |State(own): State<Self>, headers: HeaderMap, Form(asked): Form<Asked>| async move {
            own.token_endpoint(&headers, &asked)
        };
        let revoke = |State(own): State<Self>, headers: HeaderMap, Form(asked): Form<Asked>| async move {
            if !own.knows(&headers, &asked) {
                return StatusCode::UNAUTHORIZED;
            }
            own.0.revoked.lock().unwrap().push(asked["token"].clone());
            StatusCode::OK
        };
        Router::new()
            .route("/.well-known/oauth-authorization-server", get(metadata))
            .route("/jwks", get(keys))
            .route("/token", post(token))
            .route("/revoke", post(revoke))
            .with_state(self.clone())
    }

    pub(crate) fn url(&self) -> &str {
        &self.0.url
    }

    /// The key by which it signs, for events.
    pub(crate) fn key(&self) -> &SigningKey {
        &self.0.key
    }

    /// What has been exchanged so far.
    pub(crate) fn exchanges(&self) -> Vec<Asked> {
        self.0.exchanges.lock().unwrap().clone()
    }

    pub(crate) fn revoked(&self) -> Vec<String> {
        self.0.revoked.lock().unwrap().clone()
    }

    pub(crate) fn deviate(
        &self,
        how: impl Fn(&mut Draft, &Asked) -> Option<Response> + Send + Sync + 'static,
    ) {
        *self.0.deviation.lock().unwrap() = Some(Box::new(how));
    }

    pub(crate) fn behave(&self) {
        *self.0.deviation.lock().unwrap() = None;
    }

    /// Writes the client's key beside a configuration, and says what belongs into it.
    pub(crate) fn client(&self, folder: &Path) -> String {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join("gate-key.pem");
        std::fs::write(&path, self.0.client_key.to_pem()).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        format!("client: {{ client_id: {CLIENT}, private_key_file: gate-key.pem }}\n")
    }

    /// An access token for a caller; `more` is put over its claims.
    pub(crate) fn token(&self, resource: &str, more: &Value) -> String {
        let now = now();
        let mut claims = json!({
            "iss": self.0.url, "aud": resource, "sub": "alice", "client_id": "agent", "scope": "tools:call",
            "jti": random_id(), "iat": now, "exp": now + 300,
        });
        put_over(&mut claims, more);
        self.0.key.sign("at+jwt", claims.as_object().unwrap()).unwrap()
    }

    /// From now on a proof must show this.
    pub(crate) fn demand_nonce(&self, nonce: &str) {
        *self.0.nonce.lock().unwrap() = Some(nonce.to_owned());
    }

    fn metadata(&self) -> Value {
        let url = &self.0.url;
        let mut metadata = json!({
            "issuer": url, "jwks_uri": format!("{url}/jwks"), "token_endpoint": format!("{url}/token"),
            "revocation_endpoint": format!("{url}/revoke"),
        });
        if let Some(alias) = &self.0.alias {
            metadata["token_endpoint"] = json!(format!("{url}/no-certificate-no-token"));
            metadata["mtls_endpoint_aliases"] = json!({"token_endpoint": format!("{alias}/token")});
        }
        metadata
    }

    fn token_endpoint(&self, headers: &HeaderMap, asked: &Asked) -> Response {
        if !self.knows(headers, asked) {
            return (StatusCode::UNAUTHORIZED, Json(json!({"error": "invalid_client"}))).into_response();
        }
        let proof = headers.get("dpop").map(|proof| {
            let endpoint = format!("{}/token", self.0.url);
            proved(proof.to_str().unwrap(), "POST", &endpoint)
        });
        let nonce = self.0.nonce.lock().unwrap().clone();
        if let (Some(nonce), Some((_, claims))) = (nonce, &proof)
            && claims["nonce"] != nonce.as_str()
        {
            let wanted = Json(json!({"error": "use_dpop_nonce"}));
            return (StatusCode::BAD_REQUEST, [("dpop-nonce", nonce)], wanted).into_response();
        }
        let now = now();
        let exchanges = asked["grant_type"].ends_with("token-exchange");
        let audience = asked.get("audience").or_else(|| asked.get("resource")).cloned().unwrap_or_default();
        let mut claims = json!({
            "iss": self.0.url, "aud": audience, "scope": asked["scope"], "client_id": CLIENT,
            "jti": random_id(), "iat": now, "exp": now + 5, "sub": CLIENT,
        });
        if let Some((thumbprint, _)) = &proof {
            claims["cnf"] = json!({"jkt": thumbprint});
        }
        let kind = if proof.is_some() { "DPoP" } else { "Bearer" };
        let mut answer = json!({"token_type": kind, "expires_in": 5, "scope": asked["scope"]});
        if exchanges {
            let subject = Compact::read(&asked["subject_token"]).unwrap();
            self.keys().verify(&subject).unwrap();
            claims["sub"] = subject.claims["sub"].clone();
            claims["act"] = json!({"sub": CLIENT});
            if let Some(earlier) = subject.claims.get("act") {
                claims["act"]["act"] = earlier.clone();
            }
            if let Some(details) = asked.get("authorization_details") {
                claims["authorization_details"] = serde_json::from_str(details).unwrap();
            }
            answer["issued_token_type"] = json!(ACCESS_TOKEN);
            self.0.exchanges.lock().unwrap().push(asked.clone());
        }
        let key = self.0.key.clone();
        let mut draft = Draft { kind: "at+jwt".into(), claims, answer, key, token: None };
        if let Some(deviation) = self.0.deviation.lock().unwrap().as_ref().filter(|_| exchanges)
            && let Some(response) = deviation(&mut draft, asked)
        {
            return response;
        }
        let Draft { kind, claims, mut answer, key, token } = draft;
        let token = token.unwrap_or_else(|| key.sign(&kind, claims.as_object().unwrap()).unwrap());
        if !answer.as_object().unwrap().contains_key("access_token") {
            answer["access_token"] = json!(token);
        }
        Json(answer).into_response()
    }

    fn keys(&self) -> KeySet {
        KeySet::read(json!({"keys": [self.0.key.public_jwk()]}).to_string().as_bytes()).unwrap()
    }

    fn knows(&self, headers: &HeaderMap, asked: &Asked) -> bool {
        let named = asked.get("client_id").map(String::as_str);
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        match self.0.proof {
            Proof::PrivateKeyJwt => {
                asked.get("client_assertion").is_some_and(|assertion| self.asserted(assertion))
            }
            Proof::SecretInBody => {
                named == Some(CLIENT) && asked.get("client_secret").map(String::as_str) == Some(SECRET)
            }
            Proof::SecretInHeader => {
                let pair = STANDARD.encode(format!("{CLIENT}:a+secret%3A+with+%2B+and+%25"));
                header == Some(&format!("Basic {pair}")) && !asked.contains_key("client_secret")
            }
            Proof::Certificate => named == Some(CLIENT) && header.is_none(),
        }
    }

    fn asserted(&self, assertion: &str) -> bool {
        let keys = json!({"keys": [self.0.client_key.public_jwk()]}).to_string();
        let assertion = Compact::read(assertion).unwrap();
        let claims = &assertion.claims;
        KeySet::read(keys.as_bytes()).unwrap().verify(&assertion).is_ok()
            && claims["iss"] == CLIENT
            && claims["sub"] == CLIENT
            && claims["aud"] == self.0.url.as_str()
            && claims["exp"].as_u64().unwrap() <= now() + 31
            && self.0.assertions.lock().unwrap().insert(claims["jti"].as_str().unwrap().to_owned())
    }
}

/// The thumbprint of the key of a proof, and its claims, if it is one for this request
/// (RFC 9449 §4.3).
pub(crate) fn proved(proof: &str, method: &str, url: &str) -> (String, Value) {
    let (signed, signature) = proof.rsplit_once('.').unwrap();
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let parts: Vec<Value> =
        signed.split('.').map(|part| serde_json::from_slice(&decoded(part)).unwrap()).collect();
    let [header, claims] = parts.as_slice() else { panic!("{proof}") };
    assert_eq!((&header["typ"], &header["alg"]), (&json!("dpop+jwt"), &json!("ES256")));
    let key = header["jwk"].as_object().unwrap();
    assert_eq!(key.len(), 4, "the public half and nothing else: {key:?}");
    let (x, y) = (key["x"].as_str().unwrap(), key["y"].as_str().unwrap());
    let point = [vec![4], decoded(x), decoded(y)].concat();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    key.verify(signed.as_bytes(), &decoded(signature)).expect("the proof's signature");
    assert_eq!((&claims["htm"], &claims["htu"]), (&json!(method), &json!(url)));
    assert!(claims["iat"].as_u64().unwrap().abs_diff(now()) <= 2 && claims["jti"].is_string());
    let thumbprint = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    (base64url(&sha256(thumbprint.as_bytes())), claims.clone())
}

pub(crate) fn now() -> u64 {
    portcullis::model::clock::Clock::System.unix_seconds()
}

/// Members of `more` take the place of those that are there; null removes one.
pub(crate) fn put_over(value: &mut Value, more: &Value) {
    let members: &mut Map<String, Value> = value.as_object_mut().unwrap();
    for (name, new) in more.as_object().into_iter().flatten() {
        if new.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), new.clone());
        }
    }
}
