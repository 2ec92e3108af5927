//! Why each value of a result leaves as it does, for the person who writes the rules.
//!
//! Paths are answered by jsonpath-rust on a tree, as in the reference, and not by the walk:
//! what explains the walk must not share its faults.

use super::{ScopedRedaction, ToolRules};
use crate::model::fault::Origin;
use crate::model::scope::Scopes;
use crate::redact::Path;
use crate::redact::detect::KeyPath;
use crate::redact::operator::Operator;
use crate::redact::plan::Detection;
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;
use std::collections::{BTreeSet, HashSet};

/// One value of a result, or all values beneath a place that fare alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// A normalized path (RFC 9535 §2.7) in its short form.
    pub path: String,
    pub fate: Fate,
    /// How many values it speaks for.
    pub values: usize,
}

/// What becomes of a value, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    Released {
        scope: Option<String>,
        origin: Option<Origin>,
    },
    /// Nothing that the caller holds releases it; these scopes would, and these operators would
    /// act on it then.
    Withheld {
        by: BTreeSet<String>,
        acts: BTreeSet<&'static str>,
    },
    Redacted {
        operator: &'static str,
        rule: String,
        origin: Origin,
    },
    /// Detectors act on it: operator, entity, rule and file of each.
    Detected(Vec<Detected>),
}

/// What one detector finds in a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detected {
    pub operator: &'static str,
    pub entity: String,
    pub rule: String,
    pub file: String,
    /// The whole value, as its key says; otherwise a part, by its shape.
    pub by_key: bool,
}

/// Explains every value of `document`. Without rules of a tool all of it is released and
/// the detectors alone are asked. Names found elsewhere in the result are not looked for.
pub fn explain(
    rules: Option<&ToolRules>,
    held: &Scopes,
    detection: Option<&Detection>,
    document: &Value,
) -> Vec<Explained> {
    let mut explainer = Explainer { held, releases: Vec::new(), redactions: Vec::new(), detection };
    for rule in rules.iter().flat_map(|rules| &rules.release) {
        let selected = nodes(&rule.path, document);
        let (scope, origin) = (rule.scope.clone(), Some(rule.origin.clone()));
        let holds = scope.as_ref().is_none_or(|scope| held.contains(scope));
        explainer.releases.push(Released { scope, origin, holds, nodes: selected });
    }
    if rules.is_none() {
        let nodes = nodes(&Path::root(), document);
        explainer.releases.push(Released { scope: None, origin: None, holds: true, nodes });
    }
    for rule in rules.iter().flat_map(|rules| &rules.redact) {
        explainer.redactions.push(Redacted { nodes: nodes(&rule.path, document), rule });
    }
    let mut lines = Vec::new();
    explainer.value(document, "$", &KeyPath::default(), &Above::default(), &mut lines);
    lines
}

/// The nodes that a query selects; none if it fails.
fn nodes(path: &Path, document: &Value) -> HashSet<*const Value> {
    let parsed = parse_json_path(path.as_str()).ok();
    let found = parsed.and_then(|query| js_path_process(&query, document).ok());
    found.into_iter().flatten().map(|node| std::ptr::from_ref(node.val)).collect()
}

struct Explainer<'e> {
    held: &'e Scopes,
    releases: Vec<Released>,
    redactions: Vec<Redacted<'e>>,
    detection: Option<&'e Detection>,
}

struct Released {
    scope: Option<String>,
    origin: Option<Origin>,
    holds: bool,
    nodes: HashSet<*const Value>,
}

struct Redacted<'e> {
    nodes: HashSet<*const Value>,
    rule: &'e ScopedRedaction,
}

/// What is so from above: the releases and redactions of a place, by number.
#[derive(Clone, Default)]
struct Above {
    releases: BTreeSet<usize>,
    redactions: BTreeSet<usize>,
}

impl Explainer<'_> {
    fn value(&self, node: &Value, path: &str, keys: &KeyPath, above: &Above, lines: &mut Vec<Explained>) {
        let mut here = above.clone();
        let at = std::ptr::from_ref(node);
        here.releases.extend(numbers(&self.releases, |release| release.nodes.contains(&at)));
        here.redactions.extend(numbers(&self.redactions, |redaction| redaction.nodes.contains(&at)));
        let first = lines.len();
        match node {
            Value::Object(members) => {
                for (name, member) in members {
                    let mut keys = keys.clone();
                    keys.push(name);
                    self.value(member, &format!("{path}{}", step(name)), &keys, &here, lines);
                }
            }
            Value::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    self.value(element, &format!("{path}[{index}]"), keys, &here, lines);
                }
            }
            scalar => {
                let fate = self.fate(scalar, keys, &here);
                lines.push(Explained { path: path.to_owned(), fate, values: 1 });
            }
        }
        join(path, first, lines);
    }

    fn fate(&self, scalar: &Value, keys: &KeyPath, here: &Above) -> Fate {
        let of = |number: &usize| self.releases.get(*number);
        let Some(release) = here.releases.iter().filter_map(of).find(|release| release.holds) else {
            let scopes = here.releases.iter().filter_map(of).filter_map(|release| release.scope.clone());
            let by: BTreeSet<String> = scopes.collect();
            let acts = by.iter().flat_map(|scope| self.acting(scope, scalar, keys, here)).collect();
            return Fate::Withheld { by, acts };
        };
        if let Some(rule) = self.redaction(self.held, here) {
            return Fate::Redacted {
                operator: rule.redaction.operator.name(),
                rule: rule.redaction.id.to_string(),
                origin: rule.origin.clone(),
            };
        }
        let found = self.detected(scalar, keys);
        if found.is_empty() {
            Fate::Released { scope: release.scope.clone(), origin: release.origin.clone() }
        } else {
            Fate::Detected(found)
        }
    }

    /// The rule by path that shows least to a caller who holds these scopes.
    fn redaction(&self, held: &Scopes, here: &Above) -> Option<&ScopedRedaction> {
        let rules = here.redactions.iter().filter_map(|number| self.redactions.get(*number));
        let rules = rules.map(|redaction| redaction.rule).filter(|rule| rule.applies(held));
        rules.min_by_key(|rule| rule.redaction.operator.shows())
    }

    /// The operators that would change the value if the caller held one scope more.
    fn acting(&self, scope: &str, scalar: &Value, keys: &KeyPath, here: &Above) -> BTreeSet<&'static str> {
        let held = self.held.union(&[scope].into_iter().collect());
        let acting: BTreeSet<&'static str> = match self.redaction(&held, here) {
            Some(rule) => [rule.redaction.operator.name()].into(),
            None => self.detected(scalar, keys).iter().map(|found| found.operator).collect(),
        };
        acting.into_iter().filter(|operator| *operator != Operator::Keep.name()).collect()
    }

    fn detected(&self, scalar: &Value, keys: &KeyPath) -> Vec<Detected> {
        let Some(detection) = self.detection else { return Vec::new() };
        let text = match scalar {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Vec::new(),
        };
        let mut findings = Vec::new();
        detection.scanner.value(keys, &text, &mut findings);
        let detectors = detection.scanner.detectors();
        let found = findings.iter().filter_map(|finding| {
            let detector = detectors.get(finding.detector)?;
            Some(Detected {
                operator: detection.operator(finding.detector).name(),
                entity: detector.entity.to_string(),
                rule: detector.id.to_string(),
                file: detector.file.clone(),
                by_key: !finding.by_pattern,
            })
        });
        found.collect()
    }
}

fn numbers<T>(rules: &[T], holds: impl Fn(&T) -> bool) -> impl Iterator<Item = usize> {
    rules.iter().enumerate().filter(move |(_, rule)| holds(rule)).map(|(number, _)| number)
}

/// Values beneath one place that are released or withheld alike become one line.
fn join(path: &str, first: usize, lines: &mut Vec<Explained>) {
    let Some((head, rest)) = lines.get(first..).and_then(<[Explained]>::split_first) else { return };
    let mut fate = head.fate.clone();
    let joins = rest.iter().all(|line| match (&mut fate, &line.fate) {
        (Fate::Withheld { by, acts }, Fate::Withheld { by: other, acts: more }) => {
            acts.extend(more);
            by == other
        }
        (Fate::Released { .. }, other) => head.fate == *other,
        _ => false,
    });
    if joins && matches!(fate, Fate::Released { .. } | Fate::Withheld { .. }) {
        let values = head.values + rest.iter().map(|line| line.values).sum::<usize>();
        lines.truncate(first);
        lines.push(Explained { path: path.to_owned(), fate, values });
    }
}

fn step(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if plain { format!(".{name}") } else { format!("[{}]", Value::from(name)) }
}
