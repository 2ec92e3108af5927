//! One request or notification from a client, decoded and checked against its
//! HTTP headers.

use crate::model::denial::{Denial, MessageFault};
use crate::model::strict;
use crate::wire::arrival::{Head, HttpMethod};
use crate::wire::method::Method;
use crate::wire::revision::{Era, Revision};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const META_CLIENT: &str = "io.modelcontextprotocol/clientInfo";

/// A JSON-RPC id: a string or an integer, and `1` is not `"1"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Value);

impl RequestId {
    pub fn read(value: &Value) -> Option<Self> {
        let valid = match value {
            Value::String(text) => text.len() <= 256,
            Value::Number(number) => number.is_i64() || number.is_u64(),
            _ => false,
        };
        valid.then(|| Self(value.clone()))
    }

    pub fn as_value(&self) -> &Value {
        &self.0
    }
}

/// A decoded message.
#[derive(Clone, Debug)]
pub struct Message {
    /// None for a notification.
    pub id: Option<RequestId>,
    pub method: Method,
    /// What the request declares itself; a legacy request may leave it to its session.
    pub revision: Option<Revision>,
    pub params: Map<String, Value>,
    /// `params.arguments` in the client's own bytes, so that they are forwarded with
    /// their number spelling.
    arguments: Option<Box<RawValue>>,
}

impl Message {
    /// Reads the message and checks what its headers say of it.
    ///
    /// # Errors
    /// [`Denial::MessageMalformed`], [`Denial::MethodUnknown`] or
    /// [`Denial::RevisionUnsupported`]. None of them echoes the input.
    pub fn decode(head: &Head, body: &[u8]) -> Result<Self, Denial> {
        let declared = declared_revision(head)?;
        match head.method {
            HttpMethod::Post => {}
            HttpMethod::Get => return Ok(Self::bodiless(Method::OpenStream, declared)),
            HttpMethod::Delete => return Ok(Self::bodiless(Method::EndSession, declared)),
        }
        check_media(head)?;
        let message = Self::from_json(body, declared)?;
        if message.era() == Some(Era::Modern) {
            check_modern(head, &message)?;
        }
        Ok(message)
    }

    /// The id of a request that could not be decoded whole, so that the client can tell
    /// which one the error answers.
    pub fn id_of(body: &[u8]) -> Option<Value> {
        let value = strict::parse(body).ok()?;
        RequestId::read(value.get("id")?).map(|id| id.0)
    }

    fn bodiless(method: Method, revision: Option<Revision>) -> Self {
        Self { id: None, method, revision, params: Map::new(), arguments: None }
    }

    fn from_json(body: &[u8], revision: Option<Revision>) -> Result<Self, Denial> {
        let malformed = |fault| Err(Denial::MessageMalformed(fault));
        let value = match strict::parse(body) {
            Ok(value) => value,
            Err(fault) => return malformed(MessageFault::NotJson(fault.message())),
        };
        let Value::Object(object) = value else {
            // Batches were removed in 2025-06-18; the one revision that has them is
            // served without, as every client of it can send single messages.
            return malformed(MessageFault::NotJsonRpc("one JSON-RPC message is expected, not a batch"));
        };
        if object.get("jsonrpc") != Some(&json!("2.0")) {
            return malformed(MessageFault::NotJsonRpc("`jsonrpc` must be \"2.0\""));
        }
        let Some(name) = object.get("method").and_then(Value::as_str) else {
            return malformed(MessageFault::NotJsonRpc(
                "a request or notification with a `method` is expected",
            ));
        };
        let id = match object.get("id").map(RequestId::read) {
            Some(None) => return malformed(MessageFault::NotJsonRpc("`id` must be a string or an integer")),
            Some(Some(id)) => Some(id),
            None => None,
        };
        let method = Method::parse(name).ok_or(Denial::MethodUnknown)?;
        if method.is_notification() != id.is_none() {
            return malformed(MessageFault::NotJsonRpc("a request needs an `id`, a notification has none"));
        }
        let params = match object.get("params") {
            None => Map::new(),
            Some(Value::Object(params)) => params.clone(),
            Some(_) => return malformed(MessageFault::Params("`params` must be an object")),
        };
        let arguments = raw_arguments(body);
        let message = Self { id, method, revision, params, arguments };
        message.check_params().map_err(Denial::MessageMalformed)?;
        Ok(message)
    }

    fn check_params(&self) -> Result<(), MessageFault> {
        if self.method == Method::ToolsCall {
            if self.tool().is_none() {
                return Err(MessageFault::Params("`params.name` must name a tool"));
            }
            if !matches!(self.params.get("arguments"), None | Some(Value::Object(_))) {
                return Err(MessageFault::Params("`params.arguments` must be an object"));
            }
        }
        Ok(())
    }

    fn era(&self) -> Option<Era> {
        self.revision.map(Revision::era)
    }

    /// The tool that a `tools/call` names.
    pub fn tool(&self) -> Option<&str> {
        let name = self.params.get("name").and_then(Value::as_str)?;
        (self.method == Method::ToolsCall && !name.is_empty() && name.len() <= 128).then_some(name)
    }

    /// The arguments of a `tools/call`.
    pub fn arguments(&self) -> Value {
        self.params.get("arguments").cloned().unwrap_or_else(|| json!({}))
    }

    /// The request as it goes to an upstream: known members only, the arguments in
    /// their own bytes, and no client capability, since an upstream may ask this
    /// client for nothing (sampling, elicitation, roots).
    pub fn forward(&self, revision: Revision) -> Vec<u8> {
        let mut params = Vec::<(&str, String)>::new();
        match self.method {
            Method::Initialize => {
                params.push(("protocolVersion", json!(revision.as_str()).to_string()));
                params.push(("capabilities", "{}".into()));
                let client = self.params.get("clientInfo").map_or_else(|| json!({}), implementation);
                params.push(("clientInfo", client.to_string()));
            }
            Method::ToolsCall => {
                params.push(("name", json!(self.tool()).to_string()));
                params.extend(self.arguments.as_ref().map(|raw| ("arguments", raw.get().to_owned())));
            }
            Method::ToolsList => {
                params.extend(self.params.get("cursor").map(|cursor| ("cursor", cursor.to_string())));
            }
            _ => {}
        }
        let meta = self.forwarded_meta(revision);
        if !meta.is_empty() {
            params.push(("_meta", Value::Object(meta).to_string()));
        }
        let params: Vec<String> =
            params.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
        let id = self.id.as_ref().map(|id| format!("\"id\":{},", id.0)).unwrap_or_default();
        let method = self.method.as_str();
        format!("{{\"jsonrpc\":\"2.0\",{id}\"method\":\"{method}\",\"params\":{{{}}}}}", params.join(","))
            .into_bytes()
    }

    fn forwarded_meta(&self, revision: Revision) -> Map<String, Value> {
        let held = self.params.get("_meta").and_then(Value::as_object);
        let mut meta = Map::new();
        if let Some(token) = held.and_then(|meta| meta.get("progressToken")) {
            meta.insert("progressToken".into(), token.clone());
        }
        if revision.era() == Era::Modern {
            meta.insert(META_VERSION.into(), json!(revision.as_str()));
            meta.insert(META_CAPABILITIES.into(), json!({}));
            if let Some(client) = held.and_then(|meta| meta.get(META_CLIENT)) {
                meta.insert(META_CLIENT.into(), implementation(client));
            }
        }
        meta
    }
}

/// Name and version of a client; the rest of what it says of itself stays here.
fn implementation(client: &Value) -> Value {
    let text = |name: &str| client.get(name).and_then(Value::as_str).unwrap_or("unknown").to_owned();
    json!({ "name": text("name"), "version": text("version") })
}

fn raw_arguments(body: &[u8]) -> Option<Box<RawValue>> {
    #[derive(Deserialize)]
    struct Outer {
        params: Option<Inner>,
    }
    #[derive(Deserialize)]
    struct Inner {
        arguments: Option<Box<RawValue>>,
    }
    serde_json::from_slice::<Outer>(body).ok()?.params?.arguments
}

fn declared_revision(head: &Head) -> Result<Option<Revision>, Denial> {
    let header = head.single("mcp-protocol-version").map_err(|_| repeated())?;
    header.map(|text| Revision::parse(text).ok_or(Denial::RevisionUnsupported)).transpose()
}

fn repeated() -> Denial {
    Denial::MessageMalformed(MessageFault::HeaderMismatch("an MCP header occurs more than once"))
}

fn check_media(head: &Head) -> Result<(), Denial> {
    let essence = |value: &str| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let content =
        head.single("content-type").map_err(|_| Denial::MessageMalformed(MessageFault::MediaType))?;
    if content.map(essence).as_deref() != Some("application/json") {
        return Err(Denial::MessageMalformed(MessageFault::MediaType));
    }
    let accepted: Vec<String> = (head.headers.get_all("accept").iter())
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(essence))
        .collect();
    let accepts = |kind: &str| accepted.iter().any(|range| range == kind || range == "*/*");
    if accepts("application/json") && accepts("text/event-stream") {
        Ok(())
    } else {
        Err(Denial::MessageMalformed(MessageFault::NotAcceptable))
    }
}

/// 2026-07-28: headers mirror the body, and who reads both must refuse a mismatch.
fn check_modern(head: &Head, message: &Message) -> Result<(), Denial> {
    let mismatch = |what| Err(Denial::MessageMalformed(MessageFault::HeaderMismatch(what)));
    if message.method.is_notification() {
        return Ok(());
    }
    let header = |name: &str| head.single(name).map_err(|_| repeated());
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
    if header("mcp-method")? != Some(message.method.as_str()) {
        return mismatch("Mcp-Method is missing or differs from the body");
    }
    if let Some(tool) = message.tool() {
        let named = header("mcp-name")?.map(unwrap_header);
        if named.as_deref() != Some(tool) {
            return mismatch("Mcp-Name is missing or differs from the body");
        }
    }
    Ok(())
}

/// Header values that are not plain ASCII travel as `=?base64?…?=`.
fn unwrap_header(value: &str) -> String {
    use base64::Engine as _;
    let encoded = value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="));
    let decoded = encoded.and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok());
    decoded.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| value.to_owned())
}
