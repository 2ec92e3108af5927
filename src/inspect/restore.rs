//! Stand-ins in a tool's arguments, exchanged for what this caller was shown them for.

use super::Inspector;
use crate::model::denial::Denial;
use crate::model::ids::Entity;
use crate::redact::Hidden;
use crate::redact::restore::{self, Refusal, Restorer};
use crate::redact::substitute::Mention;
use crate::request::{Grant, Request};
use crate::store::vault::Deposit;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What goes to the tool in place of the client's arguments.
pub(super) struct Restored {
    pub(super) arguments: Value,
    pub(super) raw: Box<RawValue>,
    /// The values, which must not come back.
    pub(super) hidden: Arc<Hidden>,
    pub(super) counts: BTreeMap<Entity, u64>,
}

/// A caller's stand-ins.
pub(super) struct Back<'b> {
    deposit: Deposit,
    entities: &'b BTreeSet<Entity>,
}

impl Restorer for Back<'_> {
    fn knows(&self, entity: &str) -> bool {
        self.entities.contains(entity)
    }

    fn open(&self, mention: &Mention<'_>) -> Option<String> {
        self.deposit.open(mention)
    }
}

impl Inspector<'_> {
    pub(super) fn back(&self, request: &Request, now: std::time::Duration) -> Back<'_> {
        Back { deposit: self.vault.of(&request.principal.lineage, now), entities: self.entities }
    }
}

impl Restored {
    /// None when the arguments carry no stand-in.
    pub(super) fn of(back: &Back<'_>, request: &Request, grant: &Grant) -> Result<Option<Self>, Denial> {
        let Some(raw) = request.message.raw_arguments() else { return Ok(None) };
        let rules = grant.item.as_ref().map_or(&[][..], |item| &item.restore);
        let found = restore::restore(back, rules, &request.message.arguments(), raw);
        let found = found.map_err(|refusal| match refusal {
            Refusal::Unknown => Denial::SubstituteUnknown,
            Refusal::Misplaced => Denial::SubstituteMisplaced,
            Refusal::Unreadable => Denial::ArgumentsInvalid("they cannot be looked at whole".into()),
        })?;
        let Some(found) = found else { return Ok(None) };
        let unreadable = || Denial::ArgumentsInvalid("they cannot be written anew".into());
        Ok(Some(Self {
            arguments: serde_json::from_str(found.arguments.get()).map_err(|_| unreadable())?,
            raw: found.arguments,
            // What cannot be kept from coming back is not sent.
            hidden: Arc::new(Hidden::new(found.values).ok_or_else(unreadable)?),
            counts: found.counts,
        }))
    }
}
