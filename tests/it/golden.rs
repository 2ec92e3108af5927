//! Whole tool results under every set of scopes, byte for byte: `corpora/golden`.

use portcullis::config::builtin;
use portcullis::model::ids::ServerName;
use portcullis::model::scope::Scopes;
use portcullis::redact::rules::{Rules, Source};
use portcullis::redact::shape::Shape;
use portcullis::redact::tools::{Blobs, Narrowing};
use portcullis::redact::{Numbered, Redactor, Setting, Substitutes};
use portcullis::release::tool_result;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// `server.tool`.
    tool: String,
    scopes: Vec<String>,
    /// What no output may hold.
    #[serde(default)]
    absent: Vec<String>,
}

#[test]
fn results_are_what_they_were() {
    let bless = std::env::var_os("PORTCULLIS_BLESS").is_some();
    let (mut faults, mut compared) = (Vec::new(), 0);
    let demo = rules(builtin::demo_tools());
    for folder in folders() {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let case: Case = serde_saphyr::from_str(&read(&folder.join("case.yaml"))).unwrap();
        let mut files = BTreeSet::new();
        let own = folder.join("rules.yaml");
        let own = own.exists().then(|| rules(vec![Source::new("rules.yaml", read(&own))]));
        let rules = own.as_ref().unwrap_or(&demo);
        for scopes in &case.scopes {
            let file = format!("{}.json", file_stem(scopes));
            let shown = format!("{}\n", filter(rules, &folder, &case, scopes));
            if let Some(leaked) = case.absent.iter().find(|absent| shown.contains(*absent)) {
                faults.push(format!("{name}, {file}: {leaked} is shown"));
            }
            let path = folder.join("expected").join(&file);
            if bless {
                fs::create_dir_all(folder.join("expected")).unwrap();
                fs::write(&path, &shown).unwrap();
            }
            let expected = fs::read_to_string(&path).unwrap_or_default();
            if shown != expected {
                faults.push(format!("{name}, {file}:\n{}", difference(&expected, &shown)));
            }
            files.insert(file);
            compared += 1;
        }
        let stale: Vec<String> = entries(&folder.join("expected"))
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .filter(|file| !files.contains(file))
            .collect();
        assert!(stale.is_empty(), "{name} has outputs for no scopes: {stale:?}");
    }
    assert!(compared > 80, "{compared}");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Every tool of the demo's rules has a case, for no scopes and for each of its scopes.
#[test]
fn every_demo_tool_has_a_case_for_each_of_its_scopes() {
    let rules = rules(builtin::demo_tools());
    let cases: Vec<Case> =
        folders().map(|folder| serde_saphyr::from_str(&read(&folder.join("case.yaml"))).unwrap()).collect();
    for server in rules.servers() {
        for (tool, found) in server.named() {
            let name = format!("{}.{tool}", server.server);
            let scopes: BTreeSet<&str> = cases
                .iter()
                .filter(|case| case.tool == name)
                .flat_map(|case| case.scopes.iter().map(String::as_str))
                .collect();
            for wanted in found.releasing_scopes().chain([""]) {
                assert!(scopes.contains(wanted), "{name} has no case for `{wanted}`");
            }
        }
    }
}

fn filter(rules: &Rules, folder: &Path, case: &Case, scopes: &str) -> String {
    let (server, tool) = case.tool.split_once('.').unwrap();
    let tool = rules.tool(&ServerName::new(server), tool).unwrap();
    let schema = fs::read_to_string(folder.join("schema.json")).ok();
    let compile = |schema: String| Shape::compile(&serde_json::from_str::<Value>(&schema).unwrap());
    let shape = schema.map(compile).map(Arc::new);
    let held = Scopes::parse(scopes).unwrap();
    let plan = rules.plan(tool, &held, shape.clone(), &Narrowing::default()).unwrap();
    let substitutes: Option<Arc<dyn Substitutes>> = Some(Arc::new(Numbered::default()));
    let mut redactor =
        Redactor::within(&plan, Setting { this_year: 2026, substitutes, ..Setting::default() });
    let input = read(&folder.join("input.json"));
    tool_result(&mut redactor, shape.as_deref(), Blobs::Drop, &input)
        .unwrap_or_else(|denial| format!("blocked: {denial:?}"))
}

fn rules(tools: Vec<Source>) -> Rules {
    let mut sources = builtin::rules();
    sources.tools = tools;
    Rules::load(&sources).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// The lines that differ, of both laid out one value a line.
fn difference(expected: &str, shown: &str) -> String {
    let laid_out = |text: &str| {
        let value: Option<Value> = serde_json::from_str(text).ok();
        value.map_or_else(|| text.to_owned(), |value| format!("{value:#}"))
    };
    let (expected, shown) = (laid_out(expected), laid_out(shown));
    let (was, is): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), shown.lines().collect());
    let same = was.iter().zip(&is).take_while(|(was, is)| was == is).count();
    let rest = was.len().min(is.len()) - same;
    let tail = was.iter().rev().zip(is.iter().rev()).take(rest).take_while(|(was, is)| was == is).count();
    let lines = |mark: &'static str, lines: &[&str]| -> String {
        lines[same..lines.len() - tail].iter().map(|line| format!("{mark} {line}\n")).collect()
    };
    if was == is { "  spacing or spelling differs\n".into() } else { lines("-", &was) + &lines("+", &is) }
}

fn file_stem(scopes: &str) -> String {
    if scopes.is_empty() { "none".into() } else { scopes.replace(':', ".").replace(' ', "+") }
}

fn folders() -> impl Iterator<Item = PathBuf> {
    entries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/golden")).filter(|path| path.is_dir())
}

fn entries(folder: &Path) -> std::vec::IntoIter<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default();
    found.sort();
    found.into_iter()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}
