//! A tool's result: structure, text twin and everything else it may carry.

use crate::model::call::Call;
use crate::model::denial::Denial;
use crate::model::trail::Event;
use crate::redact::shape::Shape;
use crate::redact::tools::Blobs;
use crate::redact::{Blocked, REDACTED, Redactor};
use crate::request::{Grant, Request, ToolGrant};
use crate::store::lineages::Lineages;
use crate::wire::revision::Era;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The members of a `tools/call` result that are read; any other is dropped.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolResult<'r> {
    #[serde(borrow, default)]
    content: Vec<&'r RawValue>,
    #[serde(borrow)]
    structured_content: Option<&'r RawValue>,
    is_error: Option<bool>,
    result_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        text: String,
    },
    #[serde(rename_all = "camelCase")]
    Image {
        data: String,
        mime_type: String,
    },
    #[serde(rename_all = "camelCase")]
    Audio {
        data: String,
        mime_type: String,
    },
    ResourceLink {},
    Resource {
        resource: Resource,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    uri: String,
    mime_type: Option<String>,
    text: Option<String>,
}

pub(super) fn filter(
    call: &mut Call,
    lineages: &Lineages,
    request: &Request,
    grant: &Grant,
    granted: &ToolGrant,
    result: &RawValue,
) -> Result<String, Denial> {
    let mut redactor = Redactor::new(&granted.plan, year(call));
    let modern = request.revision.era() == Era::Modern;
    let out = apply(&mut redactor, granted.definition.shape.as_ref(), granted.blobs, result.get(), modern)?;
    let mut report = redactor.report();
    (report.bytes_in, report.bytes_out) = (result.get().len(), out.len());
    report.scopes = request.principal.scopes.clone();
    report.rules_version.clone_from(&grant.rules_version);
    call.trail.add(Event::Filtered(report));
    let told = lineages.disclose(&request.principal.lineage, redactor.subjects(), call.clock.now());
    if told.is_err() {
        call.trail.add(Event::Killed { pattern: "subject_budget" });
        return Err(Denial::BudgetExceeded);
    }
    Ok(out)
}

/// Filters a whole `tools/call` result: known members, each by its kind. `shape` is
/// the tool's `outputSchema`, if it declares one.
///
/// # Errors
/// [`Denial::ResultBlocked`] or [`Denial::UpstreamMalformed`].
pub fn apply(
    redactor: &mut Redactor<'_>,
    shape: Option<&Shape>,
    blobs: Blobs,
    result: &str,
    modern: bool,
) -> Result<String, Denial> {
    let read: ToolResult<'_> =
        serde_json::from_str(result).map_err(|_| Denial::UpstreamMalformed("result"))?;
    if read.result_type.as_deref().is_some_and(|kind| kind != "complete") {
        return Err(Denial::ResultBlocked("result type"));
    }
    let mut filtered = parts(redactor, shape, blobs, &read)?;
    if redactor.must_repeat() {
        filtered = parts(redactor, shape, blobs, &read)?;
    }
    Ok(write(&read, modern, filtered))
}

/// The structure first: the names it gives are then known in the text.
fn parts(
    redactor: &mut Redactor<'_>,
    shape: Option<&Shape>,
    blobs: Blobs,
    read: &ToolResult<'_>,
) -> Result<(Option<String>, Vec<Value>), Denial> {
    let structure = match read.structured_content {
        Some(structure) => redactor.structure(structure.get().as_bytes()).map_err(blocked)?,
        None => None,
    };
    let structure =
        structure.map(String::from_utf8).transpose().map_err(|_| Denial::ResultBlocked("not UTF-8"))?;
    // A client that was shown an outputSchema expects a structure, however empty.
    let mask = || shape.filter(|_| read.structured_content.is_some());
    let structure = structure.or_else(|| mask().map(|shape| shape.mask().to_string()));
    let blocks = read.content.iter().map(|raw| block(redactor, blobs, raw)).collect::<Result<_, _>>()?;
    Ok((structure, blocks))
}

fn block(redactor: &mut Redactor<'_>, blobs: Blobs, raw: &RawValue) -> Result<Value, Denial> {
    let block: Block = serde_json::from_str(raw.get()).map_err(|_| Denial::ResultBlocked("content type"))?;
    let pass = blobs == Blobs::Pass;
    Ok(match block {
        Block::Text { text } => text_block(redactor.text(&text).map_err(blocked)?),
        Block::Image { data, mime_type } if pass => {
            json!({"type": "image", "data": data, "mimeType": mime_type})
        }
        Block::Audio { data, mime_type } if pass => {
            json!({"type": "audio", "data": data, "mimeType": mime_type})
        }
        Block::Image { .. } => text_block(Some("[image withheld]".into())),
        Block::Audio { .. } => text_block(Some("[audio withheld]".into())),
        Block::ResourceLink {} => text_block(Some("[resource link withheld]".into())),
        Block::Resource { resource } => embedded(redactor, resource)?,
    })
}

fn embedded(redactor: &mut Redactor<'_>, resource: Resource) -> Result<Value, Denial> {
    let Some(text) = resource.text else { return Ok(text_block(Some("[binary resource withheld]".into()))) };
    let Some(text) = redactor.text(&text).map_err(blocked)? else { return Ok(text_block(None)) };
    let uri = redactor.text(&resource.uri).map_err(blocked)?.unwrap_or_else(|| "resource:withheld".into());
    let kind = resource.mime_type.unwrap_or_else(|| "text/plain".into());
    Ok(json!({"type": "resource", "resource": {"uri": uri, "mimeType": kind, "text": text}}))
}

fn text_block(text: Option<String>) -> Value {
    json!({"type": "text", "text": text.unwrap_or_else(|| REDACTED.to_owned())})
}

fn write(read: &ToolResult<'_>, modern: bool, (structure, blocks): (Option<String>, Vec<Value>)) -> String {
    let mut out = format!("{{\"content\":{}", Value::Array(blocks));
    if let Some(structure) = structure {
        out.push_str(",\"structuredContent\":");
        out.push_str(&structure);
    }
    if let Some(is_error) = read.is_error {
        out.push_str(&format!(",\"isError\":{is_error}"));
    }
    if modern {
        out.push_str(",\"resultType\":\"complete\"");
    }
    out.push('}');
    out
}

fn blocked(blocked: Blocked) -> Denial {
    Denial::ResultBlocked(blocked.reason())
}

/// The calendar year, within a day at its turn.
pub(super) fn year(call: &Call) -> u16 {
    const AVERAGE_YEAR: u64 = 31_556_952;
    u16::try_from(1970 + call.clock.unix_seconds() / AVERAGE_YEAR).unwrap_or(u16::MAX)
}
