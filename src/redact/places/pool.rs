//! Places kept between the results of one plan.

use super::{MOST, Places};
use crate::redact::plan::Plan;
use crate::redact::run::Kept;
use std::sync::{Mutex, PoisonError};

/// Automata kept by a plan, about one for each thread that filters at once.
const MOST_KEPT: usize = 8;

/// The automata of a plan that no one is using, each with what else the last result kept.
#[derive(Debug, Default)]
pub(crate) struct Pool(Mutex<Vec<(Places, Kept)>>);

impl Pool {
    pub(crate) fn take(&self, plan: &Plan) -> (Places, Kept) {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        kept.unwrap_or_else(|| (Places::new(plan), Kept::default()))
    }

    /// A large automaton begins again: the names that made it large may be of one result
    /// only, and many plans keep some.
    pub(crate) fn put(&self, mut places: Places, kept: Kept) {
        places.end();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < MOST_KEPT && places.all.len() < MOST / 8 {
            all.push((places, kept));
        }
    }
}
