//! Names that a record gives are found in the free text of the same result, wherever it
//! stands and whichever comes first.

use super::{filter, plan};
use portcullis::redact::Redactor;

const ALL: &str = "{ release: all, profile: hipaa-safe-harbor }";
const NAME: &str = r#""name":[{"family":"Halloran","given":["Maria"]}]"#;

fn both(document: &str) -> [String; 2] {
    let (structure, text) = filter(ALL, "", document);
    [structure.unwrap(), text.unwrap()]
}

#[test]
fn a_name_is_found_before_and_behind_the_record_that_gives_it() {
    for free in [
        r#""note":"seen by nobody but Maria""#,
        r#""note":"seen by \u004daria \"H\" Halloran""#,
        r#""note":"call (212) 555-0142, Halloran""#,
        r#""deep":[[{"notes":["MARIA","for Maria H."]}]]"#,
        r#""raw":"{\"note\":\"for Maria\",\"x\":[\"Halloran came\"]}""#,
        r#""raw":"{\"note\":\"for \\u004daria\"}""#,
        r#""Maria":1,"note":"x""#,
        r#""by":{"Halloran family":["x"]}"#,
    ] {
        for document in [format!("{{{free},{NAME}}}"), format!("{{{NAME},{free}}}")] {
            for out in both(&document) {
                let lower = out.replace("\\\\u004d", "M").replace("\\u004d", "M").to_lowercase();
                assert!(!lower.contains("maria") && !lower.contains("halloran"), "{document} → {out}");
                serde_json::from_str::<serde_json::Value>(&out).unwrap();
            }
        }
    }
}

#[test]
fn what_stays_stays_where_it_was() {
    let rule = "{ release: { s: ['$.a', '$.c[*].t', '$.name'] }, profile: hipaa-safe-harbor }";
    let document = format!(
        r#"{{"a":"to Maria, é","b":"Maria","c":[{{"u":"Maria","t":"é x"}},{{"u":1}},{{"t":"ask Halloran","u":2}}],{NAME}}}"#
    );
    let (structure, text) = filter(rule, "s", &document);
    let structure = structure.unwrap();
    assert_eq!(Some(&structure), text.as_ref());
    let value: serde_json::Value = serde_json::from_str(&structure).unwrap();
    let names = &value["name"][0];
    assert_eq!(value["a"], format!("to {}, é", names["given"][0].as_str().unwrap()));
    assert_eq!(value["c"][0]["t"], "é x");
    assert_eq!(value["c"][1]["t"], format!("ask {}", names["family"].as_str().unwrap()));
    assert!(value.get("b").is_none());
}

#[test]
fn a_part_that_was_shown_too_early_is_filtered_once_more() {
    let plan = plan(ALL, "", None);
    let record = format!("{{{NAME}}}");
    let parts = |redactor: &mut Redactor<'_>| {
        let note = redactor.text("Maria:noon").unwrap().unwrap();
        let lines = redactor.text("{\"n\":\"ask Halloran\"}\n{\"n\":1}").unwrap().unwrap();
        (note, lines, redactor.structure(record.as_bytes()).unwrap().unwrap().into_owned())
    };
    let mut redactor = Redactor::new(&plan, 2026);
    assert_eq!(parts(&mut redactor).0, "Maria:noon", "nothing is known yet");
    assert!(redactor.must_repeat());
    let (note, lines, _) = parts(&mut redactor);
    assert!(!note.contains("Maria") && !lines.contains("Halloran"), "{note} {lines}");
    assert!(!redactor.must_repeat(), "at most once");
}

#[test]
fn a_twin_leaves_as_its_structure_did() {
    let document = format!(r#"{{"note":"Maria, 536-90-4399",{NAME}}}"#);
    let [structure, twin] = both(&document);
    assert_eq!(structure, twin);
    let spaced = document.replace(':', ": ");
    let [_, other] = both(&spaced);
    assert_eq!(other.replace(": ", ":"), twin);
    let plan = plan("{ release: all, text: drop }", "", None);
    let mut redactor = Redactor::new(&plan, 2026);
    redactor.structure(document.as_bytes()).unwrap();
    assert_eq!(redactor.text(&document).unwrap(), None);
}
