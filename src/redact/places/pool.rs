//! Places kept between the results of one plan.

use super::{MOST, Places};
use crate::redact::detect::Scratch;
use crate::redact::plan::Plan;
use std::sync::{Mutex, PoisonError};

/// Automata kept by a plan, about one for each thread that filters at once.
const MOST_KEPT: usize = 8;

/// The automata of a plan that no one is using, each with what its scanner wrote on.
#[derive(Debug, Default)]
pub(crate) struct Pool(Mutex<Vec<(Places, Scratch)>>);

impl Pool {
    pub(crate) fn take(&self, plan: &Plan) -> (Places, Scratch) {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        kept.unwrap_or_else(|| (Places::new(plan), Scratch::default()))
    }

    /// A large automaton begins again: the names that made it large may be of one result
    /// only, and many plans keep some.
    pub(crate) fn put(&self, places: Places, scratch: Scratch) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST_KEPT && places.all.len() < MOST / 8 {
            kept.push((places, scratch));
        }
    }
}
