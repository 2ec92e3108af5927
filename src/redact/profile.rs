//! Profiles: which entity gets which operator, for one standard.

use crate::model::fault::{Origin, SourceFault};
use crate::model::ids::Entity;
use crate::model::nearest::meant;
use crate::model::yaml::read_yaml;
use crate::redact::detect::Detectors;
use crate::redact::operator::{self, Operator};
use crate::redact::plan::Detection;
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::HashMap;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    title: String,
    reference: String,
    /// What the profile does not cover, in words; docs/profiles.md repeats it.
    known_limits: String,
    entities: HashMap<String, Spanned<Operator>>,
}

/// A named profile, such as `hipaa-safe-harbor`, with its scanner.
#[derive(Clone)]
pub struct Profile {
    pub name: String,
    pub title: String,
    pub known_limits: String,
    pub detection: Detection,
    /// Where it says what becomes of each entity.
    pub(crate) origins: HashMap<Entity, Origin>,
}

impl Profile {
    /// # Errors
    /// A fault with its place, also for an entity that no detector finds: such a
    /// line would promise a protection that never happens.
    pub fn load(file: &str, text: &str, detectors: &Detectors) -> Result<Self, SourceFault> {
        let raw: File = read_yaml(file, text)?;
        if raw.title.is_empty() || raw.reference.is_empty() || raw.known_limits.is_empty() {
            return Err(SourceFault::whole(
                file,
                "`title`, `reference` and `known_limits` must not be empty",
            ));
        }
        let known = detectors.entities();
        let (mut operators, mut origins) = (HashMap::new(), HashMap::new());
        for (name, operator) in raw.entities {
            let entity = Entity::new(&name);
            if !known.contains(&entity) {
                let meant = meant(&name, known.iter().map(Entity::as_str));
                return Err(SourceFault::at(file, &operator, format!("no detector finds `{name}`{meant}")));
            }
            if let Some(why) = operator::forbidden(Some(&name), operator.value) {
                return Err(SourceFault::at(file, &operator, why));
            }
            origins.insert(entity.clone(), Origin::of(file, &operator));
            operators.insert(entity, operator.value);
        }
        Ok(Self {
            detection: detection(detectors, operators),
            name: raw.name,
            title: raw.title,
            known_limits: raw.known_limits,
            origins,
        })
    }
}

/// A scanner for exactly the entities that `operators` names.
pub fn detection(detectors: &Detectors, operators: HashMap<Entity, Operator>) -> Detection {
    let scanner = detectors.scanner(|entity| operators.contains_key(entity));
    Detection::new(scanner, operators)
}

/// Several profiles as one: for each entity, the operator that shows least.
pub fn combine<'p>(
    detectors: &Detectors,
    profiles: impl IntoIterator<Item = &'p Profile>,
) -> Option<Detection> {
    let mut profiles = profiles.into_iter();
    let first = profiles.next()?;
    let mut operators = HashMap::clone(&first.detection.operators);
    let mut others = profiles.peekable();
    if others.peek().is_none() {
        return Some(first.detection.clone());
    }
    for profile in others {
        for (entity, operator) in profile.detection.operators.iter() {
            let strictest = operators.entry(entity.clone()).or_insert(*operator);
            if operator.shows() < strictest.shows() {
                *strictest = *operator;
            }
        }
    }
    Some(detection(detectors, operators))
}
