//! Issuers with rules of their own, before one gate: what one may say, another may not.

use crate::catalogue::world::{Wanted, World};
use crate::support::issuer::{Issuer, KEYS, METADATA, Page};
use serde_json::{Value, json};
use std::time::Duration;

/// Sends a token with these changes by an issuer, and gives status and detail.
fn asked(world: &World, issuer: &Issuer, changes: &Value) -> (u16, Option<String>) {
    let mut claims = world.claims_with(&json!({"iss": issuer.url}));
    claims.extend(changes.as_object().unwrap().clone());
    let status = world.call(&format!("Bearer {}", world.key.token(&claims))).status;
    let last = world.records().pop().unwrap();
    (status, last["detail"].as_str().map(str::to_owned))
}

#[test]
fn each_issuer_has_its_own_rules() {
    let [plain, ruled] = [Issuer::start(), Issuer::start()];
    let issuers = vec![
        format!("{{ issuer: '{}' }}", plain.url),
        format!(
            "{{ issuer: '{}', max_token_life: 60, audiences: [gate], other_audiences: ['urn:billing'], \
             machines: false, claims: {{ tenant: north, groups: [nurses, doctors] }} }}",
            ruled.url
        ),
    ];
    let world = World::with("issuers", Wanted { issuers, ..Wanted::default() });
    for issuer in [&plain, &ruled] {
        issuer.serve_keys(&[world.key.jwk()]);
    }
    let soon = crate::catalogue::world::now() + 50;
    let ours = world.resource();
    let good = json!({"exp": soon, "tenant": "north", "groups": ["porters", "nurses"]});
    let with = |member: &str, value: Value| {
        let mut changes = good.clone();
        changes[member] = value;
        changes
    };
    let refused = |detail: &str| (401, Some(detail.to_owned()));
    for (what, changes, by_plain, by_ruled) in [
        ("all that is asked", good.clone(), (200, None), (200, None)),
        ("another's name for us", with("aud", json!("gate")), refused("audience"), (200, None)),
        ("us and another", with("aud", json!([ours, "urn:billing"])), refused("audience"), (200, None)),
        ("another alone", with("aud", json!(["urn:billing"])), refused("audience"), refused("audience")),
        (
            "a third",
            with("aud", json!([ours, "urn:billing", "urn:x"])),
            refused("audience"),
            refused("audience"),
        ),
        ("a machine", with("sub", json!("agent")), (200, None), refused("subject")),
        ("another tenant", with("tenant", json!("south")), (200, None), refused("claim")),
        ("no tenant", with("tenant", json!(null)), (200, None), refused("claim")),
        ("no group of those", with("groups", json!(["porters"])), (200, None), refused("claim")),
        ("one group as a text", with("groups", json!("doctors")), (200, None), (200, None)),
        ("a longer life", with("exp", json!(soon + 200)), (200, None), refused("lifetime")),
    ] {
        assert_eq!(asked(&world, &plain, &changes), by_plain, "{what}, plain");
        assert_eq!(asked(&world, &ruled, &changes), by_ruled, "{what}, ruled");
    }
}

/// Metadata grows old as keys do: an issuer that moves its keys is followed, and one that no
/// longer says who it is, is not.
#[test]
fn metadata_is_not_kept_for_ever() {
    let keys = ", keys: { refetch_seconds: 1, refresh_seconds: 2, keep_seconds: 4 }";
    let world = World::with("metadata-age", Wanted { issuer: keys.to_owned(), ..Wanted::default() });
    let status = || world.call(&format!("Bearer {}", world.token())).status;
    assert_eq!(status(), 200);
    let mut metadata = world.issuer.metadata();
    metadata["jwks_uri"] = json!(format!("{}/moved", world.issuer.url));
    world.issuer.serve("/moved", Page::Json(json!({"keys": [world.key.jwk()]})));
    world.issuer.serve(METADATA, Page::Json(metadata.clone()));
    world.issuer.serve(KEYS, Page::Json(json!({"keys": []})));
    std::thread::sleep(Duration::from_millis(2300));
    assert_eq!((status(), world.issuer.asked_for("/moved")), (200, 1));
    metadata["issuer"] = json!("https://as.example");
    world.issuer.serve(METADATA, Page::Json(metadata));
    std::thread::sleep(Duration::from_millis(2300));
    assert_eq!(status(), 200, "the last good ones, for now");
    std::thread::sleep(Duration::from_millis(4300));
    assert_eq!(status(), 503);
    let last = world.records().pop().unwrap();
    assert_eq!(last["detail"], "the metadata names another issuer");
}

#[test]
fn the_metadata_names_issuers_scopes_and_pages() {
    let other = Issuer::start();
    let issuers = vec![format!("{{ issuer: '{}' }}", other.url)];
    let more = "federations:\n  all: { members: [notes] }\n\
                about: { documentation: 'https://docs.example/gate', policy: 'https://docs.example/policy' }\n";
    let world = World::with("metadata", Wanted { issuers, more: more.to_owned(), ..Wanted::default() });
    let get = |path: &str| {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", world.gate);
        world.send(head.as_bytes()).json()
    };
    for (path, resource) in [("/notes/mcp", "/notes/mcp"), ("/all/mcp", "/all/mcp"), ("", "")] {
        let found = get(&format!("/.well-known/oauth-protected-resource{path}"));
        let name = match path {
            "" => json!("Portcullis"),
            path => json!(format!("Portcullis: {}", path.split('/').nth(1).unwrap())),
        };
        let expected = json!({
            "resource": format!("http://{}{resource}", world.gate),
            "authorization_servers": [world.issuer.url, world.tenant.url, other.url],
            "scopes_supported": ["notes:read", "user/Observation.rs"], "bearer_methods_supported": ["header"],
            "resource_name": name,
            "resource_documentation": "https://docs.example/gate", "resource_policy_uri": "https://docs.example/policy",
        });
        for (member, value) in expected.as_object().unwrap() {
            assert_eq!(&found[member], value, "{path}: {member}");
        }
    }
}
