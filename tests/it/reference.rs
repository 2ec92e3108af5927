//! The one-pass walk against the reference: a tree, and jsonpath-rust on it.

mod tree;

use portcullis::model::ids::{Entity, RuleId};
use portcullis::redact::operator::Operator;
use portcullis::redact::plan::{Parts, Plan, Redaction};
use portcullis::redact::{Path, Redactor};
use proptest::prelude::*;
use serde_json::{Map, Value};
use tree::Plainly;

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

fn operator() -> impl Strategy<Value = Plainly> {
    prop::sample::select(vec![Plainly::Drop, Plainly::Null, Plainly::Mask, Plainly::Keep])
}

fn redaction(index: usize, operator: Plainly) -> Redaction {
    let operator = match operator {
        Plainly::Drop => Operator::Drop,
        Plainly::Null => Operator::Null,
        Plainly::Mask => Operator::Mask,
        Plainly::Keep => Operator::Keep,
    };
    Redaction { id: RuleId::new(format!("r-{index}")), operator, entity: Entity::new("VALUE") }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn one_pass_keeps_what_the_reference_keeps(
        document in document(),
        queries in prop::collection::vec(query(), 1..4),
        covers in prop::collection::vec((query(), operator()), 0..3),
    ) {
        let expected = tree::filter(&document, &queries, &covers);
        let compile = |query: &String| Path::compile(query).unwrap();
        let redact = covers.iter().enumerate();
        let redact = redact.map(|(index, (query, operator))| (compile(query), redaction(index, *operator)));
        let plan = Plan::new(Parts {
            release: queries.iter().map(compile).collect(),
            redact: redact.collect(),
            ..Parts::default()
        });
        let text = document.to_string();
        let got = Redactor::new(&plan, 2026).structure(text.as_bytes()).unwrap();
        let got = got.map(|kept| serde_json::from_str::<Value>(&kept).unwrap());
        prop_assert_eq!(got, expected, "{} but {:?} of {}", queries.join(", "), covers, text);
    }
}
