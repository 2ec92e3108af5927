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
}

impl Call {
    pub fn begin(id: CallId, clock: Clock) -> Self {
        let began = clock.now();
        Self { id, clock, began, trail: Trail::default() }
    }

    pub fn elapsed(&self) -> Duration {
        self.clock.now().saturating_sub(self.began)
    }
}
