//! Verification, offline: reads a journal as an auditor would and says what is true.

use crate::journal::FILE_NAME;
use crate::journal::chain::{self, GENESIS};
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
    /// Calls that were decided but have no outcome.
    pub undecided: BTreeSet<String>,
    /// Outcomes that recovery had to declare unknown.
    pub unknown_outcomes: u64,
    /// Cuts that recovery noted.
    pub gaps: u64,
    /// Records older than the one before them.
    pub clock_steps: u64,
}

impl Report {
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
    let mut reader = BufReader::new(File::open(directory.join(FILE_NAME))?);
    let (mut report, mut line) = (Report::default(), Vec::new());
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
            report.broken = Some(format!("line {}: {what}", report.records + 1));
            return Ok(report);
        }
        report.whole_bytes += read;
    }
}

impl Report {
    fn take(&mut self, line: &[u8]) -> Result<(), String> {
        let link = chain::link(line).ok_or("not a whole record")?;
        let previous = self.last_hash.as_deref().unwrap_or(GENESIS);
        if link.previous != previous {
            return Err("does not follow the record before it".into());
        }
        if link.sequence != self.records {
            return Err(format!("has number {}, expected {}", link.sequence, self.records));
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
        self.last_hash = Some(chain::hash(line));
        Ok(())
    }
}
