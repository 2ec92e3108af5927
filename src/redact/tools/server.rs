//! All rules of one server.

use super::compile::{compile, detection, prove};
use super::file::{File, ToolFile};
use super::{Known, ToolRules, entities, notes};
use crate::model::fault::{Origin, SourceFault};
use crate::model::feature::Feature;
use crate::model::ids::{ServerName, ToolName};
use crate::model::yaml::read_yaml;
use crate::redact::plan::Detection;
use crate::redact::profile::Profile;
use serde_saphyr::Spanned;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The name under which a file gives the rule for what it does not name.
const ANY: &str = "*";

/// The rules of one server.
pub struct ServerRules {
    pub server: ServerName,
    /// Where the file names the server.
    pub origin: Origin,
    pub(crate) tools: HashMap<String, ToolRules>,
    pub(crate) prompts: HashMap<String, ToolRules>,
    pub(crate) resources: Vec<(Pattern, ToolRules)>,
    pub messages: MessageRules,
    /// What is no fault, and likely not meant.
    pub notes: Vec<SourceFault>,
}

/// What belongs to no tool, prompt or resource.
#[derive(Clone, Default)]
pub struct MessageRules {
    /// Whether the file says anything of it.
    pub declared: bool,
    pub allowed: BTreeSet<Feature>,
    /// The profile's name.
    pub profile: Option<String>,
    pub detection: Option<Detection>,
    pub arguments: Option<Detection>,
}

/// Names that a rule is for: one, or all that begin alike (`patient://*`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn fits(&self, name: &str) -> bool {
        match self.0.strip_suffix(ANY) {
            Some(beginning) => name.starts_with(beginning),
            None => name == self.0,
        }
    }

    /// How specific the rule is: a whole name before a long beginning before a short one.
    pub fn weight(&self) -> usize {
        if self.0.ends_with(ANY) { self.0.len() } else { usize::MAX }
    }
}

impl ServerRules {
    /// No rules: nothing is served by them.
    pub fn none(server: &ServerName) -> Self {
        Self {
            server: server.clone(),
            origin: Origin::default(),
            tools: HashMap::new(),
            prompts: HashMap::new(),
            resources: Vec::new(),
            messages: MessageRules::default(),
            notes: Vec::new(),
        }
    }

    /// The rules of a tool, or of any tool (`*`). None means the tool is not served.
    pub fn tool(&self, name: &str) -> Option<&ToolRules> {
        self.tools.get(name).or_else(|| self.tools.get(ANY))
    }

    /// The rules of a prompt, or of any.
    pub fn prompt(&self, name: &str) -> Option<&ToolRules> {
        self.prompts.get(name).or_else(|| self.prompts.get(ANY))
    }

    /// The rules of a resource: those of the most specific pattern that fits its URI. None
    /// for a URI with another spelling, in which a server may read what other rules are for.
    pub fn resource(&self, uri: &str) -> Option<&ToolRules> {
        if is_ambiguous(uri) {
            return None;
        }
        let fitting = self.resources.iter().filter(|(pattern, _)| pattern.fits(uri));
        fitting.max_by_key(|(pattern, _)| pattern.weight()).map(|(_, rules)| rules)
    }

    pub fn named(&self) -> impl Iterator<Item = (ToolName, &ToolRules)> {
        self.tools.iter().map(|(name, rules)| (ToolName::new(name), rules))
    }

    pub fn prompts(&self) -> impl Iterator<Item = (Pattern, &ToolRules)> {
        self.prompts.iter().map(|(name, rules)| (Pattern::new(name), rules))
    }

    pub fn resources(&self) -> impl Iterator<Item = (Pattern, &ToolRules)> {
        self.resources.iter().map(|(pattern, rules)| (pattern.clone(), rules))
    }

    /// Every rule of the file.
    pub fn all(&self) -> impl Iterator<Item = &ToolRules> {
        let resources = self.resources.iter().map(|(_, rules)| rules);
        self.tools.values().chain(self.prompts.values()).chain(resources)
    }

    /// Reads a file and runs its examples.
    ///
    /// # Errors
    /// Every fault, each with its place.
    pub fn load(file: &str, text: &str, known: Known<'_>) -> Result<Self, Vec<SourceFault>> {
        let raw: File = read_yaml(file, text).map_err(|fault| vec![fault])?;
        let mut faults = entities::faults(file, &raw, known.entities);
        let profiles = known.profiles;
        let tools = block(file, &raw.tools, profiles, &mut faults);
        let prompts = block(file, &raw.prompts, profiles, &mut faults);
        let resources = block(file, &raw.resources, profiles, &mut faults);
        for rules in raw.prompts.values().chain(raw.resources.values()) {
            let message = "`restore` is for the arguments of tools";
            faults.extend(rules.value.restore.first().map(|rule| SourceFault::at(file, rule, message)));
        }
        for (uri, rules) in &raw.resources {
            faults.extend(super::access::beyond_a_resource(file, uri, rules));
        }
        for (name, rules) in raw.tools.iter().chain(&raw.prompts) {
            faults.extend(notes::never_met(file, name, rules));
        }
        let mut found = Vec::new();
        for (written, compiled) in
            [(&raw.tools, &tools), (&raw.prompts, &prompts), (&raw.resources, &resources)]
        {
            let both = written.iter().filter_map(|(name, raw)| Some((name, raw, compiled.get(name)?)));
            found.extend(both.flat_map(|(name, raw, rules)| notes::notes(file, name, raw, rules)));
        }
        found.extend(raw.resources.iter().filter_map(|(uri, rules)| notes::of_uri(file, uri, rules)));
        let declared = raw.messages.is_some();
        let raw_messages = raw.messages.unwrap_or_default();
        let messages = MessageRules {
            declared,
            allowed: raw_messages.allow.iter().copied().collect(),
            profile: raw_messages.profile.as_ref().map(|profile| profile.value.clone()),
            detection: detection(file, raw_messages.profile.as_ref(), profiles, &mut faults),
            arguments: detection(file, raw_messages.arguments.as_ref(), profiles, &mut faults),
        };
        let resources = resources.into_iter().map(|(uri, rules)| (Pattern::new(&uri), rules)).collect();
        let (server, origin) = (ServerName::new(&raw.server.value), Origin::of(file, &raw.server));
        let rules = Self { server, origin, tools, prompts, resources, messages, notes: found };
        if faults.is_empty() { Ok(rules) } else { Err(faults) }
    }
}

/// The rules of one block of the file, their examples run.
fn block(
    file: &str,
    raw: &BTreeMap<String, Spanned<ToolFile>>,
    profiles: &HashMap<String, Profile>,
    faults: &mut Vec<SourceFault>,
) -> HashMap<String, ToolRules> {
    let mut rules = HashMap::new();
    for (name, tool) in raw {
        match compile(file, name, tool, profiles) {
            Ok(compiled) => {
                faults.extend(prove(file, &tool.value.examples, &compiled));
                rules.insert(name.clone(), compiled);
            }
            Err(found) => faults.extend(found),
        }
    }
    rules
}

/// Whether a URI has dot segments, or letters, digits and dots in percent encoding
/// (RFC 3986 §6.2.2), and so another spelling.
pub fn is_ambiguous(uri: &str) -> bool {
    let dots = |segment: &str| matches!(segment, "." | "..");
    let encoded = uri.match_indices('%').any(|(at, _)| {
        let digits = uri.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        digits.is_none_or(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/')
        })
    });
    encoded || uri.split(['/', '\\']).any(dots)
}
