//! The context that accompanies one call through all stages.

use crate::model::clock::Clock;
use crate::model::ids::CallId;
use crate::model::trail::Trail;
use std::time::Duration;

/// One call: its id, its time and its trail.
#[derive(Debug)]
pub struct Call {
    pub id: CallId,
    pub clock: Clock,
    /// When the call arrived, since the Unix epoch.
    pub began: Duration,
    pub trail: Trail,
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
}

impl Call {
    pub fn begin(id: CallId, clock: Clock) -> Self {
        let began = clock.now();
        Self { id, clock, began, trail: Trail::default(), asked: Asked::default() }
    }

    pub fn elapsed(&self) -> Duration {
        self.clock.now().saturating_sub(self.began)
    }
}
