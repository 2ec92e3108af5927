//! `portcullis redact`: the engine on standard input.

mod input;
mod nothing;
mod why;

use crate::cli::{Exit, scopes};
use crate::config::rulebook::Places;
use crate::jose::random_id;
use crate::model::denial::Denial;
use crate::model::ids::ServerName;
use crate::model::nearest::{listed, nearest};
use crate::model::scope::Scopes;
use crate::redact::plan::Plan;
use crate::redact::rules::Rules;
use crate::redact::tools::{Blobs, Narrowing, ServerRules, ToolRules};
use crate::redact::{Blocked, Numbered, Redactor, Secrets, Setting, Substitutes};
use crate::release;
use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use input::Form;
use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Args)]
pub(super) struct Options {
    /// Apply the rules of this tool
    #[arg(long, value_name = "SERVER.TOOL", conflicts_with = "profile")]
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
    let input = input::read()?;
    let text = match std::str::from_utf8(&input) {
        Ok(text) => text,
        Err(fault) => {
            eprintln!("blocked: not UTF-8 at byte {}: convert it first", fault.valid_up_to());
            return Ok(Exit::Blocked);
        }
    };
    let form = Form::of(text);
    // Keyed stand-ins are those of this run: the deployment's key stays with the gate.
    let secrets = Secrets::new(random_id().as_bytes(), "redact").map(Arc::new);
    let substitutes: Option<Arc<dyn Substitutes>> = Some(Arc::new(Numbered::default()));
    let mut redactor = Redactor::within(&plan, Setting { this_year: this_year(), secrets, substitutes });
    let filtered = filter(&mut redactor, text, &form);
    if let (true, Ok(output)) = (options.explain, &filtered) {
        eprint!("{}", why::explained(&whose, &plan, &form, output.as_deref(), &redactor.report()));
    }
    whose.notes().iter().for_each(|note| eprintln!("note: {note}"));
    match filtered {
        Ok(Some(output)) => {
            let mut out = std::io::stdout();
            // Elsewhere it is the filtered bytes and nothing else.
            let read_by_people = out.is_terminal() || options.explain;
            let end = if read_by_people && !output.ends_with('\n') { "\n" } else { "" };
            out.write_all(output.as_bytes()).context("write standard output")?;
            out.write_all(end.as_bytes()).context("write standard output")?;
            Ok(Exit::Ok)
        }
        Ok(None) => {
            eprintln!("blocked: {}", nothing::why(&whose, &plan, &form));
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
    /// With its name.
    tool: Option<(&'r str, &'r ToolRules)>,
    scopes: Scopes,
    profiles: &'r [String],
}

impl<'r> Whose<'r> {
    fn of(rules: &'r Rules, options: &'r Options) -> anyhow::Result<Self> {
        let tool = match &options.tool {
            None => None,
            Some(name) => Some((name.as_str(), tool(rules, name, options.rules.is_some())?)),
        };
        if tool.is_none() && options.profile.is_empty() {
            bail!(
                "say whose rules apply: --tool for those of one tool, such as --tool clinic.getPatient --scopes \
                 \"patient:read\", or --profile for detectors alone: {}",
                listed(rules.profile_names())
            );
        }
        let known = tool.iter().flat_map(|(_, tool)| tool.named_scopes()).map(|(scope, _)| scope);
        let scopes = scopes::read(&options.scopes, known)?;
        Ok(Self { tool, scopes, profiles: &options.profile })
    }

    fn plan(&self, rules: &Rules) -> anyhow::Result<Arc<Plan>> {
        if let Some((_, tool)) = self.tool {
            let plan = rules.plan(tool, &self.scopes, None, &Narrowing::default());
            return plan.ok_or_else(|| anyhow!("the rules of the tool make no plan"));
        }
        let detection = rules.detection(self.profiles).map_err(|fault| anyhow!("{fault}"))?;
        detection
            .map(|detection| Arc::new(Plan::released(detection)))
            .ok_or_else(|| anyhow!("name a profile: {}", listed(rules.profile_names())))
    }

    /// What a gate would make of these scopes, and this command does not.
    fn notes(&self) -> Vec<String> {
        let Some((name, tool)) = self.tool else { return Vec::new() };
        let known: Scopes = tool.named_scopes().map(|(scope, _)| scope).collect();
        let mut notes = scopes::unknown(&self.scopes, &known);
        let missing = tool.scopes.missing_from(&self.scopes);
        if !missing.is_empty() {
            notes.push(format!("a gate refuses the call itself: {name} needs `{missing}` besides"));
        }
        notes
    }
}

/// The rules of a tool by its name, or which there are.
fn tool<'r>(rules: &'r Rules, name: &str, own: bool) -> anyhow::Result<&'r ToolRules> {
    let Some((server, tool)) = name.split_once('.') else {
        bail!("--tool takes SERVER.TOOL, such as clinic.getPatient");
    };
    if let Some(found) = rules.tool(&ServerName::new(server), tool) {
        return Ok(found);
    }
    let of = |rules: &'r ServerRules| rules.named().map(move |(tool, _)| format!("{}.{tool}", rules.server));
    let known: BTreeSet<String> = rules.servers().flat_map(of).collect();
    let whose = if own { "there" } else { "without --rules, which names a folder of your own, there" };
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => bail!("there are no rules for `{name}`; did you mean `{near}`?"),
        None => bail!("there are no rules for `{name}`; {whose} are those for {}", listed(&known)),
    }
}

/// A `tools/call` result is read as what it is; anything else is JSON or text.
fn filter(redactor: &mut Redactor<'_>, text: &str, form: &Form) -> Result<Option<String>, &'static str> {
    if let Form::Json(document) = form
        && is_tool_result(document)
    {
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

/// Whether it is a `CallToolResult` of MCP: an object with content blocks.
fn is_tool_result(value: &serde_json::Value) -> bool {
    let blocks = value.get("content").and_then(serde_json::Value::as_array);
    blocks.is_some_and(|blocks| !blocks.is_empty() && blocks.iter().all(|block| block.get("type").is_some()))
}

fn this_year() -> u16 {
    let seconds = crate::model::clock::Clock::System.unix_seconds();
    u16::try_from(1970 + seconds / 31_556_952).unwrap_or(u16::MAX)
}
