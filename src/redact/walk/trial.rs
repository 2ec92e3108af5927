//! Trials that look at a child before its place is known: filters, and what counts from the
//! end of an array.

use super::Walk;
use crate::redact::Blocked;
use crate::redact::json::MAX_DEPTH;
use crate::redact::path::Trial;
use serde_json::Value;

impl Walk<'_, '_> {
    /// Tries all that a place tries on the child that begins here: a member's value, or the
    /// element at an index of so many.
    pub(super) fn try_child(
        &mut self,
        place: usize,
        element: Option<(usize, usize)>,
        depth: usize,
    ) -> Result<(), Blocked> {
        self.run.affects();
        let here = self.places.get(place);
        let mut alone = None;
        if here.trials(self.plan).any(Trial::needs_value) {
            let mut ahead = self.reader.clone();
            ahead.skip(MAX_DEPTH - depth - 1)?;
            let child = crate::model::strict::parse(ahead.since(self.reader.position()).as_bytes())?;
            alone = Some(Value::Array(vec![child]));
        }
        for trial in here.trials(self.plan) {
            let passes = match &alone {
                Some(alone) if trial.needs_value() => trial.admits(alone)?,
                _ => element.is_some_and(|(index, length)| trial.takes(index, length)),
            };
            self.passed.push(passes);
        }
        Ok(())
    }

    /// How many elements the array has whose first begins here.
    pub(super) fn count(&self, depth: usize) -> Result<usize, Blocked> {
        let mut ahead = self.reader.clone();
        for count in 1.. {
            ahead.skip(MAX_DEPTH - depth - 1)?;
            ahead.white_space();
            if ahead.take(b']') {
                return Ok(count);
            }
            ahead.expect(b',')?;
            ahead.white_space();
        }
        Ok(0)
    }
}
