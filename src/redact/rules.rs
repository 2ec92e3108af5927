//! All rules of a gate, loaded together and swapped together.

use crate::model::fault::SourceFault;
use crate::model::ids::{Entity, ServerName};
use crate::model::nearest::{listed, meant};
use crate::model::scope::Scopes;
use crate::redact::detect::Detectors;
use crate::redact::kept::Kept;
use crate::redact::names;
use crate::redact::operator::{Operator, PAN};
use crate::redact::path::Path;
use crate::redact::plan::{Detection, Plan};
use crate::redact::profile::{self, Profile};
use crate::redact::restore::Restore;
use crate::redact::shape::Shape;
use crate::redact::tools::{Known, Narrowing, ServerRules, ToolRules, scopes};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A rule file: where it came from and what it says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    pub file: String,
    pub text: String,
    /// It ships with the gate, whose tests run its examples.
    pub is_proven: bool,
}

impl Source {
    /// A file whose examples are run when it is loaded.
    pub fn new(file: impl Into<String>, text: impl Into<String>) -> Self {
        Self { file: file.into(), text: text.into(), is_proven: false }
    }
}

/// Rule files by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    pub detectors: Vec<Source>,
    pub profiles: Vec<Source>,
    pub tools: Vec<Source>,
}

/// Detectors, profiles and tool rules that fit together.
pub struct Rules {
    pub detectors: Detectors,
    pub profiles: HashMap<String, Profile>,
    servers: HashMap<ServerName, ServerRules>,
    /// All that values can be said to be.
    pub entities: Arc<BTreeSet<Entity>>,
    /// By the profiles whose detectors they join.
    detections: Kept<Vec<String>, Option<Detection>>,
}

impl Rules {
    /// # Errors
    /// Every fault in every file. Rules are taken whole or not at all.
    pub fn load(sources: &Sources) -> Result<Self, Vec<SourceFault>> {
        let detectors = Detectors::load(&sources.detectors)?;
        let (mut profiles, mut faults) = (HashMap::<String, Profile>::new(), Vec::new());
        for source in &sources.profiles {
            match Profile::load(&source.file, &source.text, &detectors) {
                Ok(profile) if profiles.contains_key(&profile.name) => {
                    let message = format!(
                        "the name `{}` is already taken: give the profile a name of its own",
                        profile.name
                    );
                    faults.push(SourceFault::whole(&source.file, message));
                }
                Ok(profile) => drop(profiles.insert(profile.name.clone(), profile)),
                Err(fault) => faults.push(fault),
            }
        }
        let found = detectors.entities();
        let known = Known { profiles: &profiles, entities: &found };
        let mut servers: HashMap<ServerName, ServerRules> = HashMap::new();
        for source in &sources.tools {
            match ServerRules::load(&source.file, &source.text, known) {
                Ok(rules) if servers.contains_key(&rules.server) => {
                    let message = format!("another file already has rules for `{}`", rules.server);
                    faults.push(SourceFault::whole(&source.file, message));
                }
                Ok(rules) => drop(servers.insert(rules.server.clone(), rules)),
                Err(found) => faults.extend(found),
            }
        }
        faults.extend(truncated_and_hashed(&profiles, &servers));
        faults.extend(never_restored(&profiles, &servers));
        if faults.is_empty() {
            let tools = servers.values().flat_map(ServerRules::all);
            let by_path = tools.flat_map(ToolRules::redactions).map(|(entity, _)| entity.clone());
            let entities = Arc::new(found.into_iter().chain(by_path).collect());
            Ok(Self { detectors, profiles, servers, entities, detections: Kept::default() })
        } else {
            Err(faults)
        }
    }

    pub fn server(&self, server: &ServerName) -> Option<&ServerRules> {
        self.servers.get(server)
    }

    pub fn servers(&self) -> impl Iterator<Item = &ServerRules> {
        self.servers.values()
    }

    /// The rules of a tool. None means the tool is not served.
    pub fn tool(&self, server: &ServerName, tool: &str) -> Option<&ToolRules> {
        self.servers.get(server)?.tool(tool)
    }

    /// What the rules that name a tool say of places that its schemas rule out.
    pub fn misfits(
        &self,
        server: &ServerName,
        tool: &str,
        output: Option<&Shape>,
        input: &Shape,
    ) -> Vec<SourceFault> {
        let rules = self.servers.get(server).and_then(|server| server.tools.get(tool));
        rules.map_or_else(Vec::new, |rules| rules.misfits(output, input))
    }

    /// The plan for one tool, one caller and what policy takes away besides.
    /// `None` if policy names a path or profile that does not exist: an obligation
    /// that cannot be met refuses the call.
    pub fn plan(
        &self,
        rules: &ToolRules,
        held: &Scopes,
        shape: Option<Arc<Shape>>,
        narrow: &Narrowing,
    ) -> Option<Arc<Plan>> {
        let paths = narrow.drop.iter().map(|path| Path::compile(path).ok()).collect::<Option<Vec<_>>>()?;
        if narrow.profiles.iter().any(|name| !self.profiles.contains_key(name)) {
            return None;
        }
        let key = rules.key(held, shape.clone(), narrow);
        Some(rules.plans.get(key, || {
            let detection = if narrow.profiles.is_empty() { None } else { self.narrowed(rules, narrow) };
            rules.plan(held, shape, paths, detection)
        }))
    }

    /// The operators of the tool's own profile, made stricter by those that policy names.
    fn narrowed(&self, rules: &ToolRules, narrow: &Narrowing) -> Option<Detection> {
        let names = rules.profile.iter().chain(&narrow.profiles);
        profile::combine(&self.detectors, names.filter_map(|name| self.profiles.get(name)))
    }

    /// In order.
    pub fn profile_names(&self) -> BTreeSet<&str> {
        self.profiles.keys().map(String::as_str).collect()
    }

    /// Several profiles by name as one detection. `Err` says which is unknown, and which there
    /// are.
    pub fn detection(&self, names: &[String]) -> Result<Option<Detection>, String> {
        if let Some(unknown) = names.iter().find(|name| !self.profiles.contains_key(*name)) {
            let known = self.profile_names();
            let meant = meant(unknown, known.iter().copied());
            return Err(format!("there is no profile `{unknown}`; there are {}{meant}", listed(known)));
        }
        let profiles = names.iter().filter_map(|name| self.profiles.get(name));
        let detection = self.detections.get(names.to_vec(), || profile::combine(&self.detectors, profiles));
        Ok(Option::clone(&detection))
    }

    /// Compiles what tools look for, so that no result waits for it.
    pub fn prepare(&self) {
        self.detectors.compile();
        names::shipped();
        let used = self.servers.values().flat_map(ServerRules::all).filter_map(|tool| tool.profile.as_ref());
        let messages = self.servers.values().filter_map(|server| server.messages.profile.as_ref());
        let used: BTreeSet<&String> = used.chain(messages).collect();
        std::thread::scope(|scope| {
            for profile in used.into_iter().filter_map(|name| self.profiles.get(name)) {
                scope.spawn(|| profile.detection.scanner.prepare());
            }
        });
    }

    /// What of the tool rules is no fault and likely not meant, in order.
    pub fn notes(&self) -> Vec<SourceFault> {
        let mut notes: Vec<_> = self.servers().flat_map(|server| server.notes.clone()).collect();
        notes.extend(scopes::misspelt(self.servers()));
        notes.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
        notes
    }

    /// How many detectors, profiles, tools and examples were loaded.
    pub fn census(&self) -> Census {
        let tools = || self.servers.values().flat_map(ServerRules::all);
        Census {
            detectors: self.detectors.iter().count(),
            profiles: self.profiles.len(),
            tools: tools().count(),
            examples: self.detectors.iter().map(|detector| detector.examples.len()).sum::<usize>()
                + tools().map(|tool| tool.examples).sum::<usize>(),
        }
    }
}

/// PCI DSS 3.5.1: who has a truncated and a hashed form of one card number can find the number.
/// A fault for each rule that hashes, beside the first that shows a part.
fn truncated_and_hashed(
    profiles: &HashMap<String, Profile>,
    servers: &HashMap<ServerName, ServerRules>,
) -> Vec<SourceFault> {
    let pan = Entity::new(PAN);
    let tools = servers.values().flat_map(ServerRules::all).flat_map(|tool| tool.operators_of(&pan));
    let used: BTreeSet<(&str, u64, &str)> = profiles
        .values()
        .filter_map(|profile| Some((*profile.detection.operators.get(&pan)?, profile.origins.get(&pan)?)))
        .chain(tools)
        .map(|(operator, origin)| (origin.file.as_str(), origin.line, operator.name()))
        .collect();
    let by = |operator: Operator| used.iter().filter(move |(.., name)| *name == operator.name());
    let Some((part, part_line, _)) = by(Operator::Partial).next() else { return Vec::new() };
    let fault = |(file, line, _): &(&str, u64, &str)| SourceFault {
        file: (*file).to_owned(),
        line: *line,
        column: 1,
        message: format!(
            "PCI DSS 3.5.1: this shows a hash of PAN and {part}:{part_line} a part of it, from which together the \
             number can be found: use `replace` or `fpe` in place of one of them"
        ),
    };
    by(Operator::Hash).map(fault).collect()
}

/// A rule that restores what nothing replaces would never restore anything.
fn never_restored(
    profiles: &HashMap<String, Profile>,
    servers: &HashMap<ServerName, ServerRules>,
) -> Vec<SourceFault> {
    let tools = || servers.values().flat_map(ServerRules::all);
    let by_profile = profiles.values().flat_map(|profile| profile.detection.operators.iter());
    let by_profile = by_profile.map(|(entity, operator)| (entity, *operator));
    let reversible = by_profile.chain(tools().flat_map(ToolRules::redactions));
    let reversible: BTreeSet<&Entity> =
        reversible.filter(|(_, operator)| operator.is_reversible()).map(|(entity, _)| entity).collect();
    let rules = tools().flat_map(|tool| &tool.restore);
    let missing = rules.flat_map(|rule| rule.entities.iter().map(move |entity| (rule, entity)));
    let missing = missing.filter(|(_, entity)| !reversible.contains(entity));
    let fault = |(rule, entity): (&Restore, &Entity)| SourceFault {
        file: rule.origin.file.clone(),
        line: rule.origin.line,
        column: 1,
        message: format!(
            "nothing makes {entity} a `pseudonym` or `token`, so this rule can never restore one: say so in a \
             profile or under `redact`"
        ),
    };
    missing.map(fault).collect()
}

/// Counts of what was loaded; every example counted has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Census {
    pub detectors: usize,
    pub profiles: usize,
    pub tools: usize,
    pub examples: usize,
}
