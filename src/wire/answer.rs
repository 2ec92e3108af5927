//! What an upstream sends back: a response, a notification, or a request of its own.

use crate::wire::message::RequestId;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// One message from an upstream, its contents not yet looked into.
#[derive(Debug)]
pub enum Incoming<'a> {
    Result(&'a RawValue),
    Error {
        code: i64,
        message: String,
    },
    Notification {
        method: String,
        params: Option<&'a RawValue>,
    },
    /// Sampling, elicitation, roots: asks something of the client.
    Request,
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

/// `data` is not read: it may hold anything, and nothing filters it.
#[derive(Deserialize)]
struct ErrorObject {
    code: i64,
    message: String,
}

/// Reads one message. A response must answer `expected`.
///
/// # Errors
/// A stable word for the audit.
pub fn read<'a>(bytes: &'a [u8], expected: Option<&RequestId>) -> Result<Incoming<'a>, &'static str> {
    let envelope: Envelope<'a> = serde_json::from_slice(bytes).map_err(|_| "not a JSON-RPC message")?;
    if envelope.jsonrpc != "2.0" {
        return Err("not JSON-RPC 2.0");
    }
    let answers = || envelope.id.as_ref().and_then(RequestId::read).as_ref() == expected;
    match (envelope.method, envelope.result, envelope.error) {
        (Some(_), None, None) if envelope.id.is_some() => Ok(Incoming::Request),
        (Some(method), None, None) => Ok(Incoming::Notification { method, params: envelope.params }),
        (None, Some(result), None) if answers() => Ok(Incoming::Result(result)),
        // An error may have a null id when the upstream could not read the request.
        (None, None, Some(error)) if answers() || envelope.id.is_none() => {
            Ok(Incoming::Error { code: error.code, message: error.message })
        }
        (None, _, _) => Err("answers another request"),
        (Some(_), _, _) => Err("both a request and a response"),
    }
}
