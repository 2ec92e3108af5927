//! What a server says of itself and of what it offers, reduced to what this caller may
//! have.

use crate::catalogue;
use crate::model::denial::Denial;
use crate::redact::shape;
use crate::redact::tools::is_ambiguous;
use crate::request::{Grant, MessageGrant};
use crate::wire::capabilities;
use crate::wire::form::{self, lists};
use crate::wire::method::Method;
use crate::wire::revision::{Era, Revision};
use serde_json::{Map, Value, json};

/// Leaves of a list what this caller may have.
pub(super) fn narrow(method: Method, grant: &Grant, result: &mut Map<String, Value>) {
    let (member, name, form) = match method {
        Method::ToolsList => ("tools", "name", &lists::TOOL),
        Method::PromptsList => ("prompts", "name", &lists::PROMPT),
        Method::ResourcesList | Method::DirectoryRead => ("resources", "uri", &lists::RESOURCE),
        Method::ResourcesTemplatesList => ("resourceTemplates", "uriTemplate", &lists::TEMPLATE),
        _ => return,
    };
    let Some(Value::Array(items)) = result.get_mut(member) else { return };
    items.retain(|item| {
        let name = item.get(name).and_then(Value::as_str).unwrap_or_default();
        if !form::fits(form, item) {
            return false;
        }
        match method {
            Method::ToolsList => {
                grant.tools.get(name).is_some_and(|pinned| pinned.hash == catalogue::hash(item))
            }
            // A template stands for the resources whose URIs begin as it does.
            Method::ResourcesTemplatesList => grant.shown.shows(name.split('{').next().unwrap_or_default()),
            // Nor could it be read.
            Method::ResourcesList | Method::DirectoryRead if is_ambiguous(name) => false,
            _ => grant.shown.shows(name),
        }
    });
    if method == Method::ToolsList {
        for schema in items.iter_mut().filter_map(|tool| tool.get_mut("outputSchema")) {
            *schema = shape::loosen(schema);
        }
    }
}

/// Whether a result says how long it may be kept (MCP 2026-07-28, Caching).
pub(super) fn is_cacheable(method: Method) -> bool {
    matches!(
        method,
        Method::Discover
            | Method::ToolsList
            | Method::PromptsList
            | Method::ResourcesList
            | Method::ResourcesTemplatesList
            | Method::ResourcesRead
            | Method::SkillsList
            | Method::SkillsGet
    )
}

/// The revision that an `initialize` settles on.
///
/// # Errors
/// When the server wants one that is no legacy revision known here.
pub(super) fn settled(result: &Map<String, Value>) -> Result<Revision, Denial> {
    let named = result.get("protocolVersion").and_then(Value::as_str).and_then(Revision::parse);
    named
        .filter(|revision| revision.era() == Era::Legacy)
        .ok_or(Denial::UpstreamMalformed("protocol version"))
}

/// The members of `initialize` and `server/discover` that the gate writes itself: what
/// the server can do and its rules allow.
pub(super) fn own(method: Method, read: &Map<String, Value>, grant: &MessageGrant) -> Map<String, Value> {
    let declared = read.get("capabilities").unwrap_or(&Value::Null);
    let era = if method == Method::Initialize { Era::Legacy } else { Era::Modern };
    let allows = |feature| grant.allows(feature);
    let capabilities = capabilities::of_server(declared, era, grant.offers, &allows);
    let mut own = Map::new();
    own.insert("capabilities".into(), capabilities);
    match method {
        Method::Initialize => {
            own.extend(
                read.get("protocolVersion").map(|version| ("protocolVersion".into(), version.clone())),
            );
        }
        _ => {
            own.insert("supportedVersions".into(), json!([Revision::V2026_07_28.as_str()]));
        }
    }
    own
}
