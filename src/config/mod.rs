//! From files to a running gate: configuration, rules, policies.
//!
//! Invariant: a gate is built from faultless files or not at all, and a reload that
//! finds a fault leaves the rules in force as they are.

pub mod build;
pub mod builtin;
pub mod client;
mod endpoint;
mod federation;
pub mod file;
mod holders;
mod inline;
pub mod issuer;
mod notes;
mod parts;
pub mod rulebook;
pub mod secret;
pub mod servers;
mod shared;
pub mod signals;

use crate::model::fault::SourceFault;
use std::fmt;

/// All faults found, one a line.
#[derive(Debug)]
pub struct Faults(pub Vec<SourceFault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Faults {}

impl From<Vec<SourceFault>> for Faults {
    fn from(faults: Vec<SourceFault>) -> Self {
        Self(faults)
    }
}

impl From<SourceFault> for Faults {
    fn from(fault: SourceFault) -> Self {
        Self(vec![fault])
    }
}
