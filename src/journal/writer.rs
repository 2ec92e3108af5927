//! The thread that writes: takes all that waits, writes it, syncs once, confirms.

use crate::jose::random_id;
use crate::journal::chain::{self, GENESIS};
use crate::journal::{Entry, FILE_NAME, Record, verify};
use crate::model::clock::Clock;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::mpsc::Receiver;

/// Records confirmed by one sync at most.
const GROUP: usize = 256;

pub(super) struct Writer {
    file: File,
    /// Bytes that are known to be on disk.
    length: u64,
    next: u64,
    previous: String,
    clock: Clock,
}

impl Writer {
    pub(super) fn open(directory: &Path, clock: Clock) -> Result<Self, String> {
        let said =
            |act: &str, error: &dyn std::fmt::Display| format!("{act} {}: {error}", directory.display());
        std::fs::create_dir_all(directory).map_err(|error| {
            said("create", &format!("{error}: let the gate's user write there, or name another `state_dir`"))
        })?;
        let path = directory.join(FILE_NAME);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(|error| said("open the journal in", &error))?;
        file.try_lock()
            .map_err(|_| said("another process holds the journal in", &"one gate, one directory"))?;
        let report = verify::verify(directory).map_err(|error| said("read the journal in", &error))?;
        if let Some(broken) = &report.broken {
            return Err(said("the journal's chain is broken in", &broken));
        }
        let next = report.records;
        let previous = report.last_hash.clone().unwrap_or_else(|| GENESIS.to_owned());
        let mut writer = Self { file, length: report.whole_bytes, next, previous, clock };
        writer.recover(directory, &report).map_err(|error| said("recover the journal in", &error))?;
        Ok(writer)
    }

    /// Notes the start, and what a crash left behind.
    fn recover(&mut self, directory: &Path, report: &verify::Report) -> std::io::Result<()> {
        let mut notes = Vec::new();
        if report.torn_bytes > 0 {
            let mut torn = Vec::new();
            self.file.seek(SeekFrom::Start(self.length))?;
            self.file.read_to_end(&mut torn)?;
            let aside = format!("{FILE_NAME}.torn-{}", report.records);
            std::fs::write(directory.join(&aside), &torn)?;
            self.file.set_len(self.length)?;
            notes.push(json!({"event": "gap", "torn_bytes": report.torn_bytes, "kept_as": aside}));
        }
        let unknown = |call: &String| json!({"event": "outcome", "call": call, "status": "unknown"});
        notes.extend(report.undecided.iter().map(unknown));
        notes.push(json!({"event": "open", "stream": random_id()}));
        let records: Vec<Record> = notes.into_iter().filter_map(|note| note.as_object().cloned()).collect();
        self.write(&records).map(|_| ())
    }

    pub(super) fn run(mut self, entries: &Receiver<Entry>) {
        while let Ok(first) = entries.recv() {
            let mut group = vec![first];
            group.extend(entries.try_iter().take(GROUP - 1));
            let (records, waiting): (Vec<Record>, Vec<_>) =
                group.into_iter().map(|entry| (entry.record, entry.done)).unzip();
            let written = self.write(&records);
            if let Err(error) = &written {
                tracing::error!(%error, "write the audit journal");
            }
            for (offset, done) in (0..).zip(waiting) {
                let confirmed = written.as_ref().ok().map(|first| first + offset);
                // A caller that gave up has already been refused.
                let _ = done.send(confirmed);
            }
        }
    }

    /// Writes records and syncs. Returns the first one's number. On an error the file
    /// is cut back to what is known to be whole, so the next try starts clean.
    fn write(&mut self, records: &[Record]) -> std::io::Result<u64> {
        let first = self.next;
        let (mut lines, mut previous) = (Vec::new(), self.previous.clone());
        for (sequence, record) in (first..).zip(records) {
            let start = lines.len();
            lines.extend_from_slice(self.line(sequence, &previous, record).as_bytes());
            previous = chain::hash(lines.get(start..).unwrap_or_default());
            lines.push(b'\n');
        }
        let put = self.file.seek(SeekFrom::Start(self.length)).and_then(|_| self.file.write_all(&lines));
        if let Err(error) = put.and_then(|()| self.file.sync_data()) {
            self.file.set_len(self.length)?;
            return Err(error);
        }
        self.length += lines.len() as u64;
        self.next += records.len() as u64;
        self.previous = previous;
        Ok(first)
    }

    fn line(&self, sequence: u64, previous: &str, record: &Record) -> String {
        let mut line = Record::new();
        line.insert("v".into(), json!(1));
        line.insert("seq".into(), json!(sequence));
        line.insert("ts".into(), json!(chain::timestamp(self.clock.now())));
        line.extend(record.iter().map(|(name, value)| (name.clone(), value.clone())));
        line.insert("prev".into(), json!(previous));
        Value::Object(line).to_string()
    }
}
