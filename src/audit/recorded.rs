//! A stream on record.

use crate::audit::Audit;
use crate::journal::record;
use crate::model::call::Call;
use crate::model::denial::Denial;
use crate::release::Stream;
use crate::wire::event::Event;
use tokio::runtime::Handle;

/// A stream whose end is recorded, however it ends.
pub struct Recorded {
    audit: Audit,
    call: Call,
    stream: Stream,
    closed: bool,
}

/// Why a stream ended that did not come to its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The upstream ended it; the client may resume.
    Detached,
    /// The client went away.
    ClientLeft,
    /// The gate is being stopped.
    Drained,
    /// A fault of the gate's own.
    Failed,
}

impl Ending {
    fn as_str(self) -> &'static str {
        match self {
            Self::Detached => "detached",
            Self::ClientLeft => "client_left",
            Self::Drained => "drained",
            Self::Failed => "failed",
        }
    }
}

impl Recorded {
    pub(super) fn new(audit: Audit, call: Call, stream: Stream) -> Self {
        Self { audit, call, stream, closed: false }
    }

    /// Whether it stays open by itself.
    pub fn stands(&self) -> bool {
        self.stream.stands()
    }

    /// Whether its end is on record.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The next event that may leave; None at the end.
    ///
    /// # Errors
    /// The refusal that takes the place of everything that was still to come.
    pub async fn next(&mut self) -> Result<Option<Event>, Denial> {
        if self.closed {
            return Ok(None);
        }
        match self.stream.next(&mut self.call).await {
            Ok(Some(frame)) if frame.last => {
                self.close("ok", None).await?;
                Ok(Some(frame.event))
            }
            Ok(Some(frame)) => Ok(Some(frame.event)),
            Ok(None) => {
                let status = if self.stream.stands() { "ok" } else { Ending::Detached.as_str() };
                self.close(status, None).await?;
                Ok(None)
            }
            Err(denial) => {
                self.close(denial.code(), Some(&denial)).await?;
                Err(denial)
            }
        }
    }

    /// Ends it from this side. What was still to come is never read.
    pub async fn end(mut self, ending: Ending) {
        if !self.closed {
            // There is nothing left to withhold if the record fails.
            let _ = self.close(ending.as_str(), None).await;
        }
    }

    async fn close(&mut self, status: &str, denial: Option<&Denial>) -> Result<(), Denial> {
        self.closed = true;
        self.audit.record(&self.call, status, denial).await
    }
}

impl Drop for Recorded {
    /// A stream that is let go of before its end: its client left before there was a body
    /// to read from, or the task that filled the body failed.
    fn drop(&mut self) {
        if self.closed {
            return;
        }
        let ending = if std::thread::panicking() { Ending::Failed } else { Ending::ClientLeft };
        self.audit.metrics.observe(&self.call, ending.as_str());
        let record = record::outcome(&self.call, ending.as_str(), None, &self.audit.pseudonyms);
        let (audit, call) = (self.audit.clone(), self.call.id.clone());
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { audit.keep(&call, record).await });
        }
    }
}
