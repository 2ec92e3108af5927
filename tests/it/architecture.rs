//! The layers of `src/`, checked from the `use` lines. `lib.rs` has the picture.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// From the bottom up: a module may use those before it.
const ORDER: [&str; 23] = [
    "model",
    "net",
    "jose",
    "downstream",
    "wire",
    "redact",
    "train",
    "journal",
    "catalogue",
    "request",
    "store",
    "identity",
    "session",
    "policy",
    "inspect",
    "exchange",
    "upstream",
    "release",
    "audit",
    "pipeline",
    "config",
    "server",
    "cli",
];

/// A stage may use, of the stages, its predecessor alone.
const STAGES: [&str; 8] =
    ["identity", "session", "policy", "inspect", "exchange", "upstream", "release", "audit"];

/// Foreign crates and the only modules that may name them.
const PINNED: [(&str, &[&str]); 12] = [
    ("prometheus_client", &["audit"]),
    ("hyper", &["net", "server"]),
    ("hyper_util", &["net", "server"]),
    ("hyper_rustls", &["net"]),
    ("rustls", &["net", "server"]),
    ("tokio_rustls", &["server"]),
    ("axum", &["server", "cli"]),
    ("jsonwebtoken", &["jose"]),
    ("regorus", &["policy"]),
    ("governor", &["session"]),
    ("jsonpath_rust", &["redact"]),
    ("rustix", &["upstream"]),
];

#[test]
fn modules_use_only_what_lies_below_them() {
    let mut faults = Vec::new();
    for (module, used) in uses() {
        let place = |name: &str| ORDER.iter().position(|known| *known == name);
        let own = place(&module).unwrap_or_else(|| panic!("`{module}` has no place in the layers"));
        for other in used.iter().filter(|other| **other != module) {
            let theirs = place(other).unwrap_or_else(|| panic!("`{other}` has no place in the layers"));
            // Upkeep builds what configuration describes; they are one layer.
            let together = module == "config" && other == "server";
            if theirs > own && !together {
                faults.push(format!("{module} uses {other}, which lies above it"));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn stages_know_their_predecessor_alone() {
    for (module, used) in uses() {
        let Some(place) = STAGES.iter().position(|stage| *stage == module) else { continue };
        let stages: Vec<&String> =
            used.iter().filter(|other| **other != module && STAGES.contains(&other.as_str())).collect();
        let before = place.checked_sub(1).map(|place| STAGES[place]);
        assert!(stages.iter().all(|other| Some(other.as_str()) == before), "{module} uses {stages:?}");
    }
}

#[test]
fn foreign_crates_stay_where_they_belong() {
    for (path, text) in sources() {
        let module = top(&path);
        for (foreign, allowed) in PINNED {
            let named = code(&text).any(|line| line.contains(&format!("{foreign}::")));
            assert!(!named || allowed.contains(&module.as_str()), "{path} names {foreign}");
        }
    }
}

#[test]
fn no_file_is_too_long_to_read() {
    for (path, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= 400, "{path} has {lines} lines");
    }
}

fn uses() -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, text) in sources() {
        let names = found.entry(top(&path)).or_default();
        for line in code(&text) {
            for part in line.split("crate::").skip(1) {
                let name: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if !name.is_empty() && !names.contains(&name) {
                    names.push(name);
                }
            }
        }
    }
    found
}

/// Lines of code outside comments and tests.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let body = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    body.lines().filter(|line| !line.trim_start().starts_with("//"))
}

fn top(path: &str) -> String {
    path.split('/').next().unwrap().trim_end_matches(".rs").to_owned()
}

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&root).unwrap().display().to_string();
            if !matches!(name.as_str(), "lib.rs" | "main.rs") {
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}
