//! The headers that say what a message is, and their agreement with its body.

use crate::model::denial::{Denial, MessageFault};
use crate::wire::arrival::{Head, Transport};
use crate::wire::message::{META_CAPABILITIES, META_VERSION, Message};
use crate::wire::revision::Revision;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Mirrored arguments in one request, and the length of each.
const MOST_PARAMS: usize = 32;
const LONGEST_PARAM: usize = 8192;
/// Before the name of each mirrored argument.
pub const PARAM_PREFIX: &str = "mcp-param-";

/// The revision that `MCP-Protocol-Version` declares.
///
/// # Errors
/// [`Denial::RevisionUnsupported`], or a repeated header.
pub(super) fn declared(head: &Head) -> Result<Option<Revision>, Denial> {
    let header = head.single("mcp-protocol-version").map_err(|_| repeated())?;
    header.map(|text| Revision::parse(text).ok_or(Denial::RevisionUnsupported)).transpose()
}

/// # Errors
/// What `Content-Type` or `Accept` lacks.
pub(super) fn check_media(head: &Head) -> Result<(), Denial> {
    let content =
        head.single("content-type").map_err(|_| Denial::MessageMalformed(MessageFault::MediaType))?;
    if content.map(essence).as_deref() != Some("application/json") {
        return Err(Denial::MessageMalformed(MessageFault::MediaType));
    }
    match head.by {
        Transport::StreamableHttp | Transport::Batch => {
            accepts(head, &["application/json", "text/event-stream"])
        }
        // Its answers come on the stream.
        Transport::EventStream => Ok(()),
    }
}

/// # Errors
/// [`MessageFault::NotAcceptable`] if `Accept` lacks one of the media types.
pub(super) fn accepts(head: &Head, kinds: &[&str]) -> Result<(), Denial> {
    let accepted: Vec<String> = (head.headers.get_all("accept").iter())
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(essence))
        .collect();
    let accepts = |kind: &str| accepted.iter().any(|range| range == kind || range == "*/*");
    if kinds.iter().all(|kind| accepts(kind)) {
        Ok(())
    } else {
        Err(Denial::MessageMalformed(MessageFault::NotAcceptable))
    }
}

fn essence(value: &str) -> String {
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// 2026-07-28: headers mirror the body, and who reads both must refuse a mismatch.
pub(super) fn check_modern(head: &Head, message: &Message) -> Result<(), Denial> {
    if message.method.is_notification() {
        return Ok(());
    }
    let header = |name: &str| head.single(name).map_err(|_| repeated());
    if header("mcp-method")? != Some(message.method.as_str()) {
        return mismatch("Mcp-Method is missing or differs from the body");
    }
    let Some(meta) = message.params.get("_meta").and_then(Value::as_object) else {
        return Err(Denial::MessageMalformed(MessageFault::Params("`params._meta` is required")));
    };
    let version = meta.get(META_VERSION).and_then(Value::as_str);
    if version.is_none() || !meta.get(META_CAPABILITIES).is_some_and(Value::is_object) {
        let what = "`_meta` must carry protocolVersion and clientCapabilities";
        return Err(Denial::MessageMalformed(MessageFault::Params(what)));
    }
    if version != message.revision.map(Revision::as_str) {
        return mismatch("MCP-Protocol-Version and _meta disagree");
    }
    if let Some(name) = message.name() {
        let named = header("mcp-name")?.map(decode).transpose().map_err(|()| bad_encoding())?;
        if named.as_deref() != Some(name) {
            return mismatch("Mcp-Name is missing or differs from the body");
        }
    }
    Ok(())
}

/// The arguments that `Mcp-Param-*` headers mirror, decoded, by lower-case name.
///
/// # Errors
/// A repeated, badly encoded or oversized header.
pub(super) fn mirrored(head: &Head) -> Result<Vec<(String, String)>, Denial> {
    let mut found: Vec<(String, String)> = Vec::new();
    for (name, value) in &head.headers {
        let Some(name) = name.as_str().strip_prefix(PARAM_PREFIX) else { continue };
        if found.len() == MOST_PARAMS || value.len() > LONGEST_PARAM {
            return Err(mismatch_of("too many or too long Mcp-Param headers"));
        }
        if found.iter().any(|(known, _)| known == name) {
            return Err(repeated());
        }
        let value = value.to_str().ok().and_then(|value| decode(value).ok()).ok_or_else(bad_encoding)?;
        found.push((name.to_owned(), value));
    }
    Ok(found)
}

/// A header value that is not plain ASCII travels as `=?base64?…?=`.
fn decode(value: &str) -> Result<String, ()> {
    let Some(encoded) = value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) else {
        return Ok(value.to_owned());
    };
    let bytes = STANDARD.decode(encoded).map_err(drop)?;
    String::from_utf8(bytes).map_err(drop)
}

/// A mirrored value: plain where it is safe, base64 otherwise.
pub fn encode(text: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    let edges = text.starts_with(' ') || text.ends_with(' ');
    if !text.is_empty() && text.bytes().all(safe) && !edges && !text.starts_with("=?") {
        text.to_owned()
    } else {
        format!("=?base64?{}?=", STANDARD.encode(text))
    }
}

fn repeated() -> Denial {
    mismatch_of("an MCP header occurs more than once")
}

fn bad_encoding() -> Denial {
    mismatch_of("an MCP header is not validly encoded")
}

fn mismatch(what: &'static str) -> Result<(), Denial> {
    Err(mismatch_of(what))
}

fn mismatch_of(what: &'static str) -> Denial {
    Denial::MessageMalformed(MessageFault::HeaderMismatch(what))
}
