//! Gathering rules and policies, and taking them again when they change.

use crate::config::{Faults, builtin};
use crate::inspect::injection::Injection;
use crate::jose::{base64url, sha256};
use crate::model::fault::SourceFault;
use crate::pipeline::Rulebook;
use crate::policy::engine::Policies;
use crate::redact::rules::{Rules, Source, Sources};
use std::path::{Path, PathBuf};

/// The folders within a folder of rules.
const KINDS: [&str; 4] = ["tools", "detectors", "profiles", "injection"];

/// Where a gate's rules come from.
#[derive(Clone, Debug, Default)]
pub struct Places {
    pub rules: Option<PathBuf>,
    pub policies: Option<PathBuf>,
    /// Adds the tool rules of the demo.
    pub demo: bool,
}

/// Every file of a rulebook, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    rules: Sources,
    injection: Vec<Source>,
    policies: Vec<Source>,
}

impl Places {
    /// Reads all files: those that ship with the gate, and the deployment's own.
    ///
    /// # Errors
    /// When a folder that was named cannot be read.
    pub fn read(&self) -> Result<Texts, Faults> {
        let mut rules = builtin::rules();
        let mut injection = builtin::injection();
        if self.demo {
            rules.tools = builtin::demo_tools();
        }
        if let Some(folder) = &self.rules {
            if !folder.is_dir() {
                return Err(SourceFault::whole(
                    &folder.display().to_string(),
                    "there is no such folder of rules",
                )
                .into());
            }
            if !KINDS.iter().any(|kind| folder.join(kind).is_dir()) {
                return Err(SourceFault::whole(
                    &folder.display().to_string(),
                    "a folder of rules has `tools/`, `detectors/`, `profiles/` or `injection/` in it; this one has none",
                )
                .into());
            }
            let read = |kind: &str| files(&folder.join(kind), "yaml");
            rules.detectors.extend(read("detectors")?);
            rules.profiles.extend(read("profiles")?);
            rules.tools.extend(read("tools")?);
            injection.extend(read("injection")?);
        }
        let policies = match &self.policies {
            None => builtin::policies(),
            Some(folder) if folder.is_dir() => files(folder, "rego")?,
            Some(folder) => {
                return Err(SourceFault::whole(
                    &folder.display().to_string(),
                    "there is no such folder of policies",
                )
                .into());
            }
        };
        Ok(Texts { rules, injection, policies })
    }
}

impl Texts {
    /// Loads everything, examples and policy tests included.
    ///
    /// # Errors
    /// Every fault in every file.
    pub fn load(&self) -> Result<Rulebook, Faults> {
        let mut faults = Vec::new();
        let mut keep = |found: Vec<SourceFault>| faults.extend(found);
        let rules = Rules::load(&self.rules).map_err(&mut keep).ok();
        let injection = Injection::load(&self.injection).map_err(&mut keep).ok();
        let policies = Policies::load(&self.policies).map_err(&mut keep).ok();
        let (Some(rules), Some(injection), Some(policies)) = (rules, injection, policies) else {
            return Err(Faults(faults));
        };
        Ok(Rulebook { rules, policies, injection, version: self.version() })
    }

    /// A short hash over every file.
    pub fn version(&self) -> String {
        let Sources { detectors, profiles, tools } = &self.rules;
        let all = detectors.iter().chain(profiles).chain(tools).chain(&self.injection).chain(&self.policies);
        let text: String = all.map(|source| format!("{}\u{0}{}\u{0}", source.file, source.text)).collect();
        base64url(&sha256(text.as_bytes())).chars().take(12).collect()
    }
}

/// The files below a folder with this ending, in order. A missing folder is empty.
fn files(folder: &Path, ending: &str) -> Result<Vec<Source>, Faults> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(found) };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, ending)?);
        } else if path.extension().is_some_and(|found| found == ending) {
            let file = path.display().to_string();
            let text = std::fs::read_to_string(&path)
                .map_err(|error| SourceFault::whole(&file, error.to_string()))?;
            found.push(Source { file, text });
        }
    }
    found.sort();
    Ok(found)
}
