//! Stage 4: what is said to the tool.
//!
//! Invariant: no argument leaves that does not fit the tool's pinned schema, reads
//! like an instruction to the system, would write a redaction marker back, or holds
//! personal data where the rules let none out. The same goes for prompt arguments,
//! answers to a server's questions, and whatever else a client may send. A stand-in becomes
//! its value in those arguments alone that a rule names; anywhere else it is refused.

mod canonical;
pub mod injection;
mod markers;
mod message;
mod restore;

use crate::catalogue::Definition;
use crate::model::call::Call;
use crate::model::denial::{Denial, MessageFault};
use crate::model::ids::Entity;
use crate::model::sensitive::Sensitive;
use crate::model::stage::Stage;
use crate::model::trail::Event;
use crate::policy::Permitted;
use crate::request::{Grant, Request};
use crate::store::vault::Vault;
use crate::wire::message::Message;
use crate::wire::method::Method;
use crate::wire::revision::Era;
use injection::{Action, Injection};
use restore::Restored;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A request whose arguments may leave. Made only by [`Inspector::vet`].
pub struct Vetted {
    request: Request,
    token: Sensitive<String>,
    grant: Grant,
}

/// What arguments are held against.
pub struct Inspector<'i> {
    pub injection: &'i Injection,
    /// All that stand-ins are named after.
    pub entities: &'i BTreeSet<Entity>,
    pub vault: &'i Arc<Vault>,
}

impl Inspector<'_> {
    /// # Errors
    /// [`Denial::ArgumentsInvalid`], [`Denial::MarkerWrittenBack`], [`Denial::Injection`],
    /// [`Denial::Outflow`], [`Denial::SubstituteUnknown`] or [`Denial::SubstituteMisplaced`].
    pub fn vet(&self, call: &mut Call, permitted: Permitted) -> Result<Vetted, Denial> {
        call.enter(Stage::Inspect);
        let (request, grant) = (permitted.request(), permitted.grant());
        let back = self.back(request, call.clock.now());
        let mut restored = None;
        if request.method() == Method::ToolsCall {
            let definition = grant.item.as_ref().and_then(|item| item.definition.as_ref());
            let definition = definition.ok_or(Denial::ToolUnknown)?;
            let arguments = request.message.arguments();
            restored = Restored::of(&back, request, grant)?;
            let leaving = restored.as_ref().map_or(&arguments, |restored| &restored.arguments);
            definition.check(leaving).map_err(Denial::ArgumentsInvalid)?;
            if request.revision.era() == Era::Modern {
                check_mirrored(definition, &arguments, &request.message)?;
            }
        }
        message::look(self.injection, &back, call, request, grant)?;
        let (mut request, token, mut grant) = permitted.into_parts();
        if let (Some(restored), Some(item)) = (restored, &mut grant.item) {
            call.trail.add(Event::Restored(restored.counts));
            request.message.call_with(restored.arguments, restored.raw);
            item.hidden = Some(restored.hidden);
        }
        Ok(Vetted { request, token, grant })
    }
}

/// Headers that mirror arguments must agree with them: another reader goes by the header.
fn check_mirrored(definition: &Definition, arguments: &Value, message: &Message) -> Result<(), Denial> {
    let header = |name: &str| message.mirrored.iter().find(|(known, _)| known == name);
    let agree = definition.mirrored.iter().all(|mirrored| {
        mirrored.agrees(arguments, header(&mirrored.header).map(|(_, value)| value.as_str()))
    });
    let fault = MessageFault::HeaderMismatch("an Mcp-Param header is missing or differs from the body");
    if agree { Ok(()) } else { Err(Denial::MessageMalformed(fault)) }
}

fn look(rules: &Injection, call: &mut Call, text: &str) -> Result<(), Denial> {
    if markers::contains(text) {
        return Err(Denial::MarkerWrittenBack);
    }
    for hit in rules.scan(text) {
        match hit.action {
            Action::Refuse => return Err(Denial::Injection(hit.rule)),
            Action::Note => call.trail.add(Event::Noted { rule: hit.rule }),
        }
    }
    Ok(())
}

/// Visits every string and member name, and each object's and array's strings as
/// one, so that an instruction cut into pieces is read whole.
fn texts(value: &Value, look: &mut impl FnMut(&str) -> Result<(), Denial>) -> Result<(), Denial> {
    match value {
        Value::String(text) => look(text),
        Value::Array(elements) => {
            elements.iter().try_for_each(|element| texts(element, look))?;
            together(elements.iter(), look)
        }
        Value::Object(object) => {
            object.keys().try_for_each(|name| look(name))?;
            object.values().try_for_each(|member| texts(member, look))?;
            together(object.values(), look)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn together<'v>(
    values: impl Iterator<Item = &'v Value>,
    look: &mut impl FnMut(&str) -> Result<(), Denial>,
) -> Result<(), Denial> {
    let strings: Vec<&str> = values.filter_map(Value::as_str).collect();
    if strings.len() < 2 { Ok(()) } else { look(&strings.join(" ")) }
}

impl Vetted {
    pub fn request(&self) -> &Request {
        &self.request
    }

    pub fn into_parts(self) -> (Request, Sensitive<String>, Grant) {
        (self.request, self.token, self.grant)
    }
}
