//! docs/rules.md says what rule files take: no more, no less, and its examples load.

use portcullis::config::builtin;
use portcullis::inspect::injection::Injection;
use portcullis::redact::rules::{Rules, Source, Sources};
use std::collections::BTreeSet;
use std::path::Path;

fn document() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md")).unwrap()
}

/// The names in backticks in the first column of a section's table.
fn documented(text: &str, heading: &str) -> BTreeSet<String> {
    let (_, section) = text.split_once(&format!("# {heading}")).unwrap_or_else(|| panic!("{heading}"));
    let section = section.split("\n#").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    rows.map(|(name, _)| name.to_owned()).collect()
}

fn load(kind: &str, text: &str) -> String {
    let source = vec![Source::new(format!("{kind}.yaml"), text)];
    let faults = match kind {
        "detectors" => Rules::load(&Sources { detectors: source, ..Sources::default() }).err(),
        "profiles" => Rules::load(&Sources { profiles: source, ..Sources::default() }).err(),
        "tools" => Rules::load(&Sources { tools: source, ..Sources::default() }).err(),
        _ => Injection::load(&source).err(),
    };
    faults.unwrap_or_default().iter().map(|fault| format!("{fault}\n")).collect()
}

/// What the reader of a file says that it takes where it finds `zzz`.
fn taken(kind: &str, text: &str) -> BTreeSet<String> {
    let said = load(kind, text);
    let (_, among) =
        said.split_once("`zzz` has no place here: write one of ").unwrap_or_else(|| panic!("{said}"));
    among.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_fields_of_rule_files_are_those_documented() {
    let text = document();
    let tool = |rule: &str| format!("server: s\ntools:\n  t: {{ {rule} }}\n");
    for (heading, kind, file) in [
        ("Detectors", "detectors", "zzz: 1\n".to_owned()),
        ("Examples of a detector", "detectors", "examples: { match: [{ zzz: 1 }] }\n".to_owned()),
        ("Profiles", "profiles", "zzz: 1\n".to_owned()),
        ("Injection rules", "injection", "zzz: 1\n".to_owned()),
        ("Tool rules", "tools", "zzz: 1\n".to_owned()),
        ("A tool, prompt or resource", "tools", tool("zzz: 1")),
        ("Redactions", "tools", tool("redact: [{ zzz: 1 }]")),
        ("Restorations", "tools", tool("restore: [{ zzz: 1 }]")),
        ("Examples of a tool", "tools", tool("examples: [{ zzz: 1 }]")),
        ("Messages", "tools", "messages: { zzz: 1 }\n".to_owned()),
    ] {
        assert_eq!(documented(&text, heading), taken(kind, &file), "{heading}");
    }
    let ignored = taken("detectors", "examples: { ignore: [{ zzz: 1 }] }\n");
    assert_eq!(ignored, ["key", "text"].map(str::to_owned).into(), "`finds` is under `match` alone");
}

#[test]
fn the_checks_of_detectors_are_those_documented() {
    let text = document();
    let (_, checks) = text.split_once("\nChecks: ").unwrap();
    let (checks, _) = checks.split_once(". `src/").unwrap();
    let documented: BTreeSet<&str> = checks.split('`').skip(1).step_by(2).collect();
    let code = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/redact/detect/check/mod.rs");
    let code = std::fs::read_to_string(code).unwrap();
    let known = code.lines().filter_map(|line| line.trim().strip_prefix("(\"")?.split_once("\", "));
    assert_eq!(documented, known.map(|(name, _)| name).collect());
}

#[test]
fn every_example_of_the_documents_loads() {
    let mut sources = builtin::rules();
    let mut injection = builtin::injection();
    let text = document();
    let blocks = text.split("```yaml\n# ").skip(1).map(|block| block.split_once("```").unwrap().0);
    let mut kinds = BTreeSet::new();
    for block in blocks {
        let (file, text) = block.split_once('\n').unwrap();
        let source = Source::new(file, text);
        let kind = file.split('/').next().unwrap();
        kinds.insert(kind.to_owned());
        match kind {
            "detectors" => sources.detectors.push(source),
            "profiles" => sources.profiles.push(source),
            "tools" => sources.tools.push(source),
            _ => injection.push(source),
        }
    }
    assert_eq!(kinds.len(), 4, "{kinds:?}");
    let faults = Rules::load(&sources).err().into_iter().chain(Injection::load(&injection).err()).flatten();
    let faults: String = faults.map(|fault| format!("{fault}\n")).collect();
    assert_eq!(faults, "");
}
