//! Closing the gate: gently first, then for good.
//!
//! ```text
//! signal ─► begin ─► streams end with an outcome and record it ─► connections end ─► serve returns
//!                └── after `Limits::drain`, or at a second signal: end ──┘
//! ```
//!
//! Whoever stops the gate has the [`Drain`]. Whatever must not be cut short has a
//! [`Held`]: `serve` returns when the last one is dropped. A task that writes a stream
//! keeps one until its closing record is on disk, and watches it meanwhile:
//!
//! ```
//! # use portcullis::server::drain::Held;
//! # async fn stream(held: Held, mut events: tokio::sync::mpsc::Receiver<()>) {
//! loop {
//!     tokio::select! {
//!         Some(event) = events.recv() => { /* write it */ }
//!         () = held.draining() => break, // the gate is closing
//!         else => break,
//!     }
//! }
//! // … seal how it ended …
//! drop(held);
//! # }
//! ```
//!
//! A request brings its own, inside [`crate::server::listener::InFlight`].

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How long what is held may still take once it was told to end: enough to write a
/// record, too short to be waited for.
const LAST_WORDS: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    #[default]
    Open,
    Draining,
    Ending,
}

/// Stops the gate, and knows when it has stopped.
#[derive(Clone, Debug, Default)]
pub struct Drain {
    shared: Arc<Shared>,
}

/// `serve` does not return while one of these lives.
#[derive(Clone, Debug)]
pub struct Held {
    drain: Drain,
    _counted: watch::Receiver<()>,
}

#[derive(Debug, Default)]
struct Shared {
    phase: watch::Sender<Phase>,
    /// Has one receiver for each [`Held`].
    held: watch::Sender<()>,
}

impl Drain {
    /// No more is accepted; what is open may end.
    pub fn begin(&self) {
        self.reach(Phase::Draining);
    }

    /// What is still open ends now.
    pub fn end(&self) {
        self.reach(Phase::Ending);
    }

    pub fn hold(&self) -> Held {
        Held { drain: self.clone(), _counted: self.shared.held.subscribe() }
    }

    /// Resolves once closing has begun.
    pub async fn begun(&self) {
        self.reached(Phase::Draining).await;
    }

    /// Waits until nothing is held, at most `limit`; then ends what is left.
    pub(super) async fn finish(&self, limit: Duration) {
        tokio::select! {
            () = self.shared.held.closed() => return,
            () = self.reached(Phase::Ending) => {}
            () = tokio::time::sleep(limit) => {}
        }
        self.end();
        let _ = tokio::time::timeout(LAST_WORDS, self.shared.held.closed()).await;
    }

    fn reach(&self, phase: Phase) {
        self.shared.phase.send_if_modified(|now| {
            let later = phase > *now;
            *now = phase.max(*now);
            later
        });
    }

    async fn reached(&self, phase: Phase) {
        // The sender is ours, so that waiting for it cannot fail.
        let _ = self.shared.phase.subscribe().wait_for(|now| *now >= phase).await;
    }
}

impl Held {
    /// Resolves when the gate is closing: a stream ends now, with an outcome.
    pub async fn draining(&self) {
        self.drain.reached(Phase::Draining).await;
    }

    /// Resolves when the time is up: whatever it is ends now.
    pub async fn ending(&self) {
        self.drain.reached(Phase::Ending).await;
    }
}
