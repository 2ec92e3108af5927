//! The one-pass walk against the reference: a tree, and jsonpath-rust on it.

use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use portcullis::redact::plan::{Parts, Plan};
use portcullis::redact::{Path, Redactor};
use proptest::prelude::*;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Few names, so that paths and documents meet.
fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "d e", "é"]).prop_map(str::to_owned)
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-5_i64..5).prop_map(Value::from),
        "[a-z\"\\\\\u{e9}]{0,4}".prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>()))
        ]
    })
}

fn query() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        prop::sample::select(vec![".a", ".b", ".c", "['d e']", "[\"é\"]", "[*]", ".*"])
            .prop_map(str::to_owned),
        prop::sample::select(vec!["[0]", "[1]", "[-1]", "[0:2]", "['a','b']", "..a", "..[0]", "..*"])
            .prop_map(str::to_owned),
        prop::sample::select(vec!["[?@.a]", "[?@.b == 1]", "[?@ > 0]"]).prop_map(str::to_owned),
    ];
    prop::collection::vec(segment, 0..4).prop_map(|segments| format!("${}", segments.concat()))
}

/// Keeps a node if a query selects it or anything above or below it.
fn keep(node: &Value, selected: &HashSet<*const Value>, released: bool) -> Option<Value> {
    let released = released || selected.contains(&std::ptr::from_ref(node));
    match node {
        Value::Object(members) => {
            let kept: Map<_, _> = members
                .iter()
                .filter_map(|(name, member)| Some((name.clone(), keep(member, selected, released)?)))
                .collect();
            (released || !kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(elements) => {
            let kept: Vec<Value> =
                elements.iter().filter_map(|element| keep(element, selected, released)).collect();
            (released || !kept.is_empty()).then_some(Value::Array(kept))
        }
        scalar => released.then(|| scalar.clone()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn one_pass_keeps_what_the_reference_keeps(document in document(), queries in prop::collection::vec(query(), 1..4)) {
        let mut selected = HashSet::new();
        for query in &queries {
            let parsed = parse_json_path(query).unwrap();
            selected.extend(js_path_process(&parsed, &document).unwrap().iter().map(|node| std::ptr::from_ref(node.val)));
        }
        let expected = keep(&document, &selected, false);
        let release = queries.iter().map(|query| Path::compile(query).unwrap()).collect();
        let plan = Plan::new(Parts { release, ..Parts::default() });
        let text = document.to_string();
        let got = Redactor::new(&plan, 2026).structure(text.as_bytes()).unwrap();
        let got = got.map(|kept| serde_json::from_str::<Value>(&kept).unwrap());
        prop_assert_eq!(got, expected, "{} of {}", queries.join(", "), text);
    }
}
