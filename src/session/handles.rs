//! Opening what the gate has sealed, and keeping of a message what its form lists.

use crate::model::denial::{Denial, MessageFault};
use crate::model::ids::{Lineage, ServerName};
use crate::request::{Target, about};
use crate::store::seals::{Bond, Seals};
use crate::wire::form::{self, Feature, Part, Seal, Visit};
use crate::wire::message::{Message, RequestId};
use serde_json::{Map, Value};

/// Whose message it is, and what its handles are bound to.
pub(super) struct Opener<'o> {
    pub(super) seals: &'o Seals,
    pub(super) lineage: &'o Lineage,
    pub(super) server: &'o ServerName,
    /// Method and name, to which a request state is bound.
    pub(super) about: String,
}

impl<'o> Opener<'o> {
    pub(super) fn new(
        seals: &'o Seals,
        lineage: &'o Lineage,
        server: &'o ServerName,
        message: &Message,
        target: Option<&Target>,
    ) -> Self {
        let about = about(message.method, target.map_or("", Target::name));
        Self { seals, lineage, server, about }
    }

    /// The message's parameters as their form lists them, with every handle opened.
    pub(super) fn open(&mut self, message: &Message) -> Result<Map<String, Value>, Denial> {
        form::rebuild(message.method.params(), &message.params, self)
    }

    /// Where a broken stream of this session is to be taken up again, and the request whose
    /// stream it is.
    pub(super) fn position(
        &self,
        session: &str,
        sealed: &str,
    ) -> Result<(Option<RequestId>, String), Denial> {
        let bond = Bond { lineage: self.lineage, server: self.server, seal: Seal::Event, about: session };
        let opened = self.seals.unseal(&bond, sealed).ok_or(Denial::HandleUnknown)?;
        let (request, event): (Value, String) =
            serde_json::from_str(&opened).map_err(|_| Denial::HandleUnknown)?;
        Ok((RequestId::read(&request), event))
    }
}

impl Visit for Opener<'_> {
    type Stop = Denial;

    fn leaf(&mut self, part: Part, value: &Value) -> Result<Option<Value>, Denial> {
        let (Part::Sealed(seal), Some(sealed)) = (part, value.as_str()) else {
            return Ok(Some(value.clone()));
        };
        let about = match seal {
            Seal::State | Seal::Cursor => self.about.as_str(),
            Seal::Task | Seal::Event => "",
        };
        let bond = Bond { lineage: self.lineage, server: self.server, seal, about };
        let opened = self.seals.unseal(&bond, sealed).ok_or(Denial::HandleUnknown)?;
        Ok(Some(Value::from(opened)))
    }

    fn instead(&mut self, _: &str, _: &Map<String, Value>) -> Result<Option<Value>, Denial> {
        Ok(None)
    }

    /// What the rules allow is decided by policy; here everything is read.
    fn allows(&self, _: Feature) -> bool {
        true
    }

    fn malformed(&self, what: &'static str) -> Denial {
        Denial::MessageMalformed(MessageFault::Params(what))
    }
}
