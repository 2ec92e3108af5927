//! `portcullis audit verify`.

use crate::cli::Exit;
use crate::cli::style::Style;
use crate::journal::verify::{self, Report};
use anyhow::Context as _;
use std::path::Path;

pub(super) fn verify(directory: &Path, json: bool) -> anyhow::Result<Exit> {
    let report =
        verify::verify(directory).with_context(|| format!("read the journal in {}", directory.display()))?;
    if json {
        println!("{}", serde_json::to_string_pretty(&report).context("print the report")?);
    } else {
        print(&report);
    }
    Ok(match (&report.broken, report.is_whole()) {
        (Some(_), _) => Exit::Failed,
        (None, false) => Exit::Incomplete,
        (None, true) => Exit::Ok,
    })
}

fn print(report: &Report) {
    let style = Style::detect();
    let span = |time: &Option<String>| time.clone().unwrap_or_else(|| "never".into());
    println!("{} records, {} to {}", report.records, span(&report.first_time), span(&report.last_time));
    match &report.broken {
        Some(what) => {
            println!("{}: {what}; nothing after it can be trusted", style.red("the chain is broken"));
        }
        None => println!("{}", style.green("the chain holds")),
    }
    if report.torn_bytes > 0 {
        println!("the last record was cut short: {} bytes after the last whole one", report.torn_bytes);
    }
    if !report.undecided.is_empty() {
        println!("{} calls were decided and have no outcome", report.undecided.len());
    }
    if report.unknown_outcomes + report.gaps > 0 {
        println!(
            "after a crash, {} outcomes are unknown and {} cuts were noted",
            report.unknown_outcomes, report.gaps
        );
    }
    if report.clock_steps > 0 {
        println!("the clock went back {} times", report.clock_steps);
    }
    if let Some(hash) = &report.last_hash {
        println!("last hash {hash}");
    }
}
