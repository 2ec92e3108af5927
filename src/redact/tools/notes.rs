//! What a rule may say and is likely not to mean: no fault, for it may all be so.

use super::ToolRules;
use super::file::{Example, ToolFile};
use crate::model::fault::{Origin, SourceFault};
use crate::model::nearest::nearest;
use crate::redact::path::{Choice, Path};
use serde_json::Value;
use serde_saphyr::Spanned;
use std::collections::BTreeSet;

/// Of a tool, prompt or resource: nothing that looks after it, and paths without a place in any
/// of its examples.
pub(super) fn notes(file: &str, name: &str, raw: &Spanned<ToolFile>, rules: &ToolRules) -> Vec<SourceFault> {
    let examples = &raw.value.examples;
    if examples.is_empty() {
        let bare = raw.value.profile.is_none().then(|| {
            let message = format!(
                "`{name}` has neither `examples` nor a `profile`: nothing tests its rules, and no detector looks at \
                 what they release. Add `examples: [{{ scopes: [], result: {{}}, expect: {{}} }}]` with a result of \
                 its own, and a profile such as `profile: hipaa-safe-harbor`"
            );
            SourceFault::at(file, raw, message)
        });
        return bare.into_iter().collect();
    }
    let results: Vec<&Value> =
        examples.iter().map(|example: &Spanned<Example>| &example.value.result).collect();
    let named: BTreeSet<&str> = rules.result_paths().flat_map(|(path, _)| names(path)).collect();
    let release = rules.release.iter().map(|rule| (&rule.path, &rule.origin, false));
    let redact = rules.redact.iter().map(|rule| (&rule.path, &rule.origin, true));
    let subject = rules.subject.iter().map(|(path, origin)| (path, origin, false));
    let absent = |(path, origin, acts): (&Path, &Origin, bool)| {
        let is_there = |result: &&Value| path.select(result).is_none_or(|found| !found.is_empty());
        if results.iter().any(is_there) {
            return None;
        }
        // A name that another path has is one that the tool has, too.
        let meant = slip(path, &results).filter(|(_, near)| !named.contains(near));
        let message = match (meant, acts) {
            (Some((written, near)), _) => format!(
                "no example has a place for `{}`: did you mean `{near}` where it says `{written}`? If not, add an \
                 example that has it",
                path.as_str()
            ),
            (None, true) => format!(
                "no example has a place for `{}`, so that none shows what the rule does: add one that has it, or \
                 mend the path",
                path.as_str()
            ),
            (None, false) => return None,
        };
        Some(SourceFault { file: origin.file.clone(), line: origin.line, column: 1, message })
    };
    release.chain(redact).chain(subject).filter_map(absent).collect()
}

/// The members that a path names.
fn names(path: &Path) -> impl Iterator<Item = &str> {
    path.hops().iter().flat_map(|hop| &hop.selectors).filter_map(|choice| match choice {
        Choice::Name(name) => Some(name.as_str()),
        Choice::Any | Choice::Tested(_) => None,
    })
}

/// The first name of a path at whose place no document has such a member, and a near one that
/// stands there.
fn slip<'s>(path: &'s Path, documents: &[&'s Value]) -> Option<(&'s str, &'s str)> {
    let mut here = documents.to_vec();
    for hop in path.hops().iter() {
        if hop.descend {
            return None;
        }
        let next: Vec<&Value> = here
            .iter()
            .flat_map(|node| hop.selectors.iter().flat_map(|choice| children(node, choice)))
            .collect();
        if next.is_empty() {
            let [Choice::Name(name)] = hop.selectors.as_slice() else { return None };
            let beside = here.iter().filter_map(|node| node.as_object());
            let near = nearest(name, beside.flat_map(|members| members.keys().map(String::as_str)))?;
            return Some((name, near));
        }
        here = next;
    }
    None
}

/// As if every test held: what is absent then is absent.
fn children<'v>(node: &'v Value, choice: &Choice) -> Vec<&'v Value> {
    match (choice, node) {
        (Choice::Name(name), Value::Object(members)) => members.get(name).into_iter().collect(),
        (Choice::Any | Choice::Tested(_), Value::Object(members)) => members.values().collect(),
        (Choice::Any | Choice::Tested(_), Value::Array(elements)) => elements.iter().collect(),
        _ => Vec::new(),
    }
}

/// A resource whose name no URI has.
pub(super) fn of_uri(file: &str, uri: &str, raw: &Spanned<ToolFile>) -> Option<SourceFault> {
    let beginning = uri.strip_suffix('*').unwrap_or(uri);
    let why = if beginning.contains('*') {
        "a `*` stands for what follows at the end of it alone, and is an asterisk elsewhere"
    } else if !beginning.is_empty() && beginning.len() == uri.len() && !uri.contains(':') {
        "no URI is without a scheme, such as `patient://`"
    } else {
        return None;
    };
    let message = format!(
        "`{uri}` fits no resource: {why}. Write the URI as the server lists it, or its beginning and `*`"
    );
    Some(SourceFault::at(file, raw, message))
}

/// A tool or prompt whose name would never be met, so that its rules would do nothing.
pub(super) fn never_met(file: &str, name: &str, raw: &Spanned<ToolFile>) -> Option<SourceFault> {
    let why = if name.contains("://") {
        "is the URI of a resource: write it under `resources`"
    } else if name.contains('*') && name != "*" {
        "names nothing, since a `*` stands for every other name by itself alone: write whole names, or `*`"
    } else {
        return None;
    };
    Some(SourceFault::at(file, raw, format!("`{name}` {why}")))
}
