//! How operators turn one value into another.
//!
//! Invariant: an operator that cannot make sense of a value, or has not what it needs, masks.

mod general;
mod keyed;
mod substitutes;
mod surrogate;

use crate::model::ids::Entity;
use crate::redact::json::Kind;
use crate::redact::marker::{self, REDACTED};
use crate::redact::operator::Operator;
use crate::redact::run::Run;
pub use keyed::Secrets;
use std::sync::Arc;
pub use substitutes::{Mention, NUMBERS, Numbered, Reference, Substitutes, mentions, pseudonym, token};
pub(crate) use surrogate::SURROGATES;

/// What takes a value's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Same,
    Drop,
    Null,
    Text(String),
    /// A JSON number, as it is written.
    Number(String),
}

/// What operators know besides the value.
#[derive(Clone, Default)]
pub struct Setting {
    /// For the age rule of HIPAA 164.514(b)(2)(i)(C).
    pub this_year: u16,
    /// Without, what needs a key masks.
    pub secrets: Option<Arc<Secrets>>,
    /// Without, what must be exchanged again masks.
    pub substitutes: Option<Arc<dyn Substitutes>>,
}

/// Applies an operator to a value or to a part of a text.
pub(crate) fn apply(run: &mut Run, operator: Operator, entity: &Entity, kind: Kind, text: &str) -> Outcome {
    let setting = &run.setting;
    let (secrets, substitutes) = (setting.secrets.as_deref(), setting.substitutes.as_deref());
    let made = match operator {
        Operator::Keep => return Outcome::Same,
        Operator::Drop => return Outcome::Drop,
        Operator::Null => return Outcome::Null,
        Operator::Mask => None,
        Operator::Partial => Some(marker::partial(text)),
        Operator::Replace => Some(run.mark(entity, text)),
        Operator::Pseudonym => substitutes.and_then(|vault| vault.pseudonym(entity, text)),
        Operator::Surrogate => secrets.and_then(|secrets| surrogate::surrogate(secrets, entity, text)),
        Operator::Token => substitutes.and_then(|vault| vault.token(entity, text)),
        Operator::Hash => secrets.map(|secrets| secrets.hash(entity, text)),
        Operator::Fpe => secrets.and_then(|secrets| secrets.encrypt(entity, text)),
        Operator::Shift => secrets.and_then(|secrets| secrets.shift(text, setting.this_year)),
        Operator::Year => Some(marker::year(text, setting.this_year)),
        Operator::Age => general::age(text, kind == Kind::Number, setting.this_year),
        Operator::Zip3 => general::zip3(text, kind == Kind::Number),
        Operator::Round(multiple) => general::round(text, multiple),
    };
    match made {
        Some(number) if kind == Kind::Number && is_number(operator) => Outcome::Number(number),
        Some(text) => Outcome::Text(text),
        None => Outcome::Text(REDACTED.to_owned()),
    }
}

/// Whether a number stays one.
fn is_number(operator: Operator) -> bool {
    matches!(operator, Operator::Round(_))
}
