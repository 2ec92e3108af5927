//! What a server offers: its tools, prompts, resources and skills, and itself.

use super::content::{ANNOTATED, IMPLEMENTATION, NO_ICONS, NO_META, WITH_META};
use super::{Feature, Form, Member, Part, Seal, has};

static TOOL_ANNOTATIONS: Form = Form(&[
    has("title", Part::Text),
    has("readOnlyHint", Part::Flag),
    has("destructiveHint", Part::Flag),
    has("idempotentHint", Part::Flag),
    has("openWorldHint", Part::Flag),
]);
static EXECUTION: Form = Form(&[has("taskSupport", Part::Word(&["forbidden", "optional", "required"]))]);
static APP_TOOL: Form =
    Form(&[has("resourceUri", Part::Uri), has("visibility", Part::List(&Part::Word(&["model", "app"])))]);
static TOOL_META: Form = Form(&[has("ui", Part::Object(&APP_TOOL)), has("ui/resourceUri", Part::Uri)]);

/// A tool's definition.
pub static TOOL: Form = Form(&[
    has("name", Part::Text),
    has("title", Part::Text),
    has("description", Part::Text),
    has("inputSchema", Part::Schema),
    has("outputSchema", Part::Schema),
    has("annotations", Part::Object(&TOOL_ANNOTATIONS)),
    has("execution", Part::Where(Feature::Tasks, &Part::Object(&EXECUTION))),
    has("_meta", Part::Where(Feature::Apps, &Part::Object(&TOOL_META))),
    NO_ICONS,
]);

static PROMPT_ARGUMENT: Form = Form(&[
    has("name", Part::Text),
    has("title", Part::Text),
    has("description", Part::Text),
    has("required", Part::Flag),
]);
pub static PROMPT: Form = Form(&[
    has("name", Part::Text),
    has("title", Part::Text),
    has("description", Part::Text),
    has("arguments", Part::List(&Part::Object(&PROMPT_ARGUMENT))),
    NO_ICONS,
    NO_META,
]);

pub static RESOURCE: Form = Form(&[
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
pub static TEMPLATE: Form = Form(&[
    has("uriTemplate", Part::Uri),
    has("name", Part::Text),
    has("title", Part::Text),
    has("description", Part::Text),
    has("mimeType", Part::Text),
    has("annotations", ANNOTATED),
    NO_ICONS,
    NO_META,
]);

const NEXT: Member = has("nextCursor", Part::Sealed(Seal::Cursor));
const TTL: Member = has("ttlMs", Part::Number);
const SCOPE: Member = has("cacheScope", Part::Private);

pub static TOOLS: Form = Form(&[has("tools", Part::List(&Part::Object(&TOOL))), NEXT, TTL, SCOPE, WITH_META]);
pub static PROMPTS: Form =
    Form(&[has("prompts", Part::List(&Part::Object(&PROMPT))), NEXT, TTL, SCOPE, WITH_META]);
pub static RESOURCES: Form =
    Form(&[has("resources", Part::List(&Part::Object(&RESOURCE))), NEXT, TTL, SCOPE, WITH_META]);
pub static TEMPLATES: Form =
    Form(&[has("resourceTemplates", Part::List(&Part::Object(&TEMPLATE))), NEXT, TTL, SCOPE, WITH_META]);

static SKILL_FILE: Form = Form(&[
    has("uri", Part::Uri),
    has("path", Part::Text),
    has("digest", Part::Text),
    has("size", Part::Number),
    has("mimeType", Part::Text),
]);
static SKILL: Form = Form(&[
    has("name", Part::Text),
    has("uri", Part::Uri),
    has("description", Part::Text),
    has("frontmatter", Part::Data),
    has("resources", Part::List(&Part::Object(&SKILL_FILE))),
]);
pub static SKILLS: Form =
    Form(&[has("skills", Part::List(&Part::Object(&SKILL))), NEXT, TTL, SCOPE, WITH_META]);
pub static ONE_SKILL: Form = Form(&[
    has("skill", Part::Object(&SKILL)),
    has("name", Part::Text),
    has("frontmatter", Part::Data),
    has("resources", Part::List(&Part::Object(&SKILL_FILE))),
    TTL,
    SCOPE,
    WITH_META,
]);

/// Which features a server has is written by the gate: those that it has and that its
/// rules allow.
pub static INITIALIZED: Form = Form(&[
    has("protocolVersion", Part::Own),
    has("capabilities", Part::Own),
    has("serverInfo", Part::Object(&IMPLEMENTATION)),
    has("instructions", Part::Where(Feature::Instructions, &Part::Text)),
    WITH_META,
]);
pub static DISCOVERED: Form = Form(&[
    has("supportedVersions", Part::Own),
    has("capabilities", Part::Own),
    has("instructions", Part::Where(Feature::Instructions, &Part::Text)),
    TTL,
    SCOPE,
    WITH_META,
]);
