//! Stand-ins on their way back: where a tool's arguments may carry them, and the arguments
//! with the values in their place.
//!
//! Invariant: a value goes into those arguments alone that a rule names for its entity, and a
//! stand-in anywhere else is refused rather than sent on, where it would be written over
//! what it stands for.

use crate::model::fault::Origin;
use crate::model::ids::Entity;
use crate::model::scope::Scopes;
use crate::redact::path::Path;
use crate::redact::transform::{Mention, mentions};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ptr;

/// Arguments of a tool that may carry stand-ins.
#[derive(Clone, Debug)]
pub struct Restore {
    pub(crate) path: Path,
    pub(crate) entities: BTreeSet<Entity>,
    /// None: for every caller.
    pub(crate) when: Option<String>,
    pub(crate) origin: Origin,
}

impl Restore {
    pub fn applies(&self, held: &Scopes) -> bool {
        self.when.as_ref().is_none_or(|scope| held.contains(scope))
    }
}

/// Arguments with values in the place of stand-ins.
#[derive(Debug)]
pub struct Restored {
    pub arguments: Box<RawValue>,
    /// Each value, and what stood for it.
    pub values: BTreeMap<String, String>,
    /// How many of each entity.
    pub counts: BTreeMap<Entity, u64>,
}

/// Why arguments may not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Never given to this caller, or expired.
    Unknown,
    /// No rule restores such a stand-in here.
    Misplaced,
    /// The arguments cannot be read.
    Unreadable,
}

/// Whom to ask what stands behind stand-ins.
pub trait Restorer {
    /// Whether there are stand-ins of this name at all.
    fn knows(&self, entity: &str) -> bool;

    /// None for what was not given to this caller, or has expired.
    fn open(&self, mention: &Mention<'_>) -> Option<String>;
}

/// Whether a text carries a stand-in.
pub fn carries(restorer: &impl Restorer, text: &str) -> bool {
    mentions(text).iter().any(|mention| restorer.knows(&mention.entity))
}

/// The arguments restored; None when they carry no stand-in. `raw` is how `arguments` was
/// written: what changes nothing stays as it is, to the spelling of its numbers.
///
/// # Errors
/// [`Refusal`], of the first stand-in that may not pass.
pub fn restore(
    restorer: &impl Restorer,
    rules: &[Restore],
    arguments: &Value,
    raw: &RawValue,
) -> Result<Option<Restored>, Refusal> {
    let mut allowed: Vec<(*const Value, &BTreeSet<Entity>)> = Vec::new();
    for rule in rules {
        let selected = rule.path.select(arguments).ok_or(Refusal::Unreadable)?;
        allowed.extend(selected.into_iter().map(|value| (ptr::from_ref(value), &rule.entities)));
    }
    let mut walk =
        Walk { restorer, allowed, values: BTreeMap::new(), counts: BTreeMap::new(), out: String::new() };
    walk.value(arguments, raw, &[])?;
    if walk.values.is_empty() {
        return Ok(None);
    }
    let arguments = RawValue::from_string(walk.out).map_err(|_| Refusal::Unreadable)?;
    Ok(Some(Restored { arguments, values: walk.values, counts: walk.counts }))
}

struct Walk<'r, R> {
    restorer: &'r R,
    /// By the value that a rule selects; what lies beneath it is selected, too.
    allowed: Vec<(*const Value, &'r BTreeSet<Entity>)>,
    values: BTreeMap<String, String>,
    counts: BTreeMap<Entity, u64>,
    out: String,
}

impl<'r, R: Restorer> Walk<'r, R> {
    fn value(
        &mut self,
        value: &Value,
        raw: &RawValue,
        above: &[&'r BTreeSet<Entity>],
    ) -> Result<(), Refusal> {
        let here = self.allowed.iter().filter(|(selected, _)| ptr::eq(*selected, value));
        let here: Vec<&BTreeSet<Entity>> =
            here.map(|(_, entities)| *entities).chain(above.iter().copied()).collect();
        let unreadable = |_| Refusal::Unreadable;
        match value {
            Value::String(text) => match self.text(text, &here)? {
                Some(text) => self.out.push_str(&Value::from(text).to_string()),
                None => self.out.push_str(raw.get()),
            },
            Value::Array(elements) => {
                let raw: Vec<&RawValue> = serde_json::from_str(raw.get()).map_err(unreadable)?;
                self.out.push('[');
                for (index, (element, raw)) in elements.iter().zip(raw).enumerate() {
                    self.comma(index);
                    self.value(element, raw, &here)?;
                }
                self.out.push(']');
            }
            Value::Object(object) => {
                let raw: Members<'_> = serde_json::from_str(raw.get()).map_err(unreadable)?;
                self.out.push('{');
                for (index, (name, raw)) in raw.0.into_iter().enumerate() {
                    let member = object.get(&name).ok_or(Refusal::Unreadable)?;
                    if carries(self.restorer, &name) {
                        return Err(Refusal::Misplaced);
                    }
                    self.comma(index);
                    self.out.push_str(&Value::from(name).to_string());
                    self.out.push(':');
                    self.value(member, raw, &here)?;
                }
                self.out.push('}');
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => self.out.push_str(raw.get()),
        }
        Ok(())
    }

    fn comma(&mut self, index: usize) {
        if index > 0 {
            self.out.push(',');
        }
    }

    /// The text restored; None when it carries no stand-in.
    fn text(&mut self, text: &str, allowed: &[&BTreeSet<Entity>]) -> Result<Option<String>, Refusal> {
        let (mut out, mut copied) = (String::new(), 0);
        for mention in mentions(text) {
            if !self.restorer.knows(&mention.entity) {
                continue;
            }
            if !allowed.iter().any(|entities| entities.contains(mention.entity.as_str())) {
                return Err(Refusal::Misplaced);
            }
            let value = self.restorer.open(&mention).ok_or(Refusal::Unknown)?;
            out.push_str(text.get(copied..mention.range.start).unwrap_or_default());
            out.push_str(&value);
            copied = mention.range.end;
            self.values.insert(value, text.get(mention.range).unwrap_or_default().to_owned());
            *self.counts.entry(Entity::new(mention.entity)).or_default() += 1;
        }
        if copied == 0 {
            return Ok(None);
        }
        out.push_str(text.get(copied..).unwrap_or_default());
        Ok(Some(out))
    }
}

/// An object's members in order, each value as it is written.
struct Members<'r>(Vec<(String, &'r RawValue)>);

impl<'de: 'r, 'r> serde::Deserialize<'de> for Members<'r> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Object).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct Amara;

    impl Restorer for Amara {
        fn knows(&self, entity: &str) -> bool {
            matches!(entity, "PERSON" | "US_SSN")
        }

        fn open(&self, mention: &Mention<'_>) -> Option<String> {
            use crate::redact::transform::Reference;
            (mention.reference == Reference::Number(1_234_567)).then(|| "Amara \"Ó\" Okafor".to_owned())
        }
    }

    fn run(paths: &[&str], arguments: &str) -> Result<Option<String>, Refusal> {
        let rules: Vec<Restore> = paths
            .iter()
            .map(|path| Restore {
                path: Path::compile(path).unwrap(),
                entities: [Entity::new("PERSON")].into(),
                when: None,
                origin: Origin::default(),
            })
            .collect();
        let raw = RawValue::from_string(arguments.to_owned()).unwrap();
        let value: Value = serde_json::from_str(arguments).unwrap();
        restore(&Amara, &rules, &value, &raw)
            .map(|restored| restored.map(|restored| restored.arguments.get().to_owned()))
    }

    #[test]
    fn a_value_goes_where_a_rule_lets_it_and_nothing_else_changes() {
        let arguments =
            r#"{"b": 1.50, "note": {"to": ["PERSON_1234567 and\u0020she"]}, "big": 12345678901234567890123}"#;
        let restored = run(&["$.note"], arguments).unwrap().unwrap();
        assert!(restored.contains(r#""Amara \"Ó\" Okafor and she""#), "{restored}");
        assert!(restored.contains("1.50") && restored.contains("12345678901234567890123"));
        assert_eq!(run(&["$.note"], r#"{"note": "PERSON_12"}"#), Ok(None));
        assert_eq!(run(&[], r#"{"note": "ORDER_1234567"}"#), Ok(None));
    }

    #[test]
    fn elsewhere_and_unknown_ones_are_refused() {
        let at = |name: &str, text: &str| json!({name: text}).to_string();
        assert_eq!(run(&["$.note"], &at("title", "PERSON_1234567")), Err(Refusal::Misplaced));
        assert_eq!(run(&["$.note"], &at("note", "US_SSN_1234567")), Err(Refusal::Misplaced));
        assert_eq!(run(&["$.note"], &at("note", "PERSON_1234568")), Err(Refusal::Unknown));
        assert_eq!(run(&["$"], &at("PERSON_1234567", "x")), Err(Refusal::Misplaced));
        let both = r#"{"note": "PERSON_1234567", "title": "person_1234567"}"#;
        assert_eq!(run(&["$.note"], both), Err(Refusal::Misplaced));
    }
}
