//! 92–101: issuers that fail, lie, or lead elsewhere.
//!
//! Here the gate is asked with good tokens, and it is the issuer's side that is at fault: a
//! token that cannot be judged is refused with 503, and why is on record.

use super::certificates::bad_certificates;
use super::craft::Key;
use super::world::{Wanted, World};
use super::{Attempt, Case, INVALID_TOKEN, NO_KEYS, run};
use crate::support::issuer::{Bystander, Issuer, KEYS, METADATA, OPENID, Page, whole};
use serde_json::{Value, json};
use std::io::Write;
use std::net::ToSocketAddrs;
use std::time::{Duration, Instant};

/// In two tests, since these wait for time to pass.
#[test]
fn keys_that_come_and_go() {
    run(&World::start("keys"), cases().into_iter().filter(|case| case.number < 96).collect());
}

#[test]
fn issuers_that_fail_or_lead_elsewhere() {
    run(&World::start("infrastructure"), cases().into_iter().filter(|case| case.number >= 96).collect());
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::told(
            92,
            "a new key: one fetch, then it is taken; until then it is unknown",
            INVALID_TOKEN,
            rotation,
        ),
        Case::told(93, "an old key after the overlap", INVALID_TOKEN, after_the_overlap),
        Case::told(94, "a flood of unknown `kid`s: one fetch per interval", INVALID_TOKEN, flood),
        Case::told(
            95,
            "keys that cannot be had: the last good ones up to their age, then none",
            NO_KEYS,
            outage,
        ),
        Case::told(
            96,
            "keys slow, endless, of 10 MB, 10 000 of them, HTML, compressed",
            NO_KEYS,
            bad_documents,
        ),
        Case::told(
            97,
            "metadata that redirects to this machine, a link-local address or a file",
            NO_KEYS,
            redirects,
        ),
        Case::told(98, "a name that leads to an address inside when it is connected to", NO_KEYS, rebinding),
        Case::told(
            99,
            "TLS with a certificate that is unknown, expired, or another's",
            NO_KEYS,
            bad_certificates,
        ),
        Case::told(100, "metadata that names another issuer", NO_KEYS, other_issuer),
        Case::told(101, "`jwks_uri` on another host", NO_KEYS, foreign_keys),
    ]
}

/// A world whose first issuer's keys are looked at often.
fn hasty(name: &str, keys: &str) -> World {
    World::with(name, Wanted { issuer: format!(", keys: {{ {keys} }}"), ..Wanted::default() })
}

pub(super) fn passes(world: &World, key: &Key, what: &str) {
    let answer = world.call(&format!("Bearer {}", key.token(&world.claims())));
    assert_eq!(answer.status, 200, "{what}: {answer:?}\n{}", world.log());
}

fn unknown(world: &World, case: &Case, key: &Key, what: &str) {
    case.holds(world, &Attempt::token(world, what, "unknown key", &key.token(&world.claims())));
}

/// A good token is refused because of the issuer, for this reason.
pub(super) fn unjudged(world: &World, case: &Case, what: &str, detail: &'static str) {
    case.holds(world, &Attempt::token(world, what, detail, &world.token()));
}

/// What is wrong with an issuer, for what the gate must then say, and how to make it so.
type Fault = (String, &'static str, Box<dyn Fn(&Issuer, &Key)>);

fn fault(what: &str, detail: &'static str, make: impl Fn(&Issuer, &Key) + 'static) -> Fault {
    (what.to_owned(), detail, Box::new(make))
}

/// One gate with an issuer for each fault: of none of them is a token taken, and the good
/// issuers are none the worse.
fn each(case: &Case, name: &str, faults: &[Fault]) -> World {
    let issuers: Vec<Issuer> = faults.iter().map(|_| Issuer::start()).collect();
    let entry = |issuer: &Issuer| format!("{{ issuer: '{}', algorithms: [ES256] }}", issuer.url);
    let wanted = Wanted { issuers: issuers.iter().map(entry).collect(), ..Wanted::default() };
    let world = World::with(name, wanted);
    for (issuer, (what, detail, make)) in issuers.iter().zip(faults) {
        issuer.serve_keys(&[world.key.jwk()]);
        make(issuer, &world.key);
        let token = world.key.token(&world.claims_with(&json!({"iss": issuer.url})));
        let begun = Instant::now();
        case.holds(&world, &Attempt::token(&world, what, detail, &token));
        assert!(begun.elapsed() < Duration::from_secs(12), "{what}: {:?}", begun.elapsed());
        passes(&world, &world.key, what);
    }
    world
}

/// Metadata with a member changed; null takes it away.
fn metadata_with(issuer: &Issuer, member: &str, value: &Value) -> Page {
    let mut metadata = issuer.metadata();
    metadata[member] = value.clone();
    Page::Json(metadata)
}

fn rotation(case: &Case) {
    let world = hasty("rotation", "refetch_seconds: 2, refresh_seconds: 600");
    let new = Key::es256("two");
    passes(&world, &world.key, "the key there is");
    unknown(&world, case, &new, "before it is published");
    world.issuer.serve_keys(&[world.key.jwk(), new.jwk()]);
    let fetched = world.issuer.asked_for(KEYS);
    unknown(&world, case, &new, "within the interval");
    assert_eq!(world.issuer.asked_for(KEYS), fetched);
    std::thread::sleep(Duration::from_millis(2200));
    passes(&world, &new, "the new key");
    passes(&world, &world.key, "the old key, which is still there");
    passes(&world, &new, "the new key again");
    assert_eq!(world.issuer.asked_for(KEYS), fetched + 1, "one fetch");
}

fn after_the_overlap(case: &Case) {
    let world = hasty("overlap", "refetch_seconds: 1, refresh_seconds: 2");
    let new = Key::es256("two");
    world.issuer.serve_keys(&[world.key.jwk(), new.jwk()]);
    passes(&world, &world.key, "the old key");
    passes(&world, &new, "the new key");
    world.issuer.serve_keys(&[new.jwk()]);
    std::thread::sleep(Duration::from_millis(2200));
    unknown(&world, case, &world.key, "the old key, which is gone");
    passes(&world, &new, "the new key");
}

fn flood(case: &Case) {
    let world = hasty("flood", "refetch_seconds: 600, refresh_seconds: 600");
    passes(&world, &world.key, "before");
    let fetched = world.issuer.asked_for(KEYS);
    for number in 0..40 {
        let key = Key::es256(&format!("flood-{number}"));
        unknown(&world, case, &key, "one of forty");
    }
    assert_eq!(world.issuer.asked_for(KEYS), fetched, "fetched for unknown keys");
    // And at once: of those that wait for a fetch, one makes it.
    let world = World::start("flood-at-once");
    let token = world.token();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| assert_eq!(world.call(&format!("Bearer {token}")).status, 200));
        }
    });
    assert_eq!(
        (world.issuer.asked_for(METADATA), world.issuer.asked_for(KEYS)),
        (1, 1),
        "one flight for all"
    );
}

fn outage(case: &Case) {
    let world = hasty("outage", "refetch_seconds: 1, refresh_seconds: 1, keep_seconds: 4");
    passes(&world, &world.key, "before");
    let begun = Instant::now();
    world.issuer.serve(KEYS, Page::Raw(whole("500 Internal Server Error", "Connection: close\r\n", b"{}")));
    std::thread::sleep(Duration::from_millis(1500));
    passes(&world, &world.key, "with the last good keys");
    assert!(world.issuer.asked_for(KEYS) > 1, "nobody tried");
    std::thread::sleep(Duration::from_millis(4500).saturating_sub(begun.elapsed()));
    unjudged(&world, case, "when they are too old", "the issuer does not serve the document");
    let stranger = Key::es256("one");
    let forged = stranger.token(&world.claims());
    case.holds(
        &world,
        &Attempt::token(&world, "a forgery", "the issuer does not serve the document", &forged),
    );
    world.issuer.serve_keys(&[world.key.jwk()]);
    std::thread::sleep(Duration::from_millis(1200));
    passes(&world, &world.key, "when it is back");
}

fn bad_documents(case: &Case) {
    const SLOW: &str = "the issuer did not answer in time";
    const LARGE: &str = "the issuer's document is too large";
    let serving = |what: &str, detail, page: fn(&Key) -> Page| {
        fault(what, detail, move |issuer, key| issuer.serve(KEYS, page(key)))
    };
    let faults = [
        serving("silent", SLOW, |_| Page::Silence),
        serving("dripping", SLOW, |_| Page::Drip),
        serving("endless", LARGE, |_| Page::Endless),
        serving("of 10 MB", LARGE, |key| {
            let padding = " ".repeat(10 << 20);
            answering("", format!("{{\"keys\":[{}]}}{padding}", key.jwk()).as_bytes())
        }),
        serving("of 10 000 keys", LARGE, |key| Page::Json(json!({"keys": vec![key.jwk(); 10_000]}))),
        serving("of 500 small keys", "key set too large", |key| {
            let mut keys = vec![key.jwk()];
            keys.resize_with(500, || json!({"kty": "oct"}));
            Page::Json(json!({"keys": keys}))
        }),
        serving("HTML", "key set is not JSON", |_| {
            answering("Content-Type: text/html\r\n", b"<html>keys</html>")
        }),
        serving("compressed", "the issuer's document is compressed, which was not asked for", |_| {
            let bomb = miniz_oxide::deflate::compress_to_vec(&vec![b' '; 64 << 20], 9);
            answering("Content-Encoding: deflate\r\n", &bomb)
        }),
        serving("without keys", "key set has no keys", |_| Page::Json(json!({}))),
        serving("empty", "no usable key", |_| Page::Json(json!({"keys": []}))),
        serving("cut off", "the issuer's document broke off", |_| {
            Page::Raw(
                b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\nConnection: close\r\n\r\n{\"keys\":[".to_vec(),
            )
        }),
        serving("with `keys` twice", "key set is not JSON", |key| {
            answering("", format!("{{\"keys\":[],\"keys\":[{}]}}", key.jwk()).as_bytes())
        }),
        fault("metadata in HTML", "the metadata is not JSON", |issuer, _| {
            for path in [METADATA, OPENID] {
                issuer.serve(path, answering("Content-Type: text/html\r\n", b"<html></html>"));
            }
        }),
        fault("metadata without an end", LARGE, |issuer, _| {
            issuer.serve(METADATA, Page::Endless);
            issuer.serve(OPENID, Page::Endless);
        }),
    ];
    let world = each(case, "documents", &faults);
    let status = std::fs::read_to_string(format!("/proc/{}/status", world.child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap().trim();
    let peak: u64 = peak.trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 400_000, "{peak} kB");
}

fn answering(headers: &str, body: &[u8]) -> Page {
    Page::Raw(whole("200 OK", &format!("{headers}Connection: close\r\n"), body))
}

fn redirects(case: &Case) {
    let bystander = Bystander::start();
    let inside = format!("http://127.0.0.1:{}", bystander.port);
    let targets = [
        format!("{inside}{METADATA}"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "file:///etc/passwd".to_owned(),
    ];
    let mut faults = Vec::new();
    for (status, target) in
        ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"].iter().zip(targets.iter().cycle())
    {
        let head = format!("Location: {target}\r\nConnection: close\r\n");
        let page = Page::Raw(whole(status, &head, b"{}"));
        // Nor are the keys fetched by one.
        for paths in [vec![METADATA, OPENID], vec![KEYS]] {
            let page = page.clone();
            let what = format!("{status} to {target} of {}", paths[0]);
            faults.push(fault(&what, "the issuer does not serve the document", move |issuer, _| {
                for path in &paths {
                    issuer.serve(path, page.clone());
                }
            }));
        }
    }
    each(case, "redirects", &faults);
    assert_eq!(bystander.met(), 0, "a redirect was followed");
}

/// The name of this machine leads to an address that is not public, and is not `localhost`: so
/// does, at the moment of the connection, a name whose server answers differently by then. The
/// moment itself is tested in `net::guard`, with a resolver that does so.
fn rebinding(case: &Case) {
    let detail = "the issuer's address is in a network that `networks` does not name";
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned();
    let resolved: Vec<_> = (name.as_str(), 443).to_socket_addrs().map(Iterator::collect).unwrap_or_default();
    let mut names =
        ["10.255.255.1", "169.254.169.254", "[fd00::1]", "[::ffff:127.0.0.1]"].map(str::to_owned).to_vec();
    if resolved.is_empty() {
        let said = format!("\nNOT TRIED: case 98 with a name, since {name} has no address here\n");
        std::io::stderr().write_all(said.as_bytes()).unwrap();
    } else {
        names.push(name.clone());
    }
    let bystander = Bystander::start();
    let urls: Vec<String> = names.iter().map(|name| format!("https://{name}:{}", bystander.port)).collect();
    let issuers = urls.iter().map(|iss| format!("{{ issuer: '{iss}', algorithms: [ES256] }}")).collect();
    let world = World::with("rebinding", Wanted { issuers, ..Wanted::default() });
    for iss in urls {
        let token = world.key.token(&world.claims_with(&json!({"iss": iss})));
        let begun = Instant::now();
        case.holds(&world, &Attempt::token(&world, &iss, detail, &token));
        assert!(begun.elapsed() < Duration::from_secs(2), "{iss} was tried");
        assert_eq!(bystander.met(), 0, "{iss} was connected to");
    }
    // Named, it is reached; what is there does not speak TLS.
    if !resolved.is_empty() {
        let bystander = Bystander::start();
        let iss = format!("https://{name}:{}", bystander.port);
        let networks: Vec<String> = resolved
            .iter()
            .map(|address| format!("{}/{}", address.ip(), if address.is_ipv4() { 32 } else { 128 }))
            .collect();
        let entry = format!("{{ issuer: '{iss}', algorithms: [ES256], keys: {{ networks: {networks:?} }} }}");
        let world = World::with("rebinding-named", Wanted { issuers: vec![entry], ..Wanted::default() });
        let token = world.key.token(&world.claims_with(&json!({"iss": iss})));
        case.holds(&world, &Attempt::token(&world, "named", "the issuer cannot be reached", &token));
        assert!(bystander.met() > 0, "a named network was not reached");
    }
}

fn other_issuer(case: &Case) {
    let naming = |what: &str, other: fn(&str) -> Value| {
        fault(what, "the metadata names another issuer", move |issuer, _| {
            issuer.serve(METADATA, metadata_with(issuer, "issuer", &other(&issuer.url)));
            // Nor is another form asked, that might say otherwise.
            issuer.serve(OPENID, Page::Json(issuer.metadata()));
        })
    };
    let faults = [
        naming("another", |_| json!("https://as.example")),
        naming("with a slash", |url| json!(format!("{url}/"))),
        naming("in other case", |url| json!(url.to_uppercase())),
        naming("a list", |url| json!([url])),
        naming("none", |_| Value::Null),
    ];
    each(case, "other-issuer", &faults);
}

fn foreign_keys(case: &Case) {
    let bystander = Bystander::start();
    let at = |uri: &str, detail| {
        let uri = json!(uri);
        fault(&uri.to_string(), detail, move |issuer, _| {
            issuer.serve(METADATA, metadata_with(issuer, "jwks_uri", &uri));
        })
    };
    let (host, scheme) =
        ("jwks_uri is on another host than the issuer", "https is required, except for this machine itself");
    let faults = [
        at(&format!("http://localhost:{}/jwks", bystander.port), host),
        at(&format!("https://localhost:{}/jwks", bystander.port), host),
        at("https://keys.example/jwks", host),
        at("http://169.254.169.254/jwks", scheme),
        at("file:///etc/passwd", scheme),
        at("http://u@127.0.0.1/jwks", scheme),
        at("/jwks", "not a URL"),
    ];
    each(case, "foreign-keys", &faults);
    assert_eq!(bystander.met(), 0, "a foreign host was asked");
    // Where the configuration names the host, its keys are taken.
    let world = hasty("named-keys", "hosts: [localhost]");
    let uri = world.tenant.url.replace("127.0.0.1", "localhost") + KEYS;
    world.issuer.serve(METADATA, metadata_with(&world.issuer, "jwks_uri", &json!(uri)));
    world.tenant.serve_keys(&[world.key.jwk()]);
    passes(&world, &world.key, "keys on a host that is named");
}
