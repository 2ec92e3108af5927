//! What either side says that it can do, reduced to what the rules allow.
//!
//! Switching a capability off here is the one clean way to switch a part of MCP off: a
//! peer that was not told of it will not use it.

use crate::wire::form::Feature;
use crate::wire::revision::Era;
use serde_json::{Map, Value, json};

/// Extensions that the gate knows, and what rules call them. Tasks are one since
/// 2026-07-28; before, they are in the core, in another form.
const EXTENSIONS: [(&str, Feature); 3] = [
    ("io.modelcontextprotocol/tasks", Feature::Tasks),
    ("io.modelcontextprotocol/ui", Feature::Apps),
    ("io.modelcontextprotocol/skills", Feature::Skills),
];

/// A client's capabilities as an upstream may know them. Tasks held at the client are
/// never among them.
pub fn of_client(declared: &Value, era: Era, allows: &impl Fn(Feature) -> bool) -> Value {
    let mut kept = Map::new();
    let mut keep = |name: &str, feature: Feature, members: &[&str]| {
        if let Some(value) = declared.get(name).filter(|_| allows(feature)) {
            kept.insert(name.to_owned(), narrowed(value, members));
        }
    };
    keep("sampling", Feature::Sampling, &["context", "tools"]);
    keep("elicitation", Feature::Elicitation, &["form", "url"]);
    keep("roots", Feature::Roots, &["listChanged"]);
    extensions(declared, era, allows, &mut kept);
    Value::Object(kept)
}

/// A server's capabilities as a client may know them. `offers` says whether the rules
/// serve any tool, prompt or resource.
pub fn of_server(declared: &Value, era: Era, offers: Offers, allows: &impl Fn(Feature) -> bool) -> Value {
    let mut kept = Map::new();
    let mut keep = |name: &str, allowed: bool, members: &[&str]| {
        if let Some(value) = declared.get(name).filter(|_| allowed) {
            kept.insert(name.to_owned(), narrowed(value, members));
        }
    };
    let subscribe: &[&str] =
        if allows(Feature::Subscriptions) { &["subscribe", "listChanged"] } else { &["listChanged"] };
    keep("tools", offers.tools, &["listChanged"]);
    keep("prompts", offers.prompts, &["listChanged"]);
    keep("resources", offers.resources, subscribe);
    keep("logging", allows(Feature::Logging), &[]);
    keep("completions", allows(Feature::Completions), &[]);
    keep("tasks", allows(Feature::Tasks), &["list", "cancel"]);
    if let Some(tasks) = kept.get_mut("tasks").filter(|_| declared.pointer("/tasks/requests/tools").is_some())
    {
        tasks["requests"] = json!({"tools": {"call": {}}});
    }
    extensions(declared, era, allows, &mut kept);
    Value::Object(kept)
}

/// What the rules of a server serve at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offers {
    pub tools: bool,
    pub prompts: bool,
    pub resources: bool,
}

/// The known members, each an empty object or a flag: there is no room for anything else.
fn narrowed(value: &Value, members: &[&str]) -> Value {
    let member = |name: &&str| {
        let plain = match value.get(*name)? {
            Value::Bool(flag) => json!(flag),
            Value::Object(_) => json!({}),
            _ => return None,
        };
        Some(((*name).to_owned(), plain))
    };
    Value::Object(members.iter().filter_map(member).collect())
}

fn extensions(declared: &Value, era: Era, allows: &impl Fn(Feature) -> bool, kept: &mut Map<String, Value>) {
    let Some(declared) = declared.get("extensions").and_then(Value::as_object) else { return };
    let exists = |feature: Feature| feature != Feature::Tasks || era == Era::Modern;
    let known = EXTENSIONS
        .iter()
        .filter(|(name, feature)| declared.contains_key(*name) && exists(*feature) && allows(*feature));
    let known: Map<String, Value> = known
        .map(|(name, feature)| {
            // A host of MCP Apps says which pages it can show; the word is fixed.
            let settings = match feature {
                Feature::Apps => json!({"mimeTypes": ["text/html;profile=mcp-app"]}),
                _ => json!({}),
            };
            ((*name).to_owned(), settings)
        })
        .collect();
    if !known.is_empty() {
        kept.insert("extensions".into(), Value::Object(known));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_an_extension_in_the_modern_era_alone() {
        let declared = json!({
            "tasks": {"list": {}},
            "extensions": {"io.modelcontextprotocol/tasks": {}, "io.modelcontextprotocol/skills": {}}
        });
        let extensions = |capabilities: Value| {
            let kept = capabilities["extensions"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            kept.join(" ")
        };
        let both = "io.modelcontextprotocol/tasks io.modelcontextprotocol/skills";
        for (era, kept) in [(Era::Modern, both), (Era::Legacy, "io.modelcontextprotocol/skills")] {
            assert_eq!(extensions(of_client(&declared, era, &|_| true)), kept);
            let server = of_server(&declared, era, Offers::default(), &|_| true);
            assert_eq!(server["tasks"], json!({"list": {}}), "those of the core");
            assert_eq!(extensions(server), kept);
        }
    }
}
