//! The audit journal: hash-chained JSON lines on local disk, with group commit.
//!
//! Each line is one JSON object. Its `prev` is the SHA-256 (hex) of the line before
//! it, without the newline, so the chain can be checked by hand:
//! `sed -n 1p audit.jsonl | tr -d '\n' | sha256sum` is the `prev` of line 2.
//!
//! Invariants: a [`Receipt`] exists only for a record that fdatasync has confirmed;
//! records are never rewritten. A chain proves that nothing was changed inside it.
//! It cannot prove that whoever can write the directory did not write it all anew:
//! copy the last hash elsewhere (`audit verify` prints it, and looks for it again with `--noted`).

mod chain;
pub mod record;
pub mod verify;
mod writer;

use crate::model::clock::Clock;
use serde_json::{Map, Value};
use std::path::Path;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::time::Duration;
use tokio::sync::oneshot;

/// The name of the journal inside its directory.
pub const FILE_NAME: &str = "audit.jsonl";
/// Records that may wait for the disk; more are refused.
const QUEUE: usize = 4096;

/// One record before it is written: members of our own choosing, in their order.
pub type Record = Map<String, Value>;

/// Proof that a record is on disk. Made only by [`Journal::append`].
#[derive(Debug)]
pub struct Receipt {
    sequence: u64,
}

impl Receipt {
    /// The record's number in the journal.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }
}

/// Why a record could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum JournalFault {
    #[error("open the audit journal: {0}")]
    Open(String),
    #[error("the audit journal takes no records")]
    Unavailable,
    #[error("the audit journal did not confirm in time")]
    TimedOut,
}

/// A handle on the journal. Its writer thread ends with the last handle.
#[derive(Clone)]
pub struct Journal {
    queue: SyncSender<Entry>,
    budget: Duration,
}

struct Entry {
    record: Record,
    done: oneshot::Sender<Option<u64>>,
}

impl Journal {
    /// Opens or starts the journal in `directory`. A record cut short by a crash is
    /// moved aside and noted; decisions without outcome get `outcome: unknown`.
    ///
    /// # Errors
    /// When another process has it, the disk refuses, or the chain is broken.
    pub fn open(directory: &Path, clock: Clock, budget: Duration) -> Result<Self, JournalFault> {
        let writer = writer::Writer::open(directory, clock).map_err(JournalFault::Open)?;
        let (queue, entries) = sync_channel(QUEUE);
        let started = std::thread::Builder::new().name("audit".into()).spawn(move || writer.run(&entries));
        started.map_err(|error| JournalFault::Open(error.to_string()))?;
        Ok(Self { queue, budget })
    }

    /// Appends a record and waits until it is on disk.
    ///
    /// # Errors
    /// [`JournalFault`]; the record then may or may not be on disk, and the caller
    /// must act as if it were not.
    pub async fn append(&self, record: Record) -> Result<Receipt, JournalFault> {
        let (done, confirmed) = oneshot::channel();
        match self.queue.try_send(Entry { record, done }) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                return Err(JournalFault::Unavailable);
            }
        }
        let answer =
            tokio::time::timeout(self.budget, confirmed).await.map_err(|_| JournalFault::TimedOut)?;
        let sequence = answer.ok().flatten().ok_or(JournalFault::Unavailable)?;
        Ok(Receipt { sequence })
    }
}
