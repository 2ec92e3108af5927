//! Gathering rules and policies, and taking them again when they change.

use crate::config::{Faults, builtin};
use crate::inspect::injection::Injection;
use crate::jose::{base64url, sha256};
use crate::model::fault::{SourceFault, unread};
use crate::model::nearest::meant;
use crate::pipeline::Rulebook;
use crate::policy::engine::Policies;
use crate::redact::detect::Detectors;
use crate::redact::rules::{Rules, Source, Sources};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Folders within each other, counted from the root.
const DEEPEST: usize = 64;
/// A larger file is no rule file.
const MOST_STRAY_BYTES: u64 = 1 << 20;

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
            stray(folder)?;
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

    /// Runs the examples of the detectors that ship with the gate, which loading leaves to its
    /// tests.
    ///
    /// # Errors
    /// Every example that does not hold.
    pub fn prove(&self) -> Result<(), Faults> {
        let shipped = self.rules.detectors.iter().filter(|source| source.is_proven);
        let shipped: Vec<Source> = shipped.map(|source| Source::new(&source.file, &source.text)).collect();
        Detectors::load(&shipped).map(drop).map_err(Faults)
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

/// The files below a folder with this ending, in order. A missing folder is empty; what reads
/// like one of them and would be passed over is a fault, since whoever wrote it counts on it.
fn files(folder: &Path, ending: &str) -> Result<Vec<Source>, Faults> {
    let mut found = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            found.extend(files(&path, ending)?);
            continue;
        }
        let file = path.display().to_string();
        // Reading a pipe would wait for whoever writes to it.
        if path.extension().is_some_and(|found| found == ending) && path.exists() && !path.is_file() {
            return Err(SourceFault::whole(&file, "it is no file: remove it").into());
        }
        if path.extension().is_some_and(|found| found == ending) {
            let text =
                std::fs::read_to_string(&path).map_err(|error| SourceFault::whole(&file, unread(&error)))?;
            found.push(Source::new(file, text));
        } else if is_meant(&path, ending) {
            let message = format!("only files that end in `.{ending}` are taken: rename it");
            return Err(SourceFault::whole(&file, message).into());
        }
    }
    Ok(found)
}

/// What is in a folder, in order; nothing if there is none. What volumes of containers keep
/// their versions in, and what version control keeps, holds each file once more.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Faults> {
    if std::fs::symlink_metadata(folder).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok(Vec::new());
    }
    let fault = |error: std::io::Error| SourceFault::whole(&folder.display().to_string(), unread(&error));
    if folder.components().count() > DEEPEST {
        let message = "it is too deep: a link leads back to a folder above it, perhaps";
        return Err(SourceFault::whole(&folder.display().to_string(), message).into());
    }
    let is_copy = |path: &Path| {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        path.is_dir() && (name.starts_with("..") || name == ".git")
    };
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fault)? {
        all.push(entry.map_err(fault)?.path());
    }
    all.retain(|path| !is_copy(path));
    all.sort();
    Ok(all)
}

/// Whether a file's ending is another spelling of the one that is taken.
fn is_meant(path: &Path, ending: &str) -> bool {
    let other = path.extension().map(|other| other.to_string_lossy().to_lowercase()).unwrap_or_default();
    other == ending || ending == "yaml" && matches!(other.as_str(), "yml" | "json")
}

/// What is beside the folders of rules and reads like rules. Other things may be there, such as
/// the configuration and the state, and are nobody's fault.
fn stray(folder: &Path) -> Result<(), Faults> {
    for path in entries(folder)? {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if KINDS.contains(&name.as_str()) && path.is_dir() {
            continue;
        }
        let holds_rules = if path.is_dir() {
            entries(&path).is_ok_and(|files| files.iter().any(|file| reads_like_rules(file)))
        } else {
            reads_like_rules(&path)
        };
        if holds_rules {
            let message = format!(
                "it is not taken: rules are in `tools/`, `detectors/`, `profiles/` or `injection/`{}",
                meant(&name, KINDS)
            );
            return Err(SourceFault::whole(&path.display().to_string(), message).into());
        }
    }
    Ok(())
}

/// By what rule files of some kind alone say at the beginning of a line.
fn reads_like_rules(path: &Path) -> bool {
    let is_yaml = path.extension().is_some_and(|found| found == "yaml") || is_meant(path, "yaml");
    let marks = ["server:", "entity:", "entities:", "keywords:"];
    let is_small = || path.metadata().is_ok_and(|file| file.is_file() && file.len() < MOST_STRAY_BYTES);
    is_yaml
        && is_small()
        && std::fs::read_to_string(path)
            .is_ok_and(|text| text.lines().any(|line| marks.iter().any(|mark| line.starts_with(mark))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[&str]) -> Result<usize, String> {
        let folder = std::env::temp_dir().join(format!("rules-{}", crate::jose::random_id()));
        for file in files {
            let path = folder.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let text = if *file == "portcullis.yaml" { "listen: 127.0.0.1:0\n" } else { "server: ward\n" };
            std::fs::write(path, text).unwrap();
        }
        let places = Places { rules: Some(folder.clone()), ..Places::default() };
        let read = places.read().map(|texts| texts.rules.tools.len()).map_err(|faults| faults.to_string());
        std::fs::remove_dir_all(folder).unwrap();
        read
    }

    #[test]
    fn a_rule_file_that_would_be_passed_over_is_a_fault() {
        for (file, says) in [
            ("tools/ward.yml", "only files that end in `.yaml` are taken: rename it"),
            ("detectors/own/ward.YAML", "rename it"),
            ("profiles/ward.json", "rename it"),
            (
                "detector/ward.yaml",
                "it is not taken: rules are in `tools/`, `detectors/`, `profiles/` or `injection/`; did you mean `detectors`?",
            ),
            ("detector/ward.yml", "did you mean `detectors`?"),
            ("ward.yaml", "it is not taken"),
        ] {
            let found = read(&["tools/a.yaml", file]).unwrap_err();
            assert!(
                found.contains(says) && found.contains(file.split('/').next().unwrap()),
                "{file}: {found}"
            );
        }
        let beside = [
            "tools/a.yaml",
            "tools/README.md",
            "models/names.bin",
            "notes/why.txt",
            ".git/b.yaml",
            "tools/..data/a.yaml",
            "state/pins/ward.json",
            "portcullis.yaml",
        ];
        assert_eq!(read(&beside), Ok(1));
        assert_eq!(read(&["tools/.own/a.yaml"]), Ok(1));
    }

    #[test]
    fn what_would_be_read_for_ever_is_a_fault() {
        let folder = std::env::temp_dir().join(format!("rules-{}", crate::jose::random_id()));
        let (tools, places) =
            (folder.join("tools"), Places { rules: Some(folder.clone()), ..Places::default() });
        std::fs::create_dir_all(&tools).unwrap();
        std::os::unix::fs::symlink("..", tools.join("loop")).unwrap();
        assert!(places.read().unwrap_err().to_string().contains("it is too deep"));
        std::fs::remove_file(tools.join("loop")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(tools.join("a.yaml")).status().unwrap();
        assert!(made.success() && places.read().unwrap_err().to_string().contains("it is no file"));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_ships_is_taken_at_its_word_and_proven_when_asked() {
        let mut shipped = builtin::rules().detectors.swap_remove(0);
        shipped.text = shipped.text.replacen("finds: [", "finds: [nowhere, ", 1);
        let with =
            |detectors| Texts { rules: Sources { detectors, ..Sources::default() }, ..Texts::default() };
        let own = Source::new(&shipped.file, &shipped.text);
        let shipped = with(vec![shipped]);
        assert!(Rules::load(&shipped.rules).is_ok());
        assert!(shipped.prove().unwrap_err().to_string().contains("the example should find"));
        assert!(Rules::load(&with(vec![own]).rules).is_err());
    }
}
