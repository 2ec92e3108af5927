//! Filtering the parts of a message that its form lists.

use crate::model::denial::Denial;
use crate::model::feature::Feature;
use crate::redact::blobs::Fate;
use crate::redact::{Blocked, REDACTED, Redactor};
use crate::release::handles::Handles;
use crate::request::MessageGrant;
use crate::wire::form::{Part, Visit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// Bytes of a blob that is looked at as the text it may be, too.
const SHORT_BLOB: usize = 1024;

/// One message's filter: whose plan it obeys, and what the server's rules allow.
pub(super) struct Filter<'f, 'p> {
    pub(super) redactor: &'f mut Redactor<'p>,
    pub(super) messages: &'f MessageGrant,
    /// None outside a gate, where nothing is sealed.
    pub(super) handles: Option<&'f Handles<'f>>,
}

impl Filter<'_, '_> {
    fn text(&mut self, text: &str) -> Result<Value, Denial> {
        let shown = self.redactor.text(text).map_err(blocked)?;
        Ok(Value::from(shown.unwrap_or_else(|| REDACTED.to_owned())))
    }

    fn data(&mut self, value: &Value) -> Result<Value, Denial> {
        let value = value.to_string();
        let shown = self.redactor.structure(value.as_bytes()).map_err(blocked)?;
        let Some(shown) = shown else { return Ok(Value::from(REDACTED)) };
        serde_json::from_str(&shown).map_err(|_| Denial::ResultBlocked("not valid JSON"))
    }

    /// A number that would become anything else becomes zero, so that its type holds.
    fn number(&mut self, value: &Value) -> Result<Value, Denial> {
        let shown = self.data(value)?;
        Ok(if shown == *value { shown } else { json!(0) })
    }

    /// Words and types of a schema stay; every string and number in it is looked at by
    /// itself, since a property called `ssn` describes a number and is none.
    fn schema(&mut self, value: &Value) -> Result<Value, Denial> {
        Ok(match value {
            Value::String(text) => self.text(text)?,
            Value::Number(_) => self.number(value)?,
            Value::Array(elements) => {
                elements.iter().map(|element| self.schema(element)).collect::<Result<_, _>>()?
            }
            Value::Object(object) => {
                let mut out = Map::new();
                for (name, value) in object {
                    let name = self.text(name)?;
                    out.insert(name.as_str().unwrap_or_default().to_owned(), self.schema(value)?);
                }
                Value::Object(out)
            }
            Value::Null | Value::Bool(_) => value.clone(),
        })
    }

    /// What is not text passes or not by the rules' word; text in base64 is text.
    fn blob_of(&mut self, declared: Option<&str>, blob: &str) -> Result<Option<Value>, Denial> {
        let (inside, is_text) = match self.redactor.blobs().treat(declared, blob) {
            Fate::Withheld => return Ok(None),
            Fate::Binary(None) => return Ok(self.stays(blob)?.then(|| blob.into())),
            Fate::Binary(Some(other)) => return Ok(Some(other.into())),
            Fate::Text(inside) => (inside, true),
            Fate::Perhaps(inside) => (inside, false),
        };
        let shown = self.text(&inside)?;
        let same = shown.as_str() == Some(&inside);
        Ok(match (same, is_text) {
            (true, _) => self.stays(blob)?.then(|| blob.into()),
            (false, true) => Some(STANDARD.encode(shown.as_str().unwrap_or_default()).into()),
            // Its encoding is a guess, and so would be what is written in its place.
            (false, false) => None,
        })
    }

    /// Whether any of an object's base64 may be seen.
    fn keeps(&mut self, object: &Map<String, Value>, name: &str) -> Result<bool, Denial> {
        match object.get(name).and_then(Value::as_str) {
            Some(blob) => Ok(self.blob_of(declared(object), blob)?.is_some()),
            None => Ok(false),
        }
    }

    /// A short text, such as a number with its dashes, may be base64 by its letters alone.
    fn stays(&mut self, blob: &str) -> Result<bool, Denial> {
        Ok(blob.len() > SHORT_BLOB || self.text(blob)?.as_str() == Some(blob))
    }

    /// Has what becomes of a blob done wherever else in the result it stands.
    pub(super) fn twin(&mut self, declared: Option<&str>, blob: &str) -> Result<(), Denial> {
        let shown = self.blob_of(declared, blob)?;
        let shown = shown.as_ref().map_or(Some(REDACTED), Value::as_str).unwrap_or(REDACTED);
        if shown != blob {
            self.redactor.instead(blob, shown);
        }
        Ok(())
    }

    /// Whether plain text is shown at all; a plan of paths shows none.
    fn shows(&mut self, text: &str) -> Result<bool, Denial> {
        Ok(self.redactor.text(text).map_err(blocked)?.is_some())
    }
}

impl Visit for Filter<'_, '_> {
    type Stop = Denial;

    fn leaf(&mut self, part: Part, value: &Value) -> Result<Option<Value>, Denial> {
        match (part, value) {
            (Part::Sealed(seal), Value::String(text)) => {
                Ok(self.handles.and_then(|handles| handles.seal(seal, text)).map(Value::from))
            }
            (Part::Blob, Value::String(text)) => self.blob_of(None, text),
            (Part::Text | Part::Uri | Part::Token, Value::String(text)) => self.text(text).map(Some),
            (Part::Token | Part::Number, Value::Number(_)) => self.number(value).map(Some),
            (Part::Schema, _) => self.schema(value).map(Some),
            (Part::Data | Part::Structure | Part::Arguments, _) => self.data(value).map(Some),
            _ => Ok(None),
        }
    }

    fn blob(&mut self, object: &Map<String, Value>, value: &Value) -> Result<Option<Value>, Denial> {
        value.as_str().map_or(Ok(None), |blob| self.blob_of(declared(object), blob))
    }

    fn instead(&mut self, kind: &str, object: &Map<String, Value>) -> Result<Option<Value>, Denial> {
        let resource = object.get("resource").and_then(Value::as_object);
        let inside = |name: &str| resource.and_then(|resource| resource.get(name)).and_then(Value::as_str);
        let words = match kind {
            "image" if !self.keeps(object, "data")? => "[image withheld]",
            "audio" if !self.keeps(object, "data")? => "[audio withheld]",
            "resource_link" if !self.shows("resource:withheld")? => "[resource link withheld]",
            "resource" => match inside("text") {
                Some(text) if !self.shows(text)? => REDACTED,
                Some(_) => return Ok(None),
                None => match resource {
                    Some(resource) if self.keeps(resource, "blob")? => return Ok(None),
                    _ => "[binary resource withheld]",
                },
            },
            _ => return Ok(None),
        };
        Ok(Some(json!({"type": "text", "text": words})))
    }

    fn allows(&self, feature: Feature) -> bool {
        self.messages.allows(feature)
    }

    fn malformed(&self, what: &'static str) -> Denial {
        Denial::ResultBlocked(what)
    }
}

/// The type that an object with base64 says it is of.
pub(super) fn declared(object: &Map<String, Value>) -> Option<&str> {
    object.get("mimeType").and_then(Value::as_str)
}

pub(super) fn blocked(blocked: Blocked) -> Denial {
    Denial::ResultBlocked(blocked.reason())
}
