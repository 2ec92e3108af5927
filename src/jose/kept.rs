//! A document that is fetched, kept for a time, and fetched anew by one for all.
//!
//! Invariant: at most one fetch is under way, none begins sooner after the last than
//! [`Ages`] allows, and a document older than [`Ages::keep`] is not used.

use crate::jose::issuer::IssuerFault;
use crate::model::clock::Clock;
use arc_swap::ArcSwapOption;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// After a fetch that failed at once.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How old what was fetched from an issuer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ages {
    /// Older, and it is fetched anew before it is used.
    pub refresh: Duration,
    /// A key that is not in it is looked for anew so long after the last time.
    pub refetch: Duration,
    /// While it cannot be fetched anew, it is used up to this age, and nothing is beyond it.
    pub keep: Duration,
}

impl Default for Ages {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { refresh: seconds(300), refetch: seconds(30), keep: seconds(3600) }
    }
}

pub(super) struct Kept<T> {
    ages: Ages,
    clock: Clock,
    held: ArcSwapOption<Held<T>>,
    /// Held while fetching, so that one flight serves all who wait.
    flight: Mutex<Option<Flight>>,
}

pub(super) struct Held<T> {
    pub(super) value: T,
    fetched: Duration,
}

/// How the last fetch ended, and when the next may begin.
#[derive(Clone, Copy)]
struct Flight {
    next: Duration,
    ended: Result<(), IssuerFault>,
}

impl<T> Kept<T> {
    pub(super) fn new(ages: Ages, clock: Clock) -> Self {
        Self { ages, clock, held: ArcSwapOption::empty(), flight: Mutex::new(None) }
    }

    /// What needs not be fetched anew.
    pub(super) fn fresh(&self) -> Option<Arc<Held<T>>> {
        self.younger_than(self.ages.refresh)
    }

    /// What may still be used.
    pub(super) fn usable(&self) -> Option<Arc<Held<T>>> {
        self.younger_than(self.ages.keep)
    }

    /// What may still be used while another call fetches it anew: one that hangs holds up no other.
    pub(super) fn meanwhile(&self) -> Option<Arc<Held<T>>> {
        self.flight.try_lock().is_err().then(|| self.usable()).flatten()
    }

    fn younger_than(&self, age: Duration) -> Option<Arc<Held<T>>> {
        let now = self.clock.now();
        self.held.load_full().filter(|held| now.saturating_sub(held.fetched) < age)
    }

    /// Fetches anew, unless that was just done; says how the last fetch ended.
    pub(super) async fn renew(
        &self,
        fetch: impl Future<Output = Result<T, IssuerFault>>,
    ) -> Result<(), IssuerFault> {
        let mut flight = self.flight.lock().await;
        let begun = self.clock.now();
        if let Some(last) = flight.as_ref().filter(|last| begun < last.next) {
            return last.ended;
        }
        let ended = match fetch.await {
            Ok(value) => {
                self.held.store(Some(Arc::new(Held { value, fetched: begun })));
                Ok(())
            }
            // The last good one stays until it is too old.
            Err(fault) => Err(fault),
        };
        // A slow failure is not begun again for as long as it took, or all would wait always.
        let now = self.clock.now();
        let pause = match ended {
            Ok(()) => self.ages.refetch,
            Err(_) => RETRY_AFTER.max(now.saturating_sub(begun)).min(self.ages.refetch),
        };
        *flight = Some(Flight { next: if ended.is_ok() { begun } else { now } + pause, ended });
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Poll;

    #[tokio::test]
    async fn a_fetch_that_hangs_holds_up_nobody_else() {
        let ages = Ages { refresh: Duration::ZERO, refetch: Duration::ZERO, ..Ages::default() };
        let kept = Kept::new(ages, Clock::System);
        kept.renew(async { Ok(7) }).await.unwrap();
        assert!(kept.fresh().is_none() && kept.meanwhile().is_none(), "the first to find it old fetches");
        let mut hanging = Box::pin(kept.renew(std::future::pending()));
        let polled = std::future::poll_fn(|context| Poll::Ready(hanging.as_mut().poll(context))).await;
        assert!(polled.is_pending());
        assert_eq!(kept.meanwhile().map(|held| held.value), Some(7));
    }
}
