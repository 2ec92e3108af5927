//! What may be used once: the ids of proofs (RFC 9449 §11.1).
//!
//! Invariant: within its life an id is taken once; when there is no room to remember it, or no
//! answer from those who do, it is not taken at all.

use crate::store::lock;
use crate::store::shared::Shared;
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// All that are remembered at once.
const MOST: usize = 400_000;
/// Of one caller, so that none uses up the room of all.
const MOST_OF_ONE: usize = 20_000;
/// Seconds between two sweeps.
const SWEEP_EVERY: u64 = 5;

/// Why an id was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    Used,
    /// There are too many that are still alive.
    Full,
    /// Nobody can say whether it was.
    Unavailable(&'static str),
}

/// Since when all that was used is remembered, and what nonces of that time are made with: a
/// nonce shows that its proof is no older.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// Seconds since the Unix epoch.
    pub since: u64,
    pub key: [u8; 32],
}

impl Epoch {
    /// One that begins, under a key of its own. None when the system has no randomness to give.
    pub fn fresh(since: u64) -> Option<Self> {
        let mut key = [0; 32];
        SystemRandom::new().fill(&mut key).ok()?;
        Some(Self { since, key })
    }
}

/// Remembers what was used.
pub struct Replays {
    /// What this replica took itself; with others, what bounds how much it asks of them.
    own: Own,
    /// Since it started.
    epoch: Epoch,
    shared: Option<Arc<Shared>>,
}

impl Replays {
    /// In memory from now on, and together with others where they share a server.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn new(shared: Option<Arc<Shared>>, now: u64) -> std::io::Result<Self> {
        let epoch = Epoch::fresh(now).ok_or_else(|| std::io::Error::other("no key could be generated"))?;
        Ok(Self { own: Own::default(), epoch, shared })
    }

    /// Takes an id of a caller for the first and only time until `until`, in seconds since the
    /// Unix epoch. What was used before the epoch that is answered nobody remembers.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub async fn take(&self, caller: &str, id: &[u8], until: u64, now: u64) -> Result<Epoch, NotTaken> {
        self.own.take(caller, id, until, now)?;
        let Some(shared) = &self.shared else { return Ok(self.epoch.clone()) };
        match shared.take(id, until, now).await {
            Ok((epoch, true)) => Ok(epoch),
            Ok((_, false)) => Err(NotTaken::Used),
            Err(fault) => Err(NotTaken::Unavailable(fault.0)),
        }
    }
}

/// The memory of one replica.
#[derive(Default)]
struct Own {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// By holder: hash of the id → when it may be forgotten.
    holders: HashMap<String, HashMap<u128, u64>>,
    count: usize,
    swept: u64,
}

impl Known {
    fn sweep(&mut self, now: u64) {
        self.holders.retain(|_, ids| {
            ids.retain(|_, until| *until >= now);
            !ids.is_empty()
        });
        self.count = self.holders.values().map(HashMap::len).sum();
        self.swept = now;
    }
}

impl Own {
    fn take(&self, holder: &str, id: &[u8], until: u64, now: u64) -> Result<(), NotTaken> {
        let mut known = lock(&self.known);
        if now.saturating_sub(known.swept) >= SWEEP_EVERY {
            known.sweep(now);
        }
        let id = short(id);
        let ids = known.holders.get(holder);
        if ids.and_then(|ids| ids.get(&id)).is_some_and(|until| *until >= now) {
            return Err(NotTaken::Used);
        }
        if known.count >= MOST || ids.is_some_and(|ids| ids.len() >= MOST_OF_ONE) {
            return Err(NotTaken::Full);
        }
        if known.holders.entry(holder.to_owned()).or_default().insert(id, until).is_none() {
            known.count += 1;
        }
        Ok(())
    }
}

/// 128 bits of SHA-256.
fn short(id: &[u8]) -> u128 {
    crate::jose::sha256(id).iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_once_in_its_life_by_each_holder() {
        let replays = Own::default();
        assert_eq!(replays.take("a", b"1", 70, 10), Ok(()));
        assert_eq!(replays.take("a", b"1", 70, 10), Err(NotTaken::Used));
        assert_eq!(replays.take("a", b"1", 99, 70), Err(NotTaken::Used));
        assert_eq!(replays.take("b", b"1", 70, 10), Ok(()));
        assert_eq!(replays.take("a", b"1", 140, 70 + SWEEP_EVERY), Ok(()), "its life is over");
        assert_eq!(lock(&replays.known).count, 1, "the others are forgotten");
    }

    #[test]
    fn who_uses_up_the_room_is_refused_and_others_are_not() {
        let replays = Own::default();
        for number in 0..MOST_OF_ONE {
            assert_eq!(replays.take("a", &number.to_be_bytes(), 70, 10), Ok(()));
        }
        assert_eq!(replays.take("a", b"one more", 70, 10), Err(NotTaken::Full));
        assert_eq!(replays.take("b", b"one more", 70, 10), Ok(()));
        assert_eq!(replays.take("a", b"one more", 140, 80), Ok(()));
    }
}
