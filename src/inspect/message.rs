//! Looking at every part of a client's message that its form lists.

use super::restore::Back;
use super::{injection::Injection, look as look_at, texts};
use crate::model::call::Call;
use crate::model::denial::{Denial, MessageFault};
use crate::redact::blob::{self, Inside};
use crate::redact::restore::carries;
use crate::redact::{self, plan::Detection};
use crate::request::{Grant, Request};
use crate::wire::form::{self, Feature, Part, Visit};
use crate::wire::method::Method;
use serde_json::{Map, Value};

/// # Errors
/// What the first offending part is refused for.
pub(super) fn look(
    rules: &Injection,
    back: &Back<'_>,
    call: &mut Call,
    request: &Request,
    grant: &Grant,
) -> Result<(), Denial> {
    let item = grant.item.as_ref();
    let mut look = Look {
        rules,
        back,
        call,
        grant,
        arguments: item.map_or(grant.messages.arguments.as_ref(), |item| item.arguments.as_ref()),
    };
    // An id that the client makes up goes on to the server, and is a way out like any other.
    if let Some(id) = request.message.id.as_ref().filter(|_| request.method().is_request()) {
        look.value(id.as_value())?;
    }
    let params = &request.message.params;
    match (&request.answers, params.get("result").and_then(Value::as_object)) {
        // An answer has the form of what was asked, and of nothing else.
        (Some(question), Some(result)) => {
            form::rebuild(question.asking.answer(), result, &mut look)?;
        }
        _ => {
            form::rebuild(request.method().params(), params, &mut look)?;
        }
    }
    let definition = item.and_then(|item| item.definition.as_ref());
    for (name, value) in request.message.mirrored.iter().filter(|_| request.method() == Method::ToolsCall) {
        // Those that the tool's schema names are made anew from the arguments that leave.
        let anew =
            definition.is_some_and(|tool| tool.mirrored.iter().any(|mirrored| mirrored.header == *name));
        if anew {
            look.words(&Value::from(value.as_str()))?;
        } else {
            look.text(value)?;
        }
    }
    Ok(())
}

struct Look<'i> {
    rules: &'i Injection,
    back: &'i Back<'i>,
    call: &'i mut Call,
    grant: &'i Grant,
    arguments: Option<&'i Detection>,
}

impl Look<'_> {
    fn text(&mut self, text: &str) -> Result<(), Denial> {
        self.value(&Value::from(text))
    }

    /// What may carry no stand-in.
    fn value(&mut self, value: &Value) -> Result<(), Denial> {
        texts(value, &mut |text| {
            if carries(self.back, text) { Err(Denial::SubstituteMisplaced) } else { Ok(()) }
        })?;
        self.words(value)
    }

    fn words(&mut self, value: &Value) -> Result<(), Denial> {
        texts(value, &mut |text| look_at(self.rules, self.call, text))?;
        let Some(detection) = self.arguments else { return Ok(()) };
        match redact::finds(detection, value) {
            Ok(None) => Ok(()),
            Ok(Some(rule)) => Err(Denial::Outflow(rule)),
            Err(_) => Err(Denial::ArgumentsInvalid("they cannot be looked at whole".into())),
        }
    }
}

impl Visit for Look<'_> {
    type Stop = Denial;

    fn leaf(&mut self, part: Part, value: &Value) -> Result<Option<Value>, Denial> {
        match part {
            // Sealed things come from the server itself.
            Part::Sealed(_) => {}
            Part::Blob => {
                self.value(value)?;
                if let Some(Inside::Text(text) | Inside::Perhaps(text)) =
                    value.as_str().and_then(blob::inside)
                {
                    self.text(&text)?;
                }
            }
            // Where they may stand in a tool's arguments was looked at already.
            Part::Arguments => self.words(value)?,
            _ => self.value(value)?,
        }
        // Kept, so that what lies beneath is visited too.
        Ok(Some(value.clone()))
    }

    fn instead(&mut self, _: &str, _: &Map<String, Value>) -> Result<Option<Value>, Denial> {
        Ok(None)
    }

    fn allows(&self, feature: Feature) -> bool {
        self.grant.messages.allows(feature)
    }

    fn malformed(&self, what: &'static str) -> Denial {
        Denial::MessageMalformed(MessageFault::Params(what))
    }
}
