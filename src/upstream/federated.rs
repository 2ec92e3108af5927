//! What a federated endpoint answers itself: what it is, and which tools its members have.
//! Calls never come here; each goes to its member.

use crate::model::denial::Denial;
use crate::request::{Grant, Request, Stateless};
use crate::upstream::bridge::whole;
use crate::upstream::source::Source;
use crate::wire::form::content::META_SERVER;
use crate::wire::message::RequestId;
use crate::wire::method::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Answers a message that is for no one member.
///
/// # Errors
/// [`Denial::StreamRefused`]: what members say unasked is heard at their own endpoints.
/// [`Denial::MethodRefused`] for what a federation does not offer.
pub(super) fn answer(request: &Request, grant: &Grant) -> Result<(Source, Option<Arc<Stateless>>), Denial> {
    let server = json!({"name": request.server.as_str(), "version": env!("CARGO_PKG_VERSION")});
    let result = match request.method() {
        Method::Initialize => {
            let declared = request.message.capabilities.clone().unwrap_or_else(|| json!({}));
            let info = request.message.params.get("clientInfo").cloned();
            let result = json!({
                "protocolVersion": request.revision.as_str(),
                "capabilities": {"tools": {}},
                "serverInfo": server,
            });
            return Ok((result_of(request, &result), Some(Arc::new(Stateless::new(declared, info)))));
        }
        Method::Discover => json!({
            "resultType": "complete", "capabilities": {"tools": {}}, "_meta": {META_SERVER: server},
        }),
        Method::ToolsList => {
            let tools: BTreeMap<&str, &Value> =
                grant.tools.values().map(|tool| (tool.name.as_str(), &tool.listed)).collect();
            json!({"resultType": "complete", "tools": tools.into_values().collect::<Vec<_>>()})
        }
        Method::Cancelled => {
            let cancelled = request.message.params.get("requestId").and_then(RequestId::read);
            let client = request.session.as_ref().and_then(|session| session.stateless.as_ref());
            if let (Some(id), Some(client)) = (&cancelled, client) {
                client.cancel(id);
            }
            return Ok((Source::Nothing, None));
        }
        Method::OpenStream => return Err(Denial::StreamRefused),
        Method::EndSession => return Ok((Source::Nothing, None)),
        method if method.is_notification() => return Ok((Source::Nothing, None)),
        _ => return Err(Denial::MethodRefused),
    };
    Ok((result_of(request, &result), None))
}

fn result_of(request: &Request, result: &Value) -> Source {
    let id = request.message.id.as_ref().map(RequestId::as_value);
    whole(&json!({"jsonrpc": "2.0", "id": id, "result": result}))
}
