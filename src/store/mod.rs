//! State that outlives a call: what each lineage has learned, who is killed, which
//! sessions exist. In memory, save what replicas share.

pub mod lineages;
pub mod replays;
pub mod reviews;
pub mod revocations;
pub mod seals;
pub mod sessions;
pub mod shared;
pub mod tasks;
pub mod vault;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A poisoned lock means that a thread panicked between two plain map operations;
/// the map itself is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
