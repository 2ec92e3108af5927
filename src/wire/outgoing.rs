//! A client's message as it goes to an upstream: the members that its form lists, with
//! the arguments in their own bytes.

use crate::wire::capabilities;
use crate::wire::form::Feature;
use crate::wire::message::{META_CAPABILITIES, META_VERSION, Message, RequestId};
use crate::wire::method::Method;
use crate::wire::revision::{Era, Revision};
use serde_json::{Map, Value, json};

/// Writes the message. Its parameters must have been rebuilt by their form. `id` is the
/// upstream's id where it differs from the client's own.
pub fn write(
    message: &Message,
    revision: Revision,
    id: Option<&RequestId>,
    allows: impl Fn(Feature) -> bool,
) -> Vec<u8> {
    let id = id.or(message.id.as_ref());
    let id = id.map(|id| format!("\"id\":{},", id.as_value())).unwrap_or_default();
    if message.method == Method::Response {
        let members: Vec<String> = message.params.iter().map(member).collect();
        return format!("{{\"jsonrpc\":\"2.0\",{id}{}}}", members.join(",")).into_bytes();
    }
    let declared = message.capabilities.as_ref();
    let capabilities = capabilities::of_client(declared.unwrap_or(&Value::Null), revision.era(), &allows);
    let mut params = Vec::new();
    if message.method == Method::Initialize {
        params.push(member(("protocolVersion", &json!(revision.as_str()))));
        params.push(member(("capabilities", &capabilities)));
        if !message.params.contains_key("clientInfo") {
            params.push(member(("clientInfo", &json!({"name": "unknown", "version": "unknown"}))));
        }
    }
    for (name, value) in message.params.iter().filter(|(name, _)| *name != "_meta") {
        match message.raw_arguments().filter(|_| name == "arguments") {
            Some(raw) => params.push(format!("\"arguments\":{}", raw.get())),
            None => params.push(member((name, value))),
        }
    }
    let mut meta = message.params.get("_meta").and_then(Value::as_object).cloned().unwrap_or_default();
    if revision.era() == Era::Modern && !message.method.is_notification() {
        about(&mut meta, revision, capabilities);
    }
    if !meta.is_empty() {
        params.push(member(("_meta", &Value::Object(meta))));
    }
    let method = message.method.as_str();
    format!("{{\"jsonrpc\":\"2.0\",{id}\"method\":\"{method}\",\"params\":{{{}}}}}", params.join(","))
        .into_bytes()
}

/// What every request of 2026-07-28 says of its client.
pub fn about(meta: &mut Map<String, Value>, revision: Revision, capabilities: Value) {
    meta.insert(META_VERSION.into(), json!(revision.as_str()));
    meta.insert(META_CAPABILITIES.into(), capabilities);
}

fn member<N: AsRef<str>>((name, value): (N, &Value)) -> String {
    format!("{}:{value}", json!(name.as_ref()))
}
