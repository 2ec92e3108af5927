//! Batches of MCP 2025-03-26: several messages in one body.
//!
//! A batch is taken apart here, and each of its messages is a call of its own: it takes the
//! whole way, with its own token check, rates, policy, credential and record. Nothing is
//! granted to a batch. Since a body is read only for a known caller, what the body turns
//! out to be is learnt on the way of a first call, which ends there on record as `batch`.

use crate::model::denial::MessageFault;
use crate::model::strict;
use crate::server::{reply, stream};
use crate::wire::arrival::Head;
use crate::wire::event::{self, Event};
use crate::wire::revision::Revision;
use axum::response::Response;
use bytes::Bytes;
use http::{StatusCode, header};
use http_body_util::{BodyExt, Collected};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Messages of one batch.
const MOST: usize = 32;

/// Where a first call leaves the messages of a batch.
#[derive(Clone, Default)]
pub(super) struct Found(Arc<Mutex<Vec<Bytes>>>);

impl Found {
    pub(super) fn take(&self) -> Vec<Bytes> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Hands the body on if it is one message.
    pub(super) fn apart(&self, body: Bytes) -> Result<Bytes, MessageFault> {
        if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'[') {
            return Ok(body);
        }
        let messages = messages(&body)?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = messages;
        Err(MessageFault::Batch)
    }
}

/// Whether a request may bring a batch: one of a session, in the revision that has them,
/// whose clients name no revision in a header.
pub(super) fn may_come(head: &Head) -> bool {
    let declared = head.single("mcp-protocol-version");
    let fits = matches!(declared, Ok(None)) || declared == Ok(Some(Revision::V2025_03_26.as_str()));
    fits && head.headers.contains_key("mcp-session-id")
}

fn messages(body: &[u8]) -> Result<Vec<Bytes>, MessageFault> {
    // Read strictly as a whole first: what one reader of JSON takes for a member's end,
    // another must not take for a message's.
    let Value::Array(values) = strict::parse(body).map_err(|fault| MessageFault::NotJson(fault.message()))?
    else {
        return Err(MessageFault::NotJsonRpc("a batch is a list of messages"));
    };
    if values.is_empty() || values.len() > MOST {
        return Err(MessageFault::NotJsonRpc("a batch has between 1 and 32 messages"));
    }
    let mut ids = HashSet::new();
    for value in &values {
        let is_request = value.get("method").is_some();
        let id = value.get("id").filter(|_| is_request).map(Value::to_string);
        if id.is_some_and(|id| !ids.insert(id)) {
            return Err(MessageFault::NotJsonRpc("two requests of a batch have one id"));
        }
    }
    let raw: Vec<&RawValue> =
        serde_json::from_slice(body).map_err(|_| MessageFault::NotJson("a batch is a list of messages"))?;
    Ok(raw.into_iter().map(|message| Bytes::copy_from_slice(message.get().as_bytes())).collect())
}

/// One answer of them all: a list where each is whole, a stream where any is one.
pub(super) async fn answer(responses: Vec<Response>) -> Response {
    let (mut whole, mut streams) = (Vec::new(), Vec::new());
    for response in responses {
        let kind = response.headers().get(header::CONTENT_TYPE);
        if kind.is_some_and(|kind| kind == "text/event-stream") {
            streams.push(response.into_body());
        } else if kind.is_some_and(|kind| kind == "application/json") {
            // The gate has written it whole already; there is nothing to wait for.
            whole.extend(response.into_body().collect().await.map(Collected::to_bytes));
        }
    }
    if !streams.is_empty() {
        let mut first = Vec::new();
        for message in whole {
            event::write(&Event::message(message.to_vec()), &mut first);
        }
        return reply::streaming(stream::merged(first.into(), streams));
    }
    if whole.is_empty() {
        return reply::respond(StatusCode::ACCEPTED, "", Vec::new());
    }
    let list = [b"[".as_slice(), &whole.join(&b","[..]), b"]"].concat();
    reply::respond(StatusCode::OK, "application/json", list)
}
