//! Stage 9: the outcome is on record before the answer leaves.
//!
//! Invariant: [`Reply`] is made here alone, and only with a receipt for its record,
//! or else it says that the call could not be recorded and nothing more.

use crate::journal::Journal;
use crate::journal::record::{self, Pseudonyms};
use crate::model::call::{Asked, Call};
use crate::model::denial::Denial;
use crate::release::Released;
use std::sync::Arc;

/// Seals outcomes.
pub struct Audit {
    journal: Journal,
    pseudonyms: Arc<Pseudonyms>,
}

/// What leaves the gate. `server` turns it into HTTP.
pub struct Reply {
    outcome: Result<Released, Denial>,
    asked: Asked,
}

impl Audit {
    pub fn new(journal: Journal, pseudonyms: Arc<Pseudonyms>) -> Self {
        Self { journal, pseudonyms }
    }

    /// Records how the call ended, then lets it end.
    pub async fn seal(&self, call: &Call, outcome: Result<Released, Denial>) -> Reply {
        let asked = call.asked.clone();
        let record = record::outcome(call, outcome.as_ref().err(), &self.pseudonyms);
        match self.journal.append(record).await {
            Ok(_receipt) => Reply { outcome, asked },
            Err(fault) => {
                tracing::error!(%fault, call = %call.id, "record an outcome; the answer is withheld");
                Reply { outcome: Err(Denial::AuditUnavailable), asked }
            }
        }
    }
}

impl Reply {
    /// How the call ended, and what is known of the request.
    pub fn into_parts(self) -> (Result<Released, Denial>, Asked) {
        (self.outcome, self.asked)
    }
}
