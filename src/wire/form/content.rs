//! Content blocks, resource contents, and what surrounds them.

use super::{Feature, Form, Member, Part, Seal, has};

/// Who an annotated piece of content is for.
const ROLE: Part = Part::Word(&["user", "assistant"]);

static ANNOTATIONS: Form = Form(&[
    has("audience", Part::List(&ROLE)),
    has("priority", Part::Number),
    has("lastModified", Part::Time),
]);
pub(super) const ANNOTATED: Part = Part::Object(&ANNOTATIONS);

/// Icons are links out; what stands in `_meta` has no form.
pub(super) const NO_ICONS: Member = has("icons", Part::Dropped);
pub(super) const NO_META: Member = has("_meta", Part::Dropped);

static TEXT: Form = Form(&[has("text", Part::Text), has("annotations", ANNOTATED), NO_META]);

static MEDIA: Form =
    Form(&[has("data", Part::Blob), has("mimeType", Part::Text), has("annotations", ANNOTATED), NO_META]);

static RESOURCE_LINK: Form = Form(&[
    has("uri", Part::Uri),
    has("name", Part::Text),
    has("title", Part::Text),
    has("description", Part::Text),
    has("mimeType", Part::Text),
    has("size", Part::Number),
    has("annotations", ANNOTATED),
    NO_ICONS,
    NO_META,
]);

/// Text or a blob, under a URI.
pub static RESOURCE_CONTENTS: Form = Form(&[
    has("uri", Part::Uri),
    has("mimeType", Part::Text),
    has("text", Part::Text),
    has("blob", Part::Blob),
    has("_meta", Part::Where(Feature::Apps, &Part::Object(&APP_META))),
]);

/// What a page of an MCP App asks of its host. Its CSP domains are routes out, so they
/// are text like any other.
static APP_META: Form = Form(&[has("ui", Part::Object(&APP_RESOURCE))]);
static APP_RESOURCE: Form = Form(&[
    has("csp", Part::Map(&Part::List(&Part::Uri))),
    has("permissions", Part::Data),
    has("domain", Part::Text),
    has("prefersBorder", Part::Flag),
]);

static EMBEDDED: Form =
    Form(&[has("resource", Part::Object(&RESOURCE_CONTENTS)), has("annotations", ANNOTATED), NO_META]);

/// A content block of a tool result or a prompt message.
pub const BLOCK: Part = Part::OneOf(&[
    ("text", &TEXT),
    ("image", &MEDIA),
    ("audio", &MEDIA),
    ("resource_link", &RESOURCE_LINK),
    ("resource", &EMBEDDED),
]);

static TOOL_USE: Form =
    Form(&[has("id", Part::Token), has("name", Part::Text), has("input", Part::Data), NO_META]);

static TOOL_RESULT: Form = Form(&[
    has("toolUseId", Part::Token),
    has("content", Part::List(&BLOCK)),
    has("structuredContent", Part::Data),
    has("isError", Part::Flag),
    NO_META,
]);

/// A block of a sampling message.
pub const SAMPLING_BLOCK: Part = Part::OneOf(&[
    ("text", &TEXT),
    ("image", &MEDIA),
    ("audio", &MEDIA),
    ("tool_use", &TOOL_USE),
    ("tool_result", &TOOL_RESULT),
]);

static SAMPLING_MESSAGE_FORM: Form =
    Form(&[has("role", ROLE), has("content", Part::OneOrMore(&SAMPLING_BLOCK)), NO_META]);
pub(super) const SAMPLING_MESSAGE: Part = Part::Object(&SAMPLING_MESSAGE_FORM);

static PROMPT_MESSAGE_FORM: Form = Form(&[has("role", ROLE), has("content", BLOCK)]);
pub(super) const PROMPT_MESSAGE: Part = Part::Object(&PROMPT_MESSAGE_FORM);
pub(super) const SPEAKER: Part = ROLE;

/// What a peer says of itself; its links are not carried.
pub static IMPLEMENTATION: Form = Form(&[
    has("name", Part::Text),
    has("title", Part::Text),
    has("version", Part::Text),
    has("description", Part::Text),
    has("websiteUrl", Part::Dropped),
    NO_ICONS,
]);

static RELATED_TASK: Form = Form(&[has("taskId", Part::Sealed(Seal::Task))]);

pub(crate) const META_SERVER: &str = "io.modelcontextprotocol/serverInfo";
pub(crate) const META_SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";
pub(crate) const META_TASK: &str = "io.modelcontextprotocol/related-task";

/// `_meta` of results, notifications and the server's requests.
pub static META: Form = Form(&[
    has("progressToken", Part::Token),
    has(META_SERVER, Part::Object(&IMPLEMENTATION)),
    has(META_SUBSCRIPTION, Part::Token),
    has(META_TASK, Part::Where(Feature::Tasks, &Part::Object(&RELATED_TASK))),
]);
pub(super) const WITH_META: Member = has("_meta", Part::Object(&META));
