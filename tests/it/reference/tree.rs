//! What the engine's one pass must come to, said as plainly as it can be: a tree, and
//! jsonpath-rust on it. The fuzz targets share this file.
#![allow(unreachable_pub, reason = "the fuzz targets, another crate, share this file")]

use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// The operators that need nothing but the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plainly {
    Drop,
    Null,
    Mask,
    Keep,
}

/// Nodes by their address.
pub struct Selected {
    release: HashSet<*const Value>,
    redact: HashMap<*const Value, Plainly>,
}

/// What is left of `document` under these queries; `None` if nothing is.
pub fn filter(document: &Value, release: &[String], redact: &[(String, Plainly)]) -> Option<Value> {
    let mut selected = Selected { release: HashSet::new(), redact: HashMap::new() };
    for query in release {
        selected.release.extend(nodes(document, query));
    }
    for (query, operator) in redact {
        for node in nodes(document, query) {
            let held = selected.redact.entry(node).or_insert(*operator);
            *held = (*held).min(*operator);
        }
    }
    keep(document, &selected, false, None)
}

fn nodes(document: &Value, query: &str) -> Vec<*const Value> {
    let Ok(parsed) = parse_json_path(query) else { return Vec::new() };
    let found = js_path_process(&parsed, document).unwrap_or_default();
    found.into_iter().map(|node| std::ptr::from_ref(node.val)).collect()
}

/// Keeps a node if a query selects it or anything above or below it. A redaction covers
/// the node and all beneath it; of two, the one that shows less.
fn keep(node: &Value, selected: &Selected, released: bool, covered: Option<Plainly>) -> Option<Value> {
    let address = std::ptr::from_ref(node);
    let released = released || selected.release.contains(&address);
    let own = selected.redact.get(&address).copied();
    let covered = own.map(|own| covered.map_or(own, |above| own.min(above))).or(covered);
    let kept = match node {
        Value::Object(members) => {
            let kept: Map<_, _> = members
                .iter()
                .filter_map(|(name, member)| Some((name.clone(), keep(member, selected, released, covered)?)))
                .collect();
            (released || !kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(elements) => {
            let kept: Vec<Value> =
                elements.iter().filter_map(|element| keep(element, selected, released, covered)).collect();
            (released || !kept.is_empty()).then_some(Value::Array(kept))
        }
        _ if covered == Some(Plainly::Mask) => released.then(|| Value::from("[REDACTED]")),
        scalar => released.then(|| scalar.clone()),
    }?;
    match covered {
        Some(Plainly::Drop) => None,
        Some(Plainly::Null) => Some(Value::Null),
        Some(Plainly::Mask | Plainly::Keep) | None => Some(kept),
    }
}
