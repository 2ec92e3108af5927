//! The rules that ship in the binary load, examples and all.

use portcullis::config::builtin;
use portcullis::redact::rules::{Rules, Source};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn shipped_rules_do_what_their_examples_say() {
    let mut sources = builtin::rules();
    sources.tools = builtin::demo_tools();
    sources.detectors.iter_mut().for_each(|source| source.is_proven = false);
    let rules = Rules::load(&sources).unwrap_or_else(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    });
    let census = rules.census();
    assert!(census.detectors >= 15 && census.examples >= 100, "{census:?}");
}

/// What `sources` with one file of tool rules more is refused for; empty if it loads.
fn faults(rules: &str) -> String {
    let mut sources = builtin::rules();
    sources.tools = vec![Source::new("ward.yaml", format!("server: ward\n{rules}"))];
    let faults = Rules::load(&sources).err().unwrap_or_default();
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

#[test]
fn a_rule_that_could_never_restore_anything_is_a_fault() {
    let read =
        "tools:\n  read: { release: all, redact: [{ path: $.name, as: pseudonym, entity: PERSON }] }\n";
    let restore = |rule: &str| faults(&format!("{read}  write: {{ release: all, restore: [{rule}] }}\n"));
    assert_eq!(restore("{ path: $.note, entities: [PERSON] }"), "");
    for (rule, says) in [
        (
            "{ path: $.note, entities: [US_SSN] }",
            "ward.yaml:4:1: nothing makes US_SSN a `pseudonym` or `token`",
        ),
        ("{ path: $.note, entities: [] }", "ward.yaml:4:36: name the `entities`"),
        ("{ path: $.note }", "`entities` is missing: write `entities: …`"),
        ("{ path: note, entities: [PERSON] }", "is not a JSONPath query"),
    ] {
        let found = restore(rule);
        assert!(found.contains(says), "{rule}: {found}");
    }
    let prompt = faults(&format!(
        "{read}prompts:\n  triage: {{ release: all, restore: [{{ path: $.note, entities: [PERSON] }}] }}\n"
    ));
    assert!(prompt.contains("`restore` is for the arguments of tools"), "{prompt}");
    let code = faults(
        "tools:\n  read: { release: all, redact: [{ path: $.cvv, as: token, entity: CARD_SECURITY }] }\n",
    );
    assert!(code.contains("PCI DSS 3.3.1"), "{code}");
}

/// A misspelt entity would slip by what holds for the one that was meant.
#[test]
fn an_entity_is_found_or_declared() {
    let tool =
        |more: &str, rule: &str| faults(&format!("{more}tools:\n  read: {{ release: all, {rule} }}\n"));
    let redact = |more: &str, entity: &str| {
        tool(more, &format!("redact: [{{ path: $.a, as: pseudonym, entity: {entity} }}]"))
    };
    assert_eq!(redact("", "PERSON"), "");
    assert_eq!(redact("entities: [DIAGNOSIS]\n", "DIAGNOSIS"), "");
    assert_eq!(redact("", "VALUE"), "", "what it is called where none is named");
    for (entity, says) in [
        ("PRESON", "ward.yaml:3:34: no detector finds `PRESON`; did you mean `PERSON`?"),
        ("SSN", "did you mean `US_SSN`?"),
        ("CARD_SECURTY", "did you mean `CARD_SECURITY`?"),
        ("DIAGNOSIS", "is declared at the top of the file: `entities: [DIAGNOSIS]`"),
    ] {
        let found = redact("", entity);
        assert!(found.contains(says), "{entity}: {found}");
    }
    let restored = "restore: [{ path: $.a, entities: [DIAGNOSIS] }]";
    assert!(tool("", restored).contains("no detector finds `DIAGNOSIS`"));
    assert!(tool("entities: [DIAGNOSIS]\n", restored).contains("nothing makes DIAGNOSIS a `pseudonym`"));
    // Its markers would not be known again.
    for name in ["Diagnosis", "ICD_10", "D"] {
        let found = redact(&format!("entities: [{name}]\n"), name);
        assert!(found.contains("ward.yaml:2:12: an entity's name has capital letters"), "{name}: {found}");
    }
}

#[test]
fn a_name_is_taken_once_and_a_near_one_is_told() {
    let mut sources = builtin::rules();
    let mut profile = sources.profiles[0].clone();
    profile.file = "again.yaml".into();
    sources.profiles.push(profile);
    let mut detector = sources.detectors[0].clone();
    detector.file = "again.yaml".into();
    let again = Rules::load(&sources).err().unwrap();
    assert!(
        again.len() == 1 && again[0].to_string().contains("again.yaml: the name `gdpr` is already taken"),
        "{again:?}"
    );
    let shipped = sources.detectors[0].file.clone();
    sources.detectors.push(detector);
    let again = Rules::load(&sources).err().unwrap();
    assert!(
        again.len() == 1 && again[0].to_string().starts_with(&format!("again.yaml: {shipped} has the id")),
        "{again:?}"
    );
    let found = faults("tools:\n  read: { release: all, profile: hippa-safe-harbor }\n");
    assert!(
        found.contains("there is no profile `hippa-safe-harbor`; did you mean `hipaa-safe-harbor`?"),
        "{found}"
    );
}

#[test]
fn rules_for_binary_content_are_of_types_and_of_what_can_be_done() {
    let blobs = |rule: &str| faults(&format!("tools:\n  read: {{ release: all, blobs: {rule} }}\n"));
    assert_eq!(blobs("{ 'image/*': keep, text/csv: text, application/pdf: drop }"), "");
    assert_eq!(blobs("pass"), "");
    for (rule, why) in [
        ("{ application/pdf: extract }", "cannot `extract` text from documents"),
        ("{ image: keep }", "a MIME type without parameters"),
        ("{ image/png: pass }", "`pass` is not known here: write one of `drop`, `keep`, `text`"),
        ("keep", "what becomes of each MIME type"),
    ] {
        assert!(blobs(rule).contains(why), "{rule}: {}", blobs(rule));
    }
}

#[test]
fn a_name_that_no_tool_has_is_a_fault() {
    for block in ["tools", "prompts"] {
        let named = |name: &str| faults(&format!("{block}:\n  '{name}': {{ release: all }}\n"));
        assert_eq!((named("*"), named("read.all/now")), (String::new(), String::new()));
        assert!(named("patient://*").contains("write it under `resources`"), "{}", named("patient://*"));
        assert!(named("get*").contains("`get*` names nothing"), "{}", named("get*"));
    }
}

#[test]
fn a_rule_of_one_person_names_them_by_an_argument() {
    let patient = "scopes: ['patient/Observation.rs'], patient: id";
    let glass = |subject: &str| format!("break_glass: {{ subject: {subject} }}");
    let tool = |rule: &str| faults(&format!("tools:\n  read: {{ release: all, {rule} }}\n"));
    assert_eq!(tool(&format!("{patient}, {}", glass("id"))), "");
    assert_eq!(tool(&glass("other")), "");
    let other = tool(&format!("{patient}, {}", glass("other")));
    assert!(other.contains("`subject` must be `id` too"), "{other}");
    for rule in [patient, &glass("id")] {
        let found = faults(&format!("resources:\n  'patient://*': {{ release: all, {rule} }}\n"));
        assert!(found.contains("is read without arguments"), "{rule}: {found}");
    }
}

/// The rows of docs/profiles.md with the detectors that find each identifier today.
fn with_detectors(table: &str, rules: &Rules) -> String {
    let row = |line: &str| {
        let (head, found_by) = line.strip_suffix(" |")?.rsplit_once(" | ")?;
        let entity = head.strip_prefix("| `")?.split('`').next()?;
        let all = rules.detectors.iter().filter(|detector| detector.entity.as_str() == entity);
        let found: BTreeSet<&str> = all.map(|detector| detector.id.as_str()).collect();
        let found: Vec<&str> = found.into_iter().collect();
        (!found_by.starts_with("all of")).then(|| format!("{head} | {} |", found.join(", ")))
    };
    table.lines().map(|line| row(line).unwrap_or_else(|| line.to_owned()) + "\n").collect()
}

/// An auditor reads docs/profiles.md; the gate reads the rules. `UPDATE_DOCS=1` writes the last
/// column anew.
#[test]
fn the_table_of_profiles_says_what_they_do() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rules = Rules::load(&builtin::rules()).unwrap_or_else(|faults| panic!("{faults:?}"));
    let path = root.join("docs/profiles.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, with_detectors(&fs::read_to_string(&path).unwrap(), &rules)).unwrap();
    }
    let table = fs::read_to_string(path).unwrap();
    let sections: Vec<&str> = table.split("\n## ").skip(1).collect();
    let profiles: Vec<_> = fs::read_dir(root.join("rules/profiles")).unwrap().collect();
    assert_eq!(sections.len(), profiles.len());
    for profile in profiles {
        let text = fs::read_to_string(profile.unwrap().path()).unwrap();
        let name = text.lines().find_map(|line| line.strip_prefix("name: ")).unwrap();
        let section = sections.iter().find(|section| section.starts_with(&format!("`{name}`"))).unwrap();
        let said: Vec<String> =
            section.lines().filter(|line| line.starts_with("| `")).map(str::to_owned).collect();
        let entities = text.lines().skip_while(|line| *line != "entities:").skip(1);
        let does: Vec<String> = entities
            .map(|line| {
                let (entity, rest) = line.trim().split_once(": ").unwrap();
                format!("| `{entity}` | {} |", rest.split('#').next().unwrap().trim())
            })
            .collect();
        assert_eq!(said.len(), does.len(), "{name}");
        let profile = &rules.profiles[name];
        for words in [&profile.title, &profile.known_limits] {
            assert!(section.contains(words.as_str()), "{name}: {words}");
        }
        for (said, does) in said.iter().zip(&does) {
            assert!(said.starts_with(does), "{name}: {said} is not {does}");
            let columns: Vec<&str> = said.trim_matches('|').split(" | ").map(str::trim).collect();
            let entity = columns[0].trim_matches('`');
            let detectors = || rules.detectors.iter().filter(|detector| detector.entity.as_str() == entity);
            let found_by: BTreeSet<&str> = detectors().map(|detector| detector.id.as_str()).collect();
            match columns[3].strip_prefix("all of `").and_then(|folder| folder.strip_suffix('`')) {
                Some(folder) => {
                    assert!(detectors().all(|detector| detector.file.starts_with(folder)), "{said}");
                }
                None => {
                    assert_eq!(columns[3].split(", ").collect::<BTreeSet<_>>(), found_by, "{name}: {said}");
                }
            }
        }
    }
}
