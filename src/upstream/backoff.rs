//! How long to wait before a server that crashed is started again.

use std::time::Duration;
use tokio::time::Instant;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(60);
/// Who lived so long, or failed so long ago, starts from the beginning.
const CALM: Duration = Duration::from_secs(60);

/// The failures of late: each doubles the wait.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    until: Option<Instant>,
}

impl Backoff {
    /// Takes a failure at `at` of something that lived for `lived`.
    pub(super) fn failed(&mut self, at: Instant, lived: Duration) {
        self.failures = if lived >= CALM || self.is_over(at) { 0 } else { self.failures };
        let wait = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures += 1;
        self.until = Some(at + wait);
    }

    /// What is left of the wait; None if there is nothing to wait for.
    pub(super) fn left(&self, now: Instant) -> Option<Duration> {
        self.until?.checked_duration_since(now).filter(|left| !left.is_zero())
    }

    /// Whether nothing need be remembered any more.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now >= until + CALM)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_doubles_the_wait_up_to_a_bound() {
        let (mut backoff, mut now) = (Backoff::default(), Instant::now());
        assert_eq!(backoff.left(now), None);
        for millis in [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000] {
            backoff.failed(now, Duration::ZERO);
            let wait = Duration::from_millis(millis);
            assert_eq!(backoff.left(now), Some(wait));
            now += wait;
            assert_eq!(backoff.left(now), None);
        }
    }

    #[test]
    fn a_long_life_or_a_long_calm_starts_anew() {
        let (mut backoff, start) = (Backoff::default(), Instant::now());
        backoff.failed(start, Duration::ZERO);
        backoff.failed(start, Duration::ZERO);
        backoff.failed(start, CALM);
        assert_eq!(backoff.left(start), Some(FIRST));
        backoff.failed(start, Duration::ZERO);
        let later = start + FIRST * 2 + CALM;
        assert!(backoff.is_over(later));
        backoff.failed(later, Duration::ZERO);
        assert_eq!(backoff.left(later), Some(FIRST));
    }
}
