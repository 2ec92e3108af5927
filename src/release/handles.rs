//! What an upstream gives a client to hand back leaves sealed.

use crate::model::ids::{Lineage, ServerName};
use crate::store::seals::{Bond, Seals};
use crate::store::tasks::Tasks;
use crate::wire::form::Seal;
use crate::wire::message::RequestId;
use serde_json::json;

/// Whose handles they are, and of which request.
pub(super) struct Handles<'h> {
    pub(super) seals: &'h Seals,
    pub(super) tasks: &'h Tasks,
    pub(super) lineage: &'h Lineage,
    pub(super) server: &'h ServerName,
    /// The request's method and name.
    pub(super) about: &'h str,
}

impl Handles<'_> {
    /// None for what must not be handed on: a task whose tool is unknown.
    pub(super) fn seal(&self, seal: Seal, text: &str) -> Option<String> {
        let about = match seal {
            Seal::State | Seal::Cursor => self.about,
            Seal::Task => {
                self.tasks.get(self.lineage, self.server, text)?;
                ""
            }
            Seal::Event => return None,
        };
        self.seals.seal(&Bond { lineage: self.lineage, server: self.server, seal, about }, text)
    }

    /// The id of an event in the stream of `request`, good in its session alone.
    pub(super) fn position(&self, session: &str, request: Option<&RequestId>, id: &str) -> Option<String> {
        let bond = Bond { lineage: self.lineage, server: self.server, seal: Seal::Event, about: session };
        self.seals.seal(&bond, &json!([request.map(RequestId::as_value), id]).to_string())
    }
}
