//! What happened to one call, in order. Append-only: stages add, `audit` reads.
//!
//! The trail is separate from the stages' results, so that a refused call keeps
//! its history. Invariant: no event holds a value taken from arguments or results.

use crate::model::ids::{Entity, Lineage, RuleId, ServerName, ToolName};
use crate::model::scope::Scopes;
use std::collections::BTreeMap;

/// One step that a stage reports.
#[derive(Clone, Debug)]
pub enum Event {
    Authenticated {
        issuer: String,
        subject: String,
        client: String,
        token_id: String,
        lineage: Lineage,
        /// To whom the token says that it is bound: `none`, `dpop`, `mtls`.
        bound: &'static str,
    },
    Bound {
        server: ServerName,
        method: &'static str,
        revision: &'static str,
        tool: Option<ToolName>,
    },
    Decided {
        allow: bool,
        reason: String,
        policy: String,
    },
    /// A rule matched an argument without refusing the call.
    Noted {
        rule: RuleId,
    },
    /// Values took the place of stand-ins in the arguments: how many of each entity.
    Restored(BTreeMap<Entity, u64>),
    Delegated {
        mode: &'static str,
        audience: String,
        scope: String,
    },
    Answered {
        status: u16,
        bytes: usize,
    },
    Filtered(Filtered),
    /// Emergency access: what was said to ask for it, and where it waits for review.
    Emergency {
        review: String,
        purpose: String,
        reason: String,
        /// The one person that it is for, by keyed hash.
        subject: String,
        /// The first call of this emergency.
        opened: bool,
    },
    /// The lineage was killed by this call.
    Killed {
        pattern: &'static str,
    },
}

/// What `release` did to one result: proof that each rule ran.
#[derive(Clone, Debug, Default)]
pub struct Filtered {
    pub scopes: Scopes,
    pub rules_version: String,
    pub bytes_in: usize,
    pub bytes_out: usize,
    /// Strings, numbers and keys that were inspected.
    pub values_inspected: u64,
    /// Members and elements dropped because no held scope releases them.
    pub withheld: u64,
    pub subjects: usize,
    /// One entry per rule and action.
    pub actions: Vec<Action>,
}

/// How often one rule acted in a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    pub rule: RuleId,
    pub entity: Option<Entity>,
    pub operator: &'static str,
    pub count: u64,
}

impl Filtered {
    fn absorb(&mut self, more: &Filtered) {
        self.bytes_in += more.bytes_in;
        self.bytes_out += more.bytes_out;
        self.values_inspected += more.values_inspected;
        self.withheld += more.withheld;
        self.subjects += more.subjects;
        for action in &more.actions {
            let same = |known: &&mut Action| {
                (&known.rule, &known.entity, known.operator)
                    == (&action.rule, &action.entity, action.operator)
            };
            match self.actions.iter_mut().find(same) {
                Some(known) => known.count += action.count,
                None => self.actions.push(action.clone()),
            }
        }
    }
}

/// The append-only list.
#[derive(Debug, Default)]
pub struct Trail(Vec<Event>);

impl Trail {
    /// What was filtered is summed up: a stream has one record, however long it is.
    pub fn add(&mut self, event: Event) {
        if let Event::Filtered(more) = &event {
            let summed = self.0.iter_mut().find_map(|event| match event {
                Event::Filtered(sum) => Some(sum),
                _ => None,
            });
            if let Some(sum) = summed {
                sum.absorb(more);
                return;
            }
        }
        self.0.push(event);
    }

    pub fn events(&self) -> &[Event] {
        &self.0
    }
}
