//! Why nothing of what was read is released, and what to do.

use super::Whose;
use super::input::Form;
use super::why;
use crate::redact::plan::Plan;
use crate::redact::tools::{Fate, ToolRules, explain};
use std::collections::BTreeSet;

pub(super) fn why(whose: &Whose<'_>, plan: &Plan, form: &Form) -> String {
    let Some((name, tool)) = whose.tool else {
        return "the profile lets nothing of it pass: --explain says which detector acts on what".to_owned();
    };
    match form {
        Form::Json(document) => match why::structure(document) {
            Some(document) => of_document(whose, name, tool, plan, &document),
            None => of_text("the result holds text and no JSON"),
        },
        Form::Broken(fault) => of_text(&format!("it is {fault}: mend it. Until then it is text")),
        Form::Text => of_text("it is text and no JSON"),
    }
}

fn of_text(what: &str) -> String {
    format!(
        "{what}: of text the tool's rules show what their `text` says: `same` all of it, to callers whose scopes \
         release the whole document, `detect` all of it, to everybody, and `drop` nothing"
    )
}

fn of_document(
    whose: &Whose<'_>,
    name: &str,
    tool: &ToolRules,
    plan: &Plan,
    document: &serde_json::Value,
) -> String {
    let mut by = BTreeSet::new();
    for line in explain(Some(tool), &whose.scopes, plan.detection(), document) {
        match line.fate {
            Fate::Withheld { by: scopes, .. } => by.extend(scopes),
            Fate::Released { .. } | Fate::Redacted { .. } | Fate::Detected(_) => {
                return "what these scopes release is dropped again: --explain says by which rule".to_owned();
            }
        }
    }
    if by.is_empty() {
        return format!(
            "no scope releases anything of it: the paths under `release` ({}) meet nothing in it",
            tool.origin
        );
    }
    let held = match whose.scopes.to_string() {
        held if held.is_empty() => "without scopes nothing of it is released".to_owned(),
        held => format!("nothing of it is released for `{held}`"),
    };
    let by: Vec<String> = by.iter().map(|scope| format!("--scopes \"{scope}\"")).collect();
    format!("{held}; of {name} these release something: {}", by.join(", "))
}
