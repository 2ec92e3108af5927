//! What of a server's tools is served, and what is not: a line each, with what to do.

use super::{Findings, note};
use crate::catalogue::Definition;
use crate::model::ids::ServerName;
use crate::model::nearest::nearest;
use crate::pipeline::Gate;
use crate::redact::tools::ServerRules;
use std::collections::BTreeSet;
use std::path::Path;

/// Longer names are cut, and longer lists: they are the server's own words.
const MOST_SHOWN: usize = 80;
const MOST_LISTED: usize = 20;

/// Holds the tools that a server lists against its rules and, in `state`, its pins.
pub(super) fn look(findings: &mut Findings, gate: &Gate, server: &ServerName, state: &Path) {
    let rulebook = gate.rulebook.load();
    let none = ServerRules::none(server);
    let rules = rulebook.rules.server(server).unwrap_or(&none);
    let mut tools = gate.catalogue.tools(server).unwrap_or_default();
    tools.sort_by(|one, other| one.name.cmp(&other.name));
    let name = format!("upstream {server}");
    let wrong_before = findings.wrong;
    let listed: BTreeSet<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
    missing(findings, &name, rules, &listed);
    for tool in &tools {
        if tool.changed {
            let pins = state.join("pins").join(format!("{server}.json"));
            findings.wrong(
                &name,
                &format!("{} is blocked: it is not what it was when it was pinned", quoted(&tool.name)),
                &format!("review what it says of itself now, then remove its member from {}", pins.display()),
            );
        }
        for misfit in rulebook.rules.misfits(server, &tool.name, tool.shape.as_deref(), &tool.input) {
            findings.wrong(
                &name,
                &format!("{} is blocked: {misfit}", quoted(&tool.name)),
                "mend the path by the tool's schema, or remove the rule",
            );
        }
    }
    let served = |tool: &Definition| rules.tool(&tool.name).is_some();
    let bare: Vec<&str> = tools.iter().filter(|tool| !served(tool)).map(|tool| tool.name.as_str()).collect();
    if !bare.is_empty() {
        let said = format!(
            "not served, for want of rules: {}. Write rules for those that are to be, in {}",
            several(&bare),
            rules.origin.file
        );
        note(&name, &said);
    }
    if findings.wrong == wrong_before {
        let bare =
            if bare.is_empty() { String::new() } else { format!(", {} of them not served", bare.len()) };
        findings.well(&name, &format!("tools: {}{bare}", tools.len()));
    }
}

/// Rules for tools that the server does not have.
fn missing(findings: &mut Findings, name: &str, rules: &ServerRules, listed: &BTreeSet<&str>) {
    let named: BTreeSet<String> = rules.named().map(|(tool, _)| tool.to_string()).collect();
    for tool in named.iter().filter(|tool| *tool != "*" && !listed.contains(tool.as_str())) {
        let unnamed = listed.iter().copied().filter(|listed| !named.contains(*listed));
        let instead = match nearest(tool, unnamed) {
            Some(near) => format!("write {}, if it is meant, or remove the rules", quoted(near)),
            None => "write the name that the server gives it, or remove the rules".to_owned(),
        };
        let fault =
            format!("{} has rules for `{tool}`, a tool that the server does not have", rules.origin.file);
        findings.wrong(name, &fault, &instead);
    }
}

/// The first of them, and how many more there are.
fn several(names: &[&str]) -> String {
    let shown = names.iter().take(MOST_LISTED).map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST_LISTED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A name as the server gives it, which can neither steer a terminal nor pass for words of ours.
fn quoted(name: &str) -> String {
    let mut shown: String = name.chars().take(MOST_SHOWN).flat_map(char::escape_debug).collect();
    if name.chars().nth(MOST_SHOWN).is_some() {
        shown.push('…');
    }
    format!("`{}`", shown.replace('`', "\\`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_server_are_quoted_cut_and_counted() {
        assert_eq!(several(&["read", "purge\u{1b}[2J"]), r"`read`, `purge\u{1b}[2J`");
        assert_eq!(quoted("a\n\u{202e}`, `b"), r"`a\n\u{202e}\`, \`b`");
        assert_eq!(quoted(&"é".repeat(81)), format!("`{}…`", "é".repeat(80)));
        let many: Vec<String> = (0..32).map(|number| format!("tool{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let said = several(&many);
        assert!(said.ends_with("`tool19` and 12 more") && !said.contains("tool20"), "{said}");
    }
}
