//! A tool's result: structure, text twin and everything else it may carry.

use crate::model::denial::Denial;
use crate::redact::shape::Shape;
use crate::redact::tools::Blobs;
use crate::redact::{REDACTED, Redactor, quoted};
use crate::release::blobs::learn;
use crate::release::filter::{Filter, blocked};
use crate::release::read::{Block, Source, read, refused};
use crate::request::MessageGrant;
use crate::wire::form::{self, content};
use serde_json::{Value, json};
use std::borrow::Cow;

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
    let malformed = || Denial::UpstreamMalformed("result");
    let source = read(result).map_err(refused)?;
    let is_error = source.is_error.map(serde_json::from_str::<Option<bool>>).transpose();
    let is_error = is_error.map_err(|_| malformed())?.flatten();
    let meta = source.meta.map(serde_json::from_str::<Option<Value>>).transpose();
    let meta = meta.map_err(|_| malformed())?.flatten();
    redactor.meet(result);
    let mut members = parts(redactor, shape, messages, &source)?;
    if redactor.must_repeat() {
        members = parts(redactor, shape, messages, &source)?;
    }
    if let Some(is_error) = is_error {
        members.push_str(if is_error { ",\"isError\":true" } else { ",\"isError\":false" });
    }
    Ok(Written { members, meta })
}

/// The structure first: the names it gives are then known in the text.
fn parts(
    redactor: &mut Redactor<'_>,
    shape: Option<&Shape>,
    messages: &MessageGrant,
    source: &Source<'_>,
) -> Result<String, Denial> {
    let came = source.structure.filter(|structure| *structure != "null");
    let twins = redactor.twins_leave_alike();
    let is_twin = |block: &Block<'_>| twins && came.is_some_and(|came| block.says(came));
    let blocks =
        source.content.iter().map(|block| if is_twin(block) { Ok(None) } else { tree(*block).map(Some) });
    let blocks =
        blocks.collect::<Result<Vec<Option<Value>>, _>>().map_err(|_| Denial::ResultBlocked("content"))?;
    let mut filter = Filter { redactor, messages, handles: None };
    learn(&mut filter, blocks.iter().flatten(), came)?;
    let structure = match came {
        Some(came) => filter.redactor.structure(came.as_bytes()).map_err(blocked)?,
        None => None,
    };
    let mut out = String::with_capacity(2 * structure.as_ref().map_or(0, |structure| structure.len()) + 64);
    out.push_str("\"content\":[");
    for block in &blocks {
        let begin = out.len();
        match block {
            None => {
                out.push_str("{\"type\":\"text\",\"text\":");
                quoted::write(&mut out, structure.as_deref().unwrap_or(REDACTED));
                out.push('}');
            }
            Some(block) => {
                let shown = form::part(content::BLOCK, block, &mut filter)?;
                out.extend(shown.map(|shown| shown.to_string()));
            }
        }
        if out.len() > begin {
            out.push(',');
        }
    }
    if out.ends_with(',') {
        out.pop();
    }
    out.push(']');
    // A client that was shown an outputSchema expects a structure, however empty.
    let mask = || came.and(shape).map(|shape| Cow::Owned(shape.mask().to_string()));
    if let Some(structure) = structure.or_else(mask) {
        out.push_str(",\"structuredContent\":");
        out.push_str(&structure);
    }
    Ok(out)
}

/// A block that is looked at part by part.
fn tree(block: Block<'_>) -> Result<Value, serde_json::Error> {
    match block {
        Block::Text(string) => Ok(json!({"type": "text", "text": serde_json::from_str::<String>(string)?})),
        Block::Any(block) => serde_json::from_str(block),
    }
}
