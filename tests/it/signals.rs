//! Security events that revoke tokens, also in the middle of a call.

use crate::catalogue::Refusal;
use crate::exchange::RULES;
use crate::support::authority::{Authority, now, put_over};
use crate::support::upstream::{Upstream, begin_events, end_events, event, whole};
use crate::support::{Answer, Gate, records};
use portcullis::jose::random_id;
use portcullis::jose::sign::SigningKey;
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

const SECRET: &str = "the secret of the transmitter";
const REVOKED: &str = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";

struct World {
    authority: Authority,
    gate: Gate,
    /// The server has been asked; and may answer.
    asked: Receiver<()>,
    answer: Sender<()>,
}

impl World {
    fn start(name: &str) -> Self {
        Self::with(name, "auth: none")
    }

    fn with(name: &str, auth: &str) -> Self {
        let tools = json!([{"name": "read", "inputSchema": {"type": "object"}}]);
        let ((tell, asked), (answer, may)) = (channel(), channel());
        let (tell, may) = (Mutex::new(tell), Mutex::new(may));
        let upstream = Upstream::start(tools, move |message, stream| {
            if message["params"]["arguments"]["slow"] == true {
                tell.lock().unwrap().send(()).unwrap();
                let _: () = may.lock().unwrap().recv().unwrap();
            }
            let result =
                json!({"content": [{"type": "text", "text": "the record"}], "resultType": "complete"});
            if message["params"]["arguments"]["stream"] == true {
                begin_events(stream).unwrap();
                let progress =
                    json!({"progressToken": message["params"]["_meta"]["progressToken"], "progress": 1});
                event(
                    stream,
                    &json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": progress}),
                )
                .unwrap();
                tell.lock().unwrap().send(()).unwrap();
                let _: () = may.lock().unwrap().recv().unwrap();
                let _ = event(stream, &json!({"jsonrpc": "2.0", "id": message["id"], "result": result}));
                let _ = end_events(stream);
            } else {
                whole(stream, message, &result);
            }
        });
        let authority = Authority::start();
        let line = format!("records: {{ url: '{}', {auth} }}", upstream.url);
        let rules = format!("{RULES}messages: {{ profile: pci-dss }}\n");
        let own = authority.clone();
        let gate = Gate::beside(name, authority.url(), &line, &rules, &[("SIGNALS", SECRET)], |folder| {
            format!("{}signals: {{ secret: 'env:SIGNALS' }}\n", own.client(folder))
        });
        Self { authority, gate, asked, answer }
    }

    fn token(&self, more: &Value) -> String {
        self.authority.token(&format!("http://{}/records/mcp", self.gate.address), more)
    }

    fn open(&self, token: &str, arguments: &Value) -> TcpStream {
        let params = json!({"name": "read", "arguments": arguments, "_meta": {"progressToken": "p"}});
        self.gate.open("records", token, "tools/call", params)
    }

    fn call(&self, token: &str) -> Answer {
        Answer::read(&mut self.open(token, &json!({})))
    }

    fn event(&self, more: &Value) -> Value {
        let mut claims = json!({
            "iss": self.authority.url(), "aud": format!("http://{}/signals", self.gate.address),
            "iat": now(), "jti": random_id(), "sub_id": self.person("alice"), "events": {REVOKED: {}},
        });
        put_over(&mut claims, more);
        claims
    }

    fn person(&self, subject: &str) -> Value {
        json!({"format": "iss_sub", "iss": self.authority.url(), "sub": subject})
    }

    fn push(&self, claims: &Value) -> Answer {
        self.push_as(claims, "secevent+jwt", self.authority.key(), SECRET)
    }

    fn push_as(&self, claims: &Value, kind: &str, key: &SigningKey, secret: &str) -> Answer {
        let body = key.sign(kind, claims.as_object().unwrap()).unwrap();
        let request = format!(
            "POST /signals HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {secret}\r\n\
             Content-Type: application/secevent+jwt\r\nContent-Length: {}\r\n\r\n{body}",
            self.gate.address,
            body.len()
        );
        let mut stream = TcpStream::connect(&self.gate.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        Answer::read(&mut stream)
    }

    fn last(&self) -> (String, String) {
        let last = records(&self.gate.state).pop().unwrap();
        let text = |name: &str| last[name].as_str().unwrap_or_default().to_owned();
        (text("status"), text("detail"))
    }
}

#[test]
fn tokens_of_before_are_refused_and_whoever_signs_in_anew_passes() {
    let mut world = World::start("signals");
    let (alice, bob) =
        (world.token(&json!({"iat": now() - 5})), world.token(&json!({"sub": "bob", "iat": now() - 5})));
    assert_eq!((world.call(&alice).status, world.call(&bob).status), (200, 200));
    let pushed = world.push(&world.event(&json!({"iat": now() - 2})));
    assert_eq!((pushed.status, pushed.body.as_str()), (202, ""), "{pushed:?}");
    let signal = records(&world.gate.state).pop().unwrap();
    assert_eq!((&signal["event"], &signal["events"]), (&json!("signal"), &json!(["session-revoked"])));
    let who = records(&world.gate.state).into_iter().find(|record| record["event"] == "decision").unwrap();
    assert_eq!(signal["revoked"][0]["sub_hmac"], who["who"]["sub_hmac"], "found by the same hash");
    assert!(!signal.to_string().contains("alice"));
    let answer = world.call(&alice);
    assert!(answer.status == 401 && answer.head.contains("error=\"invalid_token\""), "{answer:?}");
    assert_eq!(world.last(), ("token_refused".into(), "revoked".into()));
    assert_eq!(world.call(&bob).status, 200);
    assert_eq!(world.call(&world.token(&json!({}))).status, 200, "signed in anew");
    world.gate.child.kill().unwrap();
    world.gate.child.wait().unwrap();
    let state = std::fs::read_to_string(world.gate.state.join("revocations.json")).unwrap();
    assert!(state.len() > 40, "it is on disk: {state}");
}

#[test]
fn sessions_credentials_and_claims_each_have_their_event() {
    let world = World::start("signals-kinds");
    let old = |more: Value| {
        let mut claims = json!({"iat": now() - 5});
        put_over(&mut claims, &more);
        world.token(&claims)
    };
    let name = |kind: &str| format!("https://schemas.openid.net/secevent/caep/event-type/{kind}");
    let (one, other) = (old(json!({"sid": "s1"})), old(json!({"sid": "s2"})));
    let session = json!({"format": "complex", "user": world.person("alice"), "session": {"format": "opaque", "id": "s1"}});
    assert_eq!(world.push(&world.event(&json!({"sub_id": session}))).status, 202);
    assert_eq!(
        (world.call(&one).status, world.call(&other).status),
        (401, 200),
        "one session, not the other"
    );
    for (subject, kind) in [("carol", "credential-change"), ("dave", "token-claims-change")] {
        let token = old(json!({"sub": subject}));
        assert_eq!(world.call(&token).status, 200);
        let event =
            world.event(&json!({"sub_id": null, "events": {name(kind): {"subject": world.person(subject)}}}));
        assert_eq!(world.push(&event).status, 202);
        assert_eq!(world.call(&token).status, 401, "{kind}");
    }
    let token = old(json!({"sub": "erin", "jti": "token-1"}));
    let one = json!({"format": "jwt_id", "iss": world.authority.url(), "jti": "token-1"});
    assert_eq!(world.push(&world.event(&json!({"sub_id": one}))).status, 202);
    assert_eq!((world.call(&token).status, world.call(&old(json!({"sub": "erin"}))).status), (401, 200));
    // Events that revoke nothing are taken all the same.
    let verification = json!({"https://schemas.openid.net/secevent/ssf/event-type/verification": {}});
    assert_eq!(world.push(&world.event(&json!({"events": verification}))).status, 202);
    assert_eq!(records(&world.gate.state).pop().unwrap()["revoked"], json!([]));
}

#[test]
fn events_of_others_and_events_for_others_do_nothing() {
    let world = World::start("signals-wrong");
    let token = world.token(&json!({"iat": now() - 5}));
    let stranger = SigningKey::generate().unwrap();
    let own = world.authority.key();
    let err = |answer: &Answer| answer.json()["err"].as_str().unwrap_or_default().to_owned();
    for (name, more, kind, key, secret, status, word) in [
        ("without the secret", json!({}), "secevent+jwt", own, "wrong", 401, "authentication_failed"),
        ("another key", json!({}), "secevent+jwt", &stranger, SECRET, 400, "invalid_key"),
        (
            "another issuer",
            json!({"iss": "https://other"}),
            "secevent+jwt",
            own,
            SECRET,
            400,
            "invalid_issuer",
        ),
        (
            "another audience",
            json!({"aud": "https://other"}),
            "secevent+jwt",
            own,
            SECRET,
            400,
            "invalid_audience",
        ),
        ("no audience", json!({"aud": null}), "secevent+jwt", own, SECRET, 400, "invalid_audience"),
        ("an access token", json!({}), "at+jwt", own, SECRET, 400, "invalid_request"),
        ("a logout token", json!({}), "logout+jwt", own, SECRET, 400, "invalid_request"),
        ("of tomorrow", json!({"iat": now() + 3600}), "secevent+jwt", own, SECRET, 400, "invalid_request"),
        ("without an id", json!({"jti": null}), "secevent+jwt", own, SECRET, 400, "invalid_request"),
        ("without events", json!({"events": {}}), "secevent+jwt", own, SECRET, 400, "invalid_request"),
    ] {
        let answer = world.push_as(&world.event(&more), kind, key, secret);
        assert_eq!((answer.status, err(&answer).as_str()), (status, word), "{name}: {answer:?}");
        assert_eq!(world.call(&token).status, 200, "{name}");
    }
    let foreign = json!({"format": "iss_sub", "iss": "https://other", "sub": "alice"});
    assert_eq!(world.push(&world.event(&json!({"sub_id": foreign}))).status, 202);
    assert_eq!(world.call(&token).status, 200, "a transmitter speaks for its own subjects");
    // An event acts once: sent again, it does not reach those who signed in since.
    let event = world.event(&json!({"iat": now() - 10}));
    assert_eq!(
        (world.push(&event).status, world.call(&token).status),
        (202, 200),
        "it is of before this token"
    );
    assert_eq!(world.push(&event).status, 202);
    assert_eq!(
        records(&world.gate.state).into_iter().rfind(|record| record["event"] == "signal").unwrap()["again"],
        true
    );
}

/// Catalogue, 105: what a server answers after a revocation is withheld.
pub(crate) fn a_revocation_during_the_call(expected: Refusal) {
    let world = World::start("signals-midcall");
    let token = world.token(&json!({"iat": now() - 5}));
    let mut open = world.open(&token, &json!({"slow": true}));
    world.asked.recv().unwrap();
    assert_eq!(world.push(&world.event(&json!({}))).status, 202);
    world.answer.send(()).unwrap();
    let answer = Answer::read(&mut open);
    assert_eq!(answer.status, expected.status, "{answer:?}");
    assert!(answer.head.contains("error=\"invalid_token\""), "{answer:?}");
    assert!(!answer.body.contains("the record"), "{answer:?}");
    assert_eq!(world.last(), (expected.code.unwrap().to_owned(), "revoked during the call".into()));
}

#[test]
fn a_stream_ends_with_the_revocation_of_its_token() {
    let world = World::start("signals-stream");
    let bob = world.token(&json!({"sub": "bob", "iat": now() - 5}));
    let mut open = world.open(&bob, &json!({"stream": true}));
    world.asked.recv().unwrap();
    // The head is on its way once the progress was.
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(world.push(&world.event(&json!({"sub_id": world.person("bob")}))).status, 202);
    world.answer.send(()).unwrap();
    let answer = Answer::read(&mut open);
    assert!(answer.status == 200 && !answer.body.contains("the record"), "{answer:?}");
    assert!(answer.body.contains("token_refused"), "{answer:?}");
}

/// RFC 7009: what the gate holds for a caller is revoked with the caller.
#[test]
fn what_was_issued_for_a_caller_is_revoked_with_the_caller() {
    let world = World::with("signals-revoke", "auth: exchange, audience: 'urn:records'");
    let token = world.token(&json!({"iat": now() - 5}));
    let mut open = world.open(&token, &json!({"slow": true}));
    world.asked.recv().unwrap();
    assert_eq!(world.push(&world.event(&json!({}))).status, 202);
    assert!(world.authority.revoked().is_empty());
    world.answer.send(()).unwrap();
    assert_eq!(Answer::read(&mut open).status, 401);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while world.authority.revoked().is_empty() && std::time::Instant::now() < deadline {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let revoked = world.authority.revoked();
    let claims = portcullis::jose::compact::Compact::read(&revoked[0]).unwrap().claims;
    assert_eq!((revoked.len(), &claims["aud"], &claims["sub"]), (1, &json!("urn:records"), &json!("alice")));
}
