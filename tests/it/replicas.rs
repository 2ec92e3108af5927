//! Replicas that share a Redis server: a proof is used once at all of them, and what one
//! revokes all do. Against a real server; where there is none, this is skipped, and said.

use crate::catalogue::sender::Holder;
use crate::catalogue::world::{Wanted, World, now};
use crate::support::{Answer, exchange, folder, free_address};
use portcullis::jose::random_id;
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::time::{Duration, Instant};

const SECRET: &str = "the secret of the transmitter";

/// A server on this machine, with nothing in it.
struct Redis {
    program: String,
    address: String,
    child: Child,
}

impl Redis {
    /// None where there is no such program, save where one is named.
    fn start() -> Option<Self> {
        let program = std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
        let address = free_address().to_string();
        let port = address.rsplit(':').next()?;
        let Some(child) = launch(&program, &address, &["--port", port]) else {
            assert!(std::env::var_os("REDIS_SERVER").is_none(), "{program} cannot be run");
            not_run("there is no redis-server; tests/peers/replicas/run.sh brings one");
            return None;
        };
        Some(Self { program, address, child })
    }

    fn line(&self) -> String {
        format!("shared: {{ redis: 'redis://{}' }}\n", self.address)
    }

    /// What it says to a command, as it writes it.
    fn say(&self, command: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(format!("{command}\r\nQUIT\r\n").as_bytes()).unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        said
    }

    fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn again(&mut self) {
        let port = self.address.rsplit(':').next().unwrap();
        self.child = launch(&self.program, &self.address, &["--port", port]).unwrap();
    }
}

/// Past the capture of a test that passes, since this one proves nothing.
fn not_run(why: &str) {
    std::io::stderr().write_all(format!("\nNOT RUN: {why}\n").as_bytes()).unwrap();
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// None where the program is not there, or does not take these words.
fn launch(program: &str, address: &str, words: &[&str]) -> Option<Child> {
    let mut command = Command::new(program);
    command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]).args(words);
    // What it saved is there when it starts again.
    let name = format!("redis-{}-{}", address.replace(':', "-"), std::process::id());
    let saved = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&saved).unwrap();
    command.current_dir(saved);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    let deadline = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(address).is_err() {
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        assert!(Instant::now() < deadline, "redis-server did not come up");
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(child)
}

/// Two gates and their server.
struct Replicas {
    world: World,
    other: String,
    second: Child,
    redis: Redis,
}

impl Replicas {
    fn start(name: &str) -> Option<Self> {
        let redis = Redis::start()?;
        let more = format!("{}signals: {{ secret: 'env:SIGNALS' }}\n", redis.line());
        let environment = vec![("SIGNALS", SECRET.to_owned())];
        let world = World::with(name, Wanted { more, environment, ..Wanted::default() });
        let (other, second) = world.replica("second");
        Some(Self { world, other, second, redis })
    }

    fn at(&self, gate: &str, holder: &Holder, proof: &str) -> Answer {
        exchange(gate, &holder.call(proof).bytes(&self.world.gate))
    }

    fn here(&self, holder: &Holder, proof: &str) -> Answer {
        self.at(&self.world.gate, holder, proof)
    }

    fn there(&self, holder: &Holder, proof: &str) -> Answer {
        self.at(&self.other, holder, proof)
    }

    fn detail(&self) -> (String, String) {
        let last = self.world.records().pop().unwrap();
        let text = |name: &str| last[name].as_str().unwrap_or_default().to_owned();
        (text("status"), text("detail"))
    }

    /// Pushes an event that revokes what a person was given up to now.
    fn revoke(&self, subject: &str) -> Answer {
        let claims = json!({
            "iss": self.world.issuer.url, "aud": format!("http://{}/signals", self.world.gate),
            "iat": now(), "jti": random_id(),
            "sub_id": {"format": "iss_sub", "iss": self.world.issuer.url, "sub": subject},
            "events": {"https://schemas.openid.net/secevent/caep/event-type/session-revoked": {}},
        });
        let header = json!({"typ": "secevent+jwt", "alg": "ES256", "kid": "one"});
        let body = self.world.key.sign(header.to_string().as_bytes(), claims.to_string().as_bytes());
        let request = format!(
            "POST /signals HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {SECRET}\r\n\
             Content-Type: application/secevent+jwt\r\nContent-Length: {}\r\n\r\n{body}",
            self.world.gate,
            body.len()
        );
        self.world.send(request.as_bytes())
    }
}

impl Drop for Replicas {
    fn drop(&mut self) {
        let _ = self.second.kill();
        let _ = self.second.wait();
    }
}

fn challenged(answer: &Answer, error: &str) -> bool {
    answer.status == 401 && answer.head.contains(&format!("error=\"{error}\""))
}

#[test]
fn a_proof_is_used_once_at_all_replicas() {
    let Some(replicas) = Replicas::start("replicas") else { return };
    let holder = Holder::ready(&replicas.world);
    // The nonce of one is good at the other.
    for (first, then) in [(&replicas.world.gate, &replicas.other), (&replicas.other, &replicas.world.gate)] {
        let proof = holder.proof(&replicas.world);
        let answer = replicas.at(first, &holder, &proof);
        assert_eq!(answer.status, 200, "{answer:?}");
        let answer = replicas.at(then, &holder, &proof);
        assert!(challenged(&answer, "invalid_dpop_proof"), "{answer:?}");
    }
    assert_eq!(replicas.detail(), ("proof_refused".into(), "replayed".into()));

    let forwarded = replicas.world.forwarded();
    for _ in 0..10 {
        let (proof, start) = (holder.proof(&replicas.world), Barrier::new(8));
        let taken = std::thread::scope(|scope| {
            let calls = [&replicas.world.gate, &replicas.other].into_iter().cycle().take(8).map(|gate| {
                let (proof, start, replicas, holder) = (&proof, &start, &replicas, &holder);
                scope.spawn(move || {
                    start.wait();
                    replicas.at(gate, holder, proof).status
                })
            });
            let calls: Vec<_> = calls.collect();
            calls.into_iter().filter_map(|call| call.join().ok()).filter(|status| *status == 200).count()
        });
        assert_eq!(taken, 1);
    }
    assert_eq!(replicas.world.forwarded(), forwarded + 10, "and no server was called twice");

    let keys = replicas.redis.say("KEYS *");
    assert!(keys.contains("portcullis:proof:") && keys.contains("portcullis:epoch"), "{keys}");
    assert!(!keys.contains("alice") && !keys.contains("agent"), "{keys}");
}

#[test]
fn a_server_that_forgot_or_is_gone_lets_no_proof_be_used_twice() {
    let Some(mut replicas) = Replicas::start("replicas-lost") else { return };
    let holder = Holder::ready(&replicas.world);
    let proof = holder.proof(&replicas.world);
    assert_eq!(replicas.here(&holder, &proof).status, 200);

    replicas.redis.say("FLUSHALL");
    let answer = replicas.there(&holder, &proof);
    assert!(challenged(&answer, "use_dpop_nonce"), "its nonce is of before: {answer:?}");
    let answer = replicas.here(&holder, &proof);
    assert!(challenged(&answer, "invalid_dpop_proof"), "this one knows it: {answer:?}");

    // It comes back with what it had on disk, and that is not all it was told.
    let holder = Holder::ready(&replicas.world);
    replicas.redis.say("SAVE");
    let proof = holder.proof(&replicas.world);
    assert_eq!(replicas.here(&holder, &proof).status, 200);
    replicas.redis.stop();
    replicas.redis.again();
    assert!(replicas.redis.say("KEYS *").contains("portcullis:epoch"));
    let answer = replicas.there(&holder, &proof);
    assert!(challenged(&answer, "use_dpop_nonce"), "its nonce is of before: {answer:?}");

    replicas.redis.stop();
    let forwarded = replicas.world.forwarded();
    let begun = Instant::now();
    let answer = replicas.here(&holder, &holder.proof(&replicas.world));
    assert!(answer.status == 503 && begun.elapsed() < Duration::from_secs(5), "{answer:?}");
    assert_eq!(replicas.detail().0, "replays_unavailable");
    assert_eq!(replicas.world.forwarded(), forwarded);
    assert_eq!(replicas.world.call(&format!("Bearer {}", replicas.world.token())).status, 200, "no proof");

    replicas.redis.again();
    let deadline = Instant::now() + Duration::from_secs(20);
    let used = loop {
        let holder = Holder::new(&replicas.world);
        let answer = replicas.here(&holder, &holder.proof(&replicas.world));
        if challenged(&answer, "use_dpop_nonce") {
            break Holder::ready(&replicas.world);
        }
        assert!(answer.status == 503 && Instant::now() < deadline, "{answer:?}");
        std::thread::sleep(Duration::from_millis(100));
    };
    let proof = used.proof(&replicas.world);
    assert_eq!((replicas.here(&used, &proof).status, replicas.there(&used, &proof).status), (200, 401));
}

#[test]
fn a_server_that_may_forget_is_not_used() {
    let Some(redis) = Redis::start() else { return };
    redis.say("CONFIG SET maxmemory 100mb\r\nCONFIG SET maxmemory-policy allkeys-lru");
    let world = World::with("replicas-evict", Wanted { more: redis.line(), ..Wanted::default() });
    let holder = Holder::new(&world);
    let answer = world.send(&holder.call(&holder.proof(&world)).bytes(&world.gate));
    assert_eq!(answer.status, 503, "{answer:?}");
    let last = world.records().pop().unwrap();
    assert!(last["detail"].as_str().unwrap().contains("noeviction"), "{last}");
    redis.say("CONFIG SET maxmemory-policy noeviction");
    let holder = Holder::ready(&world);
    assert_eq!(world.send(&holder.call(&holder.proof(&world)).bytes(&world.gate)).status, 200);
}

#[test]
fn what_one_replica_revokes_all_do() {
    let Some(replicas) = Replicas::start("replicas-revoked") else { return };
    let token = |subject: &str| {
        replicas.world.key.token(&replicas.world.claims_with(&json!({"sub": subject, "iat": now() - 5})))
    };
    let call = |gate: &str, token: &str| {
        let call = crate::catalogue::world::Call::default().bearer(token);
        exchange(gate, &call.bytes(&replicas.world.gate)).status
    };
    let refused = |gate: &str, token: &str| {
        let deadline = Instant::now() + Duration::from_secs(10);
        while call(gate, token) != 401 {
            assert!(Instant::now() < deadline, "{gate} goes on to take what was revoked");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    let (alice, bob) = (token("alice"), token("bob"));
    assert_eq!((call(&replicas.other, &alice), call(&replicas.other, &bob)), (200, 200));
    assert_eq!(replicas.revoke("alice").status, 202);
    assert_eq!(call(&replicas.world.gate, &alice), 401);
    refused(&replicas.other, &alice);
    assert_eq!(call(&replicas.other, &bob), 200);

    // A new replica learns it of the others, also of a server that was emptied meanwhile and
    // was told something else since.
    replicas.redis.say("FLUSHALL");
    assert_eq!(replicas.revoke("carol").status, 202);
    std::thread::sleep(Duration::from_secs(3));
    let (third, mut child) = replicas.world.replica("third");
    refused(&third, &alice);
    assert_eq!(call(&third, &bob), 200);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn the_server_is_reached_over_tls_with_a_password_and_no_other_way() {
    let state = folder("redis-tls");
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let path = |name: &str| state.join(name).display().to_string();
    std::fs::write(path("server.pem"), certified.cert.pem()).unwrap();
    std::fs::write(path("server.key"), certified.signing_key.serialize_pem()).unwrap();
    let stranger = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(path("stranger.pem"), stranger.cert.pem()).unwrap();
    let address = free_address().to_string();
    let (_, port) = address.rsplit_once(':').unwrap();
    let program = std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
    let (certificate, key) = (path("server.pem"), path("server.key"));
    let words = [
        ["--port", "0"],
        ["--tls-port", port],
        ["--tls-cert-file", &certificate],
        ["--tls-key-file", &key],
        ["--tls-ca-cert-file", &certificate],
        ["--tls-auth-clients", "no"],
        ["--requirepass", SECRET],
    ];
    let Some(child) = launch(&program, &address, words.as_flattened()) else {
        return not_run("there is no redis-server that speaks TLS");
    };
    let _redis = Redis { program, address: address.clone(), child };
    for (name, authority, password, detail) in [
        ("well", "server.pem", SECRET, None),
        ("authority", "stranger.pem", SECRET, Some("the shared server cannot be reached")),
        ("password", "server.pem", "another", Some("the shared server refuses the password")),
    ] {
        let more = format!(
            "shared: {{ redis: 'rediss://localhost:{port}', password: 'env:REDIS', ca_file: '{}' }}\n",
            path(authority)
        );
        let environment = vec![("REDIS", password.to_owned())];
        let world =
            World::with(&format!("replicas-tls-{name}"), Wanted { more, environment, ..Wanted::default() });
        let holder = Holder::new(&world);
        let answer = world.send(&holder.call(&holder.proof(&world)).bytes(&world.gate));
        let last = world.records().pop().unwrap();
        match detail {
            None => assert!(challenged(&answer, "use_dpop_nonce"), "{answer:?} {last}"),
            Some(detail) => assert_eq!((answer.status, &last["detail"]), (503, &json!(detail)), "{name}"),
        }
        assert!(!world.log().contains(password), "{name}");
    }
}
