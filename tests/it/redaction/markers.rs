//! Markers that a document comes with: two gateways in a row.

use super::plan;
use portcullis::redact::Redactor;
use portcullis::redact::plan::Plan;
use portcullis::redact::tools::Blobs;
use portcullis::release::tool_result;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const RULE: &str = "{ release: all, text: detect, profile: hipaa-safe-harbor }";

fn shown(plan: &Plan, document: &Value) -> Value {
    let text = document.to_string();
    let out = Redactor::new(plan, 2026).structure(text.as_bytes()).unwrap().unwrap().into_owned();
    serde_json::from_str(&out).unwrap()
}

/// What the first gateway has hidden stays as it is in the second, which gives its own markers
/// other numbers.
#[test]
fn a_marker_that_a_document_comes_with_stays() {
    let plan = plan(RULE, "", None);
    let document = json!({
        "ssn": "[PERSON_1]", "note": "[US_SSN_1]", "id": {"ssn": "[US_SSN_2]"},
        "wife": {"ssn": "536-90-4399"}, "text": "SSN: [US_SSN_2], MRN: [PERSON_1]",
    });
    let expected = document.to_string().replace("536-90-4399", "[US_SSN_3]");
    assert_eq!(shown(&plan, &document).to_string(), expected);
}

/// A number that the first gateway gave is none of the value that it stands in.
#[test]
fn what_stands_beside_a_marker_is_what_a_key_claims() {
    let plan = plan(RULE, "", None);
    let document = json!({"z": "[PERSON_1]", "ssn": ["[PERSON_1] y\\", "é [PERSON_1]", "[PERSON_1] 12"]});
    let expected = document.to_string().replace("[PERSON_1] 12", "[US_SSN_1]");
    assert_eq!(shown(&plan, &document).to_string(), expected);
}

/// They are known by those before them, in this result and in no other, however they are written.
#[test]
fn what_stood_in_one_result_is_a_value_in_the_next() {
    for second in ["[US_SSN_2]", "\u{ff3b}US_SSN_2\u{ff3d}", "eyJzc24iOiJbVVNfU1NOXzJdIn0="] {
        let alone = json!({"ssn": second, "x": second});
        let fresh = shown(&plan(RULE, "", None), &alone);
        let plan = plan(RULE, "", None);
        shown(&plan, &json!({"z": "[US_SSN_1] [US_SSN_2]", "ssn": second, "x": second}));
        assert_eq!(shown(&plan, &alone), fresh, "{second}");
    }
}

/// Characters that no one sees and that a model reads, by themselves, behind a letter and behind
/// what is a marker without them.
#[test]
fn nothing_passes_unseen_behind_a_marker() {
    let plan = plan(RULE, "", None);
    let tags = |text: &str| text.chars().filter_map(|c| char::from_u32(0xe0000 + u32::from(c))).collect();
    let selectors = |text: &str| {
        text.bytes().filter_map(|byte| char::from_u32(0xe0100 + u32::from(byte) - 16)).collect::<String>()
    };
    let hidden: [String; 2] = [tags("536-90-4399"), selectors("536-90-4399")];
    for hidden in hidden {
        for seen in ["", "a", "[US_SSN_1]", "[US_SSN_2]"] {
            let out = shown(&plan, &json!({"ssn": format!("{seen}{hidden}"), "z": "[US_SSN_1]"})).to_string();
            let left = out.chars().filter(|c| hidden.contains(*c)).count();
            assert_eq!(left, 0, "{seen}: {}", out.escape_unicode());
        }
    }
}

/// A text that comes behind the structure has markers that the structure must not give again.
#[test]
fn no_two_parts_of_a_result_share_a_number() {
    let plan = plan(RULE, "", None);
    let result = json!({
        "content": [{"type": "text", "text": "As said, [PERSON_1] and [PERSON_2] differ."}],
        "structuredContent": {"patient": {"name": "Marta Quillfeather"}},
    });
    let out = tool_result(&mut Redactor::new(&plan, 2026), None, Blobs::Drop, &result.to_string()).unwrap();
    let out: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(out["structuredContent"]["patient"]["name"], "[PERSON_3]", "{out}");
    assert_eq!(out["content"], result["content"]);
}

#[test]
fn brackets_take_time_by_their_number() {
    let plan = plan(RULE, "", None);
    for (before, behind) in [("_1]", ""), ("", "_1]"), ("", "PERSON_1]")] {
        let time = |count: usize| {
            let document = json!({"note": format!("x{before}{}{behind}", "[".repeat(count))}).to_string();
            let start = Instant::now();
            drop(Redactor::new(&plan, 2026).structure(document.as_bytes()));
            start.elapsed()
        };
        // Something else may have the machine once, not each time.
        let by_length = || time(160_000) < time(20_000) * 24 + Duration::from_millis(100);
        assert!((0..3).any(|_| by_length()), "{before} {behind}");
    }
}
