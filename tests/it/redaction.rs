//! What the redaction engine promises, on small documents.

mod columns;
mod echoes;
mod layers;
mod markers;
mod operators;
mod places;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portcullis::config::builtin;
use portcullis::model::ids::ServerName;
use portcullis::model::scope::Scopes;
use portcullis::redact::Redactor;
use portcullis::redact::plan::Plan;
use portcullis::redact::rules::{Rules, Source};
use portcullis::redact::shape::Shape;
use portcullis::redact::tools::{Blobs, Narrowing};
use portcullis::release::tool_result;
use serde_json::{Value, json};
use std::sync::Arc;

/// Filters `document` under a tool whose rule file body is `rule` (YAML, one line),
/// for a caller with `scopes`, as structure and as text.
fn filter(rule: &str, scopes: &str, document: &str) -> (Option<String>, Option<String>) {
    filter_shaped(rule, scopes, document, None)
}

fn filter_shaped(
    rule: &str,
    scopes: &str,
    document: &str,
    shape: Option<Shape>,
) -> (Option<String>, Option<String>) {
    let plan = plan(rule, scopes, shape);
    let mut redactor = Redactor::new(&plan, 2026);
    let both = |redactor: &mut Redactor| {
        let structure = redactor.structure(document.as_bytes()).unwrap();
        (structure.map(std::borrow::Cow::into_owned), redactor.text(document).unwrap())
    };
    let first = both(&mut redactor);
    if redactor.must_repeat() { both(&mut redactor) } else { first }
}

fn plan(rule: &str, scopes: &str, shape: Option<Shape>) -> Arc<Plan> {
    let rules = rules(rule);
    let tool = rules.tool(&ServerName::new("s"), "t").unwrap();
    let shape = shape.map(Arc::new);
    rules.plan(tool, &Scopes::parse(scopes).unwrap(), shape, &Narrowing::default()).unwrap()
}

fn rules(rule: &str) -> Rules {
    let mut sources = builtin::rules();
    let text = format!("server: s\ntools:\n  t: {rule}\n");
    sources.tools = vec![Source::new("t.yaml", text)];
    Rules::load(&sources).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// A plan is dear to make. Callers share one as long as nothing tells them apart that the
/// rules speak of.
#[test]
fn callers_share_a_plan_exactly_if_it_is_the_same_for_both() {
    let rules =
        rules("{ release: { a: [$.id], b: [$.name] }, redact: [{ path: $.id, as: mask, unless: c }] }");
    let tool = rules.tool(&ServerName::new("s"), "t").unwrap();
    let shape = Arc::new(Shape::compile(&json!({"type": "object"})));
    let plan = |scopes: &str, shape: Option<&Arc<Shape>>, drop: &[&str], profiles: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let narrow = Narrowing { drop: owned(drop), profiles: owned(profiles) };
        rules.plan(tool, &Scopes::parse(scopes).unwrap(), shape.cloned(), &narrow).unwrap()
    };
    let first = plan("a", None, &[], &[]);
    assert!(Arc::ptr_eq(&first, &plan("a unheard-of", None, &[], &[])));
    let other_shape = Arc::new(Shape::compile(&json!({"type": "object"})));
    for other in [
        plan("a b", None, &[], &[]),
        plan("a c", None, &[], &[]),
        plan("", None, &[], &[]),
        plan("a", Some(&shape), &[], &[]),
        plan("a", None, &["$.id"], &[]),
        plan("a", None, &[], &["pci-dss"]),
    ] {
        assert!(!Arc::ptr_eq(&first, &other));
    }
    let shaped = plan("a", Some(&shape), &[], &[]);
    assert!(Arc::ptr_eq(&shaped, &plan("a", Some(&shape), &[], &[])));
    assert!(!Arc::ptr_eq(&shaped, &plan("a", Some(&other_shape), &[], &[])));
}

fn check(rule: &str, scopes: &str, document: &str, expected: Option<&str>) {
    let (structure, text) = filter(rule, scopes, document);
    assert_eq!(structure.as_deref(), expected, "structure of {document} under {rule}");
    assert_eq!(text.as_deref(), expected, "text of {document} under {rule}");
}

#[test]
fn release_is_a_union_with_default_drop() {
    let rule = r#"{ release: { a: [$.id, "$.list[*].code"], b: ["$.deep..name"] } }"#;
    let document = r#"{"id":1,"x":2,"list":[{"code":"c","y":1},{"y":2}],"deep":{"p":{"name":"n","z":0}}}"#;
    check(rule, "a", document, Some(r#"{"id":1,"list":[{"code":"c"}]}"#));
    check(rule, "b", document, Some(r#"{"deep":{"p":{"name":"n"}}}"#));
    check(rule, "a b", document, Some(r#"{"id":1,"list":[{"code":"c"}],"deep":{"p":{"name":"n"}}}"#));
    check(rule, "", document, None);
    check(rule, "c", document, None);
}

#[test]
fn filters_slices_and_negative_indices_agree_with_the_reference() {
    let document = r#"{"v":[{"k":"a","n":1},{"k":"b","n":2},{"k":"a","n":3}]}"#;
    check(r#"{ release: { s: ["$.v[?@.k=='a'].n"] } }"#, "s", document, Some(r#"{"v":[{"n":1},{"n":3}]}"#));
    check(r#"{ release: { s: ["$.v[-1].n"] } }"#, "s", document, Some(r#"{"v":[{"n":3}]}"#));
    check(r#"{ release: { s: ["$.v[1:].n"] } }"#, "s", document, Some(r#"{"v":[{"n":2},{"n":3}]}"#));
    check(r#"{ release: { s: ["$['v'][0]['n']"] } }"#, "s", document, Some(r#"{"v":[{"n":1}]}"#));
}

#[test]
fn what_is_released_unchanged_keeps_its_bytes() {
    let document = "{ \"b\" : 1.10 ,\"a\":[1e2, -0 ,12345678901234567890123],\"s\":\"\\u00eb\\/\"\n}";
    check("{ release: all }", "", document, Some(document));
    check(
        r#"{ release: { s: [$.b, "$.s"] } }"#,
        "s",
        document,
        Some("{ \"b\" : 1.10 ,\"s\":\"\\u00eb\\/\"\n}"),
    );
}

#[test]
fn a_value_is_found_under_every_spelling() {
    let rule = "{ release: all, profile: hipaa-safe-harbor }";
    let secret = ["536-90-4399", "536904399", "４３９９", "4399\""];
    for document in [
        r#"{"ssn":"536-90-4399"}"#,
        r#"{"ssn":536904399}"#,
        r#"{"note":"his SSN: 536-90-4399, ok"}"#,
        r#"{"note":"SSN \u0035\u0033\u0036-90-4399"}"#,
        r#"{"note":"SSN ５３６-９０-４３９９"}"#,
        r#"{"note":"SSN 536\u200b-90-4399"}"#,
        r#"{"note":"SSN 536\u201190\u20114399"}"#,
        r#"{"a":[{"patientSSN":"536 90 4399"}]}"#,
        r#"{"ssn":{"value":536904399}}"#,
        r#"{"ssn":{"raw":{"value":"536904399"}}}"#,
        r#"{"applicant":{"ssn":["536904399"]}}"#,
        r#"{"536-90-4399":{"x":1}}"#,
        r#"{"payload":"{\"ssn\":\"536-90-4399\"}"}"#,
        r#"{"payload":"[\"{\\\"ssn\\\":536904399}\"]"}"#,
    ] {
        let (structure, text) = filter(rule, "", document);
        for (form, out) in [("structure", structure), ("text", text)] {
            let out = out.unwrap_or_default();
            assert!(out.contains("US_SSN_1"), "{form}: {document} gave {out}");
            assert!(secret.iter().all(|secret| !out.contains(secret)), "{form}: {document} gave {out}");
        }
    }
}

#[test]
fn a_name_that_a_key_gives_is_gone_from_the_note() {
    let rule = "{ release: all, profile: hipaa-safe-harbor }";
    let document = r#"{"text":"Maria Halloran (MRN 00483920) slept well. Halloran's pain is less.","subject":{"display":"Maria Halloran"}}"#;
    let expected = r#"{"text":"[PERSON_1] (MRN [MEDICAL_ID_1]) slept well. [PERSON_2]'s pain is less.","subject":{"display":"[PERSON_1]"}}"#;
    check(rule, "", document, Some(expected));
}

#[test]
fn operators_by_path_keep_types_under_a_schema() {
    let rule = "{ release: { s: [$.id, $.born, $.pan] }, redact: [ { path: $.born, as: year, unless: full }, { path: $.pan, as: partial } ] }";
    let document = r#"{"id":"p1","born":"1980-02-03","pan":4111111111111111,"ssn":"536-90-4399","n":7}"#;
    check(rule, "s", document, Some(r#"{"id":"p1","born":"1980","pan":"****1111"}"#));
    check(rule, "s full", document, Some(r#"{"id":"p1","born":"1980-02-03","pan":"****1111"}"#));
    let schema = json!({
        "type": "object", "required": ["id", "born", "pan", "ssn", "n"],
        "properties": {
            "id": {"type": "string"}, "born": {"type": "string"}, "pan": {"type": "integer"},
            "ssn": {"type": "string"}, "n": {"type": "integer"}
        }
    });
    let (structure, _) = filter_shaped(rule, "s", document, Some(Shape::compile(&schema)));
    assert_eq!(structure.as_deref(), Some(r#"{"id":"p1","born":"1980","pan":0,"ssn":"[REDACTED]","n":0}"#));
}

#[test]
fn text_that_is_not_json_shows_only_where_everything_is_released() {
    let prose = "name: Bob, ssn 536-90-4399";
    assert_eq!(filter("{ release: { s: [$.id] } }", "s", "{}").1, None);
    let text = |rule: &str| {
        let mut sources = builtin::rules();
        sources.tools = vec![Source::new("t", format!("server: s\ntools:\n  t: {rule}\n"))];
        let rules = Rules::load(&sources).unwrap_or_else(|faults| panic!("{faults:?}"));
        let tool = rules.tool(&ServerName::new("s"), "t").unwrap();
        let plan = rules.plan(tool, &Scopes::parse("s").unwrap(), None, &Narrowing::default()).unwrap();
        Redactor::new(&plan, 2026).text(prose).unwrap()
    };
    assert_eq!(text("{ release: { s: [$.id] }, profile: glba }"), None);
    assert_eq!(
        text("{ release: { s: [$.id] }, profile: glba, text: detect }").as_deref(),
        Some("name: [PERSON_1], ssn [US_SSN_1]")
    );
    assert_eq!(text("{ release: all, profile: glba, text: drop }"), None);
    assert_eq!(
        text("{ release: { s: [$] }, profile: glba }").as_deref(),
        Some("name: [PERSON_1], ssn [US_SSN_1]")
    );
}

#[test]
fn json_lines_and_fences_get_the_plan_too() {
    let rule = r"{ release: { s: [$.id] } }";
    assert_eq!(
        filter_text(rule, "{\"id\":1,\"x\":2}\n{\"id\":3,\"x\":4}\n").as_deref(),
        Some("{\"id\":1}\n{\"id\":3}")
    );
    assert_eq!(
        filter_text(rule, "Here:\n```json\n{\"id\":1,\"x\":2}\n```\nbye").as_deref(),
        Some("[REDACTED]```json\n{\"id\":1}\n```[REDACTED]")
    );
}

/// Found by fuzzing: read over and over, such text took the process down.
#[test]
fn what_python_reads_and_json_does_not_is_text() {
    let rule = "{ release: all, profile: hipaa-safe-harbor }";
    for text in ["[01]", "[1.]", "[-]", "(1-1)", "[2024.]", "{'a': 1e}"] {
        assert_eq!(filter_text(rule, text).as_deref(), Some(text));
    }
    assert_eq!(filter_text(rule, "[2024-01-05]").as_deref(), Some("[2024]"));
    assert_eq!(filter_text(r"{ release: { s: [$.id] } }", "{'id': 01}"), None);
}

fn filter_text(rule: &str, text: &str) -> Option<String> {
    let mut sources = builtin::rules();
    sources.tools = vec![Source::new("t", format!("server: s\ntools:\n  t: {rule}\n"))];
    let rules = Rules::load(&sources).unwrap_or_else(|faults| panic!("{faults:?}"));
    let tool = rules.tool(&ServerName::new("s"), "t").unwrap();
    let plan = rules.plan(tool, &Scopes::parse("s").unwrap(), None, &Narrowing::default()).unwrap();
    Redactor::new(&plan, 2026).text(text).unwrap()
}

#[test]
fn faults_in_rules_name_file_line_and_column() {
    let load = |text: &str| {
        let mut sources = builtin::rules();
        sources.tools = vec![Source::new("rules/tools/s.yaml", text)];
        Rules::load(&sources).err().map(|faults| faults[0].to_string()).unwrap_or_default()
    };
    let bad_path = "server: s\ntools:\n  t:\n    release:\n      x: [$.a, '$.b[']\n";
    assert!(
        load(bad_path).starts_with("rules/tools/s.yaml:5:16: `$.b[` is not a JSONPath"),
        "{}",
        load(bad_path)
    );
    let misspelt = "server: s\ntools:\n  t:\n    realease: all\n";
    assert!(load(misspelt).starts_with("rules/tools/s.yaml:4:5: "), "{}", load(misspelt));
    let profile = "server: s\ntools:\n  t:\n    release: all\n    profile: hippa\n";
    assert_eq!(load(profile), "rules/tools/s.yaml:5:14: there is no profile `hippa`");
    let example = "server: s\ntools:\n  t:\n    release: { a: [$.x] }\n    examples:\n      - { scopes: [a], result: { x: 1, y: 2 }, expect: { x: 1, y: 2 } }\n";
    assert!(load(example).contains("the example gives {\"x\":1}, not"), "{}", load(example));
    let search = "server: s\ntools:\n  t:\n    release: { a: [\"$.x[?search(@.y,'z')]\"] }\n";
    assert!(load(search).contains("`match` and `search` are not allowed"), "{}", load(search));
}

#[test]
fn bounds_block_rather_than_pass() {
    let mut sources = builtin::rules();
    sources.tools = vec![Source::new("t", "server: s\ntools:\n  t: { release: all }\n")];
    let rules = Rules::load(&sources).unwrap_or_else(|faults| panic!("{faults:?}"));
    let tool = rules.tool(&ServerName::new("s"), "t").unwrap();
    let plan = rules.plan(tool, &Scopes::default(), None, &Narrowing::default()).unwrap();
    let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    let block = |document: &[u8]| {
        Redactor::new(&plan, 2026).structure(document).err().map(portcullis::redact::Blocked::reason)
    };
    assert_eq!(block(deep(64).as_bytes()), None);
    assert_eq!(block(deep(65).as_bytes()), Some("nested too deeply"));
    assert_eq!(block(br#"{"a":1,"a":2}"#), Some("duplicate member name"));
    assert_eq!(block(br#"{"a":1,"\u0061":2}"#), Some("duplicate member name"));
    assert_eq!(block(b"\"\xff\""), Some("not UTF-8"));
    for broken in ["{", "[1,]", "{\"a\"}", "01", "1.", "tru", "\"\\ud800\"", "{} x", "", "[1 2]", "\"\u{1}\""]
    {
        assert_eq!(block(broken.as_bytes()), Some("not valid JSON"), "{broken}");
    }
}

/// Servers repeat their content blocks in the structure, base64 and all.
#[test]
fn a_blob_fares_no_better_in_the_structure_than_in_its_block() {
    let plan = plan("{ release: all, text: detect, profile: hipaa-safe-harbor }", "", None);
    let encoded = |text: &str| STANDARD.encode(text);
    let (ssn, harmless) = (encoded("SSN 536-90-4399"), encoded("water lilies"));
    let image = |data: &str| json!({"type": "image", "data": data, "mimeType": "image/png"});
    let file = |blob: &str| json!({"type": "resource", "resource": {"uri": "file:///a", "blob": blob}});
    let filtered = |blobs: Blobs, result: Value| -> Value {
        let mut redactor = Redactor::new(&plan, 2026);
        serde_json::from_str(&tool_result(&mut redactor, None, blobs, &result.to_string()).unwrap()).unwrap()
    };
    for block in [image, file] {
        let both = json!({"content": [block(&ssn)], "structuredContent": {"content": [block(&ssn)]}});
        let alone = json!({"content": [], "structuredContent": {"content": [block(&ssn)]}});
        let text =
            json!({"content": [block(&ssn), {"type": "text", "text": json!({"copy": ssn}).to_string()}]});
        for result in [both.clone(), alone, text] {
            for blobs in [Blobs::Drop, Blobs::Pass] {
                let shown = filtered(blobs, result.clone());
                assert!(!shown.to_string().contains(&ssn), "{shown}");
            }
        }
        let shown = filtered(Blobs::Drop, both.clone());
        assert_eq!(shown["structuredContent"]["content"], json!([block("[REDACTED]")]));
        let shown = filtered(Blobs::Pass, both);
        assert_eq!(shown["structuredContent"]["content"], json!([block(&encoded("SSN [US_SSN_1]"))]));
        let innocent =
            json!({"content": [block(&harmless)], "structuredContent": {"content": [block(&harmless)]}});
        assert_eq!(filtered(Blobs::Pass, innocent.clone()), innocent);
    }
    let unlike = json!({"content": [], "structuredContent": {"blob": harmless, "data": harmless}});
    assert_eq!(filtered(Blobs::Drop, unlike.clone()), unlike);
}
