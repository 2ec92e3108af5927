//! `portcullis audit verify`.

use crate::cli::style::Style;
use crate::cli::{Exit, counted};
use crate::journal::FILE_NAME;
use crate::journal::verify::{self, Report};
use anyhow::{Context as _, anyhow};
use std::io::ErrorKind;
use std::path::Path;

pub(super) fn verify(directory: &Path, noted: Option<&str>, json: bool) -> anyhow::Result<Exit> {
    let noted = noted.map(str::to_ascii_lowercase);
    let is_hash = |text: &String| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    anyhow::ensure!(
        noted.iter().all(is_hash),
        "--noted takes a last hash as `audit verify` prints it: 64 digits"
    );
    let report =
        verify::verify_noted(directory, noted.as_deref()).map_err(|error| unread(directory, &error))?;
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

/// Whoever names the state directory means the journal in it.
fn unread(directory: &Path, error: &std::io::Error) -> anyhow::Error {
    let within = directory.join("audit");
    let why = if within.join(FILE_NAME).is_file() {
        format!("it has none itself; write {}", within.display())
    } else if error.kind() == ErrorKind::NotFound {
        format!("there is no {FILE_NAME} in it: name the folder `audit` in the gate's `state_dir`")
    } else if error.kind() == ErrorKind::PermissionDenied {
        "this user may not read it: run this as the gate's".to_owned()
    } else {
        error.to_string()
    };
    anyhow!("read the journal in {}: {why}", directory.display())
}

fn print(report: &Report) {
    let style = Style::detect();
    let many = |number: u64, one: &str, many: &str| {
        counted(usize::try_from(number).unwrap_or(usize::MAX), one, many)
    };
    let span = |time: &Option<String>| time.clone().unwrap_or_else(|| "never".into());
    println!(
        "{}, {} to {}",
        many(report.records, "record", "records"),
        span(&report.first_time),
        span(&report.last_time)
    );
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
        let bytes = many(report.torn_bytes, "byte", "bytes");
        println!("the last record was cut short: {bytes} after the last whole one");
    }
    if !report.undecided.is_empty() {
        let calls = counted(report.undecided.len(), "call was", "calls were");
        println!("{calls} decided, without an outcome");
    }
    if report.unknown_outcomes + report.gaps > 0 {
        println!(
            "after a crash, {} unknown and {} noted",
            many(report.unknown_outcomes, "outcome is", "outcomes are"),
            many(report.gaps, "cut was", "cuts were")
        );
    }
    if report.clock_steps > 0 {
        println!("the clock went back {}", many(report.clock_steps, "time", "times"));
    }
    if let Some(hash) = &report.last_hash {
        println!("last hash {hash}");
    }
}
