//! What a server says of itself and its tools, reduced to what this gate offers.

use crate::model::denial::Denial;
use crate::redact::shape;
use crate::request::{Grant, Request};
use crate::wire::revision::{Era, Revision};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

const META_SERVER: &str = "io.modelcontextprotocol/serverInfo";

/// Members of a tool that pass. `_meta` and icons do not: they carry links.
const TOOL_MEMBERS: [&str; 6] =
    ["name", "title", "description", "inputSchema", "outputSchema", "annotations"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolsList {
    tools: Vec<Value>,
    next_cursor: Option<String>,
    ttl_ms: Option<u64>,
}

/// The tools this caller may call, as they were pinned.
pub(super) fn tools(request: &Request, grant: &Grant, result: &RawValue) -> Result<String, Denial> {
    let list: ToolsList = read(result)?;
    let visible = list.tools.iter().filter(|tool| {
        let name = tool.get("name").and_then(Value::as_str).unwrap_or_default();
        grant.listed.get(name).is_some_and(|pinned| pinned.hash == crate::catalogue::hash(tool))
    });
    let mut filtered = Map::new();
    if request.revision.era() == Era::Modern {
        filtered.insert("resultType".into(), json!("complete"));
        filtered.insert("ttlMs".into(), json!(list.ttl_ms.unwrap_or(0)));
        // The list differs by caller, so no shared cache may keep it.
        filtered.insert("cacheScope".into(), json!("private"));
    }
    filtered.insert("tools".into(), visible.map(shown).collect());
    if let Some(cursor) = list.next_cursor {
        filtered.insert("nextCursor".into(), json!(cursor));
    }
    Ok(Value::Object(filtered).to_string())
}

fn shown(tool: &Value) -> Value {
    let member = |name: &str| {
        let value = tool.get(name)?;
        let value = if name == "outputSchema" { shape::loosen(value) } else { value.clone() };
        Some((name.to_owned(), value))
    };
    Value::Object(TOOL_MEMBERS.into_iter().filter_map(member).collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Initialized {
    protocol_version: String,
    server_info: Option<Value>,
}

/// The answer to `initialize`, and the revision it settles on. Only tools are
/// offered; instructions do not pass, since nobody has reviewed them.
pub(super) fn initialize(result: &RawValue) -> Result<(String, Revision), Denial> {
    let read: Initialized = read(result)?;
    let revision = Revision::parse(&read.protocol_version).filter(|revision| revision.era() == Era::Legacy);
    let revision = revision.ok_or(Denial::UpstreamMalformed("protocol version"))?;
    let filtered = json!({
        "protocolVersion": revision.as_str(),
        "capabilities": {"tools": {}},
        "serverInfo": implementation(read.server_info.as_ref()),
    });
    Ok((filtered.to_string(), revision))
}

/// The answer to `server/discover`.
pub(super) fn discover(result: &RawValue) -> Result<String, Denial> {
    let read: Value = read(result)?;
    let filtered = json!({
        "resultType": "complete",
        "supportedVersions": [Revision::V2026_07_28.as_str()],
        "capabilities": {"tools": {}},
        "_meta": {META_SERVER: implementation(read.get("_meta").and_then(|meta| meta.get(META_SERVER)))},
        "ttlMs": read.get("ttlMs").and_then(Value::as_u64).unwrap_or(0),
        "cacheScope": "private",
    });
    Ok(filtered.to_string())
}

fn implementation(info: Option<&Value>) -> Value {
    let text = |name: &str| info.and_then(|info| info.get(name)).and_then(Value::as_str).unwrap_or("unknown");
    json!({"name": text("name"), "version": text("version")})
}

fn read<'r, T: Deserialize<'r>>(result: &'r RawValue) -> Result<T, Denial> {
    serde_json::from_str(result.get()).map_err(|_| Denial::UpstreamMalformed("result"))
}
