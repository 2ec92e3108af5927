//! The tools: one for each thing a client can live through in a day.

#![allow(deprecated, reason = "the older revisions are served too")]

use std::{ops::ControlFlow, time::Duration};

use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, CreateTaskResult, InputRequiredResult,
        LoggingLevel, LoggingMessageNotificationParam, ProgressNotificationParam,
    },
    service::{RequestContext, ServiceError},
    task_manager::TaskOptions,
};
use serde_json::{Value, json};

use crate::{
    changes::Change,
    ward::{PATIENT, Ward, wire},
};

type Context = RequestContext<RoleServer>;
type Answer<T = CallToolResponse> = Result<T, ErrorData>;

const PAUSE: Duration = Duration::from_millis(50);
/// Longer than clients are told to wait, since rmcp forgets an answer that nobody hears.
const CUT: Duration = Duration::from_millis(800);
const WATCH: Duration = Duration::from_mins(1);
const TRANSCRIPTION: Duration = Duration::from_millis(300);
const POLL_INTERVAL_MS: u64 = 100;
/// The key under which a question and its answer go when a call is made again.
const KEY: &str = "question";

pub async fn call(ward: &Ward, request: &CallToolRequestParams, context: &Context) -> Answer {
    let argument = |name: &str| request.arguments.as_ref().and_then(|all| all.get(name)).cloned();
    let watch = || argument("watch").and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default();
    match request.name.as_ref() {
        "read_chart" => chart(&argument("bed").unwrap_or_default()),
        "summarize" => summarize(request, context).await,
        "discharge" => discharge(request, context).await,
        "transfer" => transfer(context).await,
        "make_rounds" => make_rounds(context).await,
        "watch" => {
            tokio::select! {
                () = tokio::time::sleep(WATCH) => {}
                () = context.ct.cancelled() => { lock(ward).insert(watch()); }
            }
            text("The watch is over.")
        }
        "watch_report" => {
            let cancelled = lock(ward).contains(&watch());
            text(format!(
                "{PATIENT}: {}",
                if cancelled { "the watch was cancelled" } else { "still watched" }
            ))
        }
        "transcribe" => transcribe(ward, context),
        "rearrange" => {
            ward.changes.announce(Change::Tools, context).await;
            ward.changes.announce(Change::Prompts, context).await;
            text(format!("{PATIENT} has moved."))
        }
        "test_reconnection" => {
            tokio::time::sleep(CUT).await;
            text(format!("{PATIENT} came on the stream that was taken up again."))
        }
        name => Err(ErrorData::invalid_params(format!("unknown tool: {name}"), None)),
    }
}

fn chart(bed: &Value) -> Answer {
    let chart = json!({
        "bed": bed,
        "patient": { "name": "Maria Halloran", "ssn": "536-90-4399" },
        "note": format!("A quiet night for {PATIENT}"),
        "pulse": 72
    });
    complete(json!({
        "content": [{ "type": "text", "text": chart.to_string() }],
        "structuredContent": chart
    }))
}

async fn summarize(request: &CallToolRequestParams, context: &Context) -> Answer {
    let night = json!({ "type": "text", "text": format!("Summarize the night of {PATIENT}") });
    let params = json!({ "messages": [{ "role": "user", "content": night }], "maxTokens": 100 });
    match ask(request, context, "sampling/createMessage", params).await? {
        ControlFlow::Continue(answer) => text(format!("{PATIENT}: {}", answer["content"])),
        ControlFlow::Break(question) => Ok(question),
    }
}

async fn discharge(request: &CallToolRequestParams, context: &Context) -> Answer {
    let params = json!({
        "mode": "form",
        "message": format!("Does {PATIENT} go home?"),
        "requestedSchema": {
            "type": "object",
            "properties": { "home": { "type": "boolean" } },
            "required": ["home"]
        }
    });
    match ask(request, context, "elicitation/create", params).await? {
        ControlFlow::Continue(answer) => {
            text(format!("{PATIENT}: {} home={}", answer["action"], answer["content"]["home"]))
        }
        ControlFlow::Break(question) => Ok(question),
    }
}

/// Asks the client: by a request of the server's own in the older revisions, and since
/// 2026-07-28 by a result that has the call made again with the answer.
async fn ask(
    request: &CallToolRequestParams,
    context: &Context,
    method: &str,
    params: Value,
) -> Answer<ControlFlow<CallToolResponse, Value>> {
    if context.meta.protocol_version().is_some() {
        if let Some(answer) = request.input_responses.as_ref().and_then(|all| all.get(KEY)) {
            return Ok(ControlFlow::Continue(answer.clone()));
        }
        let questions = wire(json!({ KEY: { "method": method, "params": params } }))?;
        return Ok(ControlFlow::Break(InputRequiredResult::new(Some(questions), None).into()));
    }
    let answer = if method == "elicitation/create" {
        json!(context.peer.create_elicitation(wire(params)?).await.map_err(unsent)?)
    } else {
        json!(context.peer.create_message(wire(params)?).await.map_err(unsent)?)
    };
    Ok(ControlFlow::Continue(answer))
}

async fn transfer(context: &Context) -> Answer {
    for done in [1.0, 2.0, 3.0] {
        if let Some(token) = context.meta.get_progress_token() {
            let step = ProgressNotificationParam::new(token, done).with_total(3.0);
            let step = step.with_message(format!("Moving {PATIENT}"));
            context.peer.notify_progress(step).await.map_err(unsent)?;
        }
        tokio::time::sleep(PAUSE).await;
    }
    text(format!("{PATIENT} has arrived."))
}

/// Logs; since 2026-07-28 only if the request says that it wants to hear it.
async fn make_rounds(context: &Context) -> Answer {
    if context.meta.protocol_version().is_none() || context.meta.log_level().is_some() {
        let line = json!({ "visit": format!("Saw {PATIENT}"), "patient": { "ssn": "536-90-4399" } });
        let message = LoggingMessageNotificationParam::new(LoggingLevel::Info, line);
        context.peer.notify_logging_message(message).await.map_err(unsent)?;
        tokio::time::sleep(PAUSE).await;
    }
    text(format!("Nothing new about {PATIENT}."))
}

fn transcribe(ward: &Ward, context: &Context) -> Answer {
    let written =
        || complete(json!({ "content": [{ "type": "text", "text": format!("Written down: {PATIENT}") }] }));
    if !context.client_capabilities().is_some_and(|all| all.supports_tasks()) {
        return written();
    }
    let options = TaskOptions::new().with_poll_interval_ms(POLL_INTERVAL_MS);
    let task = ward.tasks.spawn(options.with_status_message(format!("Writing about {PATIENT}")), move |_| {
        Box::pin(async move {
            tokio::time::sleep(TRANSCRIPTION).await;
            Ok(wire(json!({ "content": [{ "type": "text", "text": format!("Written down: {PATIENT}") }] }))?)
        })
    });
    Ok(CreateTaskResult::new(task).into())
}

fn text(text: impl Into<String>) -> Answer {
    complete(json!({ "content": [{ "type": "text", "text": text.into() }] }))
}

fn complete(mut result: Value) -> Answer {
    result["resultType"] = json!("complete");
    Ok(wire::<CallToolResult>(result)?.into())
}

fn lock(ward: &Ward) -> std::sync::MutexGuard<'_, std::collections::BTreeSet<String>> {
    ward.cancelled.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn unsent(error: ServiceError) -> ErrorData {
    ErrorData::internal_error(error.to_string(), None)
}
