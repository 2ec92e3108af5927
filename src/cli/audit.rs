//! `portcullis audit verify`.

use crate::cli::Exit;
use crate::cli::style::Style;
use crate::journal::verify::{self, Report};
use anyhow::Context as _;
use std::path::Path;

pub(super) fn verify(directory: &Path, noted: Option<&str>, json: bool) -> anyhow::Result<Exit> {
    let noted = noted.map(str::to_ascii_lowercase);
    let is_hash = |text: &String| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    anyhow::ensure!(
        noted.iter().all(is_hash),
        "--noted takes a last hash as `audit verify` prints it: 64 digits"
    );
    let report = verify::verify_noted(directory, noted.as_deref())
        .with_context(|| format!("read the journal in {}", directory.display()))?;
    if json {
        println!("{}", serde_json::to_string_pretty(&report).context("print the report")?);
    } else {
        print(&report);
    }
    Ok(if report.broken.is_some() || report.lost() {
        Exit::Failed
    } else if report.is_whole() {
        Exit::Ok
    } else {
        Exit::Incomplete
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
    if let Some(noted) = &report.noted {
        let found = match noted.line {
            Some(line) => {
                format!("{}, in line {line}", style.green("the record whose hash was noted is there"))
            }
            None if report.broken.is_some() => {
                "the record whose hash was noted is not before the break".to_owned()
            }
            None => format!(
                "{}: records were removed from the end, or all was written anew",
                style.red("the record whose hash was noted is not there")
            ),
        };
        println!("{found}");
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
