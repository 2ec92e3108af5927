//! A tool's result: structure, text twin and everything else it may carry.

use crate::model::denial::Denial;
use crate::redact::shape::Shape;
use crate::redact::tools::Blobs;
use crate::redact::{Redactor, Twin};
use crate::release::blobs::learn;
use crate::release::filter::{Filter, blocked};
use crate::request::MessageGrant;
use crate::wire::form::{self, content};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The members of a `tools/call` result that are read; any other is dropped.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolResult<'r> {
    #[serde(borrow, default)]
    content: Vec<&'r RawValue>,
    #[serde(borrow)]
    structured_content: Option<&'r RawValue>,
    is_error: Option<bool>,
    #[serde(rename = "_meta")]
    meta: Option<Value>,
}

/// A filtered result: its members, written but not yet enclosed.
pub(super) struct Written {
    pub(super) members: String,
    /// As the upstream sent it.
    pub(super) meta: Option<Value>,
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
) -> Result<String, Denial> {
    let messages = MessageGrant::default();
    redactor.treat(blobs);
    filter(redactor, shape, &messages, result).map(|written| format!("{{{}}}", written.members))
}

pub(super) fn filter(
    redactor: &mut Redactor<'_>,
    shape: Option<&Shape>,
    messages: &MessageGrant,
    result: &str,
) -> Result<Written, Denial> {
    let read: ToolResult<'_> =
        serde_json::from_str(result).map_err(|_| Denial::UpstreamMalformed("result"))?;
    let mut filtered = parts(redactor, shape, messages, &read)?;
    if redactor.must_repeat() {
        filtered = parts(redactor, shape, messages, &read)?;
    }
    Ok(Written { members: write(&read, filtered), meta: read.meta })
}

/// The structure first: the names it gives are then known in the text.
fn parts(
    redactor: &mut Redactor<'_>,
    shape: Option<&Shape>,
    messages: &MessageGrant,
    read: &ToolResult<'_>,
) -> Result<(Option<String>, Vec<Value>), Denial> {
    let raw = read.content.iter().map(|raw| serde_json::from_str(raw.get()));
    let raw: Vec<Value> = raw.collect::<Result<_, _>>().map_err(|_| Denial::ResultBlocked("content"))?;
    let mut filter = Filter { redactor, messages, handles: None, twin: None };
    learn(&mut filter, &raw, read.structured_content.map(RawValue::get))?;
    let structure = match read.structured_content {
        Some(structure) => filter.redactor.structure(structure.get().as_bytes()).map_err(blocked)?,
        None => None,
    };
    if let Some(came) = read.structured_content {
        filter.twin = Some(Twin { came: came.get(), left: structure.as_deref() });
    }
    let mut blocks = Vec::with_capacity(raw.len());
    for block in &raw {
        blocks.extend(form::part(content::BLOCK, block, &mut filter)?);
    }
    let structure = structure.map(Cow::into_owned);
    // A client that was shown an outputSchema expects a structure, however empty.
    let mask = || shape.filter(|_| read.structured_content.is_some());
    let structure = structure.or_else(|| mask().map(|shape| shape.mask().to_string()));
    Ok((structure, blocks))
}

fn write(read: &ToolResult<'_>, (structure, blocks): (Option<String>, Vec<Value>)) -> String {
    let mut out = format!("\"content\":{}", Value::Array(blocks));
    if let Some(structure) = structure {
        out.push_str(",\"structuredContent\":");
        out.push_str(&structure);
    }
    if let Some(is_error) = read.is_error {
        out.push_str(&format!(",\"isError\":{is_error}"));
    }
    out
}
