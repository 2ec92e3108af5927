//! JSONPath queries that meet the documents.

use crate::tree::Plainly;
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use portcullis::model::ids::{Entity, RuleId};
use portcullis::redact::operator::Operator;
use portcullis::redact::plan::Redaction;

const SEGMENTS: [&str; 34] = [
    ".a",
    ".b",
    ".c",
    "['d e']",
    "[\"é\"]",
    "['\\u0061']",
    ".ssn",
    ".name",
    ".*",
    "[*]",
    "[0]",
    "[1]",
    "[-1]",
    "[0:2]",
    "[1:]",
    "[:-1]",
    "[::2]",
    "[::-1]",
    "[-2:]",
    "[5:0:-2]",
    "['a','b']",
    "[0,'a']",
    "[*,0]",
    "..a",
    "..*",
    "..[0]",
    "..['b','c']",
    "..[-1]",
    "[?@.a]",
    "[?@.b == 1]",
    "[?@ > 0]",
    "[?!@.a]",
    "[?@.a == 'a' || @.b]",
    "[?length(@.a) > 1]",
];

pub fn query(bytes: &mut Unstructured<'_>) -> Result<String> {
    let mut query = String::from("$");
    for _ in 0..bytes.int_in_range(0..=3)? {
        query.push_str(bytes.choose(&SEGMENTS)?);
    }
    Ok(query)
}

pub fn queries(bytes: &mut Unstructured<'_>) -> Result<Vec<String>> {
    (0..bytes.int_in_range(1..=3)?).map(|_| query(bytes)).collect()
}

pub fn covers(bytes: &mut Unstructured<'_>) -> Result<Vec<(String, Plainly)>> {
    let operators = [Plainly::Drop, Plainly::Null, Plainly::Mask, Plainly::Keep];
    (0..bytes.int_in_range(0..=2)?).map(|_| Ok((query(bytes)?, *bytes.choose(&operators)?))).collect()
}

pub fn redaction(operator: Plainly) -> Redaction {
    let operator = match operator {
        Plainly::Drop => Operator::Drop,
        Plainly::Null => Operator::Null,
        Plainly::Mask => Operator::Mask,
        Plainly::Keep => Operator::Keep,
    };
    Redaction { id: RuleId::new("by-path"), operator, entity: Entity::new("VALUE") }
}
