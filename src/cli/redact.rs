//! `portcullis redact`: the engine on standard input.

mod why;

use crate::cli::Exit;
use crate::config::rulebook::Places;
use crate::jose::random_id;
use crate::model::denial::Denial;
use crate::model::ids::ServerName;
use crate::model::scope::Scopes;
use crate::redact::plan::Plan;
use crate::redact::rules::Rules;
use crate::redact::tools::{Blobs, Narrowing, ToolRules};
use crate::redact::{Blocked, Numbered, Redactor, Secrets, Setting, Substitutes};
use crate::release;
use anyhow::{Context as _, anyhow};
use clap::Args;
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

/// More than this is not taken from standard input.
const MOST_BYTES: u64 = 256 << 20;

#[derive(Args)]
pub(super) struct Options {
    /// Apply the rules of this tool
    #[arg(long, value_name = "SERVER.TOOL", required_unless_present = "profile", conflicts_with = "profile")]
    tool: Option<String>,
    /// Scopes the caller holds, separated by spaces
    #[arg(long, default_value = "", requires = "tool")]
    scopes: String,
    /// Apply the detectors of a profile; may be given several times
    #[arg(long, value_name = "NAME")]
    profile: Vec<String>,
    /// A folder of rules: its tools instead of the demo's, the rest beside what ships with the gate
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// Say on standard error what became of each value, by which rule, and which scope would
    /// release it
    #[arg(long)]
    explain: bool,
}

pub(super) fn run(options: &Options) -> anyhow::Result<Exit> {
    let rules = match load(options) {
        Ok(rules) => rules,
        Err(faults) => {
            eprintln!("{faults}");
            return Ok(Exit::Failed);
        }
    };
    let whose = Whose::of(&rules, options)?;
    let plan = whose.plan(&rules)?;
    let mut input = Vec::new();
    std::io::stdin().take(MOST_BYTES).read_to_end(&mut input).context("read standard input")?;
    // Keyed stand-ins are those of this run: the deployment's key stays with the gate.
    let secrets = Secrets::new(random_id().as_bytes(), "redact").map(Arc::new);
    let substitutes: Option<Arc<dyn Substitutes>> = Some(Arc::new(Numbered::default()));
    let mut redactor = Redactor::within(&plan, Setting { this_year: this_year(), secrets, substitutes });
    let filtered = filter(&mut redactor, &input);
    if options.explain {
        eprint!("{}", why::table(whose.tool, &whose.scopes, plan.detection(), &input, &filtered));
        counts(&redactor);
    }
    match filtered {
        Ok(Some(output)) => {
            let mut out = std::io::stdout();
            // Elsewhere it is the filtered bytes and nothing else.
            let end = if out.is_terminal() && !output.ends_with('\n') { "\n" } else { "" };
            out.write_all(output.as_bytes()).context("write standard output")?;
            out.write_all(end.as_bytes()).context("write standard output")?;
            Ok(Exit::Ok)
        }
        Ok(None) => {
            eprintln!("blocked: these scopes release nothing of it");
            Ok(Exit::Blocked)
        }
        Err(reason) => {
            eprintln!("blocked: {reason}");
            Ok(Exit::Blocked)
        }
    }
}

fn load(options: &Options) -> Result<Rules, crate::config::Faults> {
    let places = Places { rules: options.rules.clone(), policies: None, demo: options.rules.is_none() };
    Ok(places.read()?.load()?.rules)
}

/// Whose rules apply: a tool's for a caller, or profiles alone.
struct Whose<'r> {
    tool: Option<&'r ToolRules>,
    scopes: Scopes,
    profiles: &'r [String],
}

impl<'r> Whose<'r> {
    fn of(rules: &'r Rules, options: &'r Options) -> anyhow::Result<Self> {
        let scopes = Scopes::parse(&options.scopes)
            .ok_or_else(|| anyhow!("--scopes has characters that no scope has"))?;
        let mut whose = Self { tool: None, scopes, profiles: &options.profile };
        if let Some(name) = &options.tool {
            let (server, tool) = name
                .split_once('.')
                .ok_or_else(|| anyhow!("--tool takes SERVER.TOOL, such as clinic.getPatient"))?;
            let found = rules.tool(&ServerName::new(server), tool);
            whose.tool = Some(found.ok_or_else(|| anyhow!("there are no rules for `{name}`"))?);
        }
        Ok(whose)
    }

    fn plan(&self, rules: &Rules) -> anyhow::Result<Arc<Plan>> {
        if let Some(tool) = self.tool {
            let plan = rules.plan(tool, &self.scopes, None, &Narrowing::default());
            return plan.ok_or_else(|| anyhow!("the rules of the tool make no plan"));
        }
        let known = || rules.profiles.keys().cloned().collect::<std::collections::BTreeSet<_>>();
        let detection = rules
            .detection(self.profiles)
            .map_err(|name| anyhow!("there is no profile `{name}`; there are {:?}", known()))?;
        detection
            .map(|detection| Arc::new(Plan::released(detection)))
            .ok_or_else(|| anyhow!("name a profile"))
    }
}

/// A `tools/call` result is read as what it is; anything else is JSON or text.
fn filter(redactor: &mut Redactor<'_>, input: &[u8]) -> Result<Option<String>, &'static str> {
    let text = std::str::from_utf8(input).map_err(|_| "not UTF-8")?;
    if is_tool_result(text) {
        return release::tool_result(redactor, None, Blobs::Drop, text).map(Some).map_err(
            |denial| match denial {
                Denial::ResultBlocked(why) => why,
                _ => "not a tool result",
            },
        );
    }
    let mut filtered = redactor.text(text).map_err(Blocked::reason)?;
    if redactor.must_repeat() {
        filtered = redactor.text(text).map_err(Blocked::reason)?;
    }
    Ok(filtered)
}

/// Whether the text is a `CallToolResult` of MCP: an object with content blocks.
fn is_tool_result(text: &str) -> bool {
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else { return false };
    let blocks = value.get("content").and_then(serde_json::Value::as_array);
    blocks.is_some_and(|blocks| !blocks.is_empty() && blocks.iter().all(|block| block.get("type").is_some()))
}

fn counts(redactor: &Redactor<'_>) {
    let report = redactor.report();
    eprintln!(
        "{} values inspected, {} withheld, {} data subjects",
        report.values_inspected, report.withheld, report.subjects
    );
    for action in report.actions {
        let entity = action.entity.map(|entity| format!(" {entity}")).unwrap_or_default();
        eprintln!("  {:>5} × {}{entity} by {}", action.count, action.operator, action.rule);
    }
}

fn this_year() -> u16 {
    let seconds = crate::model::clock::Clock::System.unix_seconds();
    u16::try_from(1970 + seconds / 31_556_952).unwrap_or(u16::MAX)
}
