//! Delegated tokens that may still be alive, by the caller they were issued for: what there
//! is to revoke (RFC 7009) when the caller is stopped.

use crate::exchange::target::{LEEWAY, LIFE};
use crate::model::ids::Lineage;
use crate::model::sensitive::Sensitive;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Beyond so many callers the expired ones are looked for.
const SWEEP_ABOVE: usize = 1024;
/// Of one caller; older ones are as good as expired.
const MOST: usize = 64;

/// A token, and the second it was issued in.
type Issued = (u64, Sensitive<String>);

#[derive(Default)]
pub(super) struct Outstanding(Mutex<HashMap<Lineage, Vec<Issued>>>);

impl Outstanding {
    pub(super) fn add(&self, lineage: &Lineage, token: &Sensitive<String>, now: u64) {
        let mut all = self.all();
        if all.len() > SWEEP_ABOVE {
            all.retain(|_, tokens| tokens.iter().any(|(issued, _)| alive(*issued, now)));
        }
        let tokens = all.entry(lineage.clone()).or_default();
        tokens.retain(|(issued, _)| alive(*issued, now));
        if tokens.len() == MOST {
            tokens.remove(0);
        }
        tokens.push((now, token.clone()));
    }

    /// Those that are alive; they are not outstanding any more.
    pub(super) fn take(&self, lineage: &Lineage, now: u64) -> Vec<Sensitive<String>> {
        let tokens = self.all().remove(lineage).unwrap_or_default();
        tokens.into_iter().filter(|(issued, _)| alive(*issued, now)).map(|(_, token)| token).collect()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Lineage, Vec<Issued>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn alive(issued: u64, now: u64) -> bool {
    now < issued.saturating_add(LIFE + LEEWAY)
}
