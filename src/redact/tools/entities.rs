//! What values are said to be: entities that detectors find, or that the file declares for
//! values which none can find, such as a diagnosis or a salary.
//!
//! Invariant: a name that nobody knows is a fault. Misspelt it would slip by what holds for the
//! entity that was meant: what PCI DSS forbids, surrogates, arguments that restore.

use super::UNNAMED;
use super::file::File;
use crate::model::fault::SourceFault;
use crate::model::ids::{self, Entity};
use crate::model::nearest::meant;
use std::collections::BTreeSet;

/// Every entity of the file that is neither found nor declared, and what is wrong with those
/// that are declared.
pub(super) fn faults(file: &str, raw: &File, found: &BTreeSet<Entity>) -> Vec<SourceFault> {
    let malformed = raw.entities.iter().filter(|name| !Entity::is_well_formed(&name.value));
    let mut faults: Vec<_> = malformed.map(|name| SourceFault::at(file, name, ids::ENTITY_FORM)).collect();
    let declared = raw.entities.iter().map(|name| name.value.as_str());
    let known: BTreeSet<&str> = found.iter().map(Entity::as_str).chain(declared).chain([UNNAMED]).collect();
    let unknown = |name: &str| {
        (!known.contains(name)).then(|| {
            format!(
                "no detector finds `{name}`{} — a value that none can find is declared at the top of the file: \
                 `entities: [{name}]`",
                meant(name, known.iter().copied())
            )
        })
    };
    for rules in raw.tools.values().chain(raw.prompts.values()).chain(raw.resources.values()) {
        for rule in &rules.value.redact {
            let fault = rule.value.entity.as_deref().and_then(unknown);
            faults.extend(fault.map(|message| SourceFault::at(file, rule, message)));
        }
        for rule in &rules.value.restore {
            let named = rule.value.entities.iter().filter_map(|name| unknown(name));
            faults.extend(named.map(|message| SourceFault::at(file, rule, message)));
        }
    }
    faults
}
