//! Time, passed in: stages ask the clock they are given, tests move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Wall-clock time as the time since the Unix epoch.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    #[default]
    System,
    /// Microseconds since the epoch, moved by [`Clock::advance`].
    Manual(Arc<AtomicU64>),
}

impl Clock {
    pub fn manual(unix_seconds: u64) -> Self {
        Self::Manual(Arc::new(AtomicU64::new(unix_seconds.saturating_mul(1_000_000))))
    }

    pub fn now(&self) -> Duration {
        match self {
            // A clock before 1970 reads as the epoch: every token then is "not yet
            // valid", which refuses rather than admits.
            Self::System => system_time().duration_since(UNIX_EPOCH).unwrap_or_default(),
            Self::Manual(micros) => Duration::from_micros(micros.load(Ordering::SeqCst)),
        }
    }

    /// Whole seconds since the epoch, the unit of RFC 7519 NumericDate.
    pub fn unix_seconds(&self) -> u64 {
        self.now().as_secs()
    }

    /// Moves a manual clock; does nothing to the system's.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(micros) = self {
            let step = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
            micros.fetch_add(step, Ordering::SeqCst);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the system clock")]
fn system_time() -> SystemTime {
    SystemTime::now()
}
