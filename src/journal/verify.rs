//! Verification, offline: reads a journal as an auditor would and says what is true.

use crate::journal::FILE_NAME;
use crate::journal::chain::{self, GENESIS, Link};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// What a journal holds and whether it holds together.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Whole records whose chain holds, from the first.
    pub records: u64,
    pub whole_bytes: u64,
    pub first_time: Option<String>,
    pub last_time: Option<String>,
    /// The hash of the last whole record. Kept elsewhere, it proves that nothing
    /// before it was changed since.
    pub last_hash: Option<String>,
    /// Bytes after the last whole record: a record cut short by a crash.
    pub torn_bytes: u64,
    /// The first place where the chain does not hold.
    pub broken: Option<String>,
    /// Of the hash that was noted earlier, if one was asked for.
    pub noted: Option<Noted>,
    /// Calls that were decided but have no outcome.
    pub undecided: BTreeSet<String>,
    /// Outcomes that recovery had to declare unknown.
    pub unknown_outcomes: u64,
    /// Cuts that recovery noted.
    pub gaps: u64,
    /// Records older than the one before them.
    pub clock_steps: u64,
}

/// A hash that was the last one when it was noted: what it names must still be there.
#[derive(Debug, Serialize)]
pub struct Noted {
    pub hash: String,
    /// The line of the record whose hash it is. None: it was removed, or changed.
    pub line: Option<u64>,
}

impl Report {
    /// Whether the record whose hash was noted is not there.
    pub fn lost(&self) -> bool {
        self.noted.as_ref().is_some_and(|noted| noted.line.is_none())
    }

    /// Whether every record is whole and every decision has a known outcome.
    pub fn is_whole(&self) -> bool {
        self.broken.is_none()
            && self.torn_bytes == 0
            && self.undecided.is_empty()
            && self.unknown_outcomes == 0
            && self.gaps == 0
    }
}

/// Reads the journal in `directory` line by line.
///
/// # Errors
/// When it cannot be read. A broken chain is not an error but a finding.
pub fn verify(directory: &Path) -> std::io::Result<Report> {
    verify_noted(directory, None)
}

/// As [`verify`], and looks for the record whose hash was noted earlier.
///
/// # Errors
/// When it cannot be read.
pub fn verify_noted(directory: &Path, noted: Option<&str>) -> std::io::Result<Report> {
    let mut reader = BufReader::new(File::open(directory.join(FILE_NAME))?);
    let noted = noted.map(|hash| Noted { hash: hash.to_owned(), line: None });
    let (mut report, mut line) = (Report { noted, ..Report::default() }, Vec::new());
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)? as u64;
        if read == 0 {
            return Ok(report);
        }
        if line.last() != Some(&b'\n') {
            report.torn_bytes = read;
            return Ok(report);
        }
        line.pop();
        if let Err(what) = report.take(&line) {
            let mut next = Vec::new();
            reader.read_until(b'\n', &mut next)?;
            report.broken = Some(report.told(&line, next.trim_ascii_end(), what));
            return Ok(report);
        }
        report.whole_bytes += read;
    }
}

/// What is wrong with a line.
enum Break {
    Unreadable,
    /// It names another hash than that of the line before it.
    Previous(Link),
    Number(u64),
}

impl Report {
    fn take(&mut self, line: &[u8]) -> Result<(), Break> {
        let link = chain::link(line).ok_or(Break::Unreadable)?;
        let previous = self.last_hash.as_deref().unwrap_or(GENESIS);
        if link.previous != previous {
            return Err(Break::Previous(link));
        }
        if link.sequence != self.records {
            return Err(Break::Number(link.sequence));
        }
        self.clock_steps += u64::from(self.last_time.as_ref().is_some_and(|last| link.time < *last));
        match (link.event.as_str(), link.call) {
            ("decision", Some(call)) => drop(self.undecided.insert(call)),
            ("outcome", Some(call)) => {
                self.undecided.remove(&call);
                let status: Option<serde_json::Value> = serde_json::from_slice(line).ok();
                let unknown =
                    status.and_then(|record| record.get("status").map(|status| status == "unknown"));
                self.unknown_outcomes += u64::from(unknown == Some(true));
            }
            ("gap", _) => self.gaps += 1,
            _ => {}
        }
        self.records += 1;
        self.first_time.get_or_insert_with(|| link.time.clone());
        self.last_time = Some(link.time);
        let hash = chain::hash(line);
        if let Some(noted) = self.noted.as_mut().filter(|noted| noted.hash == hash) {
            noted.line = Some(self.records);
        }
        self.last_hash = Some(hash);
        Ok(())
    }

    /// Which line was changed, as far as can be told: a record's hash stands in the line after
    /// it, and whoever may write one may write two.
    fn told(&self, line: &[u8], next: &[u8], what: Break) -> String {
        let (before, here) = (self.records, self.records + 1);
        match what {
            Break::Unreadable => format!("line {here} is not a whole record"),
            Break::Number(number) => format!("line {here} was changed: it has number {number}, not {before}"),
            Break::Previous(link) if link.sequence != before => format!(
                "records were removed, added or moved before line {here}: it has number {}, not {before}",
                link.sequence
            ),
            Break::Previous(_) if before == 0 => {
                "line 1 was changed, or the records before it were removed".to_owned()
            }
            Break::Previous(_) => match chain::link(next) {
                Some(next) if next.previous == chain::hash(line) => {
                    format!(
                        "line {before} was changed, or lines {here} and {} were forged after it",
                        here + 1
                    )
                }
                Some(_) => format!(
                    "line {here} was changed, and perhaps line {before}: neither has the other's hash"
                ),
                None => {
                    format!("line {before} or line {here} was changed: there is no line after them to tell")
                }
            },
        }
    }
}
