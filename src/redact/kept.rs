//! What is dear to make and asked for again and again, the latest few of each kind.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// More combinations of scopes than a rule meets at one time. Beyond it the oldest goes, so
/// that callers who vary what they ask for cost time and not memory.
const MOST: usize = 16;

/// Values by key. A handful at a time, so a list serves.
pub(crate) struct Kept<K, V>(Mutex<VecDeque<(K, Arc<V>)>>);

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: PartialEq, V> Kept<K, V> {
    /// The value kept for `key`, or else what `make` makes of it.
    pub(crate) fn get(&self, key: K, make: impl FnOnce() -> V) -> Arc<V> {
        if let Some(value) = self.find(&key) {
            return value;
        }
        // Not under the lock: what is dear to make would hold up every other caller.
        let value = Arc::new(make());
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.pop_front();
        }
        kept.push_back((key, Arc::clone(&value)));
        value
    }

    fn find(&self, key: &K) -> Option<Arc<V>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(known, _)| known == key).map(|(_, value)| Arc::clone(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_few_are_kept_and_no_more() {
        let kept = Kept::default();
        let first = kept.get(0, || 0);
        assert!(Arc::ptr_eq(&first, &kept.get(0, || unreachable!("it is kept"))));
        for key in 1..=MOST {
            kept.get(key, || key);
        }
        assert!(!Arc::ptr_eq(&first, &kept.get(0, || 0)));
        assert_eq!(kept.0.lock().unwrap().len(), MOST);
    }
}
