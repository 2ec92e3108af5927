//! An issuer's keys: fetched once, rotated, flooded, gone.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use portcullis::jose::compact::Compact;
use portcullis::jose::issuer::{Issuer, IssuerSettings};
use portcullis::jose::keys::Algorithm;
use portcullis::jose::sign::SigningKey;
use portcullis::model::clock::Clock;
use portcullis::net::HttpClient;
use portcullis::server::drain::Drain;
use portcullis::server::listener::{self, Limits};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A small real issuer whose keys can be changed, and which counts who asks.
#[derive(Clone)]
struct Server {
    url: String,
    named: Arc<Mutex<String>>,
    keys: Arc<Mutex<Option<Vec<Value>>>>,
    fetches: Arc<AtomicUsize>,
}

impl Server {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let named = Arc::new(Mutex::new(url.clone()));
        let server = Self { url, named, keys: Arc::default(), fetches: Arc::default() };
        let router = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(|State(server): State<Self>| async move {
                    Json(json!({"issuer": *server.named.lock().unwrap(), "jwks_uri": format!("{}/jwks", server.url)}))
                }),
            )
            .route("/jwks", get(|State(server): State<Self>| async move { server.answer() }))
            .with_state(server.clone());
        tokio::spawn(listener::serve(listener, router, Limits::default(), None, Drain::default()));
        server
    }

    fn answer(&self) -> Result<Json<Value>, http::StatusCode> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let keys = self.keys.lock().unwrap().clone().ok_or(http::StatusCode::INTERNAL_SERVER_ERROR)?;
        Ok(Json(json!({"keys": keys})))
    }

    fn serve(&self, keys: &[&SigningKey]) {
        *self.keys.lock().unwrap() = Some(keys.iter().map(|key| key.public_jwk()).collect());
    }
}

fn token(key: &SigningKey) -> String {
    key.sign("at+jwt", json!({"sub": "x"}).as_object().unwrap()).unwrap()
}

/// What the issuer says of a token signed by `key`.
async fn judge(issuer: &Issuer, key: &SigningKey) -> &'static str {
    let token = token(key);
    match issuer.verify(&Compact::read(&token).unwrap()).await {
        Ok(Ok(())) => "good",
        Ok(Err(check)) => check,
        Err(_) => "unavailable",
    }
}

#[tokio::test]
async fn keys_rotate_and_floods_cost_one_fetch() {
    let server = Server::start().await;
    let clock = Clock::manual(1_800_000_000);
    let settings = IssuerSettings { algorithms: vec![Algorithm::ES256], ..IssuerSettings::new(&server.url) };
    let issuer = Issuer::new(settings, HttpClient::new().unwrap(), clock.clone());
    let (old, new) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
    let fetches = || server.fetches.load(Ordering::SeqCst);

    server.serve(&[&old]);
    assert_eq!((judge(&issuer, &old).await, fetches()), ("good", 1));
    for _ in 0..50 {
        assert_eq!(judge(&issuer, &old).await, "good");
        assert_eq!(judge(&issuer, &SigningKey::generate().unwrap()).await, "unknown key");
    }
    assert_eq!(fetches(), 1, "a flood of unknown keys within the interval costs no fetch");

    clock.advance(Duration::from_secs(31));
    server.serve(&[&old, &new]);
    assert_eq!((judge(&issuer, &new).await, fetches()), ("good", 2));
    assert_eq!(judge(&issuer, &old).await, "good");

    clock.advance(Duration::from_secs(301));
    server.serve(&[&new]);
    assert_eq!(judge(&issuer, &old).await, "unknown key", "a key that is gone is refused after the overlap");

    // The issuer fails: the last good keys serve for an hour, then nothing does.
    *server.keys.lock().unwrap() = None;
    clock.advance(Duration::from_secs(301));
    assert_eq!(judge(&issuer, &new).await, "good");
    clock.advance(Duration::from_secs(3600));
    assert_eq!(judge(&issuer, &new).await, "unavailable");
    server.serve(&[&new]);
    clock.advance(Duration::from_secs(2));
    assert_eq!(judge(&issuer, &new).await, "good");
}

#[tokio::test]
async fn metadata_of_another_issuer_and_useless_keys_are_refused() {
    let server = Server::start().await;
    let key = SigningKey::generate().unwrap();
    let issuer = |clock: u64| {
        let settings =
            IssuerSettings { algorithms: vec![Algorithm::ES256], ..IssuerSettings::new(&server.url) };
        Issuer::new(settings, HttpClient::new().unwrap(), Clock::manual(clock))
    };
    server.serve(&[&key]);
    *server.named.lock().unwrap() = format!("{}/", server.url);
    assert_eq!(judge(&issuer(1), &key).await, "unavailable", "the metadata names another issuer");
    (*server.named.lock().unwrap()).clone_from(&server.url);
    assert_eq!(judge(&issuer(1), &key).await, "good");
    for change in [
        json!({"use": "enc"}),
        json!({"key_ops": ["sign"]}),
        json!({"alg": "ES384"}),
        json!({"d": "secret"}),
        json!({"kty": "oct"}),
    ] {
        let mut jwk = key.public_jwk();
        jwk.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        *server.keys.lock().unwrap() = Some(vec![jwk]);
        assert_eq!(judge(&issuer(1), &key).await, "unavailable", "{change}");
    }
    *server.keys.lock().unwrap() = Some(vec![key.public_jwk(), key.public_jwk()]);
    assert_eq!(judge(&issuer(1), &key).await, "unavailable", "one id for two keys");
}
