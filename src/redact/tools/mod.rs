//! The rules of tools, prompts and resources: `rules/tools/<server>.yaml`, the file a data
//! steward writes.

mod access;
mod compile;
mod describe;
mod entities;
mod explain;
mod file;
mod notes;
pub mod scopes;
mod server;

use crate::model::fault::{Origin, SourceFault};
use crate::model::ids::{Entity, RuleId};
use crate::model::scope::Scopes;
pub use crate::redact::blobs::Blobs;
use crate::redact::fit::fits;
use crate::redact::kept::Kept;
use crate::redact::operator::Operator;
use crate::redact::path::Path;
use crate::redact::plan::{Detection, Parts, Plan, Redaction, TextMode};
use crate::redact::profile::Profile;
use crate::redact::restore::Restore;
use crate::redact::shape::Shape;
pub use access::{Access, BreakGlass, StepUpRule};
pub use explain::{Detected, Explained, Fate, explain};
pub use server::{MessageRules, Pattern, ServerRules, is_ambiguous};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The entity of a redaction by path that names none: `[VALUE_1]`.
const UNNAMED: &str = "VALUE";

/// What tool rules may name.
#[derive(Clone, Copy)]
pub struct Known<'k> {
    pub profiles: &'k HashMap<String, Profile>,
    /// What detectors find.
    pub entities: &'k BTreeSet<Entity>,
}

/// The rules of one tool, prompt or resource, compiled.
#[derive(Clone)]
pub struct ToolRules {
    /// Where the file names it.
    pub origin: Origin,
    pub scopes: Scopes,
    pub labels: Vec<String>,
    /// What a call needs beyond scopes.
    pub access: Access,
    pub blobs: Blobs,
    pub profile: Option<String>,
    subject: Option<(Path, Origin)>,
    release: Vec<ScopedRelease>,
    redact: Vec<ScopedRedaction>,
    detection: Option<Detection>,
    /// What the client's arguments must not hold.
    pub arguments: Option<Detection>,
    /// Where the client's arguments may carry stand-ins.
    pub restore: Vec<Restore>,
    text: TextMode,
    pub(crate) examples: usize,
    /// The plans made of these rules for the callers of late.
    pub(crate) plans: Arc<Kept<PlanKey, Plan>>,
}

#[derive(Clone)]
struct ScopedRelease {
    /// None: for every caller.
    scope: Option<String>,
    path: Path,
    origin: Origin,
}

#[derive(Clone)]
struct ScopedRedaction {
    path: Path,
    redaction: Redaction,
    origin: Origin,
    unless: Option<String>,
    when: Option<String>,
}

impl ScopedRedaction {
    fn applies(&self, held: &Scopes) -> bool {
        let holds = |scope: &String| held.contains(scope);
        self.when.as_ref().is_none_or(holds) && !self.unless.as_ref().is_some_and(holds)
    }
}

/// All that tells two plans of one tool apart.
pub(crate) struct PlanKey {
    /// Of the scopes that the rules name, those that the caller holds.
    held: BTreeSet<String>,
    narrow: Narrowing,
    shape: Option<Arc<Shape>>,
}

impl PartialEq for PlanKey {
    /// A shape is the same if it is that of the same reading of the tool list.
    fn eq(&self, other: &Self) -> bool {
        let shapes = match (&self.shape, &other.shape) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        shapes && self.held == other.held && self.narrow == other.narrow
    }
}

/// What policy adds to a tool's own rules. It can only take away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowing {
    pub drop: Vec<String>,
    pub profiles: Vec<String>,
}

impl ToolRules {
    /// The plan for a caller who holds `held`. `shape` comes from the tool's pinned
    /// `outputSchema`.
    pub fn plan(
        &self,
        held: &Scopes,
        shape: Option<Arc<Shape>>,
        narrow: Vec<Path>,
        detection: Option<Detection>,
    ) -> Plan {
        let holds = |scope: &Option<String>| scope.as_ref().is_none_or(|scope| held.contains(scope));
        let release = self.release.iter().filter(|rule| holds(&rule.scope)).map(|rule| rule.path.clone());
        let own = self
            .redact
            .iter()
            .filter(|rule| rule.applies(held))
            .map(|rule| (rule.path.clone(), rule.redaction.clone()));
        let policy = Redaction {
            id: RuleId::new("policy-obligation"),
            operator: Operator::Drop,
            entity: Entity::new(UNNAMED),
        };
        Plan::new(Parts {
            release: release.collect(),
            redact: own.chain(narrow.into_iter().map(|path| (path, policy.clone()))).collect(),
            subject: self.subject.as_ref().map(|(path, _)| path.clone()),
            detection: detection.or_else(|| self.detection.clone()),
            text: self.text,
            shape,
        })
    }

    pub(crate) fn key(&self, held: &Scopes, shape: Option<Arc<Shape>>, narrow: &Narrowing) -> PlanKey {
        let redact = self.redact.iter().flat_map(|rule| rule.when.iter().chain(&rule.unless));
        let named = self.release.iter().filter_map(|rule| rule.scope.as_ref()).chain(redact);
        let held = named.filter(|scope| held.contains(scope)).cloned().collect();
        PlanKey { held, narrow: narrow.clone(), shape }
    }

    /// What the rules by path make of values: of which entity, by which operator.
    pub(crate) fn redactions(&self) -> impl Iterator<Item = (&Entity, Operator)> {
        self.redact.iter().map(|rule| (&rule.redaction.entity, rule.redaction.operator))
    }

    /// What the rules by path do with values of an entity, and where they say so.
    pub(crate) fn operators_of(&self, entity: &Entity) -> impl Iterator<Item = (Operator, &Origin)> {
        let rules = self.redact.iter().filter(move |rule| rule.redaction.entity == *entity);
        rules.map(|rule| (rule.redaction.operator, &rule.origin))
    }

    /// The paths that can select nothing, given what the tool's schemas allow of results and
    /// of arguments: each is a rule that never fires.
    pub fn misfits(&self, output: Option<&Shape>, input: &Shape) -> Vec<SourceFault> {
        let results = self.result_paths().filter(|(path, _)| output.is_some_and(|shape| !fits(path, shape)));
        let arguments = self.restore.iter().map(|rule| (&rule.path, &rule.origin));
        let arguments = arguments.filter(|(path, _)| !fits(path, input));
        let fault = |(path, origin): (&Path, &Origin), schema: &str| SourceFault {
            file: origin.file.clone(),
            line: origin.line,
            column: 1,
            message: format!("`{}` can never fire: the tool's {schema} has no such place", path.as_str()),
        };
        let results = results.map(|rule| fault(rule, "outputSchema"));
        results.chain(arguments.map(|rule| fault(rule, "inputSchema"))).collect()
    }

    /// The paths within results, and where they are written.
    fn result_paths(&self) -> impl Iterator<Item = (&Path, &Origin)> {
        let release = self.release.iter().map(|rule| (&rule.path, &rule.origin));
        let redact = self.redact.iter().map(|rule| (&rule.path, &rule.origin));
        let subject = self.subject.iter().map(|(path, origin)| (path, origin));
        release.chain(redact).chain(subject)
    }

    /// Every scope that the rules name, and where.
    pub fn named_scopes(&self) -> impl Iterator<Item = (&str, &Origin)> {
        let granted = self.access.break_glass.iter().flat_map(|rule| &rule.grants).map(String::as_str);
        let called = self.scopes.iter().chain(granted).map(|scope| (scope, &self.origin));
        let release = self.release.iter().map(|rule| (rule.scope.as_ref(), &rule.origin));
        let redact = self.redact.iter();
        let redact =
            redact.flat_map(|rule| [&rule.when, &rule.unless].map(|scope| (scope.as_ref(), &rule.origin)));
        let restore = self.restore.iter().map(|rule| (rule.when.as_ref(), &rule.origin));
        let more = release.chain(redact).chain(restore);
        called.chain(more.filter_map(|(scope, origin)| Some((scope?.as_str(), origin))))
    }

    /// The scopes under which something is released.
    pub fn releasing_scopes(&self) -> impl Iterator<Item = &str> {
        self.release.iter().filter_map(|rule| rule.scope.as_deref())
    }
}
