//! What a server says unasked: notifications, and requests of its own.

use crate::model::denial::Denial;
use crate::redact::tools::Blobs;
use crate::release::Reading;
use crate::release::filter::Filter;
use crate::request::conversation::Question;
use crate::request::{ItemGrant, Pending};
use crate::wire::form::asks::Asking;
use crate::wire::form::notices::Notice;
use crate::wire::form::{self, Form};
use crate::wire::message::RequestId;
use crate::wire::revision::Era;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::sync::Arc;

impl Reading<'_> {
    /// A notification. One that is unknown, not allowed or about nothing this client has
    /// asked is dropped.
    pub(super) fn notice(&mut self, method: &str, raw: Option<&RawValue>) -> Result<Option<Vec<u8>>, Denial> {
        let Some(notice) = Notice::parse(method) else { return Ok(None) };
        if notice.feature().is_some_and(|feature| !self.facts.grant.messages.allows(feature)) {
            return Ok(None);
        }
        let read = params(raw)?;
        let params = match notice {
            Notice::Progress => self.progress(&read)?,
            Notice::Cancelled => self.cancelled(&read)?,
            Notice::TaskStatus | Notice::Task => self.task_notice(raw)?,
            Notice::Message
            | Notice::ToolsChanged
            | Notice::PromptsChanged
            | Notice::ResourcesChanged
            | Notice::ResourceUpdated
            | Notice::Acknowledged
            | Notice::ElicitationComplete => Some(self.by_messages(notice.params(), &read)?),
        };
        let Some(params) = params else { return Ok(None) };
        let mut message = json!({"jsonrpc": "2.0", "method": notice.as_str()});
        if !params.is_empty() {
            message["params"] = Value::Object(params);
        }
        Ok(Some(message.to_string().into_bytes()))
    }

    /// Progress of a request of this client. Its message is text about data, so it obeys
    /// the tool's plan.
    fn progress(&mut self, read: &Map<String, Value>) -> Result<Option<Map<String, Value>>, Denial> {
        let Some(token) = read.get("progressToken") else { return Ok(None) };
        let own = self.facts.pending.clone().filter(|pending| pending.progress.as_ref() == Some(token));
        let remembered = || self.facts.session.as_ref()?.conversation.progressing(token);
        let Some(pending) = own.or_else(remembered) else { return Ok(None) };
        if !pending.scopes.iter().all(|scope| self.facts.scopes.contains(scope)) {
            return Ok(None);
        }
        let mut out = match &pending.grant.item {
            Some(item) => self.by_item(item, &pending, Notice::Progress.params(), read)?,
            None => self.by_messages(Notice::Progress.params(), read)?,
        };
        out.insert("progressToken".into(), token.clone());
        Ok(Some(out))
    }

    /// The server takes back a question of its own, or ends what it was asked.
    fn cancelled(&mut self, read: &Map<String, Value>) -> Result<Option<Map<String, Value>>, Denial> {
        let Some(id) = read.get("requestId").and_then(RequestId::read) else { return Ok(None) };
        let own = self.facts.pending.as_ref().is_some_and(|pending| pending.id == id);
        let withdrawn =
            || self.facts.session.as_ref()?.conversation.withdrawn(&self.facts.server, &id).map(Value::from);
        let shown = if own { Some(id.as_value().clone()) } else { withdrawn() };
        let Some(shown) = shown else { return Ok(None) };
        let mut out = self.by_messages(Notice::Cancelled.params(), read)?;
        out.insert("requestId".into(), shown);
        Ok(Some(out))
    }

    /// A task's state. Its result comes by the rules of its tool; where those are not at
    /// hand the client is left to ask.
    fn task_notice(&mut self, raw: Option<&RawValue>) -> Result<Option<Map<String, Value>>, Denial> {
        let read = params(raw)?;
        let Some(task) = read.get("taskId").and_then(Value::as_str) else { return Ok(None) };
        let known = self.release.tasks.get(&self.facts.lineage, &self.facts.server, task).is_some();
        let Some(raw) = raw.filter(|_| known) else { return Ok(None) };
        let carries = read.contains_key("result") || read.contains_key("error");
        match (self.facts.grant.tasks.get(task).cloned(), &self.facts.pending) {
            (Some(item), Some(pending)) => {
                let pending = pending.clone();
                self.detailed_task(&pending, &item, raw).map(Some)
            }
            _ if carries => Ok(None),
            _ => self.by_messages(Notice::TaskStatus.params(), &read).map(Some),
        }
    }

    /// A request of the server. The client sees an id of the gate's, and the text obeys the
    /// rules for what belongs to no tool.
    pub(super) fn question(
        &mut self,
        id: RequestId,
        method: &str,
        raw: Option<&RawValue>,
    ) -> Result<Option<Vec<u8>>, Denial> {
        let refused = || Denial::ResultBlocked("server request");
        let asking = Asking::parse(method).ok_or_else(refused)?;
        let allowed = asking.feature().is_none_or(|feature| self.facts.grant.messages.allows(feature));
        let session = self.facts.session.clone().filter(|_| self.facts.revision.era() == Era::Legacy);
        let Some(session) = session.filter(|_| allowed) else { return Err(refused()) };
        let params = self.by_messages(asking.params(), &params(raw)?)?;
        let id =
            session.conversation.ask(Question { server: self.facts.server.clone(), upstream: id, asking });
        let id = id.ok_or(Denial::ResultBlocked("too many open server requests"))?;
        let mut message = json!({"jsonrpc": "2.0", "id": id, "method": asking.as_str()});
        if !params.is_empty() {
            message["params"] = Value::Object(params);
        }
        Ok(Some(message.to_string().into_bytes()))
    }

    fn by_messages(
        &mut self,
        form: &'static Form,
        read: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Denial> {
        let grant = self.facts.grant.clone();
        let messages = &grant.messages;
        let mut redactor = self.redactor(&messages.plan, None);
        let about = self.facts.pending.as_ref().map(|pending| pending.about.clone()).unwrap_or_default();
        let handles = self.handles(&about);
        redactor.treat(Blobs::Drop);
        let mut filter = Filter { redactor: &mut redactor, messages, handles: Some(&handles) };
        form::rebuild(form, read, &mut filter)
    }

    fn by_item(
        &mut self,
        item: &ItemGrant,
        pending: &Arc<Pending>,
        form: &'static Form,
        read: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Denial> {
        let mut redactor = self.redactor(&item.plan, Some(item));
        let messages = &pending.grant.messages;
        let mut filter = Filter { redactor: &mut redactor, messages, handles: None };
        form::rebuild(form, read, &mut filter)
    }
}

fn params(raw: Option<&RawValue>) -> Result<Map<String, Value>, Denial> {
    let Some(raw) = raw else { return Ok(Map::new()) };
    serde_json::from_str(raw.get()).map_err(|_| Denial::UpstreamMalformed("params"))
}
