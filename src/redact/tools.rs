//! Tool rules: `rules/tools/<server>.yaml`, the file a data steward writes.

use crate::model::fault::{SourceFault, read_yaml};
use crate::model::ids::{RuleId, ServerName, ToolName};
use crate::model::scope::Scopes;
use crate::redact::detect::Detectors;
use crate::redact::operator::Operator;
use crate::redact::path::Path;
use crate::redact::plan::{Detection, Parts, Plan, Redaction, TextMode};
use crate::redact::profile::{self, Profile};
use crate::redact::shape::Shape;
use crate::redact::{Blocked, Redactor};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Unexpected, Visitor};
use serde_json::Value;
use serde_saphyr::Spanned;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// The name under which a server's file gives the rule for tools it does not name.
const ANY_TOOL: &str = "*";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    server: String,
    tools: BTreeMap<String, Spanned<ToolFile>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolFile {
    /// Scopes that a call needs, all of them.
    #[serde(default)]
    scopes: Vec<String>,
    /// Words for policy and for the plain denial: `pii`, `phi`.
    #[serde(default)]
    labels: Vec<String>,
    subject: Option<Spanned<String>>,
    #[serde(default)]
    release: Release,
    #[serde(default)]
    redact: Vec<Spanned<RedactFile>>,
    profile: Option<Spanned<String>>,
    #[serde(default)]
    text: TextMode,
    /// Whether images, audio and other binary content may pass.
    #[serde(default)]
    blobs: Blobs,
    #[serde(default)]
    examples: Vec<Spanned<Example>>,
}

#[derive(Debug)]
enum Release {
    All,
    ByScope(BTreeMap<String, Vec<Spanned<String>>>),
}

/// By hand, since an untagged enum would lose the places of the paths.
impl<'de> Deserialize<'de> for Release {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Release;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`all`, or a list of paths for each scope")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Release, E> {
                if word == "all" {
                    Ok(Release::All)
                } else {
                    Err(E::invalid_value(Unexpected::Str(word), &self))
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, scopes: A) -> Result<Release, A::Error> {
                Deserialize::deserialize(MapAccessDeserializer::new(scopes)).map(Release::ByScope)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl Default for Release {
    /// A tool with no `release` releases nothing.
    fn default() -> Self {
        Self::ByScope(BTreeMap::new())
    }
}

/// What becomes of images, audio and embedded binary resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blobs {
    #[default]
    Drop,
    Pass,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RedactFile {
    path: String,
    #[serde(rename = "as")]
    operator: Operator,
    /// The redaction is lifted for holders of this scope.
    unless: Option<String>,
    /// The redaction applies to holders of this scope only.
    when: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    scopes: Vec<String>,
    result: Value,
    /// What is left of `result`; `null` when nothing is.
    expect: Value,
}

/// The rules of one tool, compiled.
#[derive(Clone)]
pub struct ToolRules {
    pub scopes: Scopes,
    pub labels: Vec<String>,
    pub blobs: Blobs,
    pub profile: Option<String>,
    subject: Option<Path>,
    release: Vec<(Option<String>, Path)>,
    redact: Vec<ScopedRedaction>,
    detection: Option<Detection>,
    text: TextMode,
    pub(crate) examples: usize,
}

#[derive(Clone)]
struct ScopedRedaction {
    path: Path,
    redaction: Redaction,
    unless: Option<String>,
    when: Option<String>,
}

/// What policy adds to a tool's own rules. It can only take away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowing {
    pub drop: Vec<String>,
    pub profiles: Vec<String>,
}

/// The rules of one server.
pub struct ServerRules {
    pub server: ServerName,
    pub(crate) tools: HashMap<String, ToolRules>,
}

impl ServerRules {
    /// The rules of a tool, or of any tool (`*`). None means the tool is not served.
    pub fn tool(&self, name: &str) -> Option<&ToolRules> {
        self.tools.get(name).or_else(|| self.tools.get(ANY_TOOL))
    }

    pub fn named(&self) -> impl Iterator<Item = (ToolName, &ToolRules)> {
        self.tools.iter().map(|(name, rules)| (ToolName::new(name), rules))
    }

    /// Reads a file and runs its examples.
    ///
    /// # Errors
    /// Every fault, each with its place.
    pub fn load(
        file: &str,
        text: &str,
        profiles: &HashMap<String, Profile>,
    ) -> Result<Self, Vec<SourceFault>> {
        let raw: File = read_yaml(file, text).map_err(|fault| vec![fault])?;
        let (mut tools, mut faults) = (HashMap::new(), Vec::new());
        for (name, tool) in raw.tools {
            match compile(file, &name, &tool, profiles) {
                Ok(rules) => {
                    faults.extend(prove(file, &tool.value.examples, &rules));
                    tools.insert(name, rules);
                }
                Err(found) => faults.extend(found),
            }
        }
        let server = ServerName::new(&raw.server);
        if faults.is_empty() { Ok(Self { server, tools }) } else { Err(faults) }
    }
}

impl ToolRules {
    /// The plan for a caller who holds `held`. `shape` comes from the tool's pinned
    /// `outputSchema`.
    pub fn plan(
        &self,
        held: &Scopes,
        shape: Option<Shape>,
        narrow: Vec<Path>,
        detection: Option<Detection>,
    ) -> Plan {
        let holds = |scope: &Option<String>| scope.as_ref().is_none_or(|scope| held.contains(scope));
        let release = self.release.iter().filter(|(scope, _)| holds(scope)).map(|(_, path)| path.clone());
        let applies = |rule: &&ScopedRedaction| {
            holds(&rule.when) && !rule.unless.as_ref().is_some_and(|scope| held.contains(scope))
        };
        let own = self.redact.iter().filter(applies).map(|rule| (rule.path.clone(), rule.redaction.clone()));
        let policy = Redaction { id: RuleId::new("policy-obligation"), operator: Operator::Drop };
        Plan::new(Parts {
            release: release.collect(),
            redact: own.chain(narrow.into_iter().map(|path| (path, policy.clone()))).collect(),
            subject: self.subject.clone(),
            detection: detection.or_else(|| self.detection.clone()),
            text: self.text,
            shape,
        })
    }

    /// What the rules do, in words, for `check --explain`.
    pub fn explain(&self) -> String {
        let mut lines = vec![format!(
            "  to call: {}",
            if self.scopes.is_empty() { "any token".into() } else { self.scopes.to_string() }
        )];
        for (scope, path) in &self.release {
            let scope = scope.as_deref().unwrap_or("every caller");
            lines.push(format!("  {scope} sees {}", path.as_str()));
        }
        for rule in &self.redact {
            let unless = rule.unless.as_ref().map(|scope| format!(", unless {scope}")).unwrap_or_default();
            let when = rule.when.as_ref().map(|scope| format!(", for {scope}")).unwrap_or_default();
            lines.push(format!("  {} {}{unless}{when}", rule.redaction.operator.name(), rule.path.as_str()));
        }
        lines.push(format!(
            "  then {}",
            self.profile.as_deref().map_or("no detectors".into(), |name| format!("the detectors of {name}"))
        ));
        lines.join("\n")
    }

    /// The scopes under which something is released.
    pub fn releasing_scopes(&self) -> impl Iterator<Item = &str> {
        self.release.iter().filter_map(|(scope, _)| scope.as_deref())
    }
}

/// The operators of the tool's own profile, made stricter by those that policy names.
pub fn stricter<'p>(
    detectors: &Detectors,
    profiles: &'p HashMap<String, Profile>,
    own: Option<&str>,
    added: &'p [String],
) -> Option<Detection> {
    let names = own.into_iter().chain(added.iter().map(String::as_str));
    profile::combine(detectors, names.filter_map(|name| profiles.get(name)))
}

fn compile(
    file: &str,
    name: &str,
    tool: &Spanned<ToolFile>,
    profiles: &HashMap<String, Profile>,
) -> Result<ToolRules, Vec<SourceFault>> {
    let mut faults = Vec::new();
    let mut path = |text: &Spanned<String>| {
        Path::compile(&text.value).map_err(|why| faults.push(SourceFault::at(file, text, why))).ok()
    };
    let raw = &tool.value;
    let mut release = Vec::new();
    match &raw.release {
        Release::All => release.push((None, Path::root())),
        Release::ByScope(scopes) => {
            for (scope, paths) in scopes {
                release.extend(paths.iter().filter_map(&mut path).map(|path| (Some(scope.clone()), path)));
            }
        }
    }
    let subject = raw.subject.as_ref().and_then(&mut path);
    let mut redact = Vec::new();
    for (number, rule) in raw.redact.iter().enumerate() {
        match Path::compile(&rule.value.path) {
            Err(why) => faults.push(SourceFault::at(file, rule, why)),
            Ok(path) => redact.push(ScopedRedaction {
                path,
                redaction: Redaction {
                    id: RuleId::new(format!("{name}.redact[{number}]")),
                    operator: rule.value.operator,
                },
                unless: rule.value.unless.clone(),
                when: rule.value.when.clone(),
            }),
        }
    }
    let mut detection = None;
    if let Some(profile) = &raw.profile {
        match profiles.get(&profile.value) {
            Some(found) => detection = Some(found.detection.clone()),
            None => faults.push(SourceFault::at(
                file,
                profile,
                format!("there is no profile `{}`", profile.value),
            )),
        }
    }
    if release.is_empty() {
        let message = format!("`{name}` releases nothing: give `release` paths by scope, or `release: all`");
        faults.push(SourceFault::at(file, tool, message));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(ToolRules {
        scopes: raw.scopes.iter().cloned().collect(),
        labels: raw.labels.clone(),
        blobs: raw.blobs,
        profile: raw.profile.as_ref().map(|profile| profile.value.clone()),
        subject,
        release,
        redact,
        detection,
        text: raw.text,
        examples: raw.examples.len(),
    })
}

/// The year against which examples are run; they must not change with the calendar.
const EXAMPLE_YEAR: u16 = 2026;

fn prove(file: &str, examples: &[Spanned<Example>], rules: &ToolRules) -> Vec<SourceFault> {
    let fault = |example: &Spanned<Example>| {
        let held: Scopes = example.value.scopes.iter().cloned().collect();
        let plan = rules.plan(&held, None, Vec::new(), None);
        match filter_value(&plan, &example.value.result) {
            Ok(got) if got == example.value.expect => None,
            Ok(got) => Some(format!("the example gives {got}, not {}", example.value.expect)),
            Err(blocked) => Some(format!("the example is blocked: {}", blocked.reason())),
        }
    };
    examples
        .iter()
        .filter_map(|example| fault(example).map(|why| SourceFault::at(file, example, why)))
        .collect()
}

fn filter_value(plan: &Plan, result: &Value) -> Result<Value, Blocked> {
    let document = result.to_string();
    let mut redactor = Redactor::new(plan, EXAMPLE_YEAR);
    let mut filtered = redactor.structure(document.as_bytes())?;
    if redactor.must_repeat() {
        filtered = redactor.structure(document.as_bytes())?;
    }
    filtered.map_or(Ok(Value::Null), |bytes| serde_json::from_slice(&bytes).map_err(|_| Blocked::Syntax))
}
