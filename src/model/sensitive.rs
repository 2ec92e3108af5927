//! Values that must not be printed: tokens, keys, secrets.

use serde::Deserialize;
use std::fmt;

/// Holds a secret. It has no `Display` and no `Serialize`, prints a placeholder
/// under `Debug`, and opens only through [`Sensitive::expose`], so that every
/// use can be found by that word.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Sensitive<T>(T);

impl<T> Sensitive<T> {
    pub fn new(secret: T) -> Self {
        Self(secret)
    }

    /// The secret itself. Never log, format or store what this returns.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sensitive]")
    }
}
