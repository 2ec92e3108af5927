//! Gathering rules and policies, and taking them again when they change.

use crate::config::{Faults, builtin};
use crate::inspect::injection::Injection;
use crate::jose::{base64url, sha256};
use crate::model::fault::SourceFault;
use crate::pipeline::Rulebook;
use crate::policy::engine::Policies;
use crate::redact::rules::{Rules, Source, Sources};
use std::collections::BTreeSet;
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
    /// Files that ship with the gate, once more.
    copied: Option<SourceFault>,
}

impl Places {
    /// Reads all files: those that ship with the gate, and the deployment's own.
    ///
    /// # Errors
    /// When a folder that was named cannot be read.
    pub fn read(&self) -> Result<Texts, Faults> {
        let mut rules = builtin::rules();
        let mut injection = builtin::injection();
        let mut copied = None;
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
            let (detectors, profiles, injected) = (read("detectors")?, read("profiles")?, read("injection")?);
            let own = detectors.iter().chain(&profiles).chain(&injected);
            let shipped = rules.detectors.iter().chain(&rules.profiles).chain(&injection);
            copied = copies(folder, own, shipped);
            rules.detectors.extend(detectors);
            rules.profiles.extend(profiles);
            injection.extend(injected);
            rules.tools.extend(read("tools")?);
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
        Ok(Texts { rules, injection, policies, copied })
    }
}

impl Texts {
    /// Loads everything, examples and policy tests included.
    ///
    /// # Errors
    /// Every fault in every file.
    pub fn load(&self) -> Result<Rulebook, Faults> {
        // Each of them would be a fault of its own, and they are all the same one.
        if let Some(copied) = &self.copied {
            return Err(copied.clone().into());
        }
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

/// The files of a deployment that stand where files stand that ship with the gate.
fn copies<'s>(
    folder: &Path,
    own: impl Iterator<Item = &'s Source>,
    shipped: impl Iterator<Item = &'s Source>,
) -> Option<SourceFault> {
    let shipped: BTreeSet<&Path> =
        shipped.filter_map(|source| Path::new(&source.file).strip_prefix("rules").ok()).collect();
    let within = own.filter_map(|source| Path::new(&source.file).strip_prefix(folder).ok());
    let copied: Vec<&Path> = within.filter(|file| shipped.contains(file)).collect();
    let first = copied.first()?.display();
    let message = format!(
        "it repeats {} files that ship with the gate and are loaded anyway, such as {first}: remove them, and give \
         what you have changed a file name and an `id` or `name` of its own",
        copied.len()
    );
    Some(SourceFault::whole(&folder.display().to_string(), message))
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
