//! 79–91: tokens that are bound to a key or a certificate, in the hands of another.

use super::craft::{Key, changed, text};
use super::world::{Call, World, now};
use super::{Attempt, Case, Challenge, How, Refusal, run};
use aws_lc_rs::hmac;
use portcullis::jose::proof::thumbprint;
use portcullis::jose::{base64url, random_id, sha256};
use serde_json::{Map, Value, json};

const ANOTHERS: Refusal =
    Refusal { status: 401, error: Challenge::Error("invalid_token"), code: Some("binding_refused") };
const BAD_PROOF: Refusal =
    Refusal { status: 401, error: Challenge::Error("invalid_dpop_proof"), code: Some("proof_refused") };
const NO_NONCE: Refusal =
    Refusal { status: 401, error: Challenge::Error("use_dpop_nonce"), code: Some("nonce_required") };

/// A caller with a key, and a token that is bound to it.
pub(crate) struct Holder {
    key: Key,
    pub(crate) token: String,
    nonce: Option<String>,
}

impl Holder {
    /// Without a nonce as yet.
    pub(crate) fn new(world: &World) -> Self {
        let key = Key::es256("holder");
        let bound = json!({"cnf": {"jkt": thumbprint(key.jwk().as_object().unwrap()).unwrap()}});
        let token = world.key.token(&world.claims_with(&bound));
        Self { key, token, nonce: None }
    }

    /// With the nonce that the gate demands.
    pub(crate) fn ready(world: &World) -> Self {
        let mut holder = Self::new(world);
        let answer = world.send(&holder.call(&holder.proof(world)).bytes(&world.gate));
        assert_eq!(answer.status, 401, "{answer:?}");
        holder.nonce = answer.header("dpop-nonce").map(str::to_owned);
        assert!(holder.nonce.is_some(), "{answer:?}");
        holder
    }

    fn header(&self) -> Map<String, Value> {
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.jwk()}).as_object().unwrap().clone()
    }

    fn claims(&self, world: &World) -> Map<String, Value> {
        let claims = json!({
            "jti": random_id(), "htm": "POST", "htu": world.resource(), "iat": now(),
            "ath": base64url(&sha256(self.token.as_bytes())),
        });
        changed(claims.as_object().unwrap(), &json!({"nonce": self.nonce}))
    }

    /// A good proof.
    pub(crate) fn proof(&self, world: &World) -> String {
        self.proof_with(world, &json!({}), &json!({}))
    }

    /// With members of its header and claims changed; null takes one away.
    pub(crate) fn proof_with(&self, world: &World, header: &Value, claims: &Value) -> String {
        let (header, claims) = (changed(&self.header(), header), changed(&self.claims(world), claims));
        self.key.sign(text(&header).as_bytes(), text(&claims).as_bytes())
    }

    pub(crate) fn call(&self, proof: &str) -> Call {
        self.without_proof().header("DPoP", proof)
    }

    fn without_proof(&self) -> Call {
        Call::default().header("Authorization", &format!("DPoP {}", self.token))
    }

    fn attempt(&self, world: &World, what: &str, detail: &'static str, proof: &str) -> Attempt {
        Attempt::call(world, what, Some(detail), &self.call(proof))
    }

    /// Attempts with these claims in place of the good ones.
    fn claimed(&self, world: &World, detail: &'static str, claims: &[(&str, Value)]) -> Vec<Attempt> {
        let attempt = |(what, claims): &(&str, Value)| {
            self.attempt(world, what, detail, &self.proof_with(world, &json!({}), claims))
        };
        claims.iter().map(attempt).collect()
    }
}

#[test]
fn tokens_in_the_hands_of_another() {
    run(&World::start("sender"), cases());
}

#[test]
fn a_proof_passes_and_with_it_whatever_shows_that_the_gate_meant_it() {
    let world = World::start("sender-good");
    let holder = Holder::ready(&world);
    let send = |call: &Call| world.send(&call.bytes(&world.gate));
    let answer = send(&holder.call(&holder.proof(&world)));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("dpop-nonce"), None, "the nonce is a current one");
    let who = world.records().into_iter().rev().find(|record| record["event"] == "decision").unwrap();
    assert_eq!(who["who"]["cnf"], "dpop");
    // The scheme is not case-sensitive, and a URL may be spelt in other ways.
    let spelt = world.resource().to_uppercase().replace("/NOTES/MCP", "/note%73/mcp?x#y");
    let proof = holder.proof_with(&world, &json!({"typ": "DPOP+JWT"}), &json!({"htu": spelt}));
    let call =
        Call::default().header("Authorization", &format!("dpop {}", holder.token)).header("DPoP", &proof);
    assert_eq!(send(&call).status, 200);
    // A stranger hears of both schemes.
    let stranger = send(&Call::default());
    let challenges: Vec<&str> =
        stranger.head.lines().filter_map(|line| line.strip_prefix("www-authenticate: ")).collect();
    assert_eq!(challenges.len(), 2, "{challenges:?}");
    assert!(challenges[0].starts_with("Bearer resource_metadata="), "{challenges:?}");
    assert!(challenges[1].starts_with("DPoP algs=\"ES256 ES384 PS256 EdDSA\""), "{challenges:?}");
    let metadata = world.send(
        format!(
            "GET /.well-known/oauth-protected-resource/notes/mcp HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            world.gate
        )
        .as_bytes(),
    );
    let metadata = metadata.json();
    assert_eq!(metadata["dpop_signing_alg_values_supported"], json!(["ES256", "ES384", "PS256", "EdDSA"]));
    assert_eq!(metadata["dpop_bound_access_tokens_required"], false);
    assert_eq!(metadata["tls_client_certificate_bound_access_tokens"], false);
}

#[test]
fn one_proof_is_enough_for_a_batch_and_for_no_second_one() {
    let world = World::start("sender-batch");
    let holder = Holder::ready(&world);
    let post = |proof: &str, session: Option<&str>, body: &Value| {
        let authorization = format!("DPoP {}", holder.token);
        let mut headers = vec![
            ("Authorization", authorization.as_str()),
            ("DPoP", proof),
            ("Content-Type", "application/json"),
            ("Accept", "application/json, text/event-stream"),
        ];
        headers.extend(session.map(|session| ("Mcp-Session-Id", session)));
        world.send(&crate::support::request(&world.gate, "notes", &headers, body.to_string().as_bytes()))
    };
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"},
    }});
    let answer = post(&holder.proof(&world), None, &hello);
    let session = answer.header("mcp-session-id").unwrap_or_else(|| panic!("{answer:?}")).to_owned();
    let ping = |id: u64| json!({"jsonrpc": "2.0", "id": id, "method": "ping"});
    let proof = holder.proof(&world);
    let batch = json!([ping(2), ping(3)]);
    let answer = post(&proof, Some(&session), &batch);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.contains("\"id\":2") && answer.body.contains("\"id\":3"), "{answer:?}");
    assert_eq!(post(&proof, Some(&session), &batch).status, 401, "the proof was used");
}

#[test]
fn an_issuer_whose_tokens_must_be_bound() {
    let wanted = super::world::Wanted { issuer: ", sender_constrained: [dpop]".into(), ..Default::default() };
    let world = World::with("sender-required", wanted);
    let answer = world.call(&format!("Bearer {}", world.token()));
    assert_eq!(answer.status, 401, "{answer:?}");
    let last = world.records().pop().unwrap();
    assert_eq!(
        (&last["status"], &last["detail"]),
        (&json!("binding_refused"), &json!("the token is not bound"))
    );
    assert_eq!(last["who"]["client_id"], "agent", "it is on record whose token it was");
    let holder = Holder::ready(&world);
    assert_eq!(world.send(&holder.call(&holder.proof(&world)).bytes(&world.gate)).status, 200);
    let tenant = world.rsa.token(&world.tenant_claims());
    assert_eq!(world.call(&format!("Bearer {tenant}")).status, 200, "the other issuer's need not");
}

#[expect(clippy::too_many_lines, reason = "a table, a row a case")]
pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::with(79, "a bound token as Bearer", ANOTHERS, |world| {
            let holder = Holder::ready(world);
            let bare = Call::default().bearer(&holder.token);
            let proven = bare.clone().header("DPoP", &holder.proof(world));
            let detail = Some("a bound token as Bearer");
            let mut attempts = vec![
                Attempt::call(world, "by itself", detail, &bare),
                Attempt::call(world, "with a good proof", detail, &proven),
            ];
            for (what, confirmation) in
                [("a confirmation of no known kind", json!({"kid": "x"})), ("one that is none", json!("x"))]
            {
                let token = world.key.token(&world.claims_with(&json!({"cnf": confirmation})));
                attempts.push(Attempt::token(world, what, "cnf", &token));
            }
            let loose = Call::default().header("Authorization", &format!("DPoP {}", world.token()));
            let loose = loose.header("DPoP", &holder.proof(world));
            attempts.push(Attempt::call(
                world,
                "a loose token as DPoP",
                Some("the token is bound to no key"),
                &loose,
            ));
            attempts
        }),
        Case::with(80, "no proof", BAD_PROOF, |world| {
            let holder = Holder::ready(world);
            vec![
                Attempt::call(world, "none at all", Some("no proof"), &holder.without_proof()),
                holder.attempt(world, "an empty one", "segments", ""),
                holder.attempt(world, "the token itself", "typ", &holder.token),
            ]
        }),
        Case::with(81, "two DPoP headers", BAD_PROOF, |world| {
            let holder = Holder::ready(world);
            let (one, other) = (holder.proof(world), holder.proof(world));
            let two = holder.call(&one).header("DPoP", &other);
            vec![
                Attempt::call(world, "two lines", Some("more than one DPoP header"), &two),
                holder.attempt(world, "one line", "segments", &format!("{one}, {other}")),
            ]
        }),
        Case::told(82, "a proof used again: here, at another gate, after a restart", BAD_PROOF, replays),
        Case::with(83, "a proof for another method or URL", BAD_PROOF, |world| {
            let holder = Holder::ready(world);
            let mut attempts = holder.claimed(
                world,
                "htm",
                &[
                    ("GET", json!({"htm": "GET"})),
                    ("post", json!({"htm": "post"})),
                    ("none", json!({"htm": null})),
                    ("a list", json!({"htm": ["POST"]})),
                ],
            );
            let elsewhere = format!("http://{}/other/mcp", world.gate);
            attempts.extend(holder.claimed(
                world,
                "htu",
                &[
                    ("another server", json!({"htu": elsewhere})),
                    ("none", json!({"htu": null})),
                    ("the path alone", json!({"htu": "/notes/mcp"})),
                    ("the event stream's", json!({"htu": format!("{}/sse", world.resource())})),
                ],
            ));
            attempts
        }),
        Case::with(84, "games with host, port and case in htu", BAD_PROOF, |world| {
            let holder = Holder::ready(world);
            let (port, resource) = (world.gate.split_once(':').unwrap().1, world.resource());
            let targets = [
                format!("http://localhost:{port}/notes/mcp"),
                format!("https://{}/notes/mcp", world.gate),
                "http://127.0.0.1/notes/mcp".to_owned(),
                format!("http://127.0.0.1:{port}@evil.example/notes/mcp"),
                format!("http://me@{}/notes/mcp", world.gate),
                resource.replace("/notes", "/Notes"),
                resource.replace("/notes", "//notes"),
                format!("{resource}/"),
                resource.replace("notes/mcp", "notes%2Fmcp"),
                resource.replace("http://", "http:\\\\"),
                format!("{resource}.evil.example"),
            ];
            let claims: Vec<(&str, Value)> =
                targets.iter().map(|target| (target.as_str(), json!({"htu": target}))).collect();
            holder.claimed(world, "htu", &claims)
        }),
        Case::with(85, "a stale proof, and one of the future", BAD_PROOF, |world| {
            let holder = Holder::ready(world);
            let mut attempts = holder.claimed(world, "stale", &[("old", json!({"iat": now() - 62}))]);
            attempts.extend(holder.claimed(
                world,
                "issued in the future",
                &[("early", json!({"iat": now() + 30}))],
            ));
            let malformed = [
                ("none", json!({"iat": null})),
                ("text", json!({"iat": now().to_string()})),
                ("a fraction", json!({"iat": 1.5})),
            ];
            attempts.extend(holder.claimed(world, "iat", &malformed));
            attempts.extend(holder.claimed(
                world,
                "jti",
                &[("no id", json!({"jti": null})), ("an empty id", json!({"jti": ""}))],
            ));
            attempts
        }),
        Case::with(86, "a proof for another token, or for none", BAD_PROOF, |world| {
            let holder = Holder::ready(world);
            let other = base64url(&sha256(world.token().as_bytes()));
            let claims = [
                ("none", json!({"ath": null})),
                ("another's", json!({"ath": other})),
                ("empty", json!({"ath": ""})),
            ];
            holder.claimed(world, "ath", &claims)
        }),
        Case::with(87, "a proof by another key", ANOTHERS, |world| {
            let (holder, mut thief) = (Holder::ready(world), Holder::ready(world));
            thief.token.clone_from(&holder.token);
            vec![holder.attempt(world, "the thief's own", "another key", &thief.proof(world))]
        }),
        Case::with(88, "a private key in the proof", BAD_PROOF, |world| {
            let holder = Holder::ready(world);
            let with = |name: &str| {
                let jwk = holder.key.jwk_with(&json!({name: base64url(&[7; 32])}));
                holder.proof_with(world, &json!({"jwk": jwk}), &json!({}))
            };
            ["d", "k", "p", "qi"].map(|name| holder.attempt(world, name, "private key", &with(name))).into()
        }),
        Case::with(89, "a proof by a symmetric algorithm, or none", BAD_PROOF, |world| {
            let holder = Holder::ready(world);
            let keyed = |header: &Value| {
                let header = changed(&holder.header(), header);
                let signed =
                    super::craft::unsigned(text(&header).as_bytes(), text(&holder.claims(world)).as_bytes());
                let key = hmac::Key::new(hmac::HMAC_SHA256, holder.key.jwk().to_string().as_bytes());
                format!("{signed}.{}", base64url(hmac::sign(&key, signed.as_bytes()).as_ref()))
            };
            let octets = json!({"kty": "oct", "x": "x"});
            let rs256 = holder.proof_with(world, &json!({"alg": "RS256"}), &json!({}));
            vec![
                holder.attempt(world, "HS256", "algorithm", &keyed(&json!({"alg": "HS256"}))),
                holder.attempt(world, "none", "algorithm", &keyed(&json!({"alg": "none"}))),
                holder.attempt(world, "octets for a key", "jwk", &keyed(&json!({"jwk": octets}))),
                holder.attempt(world, "no key", "jwk", &keyed(&json!({"jwk": null}))),
                holder.attempt(world, "an HMAC for a signature", "signature", &keyed(&json!({}))),
                holder.attempt(world, "an algorithm that is not offered", "algorithm", &rs256),
                holder.attempt(
                    world,
                    "another kind of token",
                    "typ",
                    &holder.proof_with(world, &json!({"typ": "JWT"}), &json!({})),
                ),
            ]
        }),
        Case::with(90, "no nonce, an old one, one of another gate", NO_NONCE, |world| {
            let holder = Holder::ready(world);
            let nonce = holder.nonce.clone().unwrap();
            let of_another = Holder::ready(&World::start("sender-elsewhere")).nonce;
            let missing = holder.proof_with(world, &json!({}), &json!({"nonce": null}));
            let mut attempts = vec![holder.attempt(world, "none", "no nonce", &missing)];
            attempts.extend(holder.claimed(
                world,
                "the nonce is old, or not of this gate",
                &[
                    ("of another gate", json!({"nonce": of_another})),
                    ("altered", json!({"nonce": nonce.replace(&nonce[..4], "AAAB")})),
                    ("a word", json!({"nonce": "nonce"})),
                    ("a number", json!({"nonce": 7})),
                ],
            ));
            attempts
        }),
        Case::with(91, "another certificate, or one in a header", ANOTHERS, |world| {
            let der = b"a certificate";
            let token =
                world.key.token(&world.claims_with(&json!({"cnf": {"x5t#S256": base64url(&sha256(der))}})));
            let plain = base64url(der);
            let headers = [
                ("Client-Cert", format!(":{plain}:")),
                ("X-Client-Cert", plain.clone()),
                ("X-SSL-Client-Cert", plain.clone()),
                ("X-Forwarded-Client-Cert", format!("Hash={plain};Cert=\"{plain}\"")),
                ("X-Forwarded-Tls-Client-Cert", plain.clone()),
            ];
            let attempts = headers.iter().map(|(name, value)| {
                let call = Call::default().bearer(&token).header(name, value);
                Attempt::call(world, name, Some("no certificate"), &call)
            });
            attempts.chain([Attempt::token(world, "none", "no certificate", &token)]).collect()
        }),
    ]
}

fn replays(case: &Case) {
    let mut world = World::start("sender-replays");
    let holder = Holder::ready(&world);
    let good = holder.call(&holder.proof(&world)).bytes(&world.gate);
    let again = |world: &World, what: &str, detail| {
        let call = Attempt::call(world, what, Some(detail), &Call::default());
        Attempt { request: good.clone(), ..call }
    };
    assert_eq!(world.send(&good).status, 200);
    case.holds(&world, &again(&world, "here", "replayed"));
    // What a gate has just begun, or is another, it does not know: it asks for a nonce of
    // its own, which a proof of before cannot have.
    let unknown =
        Case { number: case.number, name: case.name, refusal: NO_NONCE, how: How::Sent(|_| Vec::new()) };
    world.restart();
    unknown.holds(&world, &again(&world, "after a restart", "the nonce is old, or not of this gate"));
    let fresh = Holder::ready(&world);
    let used = fresh.call(&fresh.proof(&world)).bytes(&world.gate);
    assert_eq!(world.send(&used).status, 200);
    let (other, mut child) = world.replica("replica");
    let answer = crate::support::exchange(&other, &used);
    let _ = child.kill().and_then(|()| child.wait());
    assert_eq!(answer.status, 401, "{answer:?}");
    assert!(answer.header("www-authenticate").unwrap().contains("use_dpop_nonce"), "{answer:?}");
}
