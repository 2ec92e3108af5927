//! `portcullis check`.

use crate::cli::style::Style;
use crate::cli::{Exit, counted, scopes};
use crate::config::build::Checked;
use crate::config::servers;
use crate::model::ids::{ServerName, ToolName};
use crate::model::nearest::meant;
use crate::redact::tools::ServerRules;
use std::path::Path;

pub(super) fn run(config: &Path, explain: Option<&str>, held: Option<&str>) -> anyhow::Result<Exit> {
    let checked = match Checked::read(config) {
        Ok(checked) => checked,
        Err(faults) => {
            eprintln!("{faults}");
            return Ok(Exit::Failed);
        }
    };
    // A start leaves the examples of what ships to the tests of the release.
    if let Err(faults) = checked.texts.prove() {
        eprintln!("{faults}");
        return Ok(Exit::Failed);
    }
    let style = Style::detect();
    let rulebook = &checked.rulebook;
    if let Some(name) = explain {
        let (server, tool) = name
            .split_once('.')
            .ok_or_else(|| anyhow::anyhow!("--explain takes SERVER.TOOL, such as clinic.getPatient"))?;
        let rules = rulebook.rules.tool(&ServerName::new(server), tool);
        let rules = rules.ok_or_else(|| anyhow::anyhow!("{}", without_rules(&checked, server, tool)))?;
        let known = rules.named_scopes().map(|(scope, _)| scope);
        let whose = held.map(|held| format!(" for a caller with `{held}`")).unwrap_or_default();
        let held = held.map(|text| scopes::read(text, known)).transpose()?;
        println!("{}{whose}\n{}", style.bold(name), rules.describe(held.as_ref()));
        return Ok(Exit::Ok);
    }
    let census = rulebook.rules.census();
    let (injection, injection_examples) = rulebook.injection.census();
    println!("{} {}", style.green("fine"), config.display());
    println!(
        "  {}, {} with rules",
        counted(checked.file.upstreams.len(), "server", "servers"),
        counted(census.tools, "tool", "tools")
    );
    for (name, federation) in &checked.file.federations {
        println!("  /{name}/mcp federates {}", federation.value.members.join(", "));
    }
    let open: Vec<String> = rulebook
        .rules
        .servers()
        .flat_map(|rules| rules.named().map(move |(name, tool)| (format!("{}.{name}", rules.server), tool)))
        .filter(|(_, tool)| tool.scopes.iter().next().is_none())
        .map(|(name, _)| name)
        .collect();
    if !open.is_empty() {
        println!("  {} any token may call, for want of `scopes`: {}", style.red("note"), open.join(", "));
    }
    println!(
        "  {}, {}, {}",
        counted(census.detectors, "detector", "detectors"),
        counted(census.profiles, "profile", "profiles"),
        counted(injection, "injection rule", "injection rules")
    );
    println!(
        "  {}, {}",
        counted(census.examples + injection_examples, "example holds", "examples hold"),
        counted(rulebook.policies.tests().len(), "policy test holds", "policy tests hold")
    );
    println!("  rulebook {}", rulebook.version);
    for note in checked.notes() {
        println!("  {} {note}", style.red("note"));
    }
    Ok(Exit::Ok)
}

/// Why a tool is not served, and which may have been meant.
fn without_rules(checked: &Checked, server: &str, tool: &str) -> String {
    if !servers::names(&checked.file).any(|name| name == server) {
        return servers::unknown(&checked.file, server);
    }
    let rules = checked.rulebook.rules.server(&ServerName::new(server));
    let tools: Vec<_> = rules.into_iter().flat_map(ServerRules::named).map(|(name, _)| name).collect();
    let meant = meant(tool, tools.iter().map(ToolName::as_str));
    format!("there are no rules for {server}.{tool}, and it is not served{meant}")
}
