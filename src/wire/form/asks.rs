//! What a server asks of a client: requests of its own in the legacy era, and
//! `inputRequests` of a result in the modern one.

use super::content::{SAMPLING_MESSAGE, WITH_META};
use super::{Feature, Form, Member, Part, Visit, answers, has, lists};
use serde_json::{Map, Value};

/// A request that a server may make. A closed list: any other is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Asking {
    Ping,
    Sampling,
    Elicitation,
    Roots,
}

impl Asking {
    pub const ALL: [Asking; 4] = [Self::Ping, Self::Sampling, Self::Elicitation, Self::Roots];

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|asking| asking.as_str() == name)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Sampling => "sampling/createMessage",
            Self::Elicitation => "elicitation/create",
            Self::Roots => "roots/list",
        }
    }

    /// What a server's rules must allow for it; a ping needs nothing.
    pub fn feature(self) -> Option<Feature> {
        match self {
            Self::Ping => None,
            Self::Sampling => Some(Feature::Sampling),
            Self::Elicitation => Some(Feature::Elicitation),
            Self::Roots => Some(Feature::Roots),
        }
    }

    pub fn params(self) -> &'static Form {
        match self {
            Self::Ping | Self::Roots => &answers::EMPTY,
            Self::Sampling => &SAMPLING,
            Self::Elicitation => &ELICITATION,
        }
    }

    /// The form of the client's answer.
    pub fn answer(self) -> &'static Form {
        match self {
            Self::Ping => &answers::EMPTY,
            Self::Sampling => &answers::SAMPLED,
            Self::Elicitation => &answers::ELICITED,
            Self::Roots => &answers::ROOTS,
        }
    }
}

static HINT: Form = Form(&[has("name", Part::Text)]);
static PREFERENCES: Form = Form(&[
    has("hints", Part::List(&Part::Object(&HINT))),
    has("costPriority", Part::Number),
    has("speedPriority", Part::Number),
    has("intelligencePriority", Part::Number),
]);
static TOOL_CHOICE: Form = Form(&[has("mode", Part::Word(&["auto", "none", "required"]))]);

/// This gate lets no server hold tasks at a client.
const NO_TASK: Member = has("task", Part::Dropped);

static SAMPLING: Form = Form(&[
    has("messages", Part::List(&SAMPLING_MESSAGE)),
    has("systemPrompt", Part::Text),
    has("modelPreferences", Part::Object(&PREFERENCES)),
    has("includeContext", Part::Word(&["none", "thisServer", "allServers"])),
    has("temperature", Part::Number),
    has("maxTokens", Part::Number),
    has("stopSequences", Part::List(&Part::Text)),
    has("metadata", Part::Data),
    has("tools", Part::List(&Part::Object(&lists::TOOL))),
    has("toolChoice", Part::Object(&TOOL_CHOICE)),
    NO_TASK,
    WITH_META,
]);

static ELICITATION: Form = Form(&[
    has("mode", Part::Word(&["form", "url"])),
    has("message", Part::Text),
    has("requestedSchema", Part::Schema),
    has("url", Part::Uri),
    has("elicitationId", Part::Token),
    NO_TASK,
    WITH_META,
]);

/// [`Part::Ask`].
pub(super) fn rebuild<V: Visit>(value: &Value, visitor: &mut V) -> Result<Option<Value>, V::Stop> {
    let Some(asking) = super::asking(value) else {
        return Err(visitor.malformed("the server asks something unknown"));
    };
    if asking.feature().is_some_and(|feature| !visitor.allows(feature)) {
        return Err(visitor.malformed("the server asks what its rules do not allow"));
    }
    let mut out = Map::new();
    out.insert("method".into(), Value::from(asking.as_str()));
    if let Some(params) = value.get("params").and_then(Value::as_object) {
        out.insert("params".into(), Value::Object(super::rebuild(asking.params(), params, visitor)?));
    }
    Ok(Some(Value::Object(out)))
}
