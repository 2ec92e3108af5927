//! One request, notification or response from a client, decoded and checked against its
//! HTTP headers.

use crate::model::denial::{Denial, MessageFault};
use crate::model::strict;
use crate::wire::arrival::{Head, HttpMethod, Transport};
use crate::wire::headers;
use crate::wire::method::Method;
use crate::wire::revision::{Era, Revision};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

pub(crate) const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
pub(crate) const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// A JSON-RPC id: a string or an integer, and `1` is not `"1"`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    /// `params`; of a response, its `result` or `error`.
    pub params: Map<String, Value>,
    /// What the client says that it can do. Never a security input.
    pub capabilities: Option<Value>,
    /// The arguments that `Mcp-Param-*` headers mirror.
    pub mirrored: Vec<(String, String)>,
    /// Where a broken stream is to be taken up again (`Last-Event-ID`).
    pub resume: Option<String>,
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
        let declared = headers::declared(head)?;
        match head.method {
            HttpMethod::Post => {}
            HttpMethod::Get => {
                headers::accepts(head, &["text/event-stream"])?;
                if head.by == Transport::EventStream {
                    return Ok(Self::bodiless(Method::OpenEventStream, declared));
                }
                let mut opening = Self::bodiless(Method::OpenStream, declared);
                opening.resume = head.single("last-event-id").ok().flatten().map(str::to_owned);
                return Ok(opening);
            }
            HttpMethod::Delete => return Ok(Self::bodiless(Method::EndSession, declared)),
        }
        headers::check_media(head)?;
        let mut message = Self::from_json(body, declared)?;
        if message.era() == Some(Era::Modern) {
            headers::check_modern(head, &message)?;
            message.mirrored = headers::mirrored(head)?;
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
        Self {
            id: None,
            method,
            revision,
            params: Map::new(),
            capabilities: None,
            mirrored: Vec::new(),
            resume: None,
            arguments: None,
        }
    }

    fn from_json(body: &[u8], revision: Option<Revision>) -> Result<Self, Denial> {
        let value = strict::parse(body)
            .map_err(|fault| Denial::MessageMalformed(MessageFault::NotJson(fault.message())))?;
        let Value::Object(mut object) = value else {
            return Err(not_json_rpc(
                "one JSON-RPC message is expected; batches belong to sessions of 2025-03-26",
            ));
        };
        if object.get("jsonrpc") != Some(&json!("2.0")) {
            return Err(not_json_rpc("`jsonrpc` must be \"2.0\""));
        }
        let id = match object.get("id").map(RequestId::read) {
            Some(None) => return Err(not_json_rpc("`id` must be a string or an integer")),
            Some(Some(id)) => Some(id),
            None => None,
        };
        let Some(name) = object.get("method").and_then(Value::as_str) else {
            return Self::response(id, object, revision);
        };
        let method = Method::parse(name).ok_or(Denial::MethodUnknown)?;
        // Before anything else is asked of it: in this revision there is no such method.
        if method.is_legacy() && revision.map(Revision::era) == Some(Era::Modern) && !method.is_notification()
        {
            return Err(Denial::MethodUnknown);
        }
        if method.is_notification() != id.is_none() {
            return Err(not_json_rpc("a request needs an `id`, a notification has none"));
        }
        let params = match object.remove("params") {
            None => Map::new(),
            Some(Value::Object(params)) => params,
            Some(_) => return Err(malformed_params("`params` must be an object")),
        };
        let mut message = Self { id, params, ..Self::bodiless(method, revision) };
        message.check_declared_in_body()?;
        message.capabilities = message.declared_capabilities();
        if method == Method::ToolsCall {
            message.arguments = raw_arguments(body);
        }
        message.check_params()?;
        Ok(message)
    }

    /// A client's answer to a request that its server made.
    fn response(
        id: Option<RequestId>,
        object: Map<String, Value>,
        revision: Option<Revision>,
    ) -> Result<Self, Denial> {
        let expected = "a request, a notification or a response is expected";
        let members: Map<String, Value> =
            object.into_iter().filter(|(name, _)| name == "result" || name == "error").collect();
        if id.is_none() || members.len() != 1 || !members.values().all(Value::is_object) {
            return Err(not_json_rpc(expected));
        }
        if revision.map(Revision::era) == Some(Era::Modern) {
            return Err(not_json_rpc("this revision has no responses of clients"));
        }
        Ok(Self { id, params: members, ..Self::bodiless(Method::Response, revision) })
    }

    /// A body of 2026-07-28 must say so in the header too, or else a reader of headers
    /// would take it for something older.
    fn check_declared_in_body(&self) -> Result<(), Denial> {
        let inside = self.meta(META_VERSION).and_then(Value::as_str);
        let modern = inside.and_then(Revision::parse).is_some_and(|revision| revision.era() == Era::Modern);
        if modern && self.revision.is_none() && !self.method.is_notification() {
            let what = "MCP-Protocol-Version is missing";
            return Err(Denial::MessageMalformed(MessageFault::HeaderMismatch(what)));
        }
        Ok(())
    }

    fn declared_capabilities(&self) -> Option<Value> {
        match self.method {
            Method::Initialize => self.params.get("capabilities").cloned(),
            _ => self.meta(META_CAPABILITIES).cloned(),
        }
    }

    fn check_params(&self) -> Result<(), Denial> {
        let text = |name: &str| self.params.get(name).and_then(Value::as_str);
        let fault = match self.method {
            Method::ToolsCall if self.tool().is_none() => "`params.name` must name a tool",
            Method::ToolsCall if !matches!(self.params.get("arguments"), None | Some(Value::Object(_))) => {
                "`params.arguments` must be an object"
            }
            Method::PromptsGet if text("name").is_none_or(str::is_empty) => {
                "`params.name` must name a prompt"
            }
            Method::ResourcesRead | Method::ResourcesSubscribe | Method::ResourcesUnsubscribe
                if text("uri").is_none_or(str::is_empty) =>
            {
                "`params.uri` must name a resource"
            }
            Method::TasksGet | Method::TasksResult | Method::TasksCancel | Method::TasksUpdate
                if text("taskId").is_none_or(str::is_empty) =>
            {
                "`params.taskId` must name a task"
            }
            Method::Complete if !self.params.get("ref").is_some_and(is_reference) => {
                "`params.ref` must name a prompt or a resource"
            }
            _ => return Ok(()),
        };
        Err(malformed_params(fault))
    }

    fn era(&self) -> Option<Era> {
        self.revision.map(Revision::era)
    }

    fn meta(&self, name: &str) -> Option<&Value> {
        self.params.get("_meta")?.get(name)
    }

    /// The token under which the client wants to hear of progress.
    pub fn progress_token(&self) -> Option<&Value> {
        self.meta("progressToken")
    }

    /// The tool that a `tools/call` names.
    pub fn tool(&self) -> Option<&str> {
        let name = self.params.get("name").and_then(Value::as_str)?;
        (self.method == Method::ToolsCall && !name.is_empty() && name.len() <= 128).then_some(name)
    }

    /// Names another tool in a `tools/call`.
    pub fn call_instead(&mut self, name: String) {
        self.params.insert("name".to_owned(), Value::from(name));
    }

    /// The task that a `tasks/…` request is about.
    pub fn task(&self) -> Option<&str> {
        self.name().filter(|_| self.method.name_member() == Some("taskId"))
    }

    /// The tasks that a `subscriptions/listen` wants to hear of.
    pub fn tasks_listened(&self) -> impl Iterator<Item = &str> {
        let listens = self.method == Method::SubscriptionsListen;
        let wanted = self.params.get("notifications").filter(|_| listens);
        let tasks = wanted.and_then(|wanted| wanted.get("taskIds")).and_then(Value::as_array);
        tasks.into_iter().flatten().filter_map(Value::as_str)
    }

    /// What `Mcp-Name` mirrors: the tool, prompt, resource or task that is meant.
    pub fn name(&self) -> Option<&str> {
        self.params.get(self.method.name_member()?).and_then(Value::as_str)
    }

    /// The arguments of a `tools/call`.
    pub fn arguments(&self) -> Value {
        self.params.get("arguments").cloned().unwrap_or_else(|| json!({}))
    }

    /// Calls with other arguments; `raw` is how they are written.
    pub fn call_with(&mut self, arguments: Value, raw: Box<RawValue>) {
        self.params.insert("arguments".to_owned(), arguments);
        self.arguments = Some(raw);
    }

    /// The arguments as they were written.
    pub fn raw_arguments(&self) -> Option<&RawValue> {
        self.arguments.as_deref()
    }
}

fn not_json_rpc(what: &'static str) -> Denial {
    Denial::MessageMalformed(MessageFault::NotJsonRpc(what))
}

/// What a completion is for, and so whose rules it obeys.
fn is_reference(reference: &Value) -> bool {
    let member = match reference.get("type").and_then(Value::as_str) {
        Some("ref/prompt") => "name",
        Some("ref/resource") => "uri",
        _ => return false,
    };
    reference.get(member).is_some_and(Value::is_string)
}

fn malformed_params(what: &'static str) -> Denial {
    Denial::MessageMalformed(MessageFault::Params(what))
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
