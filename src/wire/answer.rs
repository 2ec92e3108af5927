//! What an upstream sends back: a response, a notification, or a request of its own.

use crate::wire::message::RequestId;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// Messages of one batch.
const MOST_BATCHED: usize = 256;

/// One message from an upstream, its contents not yet looked into.
#[derive(Debug)]
pub enum Incoming<'a> {
    Result {
        id: RequestId,
        result: &'a RawValue,
    },
    /// The id is None when the upstream could not read the request.
    Error {
        id: Option<RequestId>,
        error: ErrorObject,
    },
    Notification {
        method: String,
        params: Option<&'a RawValue>,
    },
    /// Sampling, elicitation, roots: asks something of the client.
    Request {
        id: RequestId,
        method: String,
        params: Option<&'a RawValue>,
    },
}

#[derive(Deserialize)]
struct Envelope<'a> {
    jsonrpc: String,
    #[serde(default)]
    id: Option<Value>,
    method: Option<String>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<ErrorObject>,
}

/// An error as an upstream states it.
#[derive(Debug, Deserialize)]
pub struct ErrorObject {
    pub code: i64,
    pub message: String,
    /// Anything at all; only a few codes give it a form.
    #[serde(default)]
    pub data: Option<Value>,
}

/// Reads one message.
///
/// # Errors
/// A stable word for the audit.
pub fn read(bytes: &[u8]) -> Result<Incoming<'_>, &'static str> {
    let envelope: Envelope<'_> = serde_json::from_slice(bytes).map_err(|_| "not a JSON-RPC message")?;
    if envelope.jsonrpc != "2.0" {
        return Err("not JSON-RPC 2.0");
    }
    let id = match envelope.id.as_ref().filter(|id| !id.is_null()) {
        None => None,
        Some(value) => Some(RequestId::read(value).ok_or("an id that is neither string nor integer")?),
    };
    match (envelope.method, envelope.result, envelope.error, id) {
        (Some(method), None, None, Some(id)) => Ok(Incoming::Request { id, method, params: envelope.params }),
        (Some(method), None, None, None) => Ok(Incoming::Notification { method, params: envelope.params }),
        (None, Some(result), None, Some(id)) => Ok(Incoming::Result { id, result }),
        (None, None, Some(error), id) => Ok(Incoming::Error { id, error }),
        (None, _, _, _) => Err("neither a request nor a response"),
        (Some(_), _, _, _) => Err("both a request and a response"),
    }
}

/// The messages of a batch (MCP 2025-03-26); None if it is none.
///
/// # Errors
/// A stable word for the audit.
pub fn batch(bytes: &[u8]) -> Result<Option<Vec<&RawValue>>, &'static str> {
    if !bytes.trim_ascii_start().starts_with(b"[") {
        return Ok(None);
    }
    let messages: Vec<&RawValue> = serde_json::from_slice(bytes).map_err(|_| "not a batch")?;
    let within = (1..=MOST_BATCHED).contains(&messages.len());
    if within { Ok(Some(messages)) } else { Err("an empty or too large batch") }
}

/// Whether a message is a response, to whatever.
pub fn is_response(bytes: &[u8]) -> bool {
    matches!(read(bytes), Ok(Incoming::Result { .. } | Incoming::Error { .. }))
}
