//! The context that accompanies one call through all stages.

use crate::model::clock::Clock;
use crate::model::ids::CallId;
use crate::model::stage::{Laps, Stage};
use crate::model::trail::Trail;
use std::time::Duration;
use tokio::sync::watch;

/// One call: its id, its time and its trail.
#[derive(Debug)]
pub struct Call {
    pub id: CallId,
    pub clock: Clock,
    /// When the call arrived, since the Unix epoch.
    pub began: Duration,
    pub laps: Laps,
    pub trail: Trail,
    pub client: Client,
    /// Known once the body was read.
    pub asked: Asked,
}

/// What an answer, also a refusal, must know of its request.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The JSON-RPC id.
    pub id: Option<serde_json::Value>,
    /// MCP 2026-07-28 or later.
    pub modern: bool,
    pub calls_tool: bool,
    /// The revision that the client declared, known to the gate or not.
    pub revision: Option<String>,
    /// The token came by the scheme DPoP, so that this one's challenge is the first.
    pub by_dpop: bool,
    /// The nonce for the client's next proof (RFC 9449 §8.2).
    pub nonce: Option<String>,
}

/// Whether the client still waits for the head of its answer, and what it waits for.
#[derive(Clone, Debug)]
pub struct Client {
    present: Option<watch::Receiver<()>>,
    taken: Option<watch::Sender<Taken>>,
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Taken {
    #[default]
    NotYet,
    /// It is one of the client's own session.
    Message,
    /// And a request, whose answer may take its time.
    Request,
}

impl Client {
    /// A client that leaves when the sender is dropped.
    pub fn new(present: watch::Receiver<()>) -> Self {
        Self { present: Some(present), taken: None }
    }

    /// A client that always waits.
    pub fn patient() -> Self {
        Self { present: None, taken: None }
    }

    /// A client that waits until its message is taken, and hears the answer elsewhere.
    pub fn telling(taken: watch::Sender<Taken>) -> Self {
        Self { present: None, taken: Some(taken) }
    }

    pub fn tell(&self, how_far: Taken) {
        if let Some(taken) = &self.taken {
            taken.send_replace(how_far);
        }
    }

    /// Resolves when the client has gone.
    pub async fn left(&mut self) {
        match &mut self.present {
            Some(present) => while present.changed().await.is_ok() {},
            None => std::future::pending().await,
        }
    }
}

impl Call {
    pub fn begin(id: CallId, clock: Clock, client: Client) -> Self {
        let began = clock.now();
        let (laps, trail, asked) = (Laps::default(), Trail::default(), Asked::default());
        Self { id, clock, began, laps, trail, client, asked }
    }

    /// A stage begins.
    pub fn enter(&mut self, stage: Stage) {
        self.laps.enter(stage, self.clock.now());
    }

    pub fn elapsed(&self) -> Duration {
        self.clock.now().saturating_sub(self.began)
    }
}
