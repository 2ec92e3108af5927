//! Stage 9: the outcome is on record before the answer leaves.
//!
//! Invariant: [`Reply`] is made here alone, and only with a receipt for its record,
//! or else it says that the call could not be recorded and nothing more. A stream's
//! opening record is the decision that was written before it was asked for; its closing
//! one is written before its last message leaves.

mod metrics;
mod recorded;

use crate::journal::Journal;
use crate::journal::record::{self, Pseudonyms};
use crate::model::call::{Asked, Call};
use crate::model::denial::Denial;
use crate::model::ids::{CallId, SessionId};
use crate::model::signal::Signal;
use crate::model::stage::Stage;
use crate::release::{Body, Released};
use crate::store::reviews::Reviews;
pub use metrics::Metrics;
pub use recorded::{Ending, Recorded};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Seals outcomes.
#[derive(Clone)]
pub struct Audit {
    journal: Journal,
    pseudonyms: Arc<Pseudonyms>,
    pub metrics: Arc<Metrics>,
}

/// What leaves the gate. `server` turns it into HTTP.
pub struct Reply {
    outcome: Result<Answer, Denial>,
    session: Option<SessionId>,
    asked: Asked,
}

/// An answer on record.
pub enum Answer {
    Whole(Body),
    /// Messages still to come; each call of [`Recorded::next`] keeps the record.
    Streaming(Box<Recorded>),
}

impl Audit {
    pub fn new(journal: Journal, pseudonyms: Arc<Pseudonyms>) -> Self {
        Self { journal, pseudonyms, metrics: Arc::default() }
    }

    /// Records how the call ended, then lets it end.
    pub async fn seal(&self, mut call: Call, outcome: Result<Released, Denial>) -> Reply {
        call.enter(Stage::Audit);
        let asked = call.asked.clone();
        let (body, session) = match outcome {
            Ok(released) => match released.into_parts() {
                (Body::Stream(stream), session) => {
                    let recorded = Recorded::new(self.clone(), call, *stream);
                    let outcome = Ok(Answer::Streaming(Box::new(recorded)));
                    return Reply { outcome, session, asked };
                }
                (body, session) => (Ok(Answer::Whole(body)), session),
            },
            Err(denial) => (Err(denial), None),
        };
        let kept =
            self.record(&call, body.as_ref().err().map_or("ok", Denial::code), body.as_ref().err()).await;
        Reply { outcome: kept.and(body), session, asked }
    }

    /// # Errors
    /// [`Denial::AuditUnavailable`]: the answer must be withheld.
    async fn record(&self, call: &Call, status: &str, denial: Option<&Denial>) -> Result<(), Denial> {
        self.metrics.observe(call, status);
        let begun = call.clock.now();
        let kept = self.keep(&call.id, record::outcome(call, status, denial, &self.pseudonyms)).await;
        self.metrics.stage(Stage::Audit, call.clock.now().saturating_sub(begun));
        kept
    }

    /// Records a security event before it is acknowledged.
    ///
    /// # Errors
    /// [`Denial::AuditUnavailable`].
    pub async fn signal(&self, signal: &Signal) -> Result<(), Denial> {
        let kept = self.journal.append(record::signal(signal, &self.pseudonyms)).await;
        kept.map(drop).map_err(|fault| {
            tracing::error!(%fault, "record a security event");
            Denial::AuditUnavailable
        })
    }

    /// Records the verdicts on emergencies that have come in.
    pub async fn verdicts(&self, reviews: &Reviews) {
        let unrecorded = match reviews.unrecorded() {
            Ok(unrecorded) => unrecorded,
            Err(error) => return tracing::error!(%error, "read the verdicts on emergencies"),
        };
        for (id, verdict) in unrecorded {
            let record = record::review(&id, verdict.approved, &verdict.by, verdict.at);
            let kept = self.journal.append(record).await;
            let noted = kept
                .map_err(|fault| fault.to_string())
                .and_then(|_| reviews.recorded(&id, &verdict).map_err(|error| error.to_string()));
            if let Err(fault) = noted {
                tracing::error!(fault, review = id, "record a verdict; it will be tried again");
            }
        }
    }

    async fn keep(&self, call: &CallId, record: Map<String, Value>) -> Result<(), Denial> {
        match self.journal.append(record).await {
            Ok(_receipt) => Ok(()),
            Err(fault) => {
                tracing::error!(%fault, %call, "record an outcome; the answer is withheld");
                Err(Denial::AuditUnavailable)
            }
        }
    }
}

impl Reply {
    /// How the call ended, the session it opened, and what is known of the request.
    pub fn into_parts(self) -> (Result<Answer, Denial>, Option<SessionId>, Asked) {
        (self.outcome, self.session, self.asked)
    }
}
