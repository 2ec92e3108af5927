//! Small texts beside a result: progress and errors.

use crate::model::call::Call;
use crate::redact::{REDACTED, Redactor};
use crate::request::{Grant, Request};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Number, Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Progress {
    progress_token: Value,
    progress: Number,
    total: Option<Number>,
    message: Option<String>,
}

/// A progress notification about this very request; any other notification is
/// dropped. Its message is text about data, so it passes the tool's plan.
pub(super) fn progress(
    call: &Call,
    method: &str,
    params: Option<&RawValue>,
    request: &Request,
    grant: &Grant,
) -> Option<Vec<u8>> {
    if method != "notifications/progress" {
        return None;
    }
    let read: Progress = serde_json::from_str(params?.get()).ok()?;
    let asked = request.message.params.get("_meta").and_then(|meta| meta.get("progressToken"));
    if asked != Some(&read.progress_token) {
        return None;
    }
    let mut params = json!({"progressToken": read.progress_token, "progress": read.progress});
    if let (Some(total), Some(object)) = (read.total, params.as_object_mut()) {
        object.insert("total".into(), Value::Number(total));
    }
    if let (Some(message), Some(object)) = (read.message, params.as_object_mut()) {
        object.insert("message".into(), json!(filtered(&message, grant, super::result::year(call))));
    }
    let notification = json!({"jsonrpc": "2.0", "method": method, "params": params});
    Some(notification.to_string().into_bytes())
}

/// An error's message. Servers put rows and stack traces into it.
pub(super) fn error(call: &Call, message: &str, grant: &Grant) -> String {
    filtered(message, grant, super::result::year(call))
}

fn filtered(text: &str, grant: &Grant, year: u16) -> String {
    let Some(granted) = &grant.call else { return "The server refused the request.".into() };
    let text = Redactor::new(&granted.plan, year).text(text);
    text.ok().flatten().unwrap_or_else(|| REDACTED.to_owned())
}
