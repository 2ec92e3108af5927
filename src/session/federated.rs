//! At a federated endpoint: which member a message is for.

use super::Guard;
use crate::model::denial::Denial;
use crate::model::ids::{Lineage, ServerName};
use crate::request::conversation::Question;
use crate::store::seals::{Bond, Seals};
use crate::wire::form::Seal;
use crate::wire::message::Message;
use crate::wire::method::Method;

impl Guard {
    /// The server that a message is for. At a federated endpoint that is the member which
    /// the tool's name names, which made the question or which has the task; from here on
    /// the message is that member's, with the member's own name for its tool. What is for
    /// no one member, such as `tools/list`, stays with the federation.
    ///
    /// # Errors
    /// [`Denial::ToolUnknown`] or [`Denial::HandleUnknown`] where no member is meant.
    pub(super) fn addressed(
        &self,
        entrance: ServerName,
        message: &mut Message,
        answers: Option<&Question>,
        lineage: &Lineage,
    ) -> Result<ServerName, Denial> {
        let Some(federation) = self.catalogue.federation(&entrance) else { return Ok(entrance) };
        if let Some(question) = answers {
            return Ok(question.server.clone());
        }
        if let Some(task) = message.task() {
            let has = |member: &&ServerName| opens(&self.seals, lineage, member, task);
            return federation.members().find(has).cloned().ok_or(Denial::HandleUnknown);
        }
        if message.method != Method::ToolsCall {
            return Ok(entrance);
        }
        let (member, name) =
            message.tool().and_then(|name| federation.resolve(name)).ok_or(Denial::ToolUnknown)?;
        let (member, name) = (member.clone(), name.to_owned());
        message.call_instead(name);
        Ok(member)
    }
}

fn opens(seals: &Seals, lineage: &Lineage, server: &ServerName, task: &str) -> bool {
    let bond = Bond { lineage, server, seal: Seal::Task, about: "" };
    seals.unseal(&bond, task).is_some()
}
