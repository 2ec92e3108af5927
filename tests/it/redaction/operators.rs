//! What each operator makes of values, as rules name it.

use super::{filter, filter_shaped, rules};
use portcullis::config::builtin;
use portcullis::model::ids::ServerName;
use portcullis::model::scope::Scopes;
use portcullis::redact::rules::{Rules, Source};
use portcullis::redact::shape::Shape;
use portcullis::redact::tools::Narrowing;
use portcullis::redact::{Redactor, Secrets, Setting};
use serde_json::{Value, json};
use std::sync::Arc;

fn keyed(rule: &str, document: &Value, lineage: &str) -> Value {
    let rules = rules(rule);
    let tool = rules.tool(&ServerName::new("s"), "t").unwrap();
    let plan = rules.plan(tool, &Scopes::default(), None, &Narrowing::default()).unwrap();
    let secrets = Secrets::new(b"a key of more than thirty-two bytes", lineage).map(Arc::new);
    let mut redactor = Redactor::within(&plan, Setting { this_year: 2026, secrets, ..Setting::default() });
    let text = document.to_string();
    serde_json::from_str(&redactor.structure(text.as_bytes()).unwrap().unwrap()).unwrap()
}

#[test]
fn general_operators_keep_what_is_true() {
    let rule = "{ release: all, redact: [{ path: $.zip, as: zip3 }, { path: $.born, as: age }, \
                { path: $.balance, as: { round: 1000 } }, { path: '$.list[*]', as: { round: 10 } }] }";
    let document = r#"{"zip":"02139-4307","born":"1980-02-03","balance":12345.67,"list":["14","x",15,null]}"#;
    let shown = r#"{"zip":"021","born":"40-49","balance":12000,"list":["10","[REDACTED]",20,"[REDACTED]"]}"#;
    assert_eq!(filter(rule, "", document).0.as_deref(), Some(shown));
    let shape = json!({"type": "object", "required": ["born", "balance"],
        "properties": {"born": {"type": "integer"}, "balance": {"type": "number"}}});
    let (shaped, _) = filter_shaped(rule, "", r#"{"born":47,"balance":-1600}"#, Some(Shape::compile(&shape)));
    assert_eq!(shaped.as_deref(), Some(r#"{"born":0,"balance":-2000}"#), "a band is no integer");
}

#[test]
fn keyed_operators_are_stable_and_hide() {
    let rule = "{ release: all, redact: [{ path: $.a, as: hash, entity: US_SSN }, { path: $.b, as: fpe }, \
                { path: '$.visits[*]', as: shift }] }";
    let document = json!({"a": "536-90-4399", "b": "12-3456-7890", "visits": ["2026-03-01", "2026-03-11T08:00:00Z", "soon"]});
    let (mine, theirs) = (keyed(rule, &document, "me"), keyed(rule, &document, "you"));
    assert_eq!(mine["a"], theirs["a"]);
    assert_eq!(mine["b"], theirs["b"]);
    assert_ne!(mine["visits"], theirs["visits"]);
    assert!(mine["a"].as_str().unwrap().starts_with("hash:"));
    let b = mine["b"].as_str().unwrap();
    assert!(b.len() == 12 && b != "12-3456-7890" && b.as_bytes()[2] == b'-', "{b}");
    let days = |index: usize| mine["visits"][index].as_str().unwrap().to_owned();
    assert!(days(0) != "2026-03-01" && days(1).ends_with("T08:00:00Z"));
    assert_eq!(days(2), "[REDACTED]");
    // Without a key they mask.
    let without = filter(rule, "", &document.to_string()).0.unwrap();
    assert_eq!(without.matches("[REDACTED]").count(), 5, "{without}");
}

#[test]
fn surrogates_are_the_same_in_a_lineage_and_nobodys() {
    let rule = "{ release: all, redact: [{ path: $.name, as: surrogate, entity: PERSON }, \
                { path: '$.ssn', as: surrogate, entity: US_SSN }] }";
    let document = json!({"name": "Amara Okafor", "ssn": 536_904_399});
    let (mine, theirs) = (keyed(rule, &document, "me"), keyed(rule, &document, "you"));
    assert_eq!(mine, keyed(rule, &document, "me"));
    assert_ne!(mine["ssn"], theirs["ssn"]);
    assert!(mine["ssn"].as_str().unwrap().starts_with('9'), "{mine}");
    assert!(mine["name"].as_str().is_some_and(|name| name != "Amara Okafor" && name.contains(' ')), "{mine}");
    let without = filter(rule, "", &document.to_string()).0.unwrap();
    assert_eq!(without.matches("[REDACTED]").count(), 2, "{without}");
}

#[test]
fn what_pci_dss_forbids_and_what_no_surrogate_is_made_of_is_not_loaded() {
    let faults = |profiles: &[&str], tool: &str| {
        let mut sources = builtin::rules();
        sources.tools = vec![Source::new("t.yaml", format!("server: s\ntools:\n  t: {tool}\n"))];
        for (number, entities) in profiles.iter().enumerate() {
            let text =
                format!("name: p{number}\ntitle: t\nreference: r\nknown_limits: l\nentities: {entities}\n");
            sources.profiles.push(Source::new(format!("p{number}.yaml"), text));
        }
        Rules::load(&sources).err().map(|faults| faults.iter().map(ToString::to_string).collect::<String>())
    };
    let plain = "{ release: all }";
    assert_eq!(faults(&["{ CARD_SECURITY: null }"], plain), None);
    for operator in ["mask", "partial", "hash", "keep", "fpe", "{ round: 10 }"] {
        let why = faults(&[&format!("{{ CARD_SECURITY: {operator} }}")], plain).unwrap();
        assert!(why.contains("p0.yaml:") && why.contains("PCI DSS 3.3.1"), "{why}");
    }
    let by_path = "{ release: all, redact: [{ path: $.c, as: partial, entity: CARD_SECURITY }] }";
    assert!(faults(&[], by_path).unwrap().contains("PCI DSS 3.3.1"));
    // What ships shows the last four digits.
    let why = faults(&["{ PAN: hash }"], plain).unwrap();
    assert!(
        why.starts_with("p0.yaml:5:1: PCI DSS 3.5.1") && why.contains("rules/profiles/gdpr.yaml:58"),
        "{why}"
    );
    let hashed = "{ release: all, redact: [{ path: $.c, as: hash, entity: PAN }] }";
    assert!(faults(&[], hashed).unwrap().starts_with("t.yaml:3:1: PCI DSS 3.5.1"));
    assert_eq!(faults(&[], "{ release: all, redact: [{ path: $.c, as: hash }] }"), None);
    // It would mask them and say otherwise.
    assert!(faults(&["{ DATE: surrogate }"], plain).unwrap().starts_with("p0.yaml:5:19: `surrogate` makes"));
    let dated = "{ release: all, redact: [{ path: $.c, as: surrogate, entity: DATE }] }";
    assert!(faults(&[], dated).unwrap().contains("PERSON, EMAIL, PHONE, US_SSN, PAN alone"));
    assert!(faults(&["{ PAN: round }"], plain).unwrap().contains("write one of `keep`, `drop`"));
}
