//! The rules and policies that ship inside the binary, so that one file deploys.

use crate::redact::rules::{Source, Sources};
use include_dir::{Dir, include_dir};

static RULES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/rules");
static POLICIES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/policies");

/// Detectors and profiles. Tool rules are a deployment's own, save the demo's.
pub fn rules() -> Sources {
    Sources {
        detectors: sources(&RULES, "rules", "detectors"),
        profiles: sources(&RULES, "rules", "profiles"),
        tools: Vec::new(),
    }
}

/// The tool rules of the demo's clinic and ledger.
pub fn demo_tools() -> Vec<Source> {
    sources(&RULES, "rules", "tools")
}

/// The injection rules.
pub fn injection() -> Vec<Source> {
    sources(&RULES, "rules", "injection")
}

/// The default policy and its tests.
pub fn policies() -> Vec<Source> {
    let mut found = Vec::new();
    collect(&POLICIES, "policies", &mut found);
    found.retain(|source| source.file.ends_with(".rego"));
    found
}

fn sources(root: &Dir<'static>, name: &str, folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    if let Some(dir) = root.get_dir(folder) {
        collect(dir, name, &mut found);
    }
    found
}

fn collect(dir: &Dir<'static>, prefix: &str, found: &mut Vec<Source>) {
    for file in dir.files() {
        if let Some(text) = file.contents_utf8() {
            let file = format!("{prefix}/{}", file.path().display());
            found.push(Source { file, text: text.to_owned(), is_proven: true });
        }
    }
    dir.dirs().for_each(|dir| collect(dir, prefix, found));
    found.sort();
}
