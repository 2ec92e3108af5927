//! What a client sends with its requests and notifications.

use super::content::META;
use super::notices::{CANCELLED, LEVEL};
use super::{Feature, Form, Member, Part, Seal, has};

/// `_meta` of a client's request. Version and capabilities are written by the gate;
/// `baggage` is not carried: it is a bag for anything.
pub static REQUEST_META: Form = Form(&[
    has("progressToken", Part::Token),
    has("io.modelcontextprotocol/protocolVersion", Part::Own),
    has("io.modelcontextprotocol/clientCapabilities", Part::Own),
    has("io.modelcontextprotocol/clientInfo", Part::Object(&super::content::IMPLEMENTATION)),
    has("io.modelcontextprotocol/logLevel", Part::Where(Feature::Logging, &LEVEL)),
    has("io.modelcontextprotocol/related-task", Part::Where(Feature::Tasks, &Part::Object(&RELATED))),
    has("traceparent", Part::Token),
]);
static RELATED: Form = Form(&[has("taskId", Part::Sealed(Seal::Task))]);

const ABOUT: Member = has("_meta", Part::Object(&REQUEST_META));
const RESPONSES: Member = has("inputResponses", Part::Map(&Part::Answer));
const STATE: Member = has("requestState", Part::Sealed(Seal::State));
const CURSOR: Member = has("cursor", Part::Sealed(Seal::Cursor));

pub static NOTHING: Form = Form(&[ABOUT]);
pub static INITIALIZE: Form = Form(&[
    has("protocolVersion", Part::Own),
    has("capabilities", Part::Own),
    has("clientInfo", Part::Object(&super::content::IMPLEMENTATION)),
    ABOUT,
]);
pub static PAGE: Form = Form(&[CURSOR, ABOUT]);

static TASK_WANTED: Form = Form(&[has("ttl", Part::Number)]);
pub static TOOLS_CALL: Form = Form(&[
    has("name", Part::Token),
    has("arguments", Part::Arguments),
    has("task", Part::Where(Feature::Tasks, &Part::Object(&TASK_WANTED))),
    RESPONSES,
    STATE,
    ABOUT,
]);
pub static PROMPTS_GET: Form =
    Form(&[has("name", Part::Token), has("arguments", Part::Map(&Part::Text)), RESPONSES, STATE, ABOUT]);
pub static RESOURCES_READ: Form = Form(&[has("uri", Part::Uri), RESPONSES, STATE, ABOUT]);
pub static RESOURCE: Form = Form(&[has("uri", Part::Uri), ABOUT]);
pub static DIRECTORY: Form = Form(&[has("uri", Part::Uri), CURSOR, ABOUT]);
pub static SKILL: Form = Form(&[has("name", Part::Text), has("uri", Part::Uri), ABOUT]);

/// Which changes a client wants to hear of.
pub static FILTER: Form = Form(&[
    has("toolsListChanged", Part::Flag),
    has("promptsListChanged", Part::Flag),
    has("resourcesListChanged", Part::Flag),
    has("resourceSubscriptions", Part::List(&Part::Uri)),
    has("taskIds", Part::Where(Feature::Tasks, &Part::List(&Part::Sealed(Seal::Task)))),
]);
pub static LISTEN: Form = Form(&[has("notifications", Part::Object(&FILTER)), ABOUT]);

static PROMPT_REFERENCE: Form = Form(&[has("name", Part::Text), has("title", Part::Text)]);
static RESOURCE_REFERENCE: Form = Form(&[has("uri", Part::Uri)]);
/// One kind has no member of the other: the rules are found by one, and a server might go by
/// the other.
const REFERENCE: Part =
    Part::OneOf(&[("ref/prompt", &PROMPT_REFERENCE), ("ref/resource", &RESOURCE_REFERENCE)]);
static ARGUMENT: Form = Form(&[has("name", Part::Text), has("value", Part::Text)]);
static CONTEXT: Form = Form(&[has("arguments", Part::Map(&Part::Text))]);
pub static COMPLETE: Form = Form(&[
    has("ref", REFERENCE),
    has("argument", Part::Object(&ARGUMENT)),
    has("context", Part::Object(&CONTEXT)),
    ABOUT,
]);
pub static SET_LEVEL: Form = Form(&[has("level", LEVEL), ABOUT]);
pub static TASK: Form = Form(&[has("taskId", Part::Sealed(Seal::Task)), ABOUT]);
pub static TASK_UPDATE: Form = Form(&[has("taskId", Part::Sealed(Seal::Task)), RESPONSES, ABOUT]);

/// Notifications.
pub static CANCEL: &Form = &CANCELLED;
pub static PROGRESS: Form = Form(&[
    has("progressToken", Part::Token),
    has("progress", Part::Number),
    has("total", Part::Number),
    has("message", Part::Text),
    has("_meta", Part::Object(&META)),
]);
/// A response to a server's request; the result has the form of what was asked.
pub static RESPONSE: Form = Form(&[has("result", Part::Answer), has("error", Part::Object(&ERROR))]);
static ERROR: Form = Form(&[has("code", Part::Number), has("message", Part::Text)]);
