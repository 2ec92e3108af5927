//! Secrets in disguise, as data: `corpora/evasion`. None is to be read in what comes out,
//! by a reader who knows every decoding; nothing harmless in like disguise is to change.

#[path = "evasion/baseline.rs"]
mod baseline;
#[path = "evasion/leak.rs"]
mod leak;

use leak::leak;
use portcullis::config::builtin;
use portcullis::redact::plan::Plan;
use portcullis::redact::rules::Rules;
use portcullis::redact::{Blocked, Redactor};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What a tool says: a structure, a text block, or both.
type Said = Vec<(Form, String)>;

#[derive(Clone, Copy)]
enum Form {
    Structure,
    Text,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    entity: String,
    disguise: String,
    position: String,
    /// Each is to be absent.
    secret: Vec<String>,
    /// Each is to be left: what withholds everything has solved nothing.
    keep: Vec<String>,
    structure: Option<Box<RawValue>>,
    text: Option<String>,
}

#[derive(Deserialize)]
struct Clean {
    name: String,
    disguise: String,
    structure: Option<Box<RawValue>>,
    text: Option<String>,
}

#[test]
fn no_disguise_carries_a_secret_through() {
    let plan = plan();
    let (mut missed, mut by_family) = (Vec::new(), BTreeMap::<String, (usize, usize)>::new());
    for (family, case) in cases() {
        let wrong = match filter(&plan, &case.said()) {
            Err(why) => Some(format!("blocked: {why}")),
            Ok(shown) => judge(&case, &shown),
        };
        let count = by_family.entry(family).or_default();
        count.0 += 1;
        count.1 += usize::from(wrong.is_none());
        missed.extend(wrong.map(|why| (case.name, format!("({}, {}): {why}", case.disguise, case.position))));
    }
    for (family, (all, caught)) in &by_family {
        println!("{family}: {caught} of {all}");
    }
    let open = open();
    let unlisted: Vec<String> = missed
        .iter()
        .filter(|(name, _)| !open.contains(name))
        .map(|(name, why)| format!("{name} {why}"))
        .collect();
    assert!(unlisted.is_empty(), "{} get through:\n{}", unlisted.len(), unlisted.join("\n"));
    let names: HashSet<String> = missed.into_iter().map(|(name, _)| name).collect();
    let known: HashSet<String> = cases().map(|(_, case)| case.name).collect();
    let caught: Vec<&String> =
        open.iter().filter(|name| known.contains(*name) && !names.contains(*name)).collect();
    assert!(caught.is_empty(), "no longer open, take them off the list: {caught:#?}");
}

/// Cases that are known to get through, and controls that are known to change. The list may
/// only become shorter.
fn open() -> HashSet<String> {
    let text = fs::read_to_string(folder().join("open.txt")).unwrap();
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

/// Why a case counts as missed, if it does.
fn judge(case: &Case, shown: &[String]) -> Option<String> {
    if let Some((secret, view)) = shown.iter().find_map(|shown| leak(shown, &case.secret)) {
        return Some(format!("{secret} in {}", shorten(&view)));
    }
    let lost = case.keep.iter().find(|kept| !shown.iter().any(|shown| shown.contains(*kept)));
    lost.map(|kept| format!("{kept} is lost in {}", shorten(&shown.join(" | "))))
}

#[test]
fn nothing_harmless_changes() {
    let plan = plan();
    let mut changed = Vec::new();
    for clean in read::<Clean>(&folder().join("clean.jsonl")) {
        let said = clean.said();
        let shown = filter(&plan, &said);
        if shown != Ok(said.into_iter().map(|(_, part)| part).collect()) {
            changed.push((clean.name, format!("({}): {shown:?}", clean.disguise)));
        }
    }
    let open = open();
    let changed: Vec<String> = changed
        .iter()
        .filter(|(name, _)| !open.contains(name))
        .map(|(name, why)| format!("{name} {why}"))
        .collect();
    assert!(changed.is_empty(), "{} changed:\n{}", changed.len(), changed.join("\n"));
}

/// The search finds every secret where it was hidden: else nothing above could fail.
#[test]
fn every_secret_can_be_read_in_its_disguise() {
    let unread: Vec<String> = cases()
        .filter(|(_, case)| {
            let found = |secret: &String| {
                case.said().iter().any(|(_, part)| leak(part, std::slice::from_ref(secret)).is_some())
            };
            !case.secret.iter().all(found)
        })
        .map(|(_, case)| case.name)
        .collect();
    assert!(unread.is_empty(), "{} unread: {unread:#?}", unread.len());
}

/// `README.md` says how many cases there are, and how many of them masking by patterns over
/// the serialised result catches, which is what gateways in common use do.
#[test]
fn the_figures_in_the_readme_are_true() {
    let (mut all, mut caught, mut entities, mut disguises, mut positions) =
        (0, 0, HashSet::new(), HashSet::new(), HashSet::new());
    let mut names = HashSet::new();
    for (_, case) in cases() {
        all += 1;
        let shown: Vec<String> = case.said().iter().map(|(_, part)| baseline::mask(part)).collect();
        caught += usize::from(judge(&case, &shown).is_none());
        assert!(names.insert(case.name.clone()), "{} is there twice", case.name);
        entities.insert(case.entity);
        disguises.insert(case.disguise);
        positions.insert(case.position);
    }
    let clean: Vec<Clean> = read(&folder().join("clean.jsonl"));
    let harmed =
        clean.iter().filter(|clean| clean.said().iter().any(|(_, part)| baseline::mask(part) != *part));
    let figures = [
        ("cases", all),
        ("entities", entities.len()),
        ("disguises", disguises.len()),
        ("positions", positions.len()),
        ("caught by Portcullis", all - open().iter().filter(|name| names.contains(*name)).count()),
        ("caught by the baseline", caught),
        ("clean controls", clean.len()),
        ("clean controls that the baseline changes", harmed.count()),
    ];
    let readme = fs::read_to_string(folder().join("README.md")).unwrap();
    let lines = figures.map(|(what, number)| format!("| {what} | {number} |"));
    assert!(readme.contains(&lines.join("\n")), "README.md should say\n{}", lines.join("\n"));
    let front = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    assert!(front.contains(&format!("`corpora/evasion` has {all} secrets in disguise")), "{all}");
}

impl Case {
    fn said(&self) -> Said {
        said(self.structure.as_deref(), self.text.as_ref())
    }
}

impl Clean {
    fn said(&self) -> Said {
        said(self.structure.as_deref(), self.text.as_ref())
    }
}

fn said(structure: Option<&RawValue>, text: Option<&String>) -> Said {
    let structure = structure.map(|raw| (Form::Structure, raw.get().to_owned()));
    structure.into_iter().chain(text.map(|text| (Form::Text, text.clone()))).collect()
}

fn plan() -> Plan {
    let rules = Rules::load(&builtin::rules()).unwrap_or_else(|faults| panic!("{faults:?}"));
    let names = ["hipaa-safe-harbor", "pci-dss", "secrets"].map(str::to_owned);
    Plan::released(rules.detection(&names).unwrap().unwrap())
}

/// What is left of each part.
fn filter(plan: &Plan, said: &Said) -> Result<Vec<String>, Blocked> {
    let mut redactor = Redactor::new(plan, 2026);
    let first = parts(&mut redactor, said)?;
    if redactor.must_repeat() { parts(&mut redactor, said) } else { Ok(first) }
}

fn parts(redactor: &mut Redactor<'_>, said: &Said) -> Result<Vec<String>, Blocked> {
    let mut shown = Vec::new();
    for (form, part) in said {
        shown.extend(match form {
            Form::Structure => redactor.structure(part.as_bytes())?.map(Cow::into_owned),
            Form::Text => redactor.text(part)?,
        });
    }
    Ok(shown)
}

fn cases() -> impl Iterator<Item = (String, Case)> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "jsonl") && !file.ends_with("clean.jsonl"));
    files.sort();
    files.into_iter().flat_map(|file| {
        let family = file.file_stem().unwrap().to_string_lossy().into_owned();
        read::<Case>(&file).into_iter().map(move |case| (family.clone(), case))
    })
}

fn read<T: for<'de> Deserialize<'de>>(file: &Path) -> Vec<T> {
    let text = fs::read_to_string(file).unwrap();
    let parse = |line| serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}"));
    text.lines().map(parse).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/evasion")
}

fn shorten(text: &str) -> String {
    text.chars().take(200).collect()
}
