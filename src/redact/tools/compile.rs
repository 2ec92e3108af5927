//! From a rule as it is written to one that can be applied, and the run of its examples.

use super::file::{Example, Release, RestoreFile, ToolFile};
use super::{Access, ScopedRedaction, ScopedRelease, ToolRules, UNNAMED};
use crate::model::fault::{Origin, SourceFault};
use crate::model::ids::{Entity, RuleId};
use crate::model::nearest::meant;
use crate::model::scope::Scopes;
use crate::redact::operator;
use crate::redact::path::Path;
use crate::redact::plan::{Detection, Plan, Redaction};
use crate::redact::profile::Profile;
use crate::redact::restore::Restore;
use crate::redact::{Blocked, Numbered, Redactor, Secrets, Setting, Substitutes};
use serde_json::Value;
use serde_saphyr::Spanned;
use std::collections::HashMap;
use std::sync::Arc;

pub(super) fn compile(
    file: &str,
    name: &str,
    tool: &Spanned<ToolFile>,
    profiles: &HashMap<String, Profile>,
) -> Result<ToolRules, Vec<SourceFault>> {
    let mut faults = Vec::new();
    let mut path = |text: &Spanned<String>| {
        Path::compile(&text.value).map_err(|why| faults.push(SourceFault::at(file, text, why))).ok()
    };
    let whole =
        |spanned| ScopedRelease { scope: None, path: Path::root(), origin: Origin::of(file, spanned) };
    let raw = &tool.value;
    let mut release = Vec::new();
    match &raw.release {
        Release::All => release.push(whole(tool)),
        Release::ByScope(scopes) => {
            for (scope, paths) in scopes {
                release.extend(paths.iter().filter_map(|text| {
                    let (scope, origin) = (Some(scope.clone()), Origin::of(file, text));
                    Some(ScopedRelease { scope, path: path(text)?, origin })
                }));
            }
        }
    }
    let subject = raw.subject.as_ref().and_then(|text| Some((path(text)?, Origin::of(file, text))));
    let mut redact = Vec::new();
    for (number, rule) in raw.redact.iter().enumerate() {
        match Path::compile(&rule.value.path) {
            Err(why) => faults.push(SourceFault::at(file, rule, why)),
            Ok(_)
                if let Some(why) = operator::forbidden(rule.value.entity.as_deref(), rule.value.operator) =>
            {
                faults.push(SourceFault::at(file, rule, why));
            }
            Ok(path) => redact.push(ScopedRedaction {
                path,
                redaction: Redaction {
                    id: RuleId::new(format!("{name}.redact[{number}]")),
                    operator: rule.value.operator,
                    entity: Entity::new(rule.value.entity.as_deref().unwrap_or(UNNAMED)),
                },
                origin: Origin::of(file, rule),
                unless: rule.value.unless.clone(),
                when: rule.value.when.clone(),
            }),
        }
    }
    let restore = restore(file, raw, &mut faults);
    let detection = self::detection(file, raw.profile.as_ref(), profiles, &mut faults);
    let arguments = self::detection(file, raw.arguments.as_ref(), profiles, &mut faults);
    let access = Access::read(file, name, tool, &mut faults);
    if release.is_empty() {
        let message = format!("`{name}` releases nothing: give `release` paths by scope, or `release: all`");
        faults.push(SourceFault::at(file, tool, message));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(ToolRules {
        origin: Origin::of(file, tool),
        scopes: raw.scopes.iter().cloned().collect(),
        labels: raw.labels.clone(),
        access,
        blobs: raw.blobs.clone(),
        profile: raw.profile.as_ref().map(|profile| profile.value.clone()),
        subject,
        release,
        redact,
        detection,
        arguments,
        restore,
        text: raw.text,
        examples: raw.examples.len(),
        plans: Arc::default(),
    })
}

fn restore(file: &str, raw: &ToolFile, faults: &mut Vec<SourceFault>) -> Vec<Restore> {
    let mut rules = Vec::new();
    for rule in &raw.restore {
        let RestoreFile { path, entities, when } = &rule.value;
        match Path::compile(path) {
            Err(why) => faults.push(SourceFault::at(file, rule, why)),
            Ok(_) if entities.is_empty() => {
                faults.push(SourceFault::at(file, rule, "name the `entities` that may be restored here"));
            }
            Ok(path) => rules.push(Restore {
                path,
                entities: entities.iter().map(Entity::new).collect(),
                when: when.clone(),
                origin: Origin::of(file, rule),
            }),
        }
    }
    rules
}

/// The detectors of a profile that a rule names.
pub(super) fn detection(
    file: &str,
    named: Option<&Spanned<String>>,
    profiles: &HashMap<String, Profile>,
    faults: &mut Vec<SourceFault>,
) -> Option<Detection> {
    let named = named?;
    let found = profiles.get(&named.value).map(|profile| profile.detection.clone());
    if found.is_none() {
        let meant = meant(&named.value, profiles.keys().map(String::as_str));
        faults.push(SourceFault::at(file, named, format!("there is no profile `{}`{meant}", named.value)));
    }
    found
}

/// The year against which examples are run; they must not change with the calendar.
const EXAMPLE_YEAR: u16 = 2026;
/// The same everywhere: an example says what a keyed operator makes with this key.
const EXAMPLE_KEY: &[u8] = b"the key of examples, and of nothing else";

pub(super) fn prove(file: &str, examples: &[Spanned<Example>], rules: &ToolRules) -> Vec<SourceFault> {
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
    let secrets = Secrets::new(EXAMPLE_KEY, "example").map(Arc::new);
    let substitutes: Option<Arc<dyn Substitutes>> = Some(Arc::new(Numbered::default()));
    let mut redactor = Redactor::within(plan, Setting { this_year: EXAMPLE_YEAR, secrets, substitutes });
    let mut filtered = redactor.structure(document.as_bytes())?;
    if redactor.must_repeat() {
        filtered = redactor.structure(document.as_bytes())?;
    }
    filtered.map_or(Ok(Value::Null), |text| serde_json::from_str(&text).map_err(|_| Blocked::Syntax))
}
