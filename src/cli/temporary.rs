//! A folder for one run, with keys in it.
//!
//! Invariant: it is gone when the run is over, also where that ends in a fault or a panic.

use anyhow::Context as _;
use std::path::{Path, PathBuf};

pub(super) struct Temporary(PathBuf);

impl Temporary {
    /// # Errors
    /// When the system's folder for such cannot be written to.
    pub(super) fn make(purpose: &str) -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("portcullis-{purpose}-{}", crate::jose::random_id()));
        std::fs::create_dir_all(&path).with_context(|| format!("create {}", path.display()))?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
