//! A list whose labels are mostly names of persons is one of persons.

use super::{filter, plan};
use portcullis::redact::Redactor;

const ALL: &str = "{ release: all, profile: hipaa-safe-harbor }";
const STAFF: [&str; 5] =
    ["Maria Lopez", "James Wilson", "Jennifer Garcia", "Robert Johnson", "Oluwaxyz Tembovar"];

fn options(key: &str, labels: &[&str]) -> String {
    let rows: Vec<String> = labels.iter().map(|label| format!(r#"{{"{key}":"{label}","n":1}}"#)).collect();
    format!(r#"{{"options":[{}],"note":"ask Oluwaxyz Tembovar"}}"#, rows.join(","))
}

#[test]
fn a_column_of_names_has_no_other() {
    for key in ["label", "title", "display"] {
        let (structure, text) = filter(ALL, "", &options(key, &STAFF));
        let structure = structure.unwrap();
        assert_eq!(Some(&structure), text.as_ref());
        for name in STAFF {
            assert!(!structure.contains(name), "{key}: {structure}");
        }
        serde_json::from_str::<serde_json::Value>(&structure).unwrap();
    }
}

#[test]
fn a_few_names_among_other_titles_make_no_column() {
    let titles =
        ["Maria Lopez", "James Wilson", "Bell Palsy", "Graves Disease", "Parkinson Plus", "Hodgkin Lymphoma"];
    let document = options("display", &titles);
    let (structure, _) = filter(ALL, "", &document);
    assert!(structure.unwrap().contains("Bell Palsy"));
}

/// What earlier results of a plan held takes nothing from a later one.
#[test]
fn a_column_is_one_in_each_result() {
    let plan = plan(ALL, "", None);
    let filtered = |labels: &[&str]| {
        let document = options("label", labels);
        let mut redactor = Redactor::new(&plan, 2026);
        let first = redactor.structure(document.as_bytes()).unwrap().map(std::borrow::Cow::into_owned);
        if redactor.must_repeat() {
            redactor.structure(document.as_bytes()).unwrap().map(std::borrow::Cow::into_owned)
        } else {
            first
        }
        .unwrap()
    };
    assert!(filtered(&["Oluwaxyz Tembovar", "In Triage"]).contains("In Triage"));
    for _ in 0..2 {
        let shown = filtered(&STAFF);
        assert!(!shown.contains("Tembovar") && !shown.contains("Wilson"), "{shown}");
    }
}
