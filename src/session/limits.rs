//! Rates, per caller and per caller and tool (governor's GCRA).

use crate::model::denial::Denial;
use crate::model::ids::{Lineage, ServerName};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};

/// So many per second, and so many at once.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    pub per_second: NonZeroU32,
    pub burst: NonZeroU32,
}

/// The limiters. Keyed by verified identity only, never by anything a client says.
pub struct Limits {
    callers: DefaultKeyedRateLimiter<Lineage>,
    tools: DefaultKeyedRateLimiter<(Lineage, ServerName, String)>,
    checks: AtomicU64,
}

/// Idle keys are forgotten every so many checks.
const SWEEP_EVERY: u64 = 4096;

impl Limits {
    pub fn new(caller: Rate, tool: Rate) -> Self {
        let quota = |rate: Rate| Quota::per_second(rate.per_second).allow_burst(rate.burst);
        let (callers, tools) = (RateLimiter::keyed(quota(caller)), RateLimiter::keyed(quota(tool)));
        Self { callers, tools, checks: AtomicU64::new(0) }
    }

    pub(super) fn caller(&self, lineage: &Lineage) -> Result<(), Denial> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.callers.retain_recent();
            self.tools.retain_recent();
        }
        check(&self.callers, lineage)
    }

    pub(super) fn tool(&self, lineage: &Lineage, server: &ServerName, tool: &str) -> Result<(), Denial> {
        check(&self.tools, &(lineage.clone(), server.clone(), tool.to_owned()))
    }
}

fn check<K: Hash + Eq + Clone>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), Denial> {
    let wait = |not_until: governor::NotUntil<_>| not_until.wait_time_from(DefaultClock::default().now());
    limiter.check_key(key).map_err(|not_until| Denial::RateLimited(wait(not_until)))
}
