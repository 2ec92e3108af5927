//! Results of requests: of a client's, and of a server's.

use super::content::{BLOCK, NO_META, PROMPT_MESSAGE, RESOURCE_CONTENTS, SAMPLING_BLOCK, SPEAKER, WITH_META};
use super::{Feature, Form, Part, Seal, Visit, has};
use serde_json::Value;

/// `tools/call`. Content and structure obey the tool's rules.
pub static TOOL: Form = Form(&[
    has("content", Part::List(&BLOCK)),
    has("structuredContent", Part::Structure),
    has("isError", Part::Flag),
    WITH_META,
]);

pub static PROMPT: Form =
    Form(&[has("description", Part::Text), has("messages", Part::List(&PROMPT_MESSAGE)), WITH_META]);

pub static RESOURCE: Form = Form(&[
    has("contents", Part::List(&Part::Object(&RESOURCE_CONTENTS))),
    has("ttlMs", Part::Number),
    has("cacheScope", Part::Private),
    WITH_META,
]);

static VALUES: Form =
    Form(&[has("values", Part::List(&Part::Text)), has("total", Part::Number), has("hasMore", Part::Flag)]);
pub static COMPLETION: Form = Form(&[has("completion", Part::Object(&VALUES)), WITH_META]);

/// The server needs something of the client first (MCP 2026-07-28, multi round trips).
pub static INPUT_REQUIRED: Form = Form(&[
    has("inputRequests", Part::Map(&Part::Ask)),
    has("requestState", Part::Sealed(Seal::State)),
    WITH_META,
]);

static FAILURE: Form = Form(&[has("code", Part::Number), has("message", Part::Text)]);

/// A task, of the core protocol of 2025-11-25 and of the extension. `result` is the
/// tool's own, so it obeys the tool's rules.
pub static TASK: Form = Form(&[
    has("taskId", Part::Sealed(Seal::Task)),
    has("status", Part::Word(&["working", "input_required", "completed", "failed", "cancelled"])),
    has("statusMessage", Part::Text),
    has("createdAt", Part::Time),
    has("lastUpdatedAt", Part::Time),
    has("ttl", Part::Number),
    has("ttlMs", Part::Number),
    has("pollInterval", Part::Number),
    has("pollIntervalMs", Part::Number),
    has("inputRequests", Part::Map(&Part::Ask)),
    has("result", Part::Object(&TOOL)),
    has("error", Part::Object(&FAILURE)),
    WITH_META,
]);
pub static TASK_CREATED: Form = Form(&[has("task", Part::Object(&TASK)), WITH_META]);
/// A task as a list has it: without what its tool has to say.
pub static TASK_LISTED: Form = Form(&[
    has("taskId", Part::Sealed(Seal::Task)),
    has("status", Part::Word(&["working", "input_required", "completed", "failed", "cancelled"])),
    has("statusMessage", Part::Text),
    has("createdAt", Part::Time),
    has("lastUpdatedAt", Part::Time),
    has("ttl", Part::Number),
    has("pollInterval", Part::Number),
    WITH_META,
]);
pub static TASK_LIST: Form = Form(&[
    has("tasks", Part::List(&Part::Object(&TASK_LISTED))),
    has("nextCursor", Part::Sealed(Seal::Cursor)),
    WITH_META,
]);

static URL_ELICITATION: Form = Form(&[
    has("mode", Part::Word(&["url"])),
    has("message", Part::Text),
    has("url", Part::Uri),
    has("elicitationId", Part::Token),
]);
/// `data` of error -32042: what the client must do first.
pub static ELICITATIONS: Form = Form(&[has("elicitations", Part::List(&Part::Object(&URL_ELICITATION)))]);

/// Nothing but the fact that it was done.
pub static EMPTY: Form = Form(&[WITH_META]);

/// A client's answer to `sampling/createMessage`.
pub static SAMPLED: Form = Form(&[
    has("role", SPEAKER),
    has("content", Part::OneOrMore(&SAMPLING_BLOCK)),
    has("model", Part::Text),
    has("stopReason", Part::Text),
    NO_META,
]);

/// A client's answer to `elicitation/create`.
pub static ELICITED: Form = Form(&[
    has("action", Part::Word(&["accept", "decline", "cancel"])),
    has("content", Part::Map(&Part::Data)),
    NO_META,
]);

static ROOT: Form = Form(&[has("uri", Part::Uri), has("name", Part::Text), NO_META]);
/// A client's answer to `roots/list`.
pub static ROOTS: Form = Form(&[has("roots", Part::List(&Part::Object(&ROOT))), NO_META]);

/// Every form in which a client answers a server.
pub(super) static FROM_CLIENT: [(Feature, &Form); 3] =
    [(Feature::Elicitation, &ELICITED), (Feature::Roots, &ROOTS), (Feature::Sampling, &SAMPLED)];

/// [`Part::Answer`]: the answer's members tell which request it answers.
pub(super) fn rebuild<V: Visit>(value: &Value, visitor: &mut V) -> Result<Option<Value>, V::Stop> {
    let Some(object) = value.as_object() else { return Err(visitor.malformed("not an object")) };
    let feature = if object.contains_key("action") {
        Feature::Elicitation
    } else if object.contains_key("roots") {
        Feature::Roots
    } else {
        Feature::Sampling
    };
    if !visitor.allows(feature) {
        return Err(visitor.malformed("an answer nobody may ask for"));
    }
    let form = FROM_CLIENT.iter().find(|(of, _)| *of == feature).map_or(&EMPTY, |(_, form)| *form);
    super::rebuild(form, object, visitor).map(|object| Some(Value::Object(object)))
}
