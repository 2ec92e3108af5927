//! A small MCP server over HTTP, for both samples: MCP 2026-07-28 and the three
//! revisions with sessions before it. It takes delegated tokens only, each for
//! exactly the operation at hand.

use crate::downstream::Verifier;
use crate::jose::random_id;
use crate::model::ids::ServerName;
use crate::wire::revision::{Era, Revision};
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex, PoisonError};

type Handler = Arc<dyn Fn(&Value) -> Result<Value, String> + Send + Sync>;

/// One tool of a sample server.
pub(super) struct Tool {
    name: &'static str,
    description: &'static str,
    input: Value,
    output: Value,
    progress: bool,
    handler: Handler,
}

impl Tool {
    pub(super) fn new(name: &'static str, description: &'static str) -> Self {
        let nothing = |_: &Value| Err("not implemented by this tool".to_owned());
        Self {
            name,
            description,
            input: Value::Null,
            output: Value::Null,
            progress: false,
            handler: Arc::new(nothing),
        }
    }

    pub(super) fn input(self, input: Value) -> Self {
        Self { input, ..self }
    }

    pub(super) fn output(self, output: Value) -> Self {
        Self { output, ..self }
    }

    /// The tool answers as a stream, with a progress notification first.
    pub(super) fn with_progress(self) -> Self {
        Self { progress: true, ..self }
    }

    pub(super) fn calls(
        self,
        handler: impl Fn(&Value) -> Result<Value, String> + Send + Sync + 'static,
    ) -> Self {
        Self { handler: Arc::new(handler), ..self }
    }

    fn listed(&self) -> Value {
        json!({"name": self.name, "description": self.description, "inputSchema": self.input, "outputSchema": self.output})
    }
}

// -- JSON Schema in few words ------------------------------------------------------

pub(super) fn string(description: &str) -> Value {
    if description.is_empty() {
        json!({"type": "string"})
    } else {
        json!({"type": "string", "description": description})
    }
}

pub(super) fn array(items: Value) -> Value {
    let mut schema = json!({"type": "array"});
    schema["items"] = items;
    schema
}

/// An object all of whose members are required.
pub(super) fn object(members: &[(&str, Value)]) -> Value {
    let mut schema = optional(members);
    schema["required"] = members.iter().map(|(name, _)| json!(name)).collect();
    schema
}

/// An object none of whose members is required.
pub(super) fn optional(members: &[(&str, Value)]) -> Value {
    let properties: Map<String, Value> =
        members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

// -- the server ----------------------------------------------------------------------

/// A sample server and what it has seen.
pub(super) struct Server {
    name: ServerName,
    tools: Vec<Tool>,
    verifier: Verifier,
    last: Mutex<Option<Map<String, Value>>>,
    heard: Mutex<Value>,
}

impl Server {
    pub(super) fn new(name: &str, tools: Vec<Tool>, verifier: Verifier) -> Arc<Self> {
        let (last, heard) = (Mutex::default(), Mutex::default());
        Arc::new(Self { name: ServerName::new(name), tools, verifier, last, heard })
    }

    /// The claims of the last token that was accepted.
    pub(super) fn last_token(&self) -> Map<String, Value> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default()
    }

    /// The arguments of the last call.
    pub(super) fn last_arguments(&self) -> Value {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What a tool answers, without the gate: the truth that the story compares with.
    pub(super) fn truth(&self, tool: &str, arguments: &Value) -> Value {
        let tool = self.tools.iter().find(|known| known.name == tool);
        tool.and_then(|tool| (tool.handler)(arguments).ok()).unwrap_or_default()
    }

    pub(super) fn tool_count(&self) -> usize {
        self.tools.len()
    }

    pub(super) fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/mcp", post(receive).delete(|| async { StatusCode::NO_CONTENT }))
            .with_state(self)
    }

    async fn authorize(&self, headers: &HeaderMap, asked: &str) -> Result<(), &'static str> {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let caller = self.verifier.verify(header, asked).await.map_err(|refused| refused.0)?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(caller.claims);
        Ok(())
    }

    fn answer(&self, method: &str, params: &Value, modern: bool) -> Result<Value, (i64, String)> {
        let info = json!({"name": self.name.as_str(), "version": "1.0.0"});
        let mut result = match method {
            "initialize" => {
                let asked = params.get("protocolVersion").and_then(Value::as_str).and_then(Revision::parse);
                let revision =
                    asked.filter(|revision| revision.era() == Era::Legacy).unwrap_or(Revision::NEWEST_LEGACY);
                json!({"protocolVersion": revision.as_str(), "capabilities": {"tools": {}}, "serverInfo": info})
            }
            "server/discover" => {
                json!({"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, "ttlMs": 60000, "cacheScope": "public"})
            }
            "ping" => json!({}),
            "tools/list" => {
                let mut list = json!({"tools": self.tools.iter().map(Tool::listed).collect::<Vec<_>>()});
                if modern {
                    list["ttlMs"] = json!(60000);
                    list["cacheScope"] = json!("public");
                }
                list
            }
            "tools/call" => {
                let tool = self
                    .tools
                    .iter()
                    .find(|tool| Some(tool.name) == params.get("name").and_then(Value::as_str));
                let tool = tool.ok_or((-32602, "unknown tool".to_owned()))?;
                let arguments = params.get("arguments").cloned().unwrap_or_else(|| json!({}));
                self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&arguments);
                match (tool.handler)(&arguments) {
                    Ok(structure) => {
                        json!({"content": [{"type": "text", "text": structure.to_string()}], "structuredContent": structure})
                    }
                    Err(what) => json!({"content": [{"type": "text", "text": what}], "isError": true}),
                }
            }
            _ => return Err((-32601, "no such method".to_owned())),
        };
        if modern {
            result["resultType"] = json!("complete");
            result["_meta"] = json!({"io.modelcontextprotocol/serverInfo": info});
        }
        Ok(result)
    }
}

async fn receive(State(server): State<Arc<Server>>, headers: HeaderMap, body: Bytes) -> Response {
    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
    let method = message.get("method").and_then(Value::as_str).unwrap_or_default();
    let params = message.get("params").cloned().unwrap_or_default();
    let called = params.get("name").and_then(Value::as_str).filter(|_| method == "tools/call");
    if let Err(what) = server.authorize(&headers, called.unwrap_or(method)).await {
        return (StatusCode::UNAUTHORIZED, what).into_response();
    }
    let Some(id) = message.get("id") else { return StatusCode::ACCEPTED.into_response() };
    let modern =
        headers.get("mcp-protocol-version").is_some_and(|version| version == Revision::V2026_07_28.as_str());
    let answer = match server.answer(method, &params, modern) {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err((code, message)) => {
            json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
        }
    };
    let mut response = match progress(&server, called, &params) {
        Some(notification) => {
            let stream =
                format!("event: message\ndata: {notification}\n\nevent: message\ndata: {answer}\n\n");
            ([(header::CONTENT_TYPE, "text/event-stream")], stream).into_response()
        }
        None => ([(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response(),
    };
    if method == "initialize"
        && let Ok(session) = random_id().parse()
    {
        response.headers_mut().insert("mcp-session-id", session);
    }
    response
}

/// A progress notification, if the tool sends one and the caller asked for it.
fn progress(server: &Server, called: Option<&str>, params: &Value) -> Option<Value> {
    let streams = server.tools.iter().any(|tool| Some(tool.name) == called && tool.progress);
    let token = params.pointer("/_meta/progressToken").filter(|_| streams)?;
    let params = json!({"progressToken": token, "progress": 1, "total": 1, "message": "searched the master patient index"});
    Some(json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params}))
}
