//! `portcullis rules test`, `policy test` and `policy matrix`.

use crate::cli::style::Style;
use crate::cli::{Exit, counted};
use crate::config::builtin;
use crate::config::rulebook::Places;
use crate::inspect::injection::Injection;
use crate::model::ids::{Lineage, ServerName};
use crate::model::principal::Principal;
use crate::model::scope::Scopes;
use crate::policy::engine::Policies;
use crate::policy::input::Tool;
use crate::redact::rules::Rules;
use std::fmt::Write as _;
use std::path::PathBuf;

pub(super) fn rules(folder: Option<PathBuf>) -> anyhow::Result<Exit> {
    let demo = folder.is_none();
    let texts = Places { rules: folder, policies: None, demo }.read();
    let loaded = texts.and_then(|texts| texts.prove().and_then(|()| texts.load()));
    match loaded {
        Ok(rulebook) => {
            let style = Style::detect();
            let notes = rulebook.rules.notes();
            for note in notes {
                println!("{} {note}", style.red("note"));
            }
            let census = rulebook.rules.census();
            let (injection, examples) = rulebook.injection.census();
            println!(
                "{}, {}, {}, {}",
                counted(census.detectors, "detector", "detectors"),
                counted(census.profiles, "profile", "profiles"),
                counted(census.tools, "tool", "tools"),
                counted(injection, "injection rule", "injection rules")
            );
            let held = counted(census.examples + examples, "example holds", "examples hold");
            println!("{}", style.green(&held));
            Ok(Exit::Ok)
        }
        Err(faults) => {
            eprintln!("{faults}");
            Ok(Exit::Failed)
        }
    }
}

pub(super) fn policies(folder: Option<PathBuf>) -> anyhow::Result<Exit> {
    let loaded = Places { rules: None, policies: folder, demo: false }.read().and_then(|texts| texts.load());
    match loaded {
        Ok(rulebook) => {
            let style = Style::detect();
            for test in rulebook.policies.tests() {
                println!("{} {}", style.green("holds"), test.name);
            }
            println!(
                "{}, policy {}",
                counted(rulebook.policies.tests().len(), "test holds", "tests hold"),
                rulebook.policies.revision()
            );
            Ok(Exit::Ok)
        }
        Err(faults) => {
            eprintln!("{faults}");
            Ok(Exit::Failed)
        }
    }
}

pub(super) fn matrix() -> anyhow::Result<Exit> {
    print!("{}", decision_matrix()?);
    Ok(Exit::Ok)
}

/// Who may call what in the demo: a line for each role and tool, with the answer.
///
/// # Errors
/// When the rules or policies that ship with the gate do not load.
fn decision_matrix() -> anyhow::Result<String> {
    let mut sources = builtin::rules();
    sources.tools = builtin::demo_tools();
    let rules = Rules::load(&sources).map_err(crate::config::Faults)?;
    let policies = Policies::load(&builtin::policies()).map_err(crate::config::Faults)?;
    Injection::load(&builtin::injection()).map_err(crate::config::Faults)?;
    let mut table = String::new();
    for (role, scopes) in super::demo::people::ROLES {
        let principal = role_principal(role, scopes);
        for server in ["clinic", "ledger"].map(ServerName::new) {
            let mut tools: Vec<_> = rules
                .server(&server)
                .into_iter()
                .flat_map(super::super::redact::tools::ServerRules::named)
                .collect();
            tools.sort_by(|a, b| a.0.cmp(&b.0));
            for (name, tool) in tools {
                let scopes = tool.scopes.iter().collect();
                let asked = Tool {
                    kind: "tool",
                    server: server.as_str(),
                    name: name.as_str(),
                    labels: &tool.labels,
                    scopes,
                };
                let decision = crate::policy::judge(&policies, &principal, &asked);
                let (allow, reason) = decision
                    .map_or((false, "no decision".into()), |decision| (decision.allow, decision.reason));
                let answer = if allow { "allow".to_owned() } else { format!("deny   {reason}") };
                let _ = writeln!(table, "{role:<12} {:<28} {answer}", format!("{server}.{name}"));
            }
        }
    }
    Ok(table)
}

fn role_principal(role: &str, scopes: &[&str]) -> Principal {
    Principal {
        issuer: "matrix".into(),
        subject: role.into(),
        client: "matrix".into(),
        scopes: scopes.iter().copied().collect::<Scopes>(),
        token_id: "matrix".into(),
        expires: 0,
        actors: Vec::new(),
        claims: serde_json::Map::new(),
        lineage: Lineage::new("matrix"),
    }
}
