//! The disclosure budget: how many data subjects a lineage may learn about in a
//! window, and the kill that follows when it asks for more.

use crate::jose::sha256;
use crate::model::ids::Lineage;
use crate::store::lock;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

/// Bounds of the guard.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Distinct data subjects per lineage and window.
    pub subjects: usize,
    pub window: Duration,
    /// How long a killed lineage stays killed.
    pub kill_for: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self { subjects: 50, window: Duration::from_secs(3600), kill_for: Duration::from_secs(3600) }
    }
}

/// Beyond this many, lineages with nothing to remember are forgotten.
const SWEEP_ABOVE: usize = 10_000;

/// What is known of every lineage.
pub struct Lineages {
    budget: Budget,
    known: Mutex<HashMap<Lineage, Known>>,
}

#[derive(Default)]
struct Known {
    /// Hash of a data subject → when it was last disclosed.
    subjects: HashMap<u64, Duration>,
    killed_until: Option<Duration>,
}

/// The result would have gone over the budget, and the lineage is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded;

impl Lineages {
    pub fn new(budget: Budget) -> Self {
        Self { budget, known: Mutex::default() }
    }

    /// How long a killed lineage stays so; None if it is not killed.
    pub fn killed(&self, lineage: &Lineage, now: Duration) -> Option<Duration> {
        let until = lock(&self.known).get(lineage)?.killed_until?;
        until.checked_sub(now).filter(|left| !left.is_zero())
    }

    /// Distinct subjects disclosed in the window.
    pub fn disclosed(&self, lineage: &Lineage, now: Duration) -> usize {
        let fresh = |last: &&Duration| now.saturating_sub(**last) < self.budget.window;
        lock(&self.known).get(lineage).map_or(0, |known| known.subjects.values().filter(fresh).count())
    }

    /// Counts the subjects of a result before it is released. Checking and counting
    /// are one step, so that parallel calls cannot each stay below the budget.
    ///
    /// # Errors
    /// [`Exceeded`]: none of the subjects is counted, the lineage is killed, and the
    /// result must be withheld.
    pub fn disclose<'s>(
        &self,
        lineage: &Lineage,
        subjects: impl Iterator<Item = &'s str>,
        now: Duration,
    ) -> Result<(), Exceeded> {
        let mut all = lock(&self.known);
        if all.len() > SWEEP_ABOVE {
            all.retain(|_, known| !known.is_idle(now, self.budget.window));
        }
        let known = all.entry(lineage.clone()).or_default();
        if known.killed_until.is_some_and(|until| until > now) {
            return Err(Exceeded);
        }
        known.subjects.retain(|_, last| now.saturating_sub(*last) < self.budget.window);
        let mut after = known.subjects.clone();
        after.extend(subjects.map(|subject| (short_hash(subject), now)));
        if after.len() > self.budget.subjects {
            known.killed_until = Some(now + self.budget.kill_for);
            return Err(Exceeded);
        }
        known.subjects = after;
        Ok(())
    }
}

impl Known {
    fn is_idle(&self, now: Duration, window: Duration) -> bool {
        let recent = self.subjects.values().any(|last| now.saturating_sub(*last) < window);
        !recent && self.killed_until.is_none_or(|until| until <= now)
    }
}

fn short_hash(subject: &str) -> u64 {
    let hash = sha256(subject.as_bytes());
    hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lineages() -> (Lineages, Lineage) {
        let (window, kill_for) = (Duration::from_secs(100), Duration::from_secs(50));
        (Lineages::new(Budget { subjects: 3, window, kill_for }), Lineage::new("x"))
    }

    #[test]
    fn the_subject_beyond_the_budget_kills_for_a_time() {
        let (lineages, who) = lineages();
        let at = Duration::from_secs;
        assert_eq!(lineages.disclose(&who, ["a", "b", "a"].into_iter(), at(10)), Ok(()));
        assert_eq!(lineages.disclose(&who, ["b", "c"].into_iter(), at(11)), Ok(()));
        assert_eq!(lineages.disclosed(&who, at(11)), 3);
        assert_eq!(lineages.disclose(&who, ["d"].into_iter(), at(12)), Err(Exceeded));
        assert_eq!(lineages.killed(&who, at(12)), Some(at(50)));
        assert_eq!(lineages.disclose(&who, ["a"].into_iter(), at(13)), Err(Exceeded));
        assert_eq!(lineages.killed(&who, at(62)), None);
        assert_eq!(lineages.killed(&Lineage::new("y"), at(12)), None);
    }

    #[test]
    fn what_was_learned_before_the_window_is_not_counted() {
        let (lineages, who) = lineages();
        assert_eq!(lineages.disclose(&who, ["a", "b", "c"].into_iter(), Duration::from_secs(1)), Ok(()));
        assert_eq!(lineages.disclose(&who, ["d"].into_iter(), Duration::from_secs(101)), Ok(()));
        assert_eq!(lineages.disclosed(&who, Duration::from_secs(101)), 1);
    }
}
