//! `portcullis review list`, `approve` and `reject`: what a second person makes of each
//! emergency.
//!
//! The list shows names, for whoever has the gate's keys. A verdict takes an access token:
//! who judges is who the authorization server says, and never who did it.

use crate::cli::style::Style;
use crate::cli::{Exit, token};
use crate::config::build::Checked;
use crate::jose::compact::Compact;
use crate::model::clock::Clock;
use crate::model::ids::ServerName;
use crate::store::reviews::{Entry, REVIEWED_WITHIN, Reviews, Verdict};
use crate::store::seals::Seals;
use anyhow::{Context as _, anyhow};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the reviewer's token must hold.
const SCOPE: &str = "portcullis:review";

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Show every emergency, and what was found of it; exit 1 if a review is overdue
    List {
        /// The gate's configuration, portcullis.yaml
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Only those that await review
        #[arg(long)]
        open: bool,
    },
    /// Find that there was cause
    Approve(Judgement),
    /// Find that there was none: the person has no emergency access any more
    Reject(Judgement),
}

#[derive(clap::Args)]
pub(super) struct Judgement {
    /// The emergency, as `list` names it
    #[arg(value_name = "ID")]
    id: String,
    /// The gate's configuration, portcullis.yaml
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Where the reviewer's access token is; it needs the scope portcullis:review. Standard
    /// input by default
    #[arg(long, value_name = "FILE")]
    token: Option<PathBuf>,
}

pub(super) fn run(command: &Command) -> anyhow::Result<Exit> {
    match command {
        Command::List { config, open } => list(config, *open),
        Command::Approve(judgement) => judge(judgement, true),
        Command::Reject(judgement) => judge(judgement, false),
    }
}

fn checked(config: &Path) -> anyhow::Result<Checked> {
    Checked::read(config).map_err(|faults| anyhow!("{faults}"))
}

fn reviews(checked: &Checked) -> anyhow::Result<Reviews> {
    let state = checked.state();
    let seals = Seals::open(&state).with_context(|| format!("read the keys in {}", state.display()))?;
    Reviews::open_in(&state, Arc::new(seals))
        .with_context(|| format!("read {}", state.join("reviews").display()))
}

fn list(config: &Path, open: bool) -> anyhow::Result<Exit> {
    let checked = checked(config)?;
    let reviews = reviews(&checked)?;
    let (style, now) = (Style::detect(), Clock::System.unix_seconds());
    let mut overdue = 0;
    for (entry, verdict) in reviews.list().context("read the verdicts")? {
        if open && verdict.is_some() {
            continue;
        }
        let late = verdict.is_none() && entry.opened + REVIEWED_WITHIN < now;
        overdue += usize::from(late);
        println!("{}  {}", style.bold(&entry.id), standing(style, verdict.as_ref(), late));
        print(&reviews, &entry, now);
    }
    Ok(if overdue == 0 { Exit::Ok } else { Exit::Failed })
}

fn standing(style: Style, verdict: Option<&Verdict>, late: bool) -> String {
    match verdict {
        Some(verdict) if verdict.approved => style.green("approved"),
        Some(_) => style.red("rejected"),
        None if late => style.red("overdue"),
        None => "awaits review".to_owned(),
    }
}

fn print(reviews: &Reviews, entry: &Entry, now: u64) {
    let shown = |text: &str| text.chars().filter(|c| !c.is_control()).collect::<String>();
    println!(
        "  opened   {} min ago, for {}: {}",
        now.saturating_sub(entry.opened) / 60,
        entry.purpose,
        entry.reason
    );
    match reviews.names(entry) {
        Some(names) => {
            println!(
                "  by       {} of {}, with {}",
                shown(&names.person),
                shown(&names.issuer),
                shown(&entry.client)
            );
            println!("  about    {}", shown(&names.patient));
        }
        None => println!("  by       someone whose name this key does not open"),
    }
    println!("  called   {}", shown(&entry.operations.join(", ")));
}

fn judge(judgement: &Judgement, approved: bool) -> anyhow::Result<Exit> {
    let checked = checked(&judgement.config)?;
    let reviews = reviews(&checked)?;
    let token = token::read_from(judgement.token.as_deref())?;
    let named = Compact::read(&token).ok().and_then(|token| token::server_of(&checked, &token.claims));
    let server = named.or_else(|| checked.file.upstreams.keys().next().cloned());
    let server = ServerName::new(server.ok_or_else(|| anyhow!("the configuration has no upstream"))?);
    let refused = |why: &str| {
        eprintln!("portcullis: {why}");
        Ok(Exit::Failed)
    };
    let reviewer = match token::judged(checked, &server, &token)? {
        Ok(principal) => principal,
        Err(denial) => {
            return refused(&format!("the reviewer's token is refused: {}", token::reason(&denial)));
        }
    };
    if !reviewer.scopes.contains(SCOPE) {
        return refused(&format!("the reviewer's token lacks the scope {SCOPE}"));
    }
    match reviews.judge(&judgement.id, &reviewer.lineage, approved, Clock::System.unix_seconds()) {
        Ok(()) => {
            println!("{} {}", judgement.id, if approved { "approved" } else { "rejected" });
            Ok(Exit::Ok)
        }
        Err(fault) => refused(&fault.to_string()),
    }
}
