//! What the server asked this client, and what it told it.

use std::sync::{Arc, Mutex, PoisonError};

use rmcp::{
    ClientHandler, ErrorData, RoleClient,
    model::{
        ClientCapabilities, ClientConfig, CreateMessageRequestParams, CreateMessageResult,
        ElicitRequestParams, ElicitResult, Implementation, LoggingMessageNotificationParam,
        ProgressNotificationParam,
    },
    service::{NotificationContext, RequestContext},
};
use serde_json::{Value, json};

#[derive(Clone, Default)]
pub struct Heard(Arc<Mutex<Vec<(&'static str, Value)>>>);

impl Heard {
    /// Everything of one kind, in the wire's form.
    pub fn all(&self, kind: &str) -> Vec<Value> {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.iter().filter(|(of, _)| *of == kind).map(|(_, what)| what.clone()).collect()
    }

    fn add(&self, kind: &'static str, what: Value) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((kind, what));
    }
}

impl ClientHandler for Heard {
    fn get_info(&self) -> ClientConfig {
        let capabilities: ClientCapabilities = serde_json::from_value(json!({
            "sampling": {},
            "elicitation": { "form": {} },
            "extensions": { "io.modelcontextprotocol/tasks": {} }
        }))
        .unwrap_or_default();
        ClientConfig::new(capabilities, Implementation::new("day-rmcp", "1.0.0"))
    }

    async fn create_message(
        &self,
        params: CreateMessageRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<CreateMessageResult, ErrorData> {
        self.add("sampling", json!(params));
        answer(json!({
            "role": "assistant",
            "model": "test-model",
            "content": { "type": "text", "text": "She slept." }
        }))
    }

    async fn create_elicitation(
        &self,
        params: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        self.add("elicitation", json!(params));
        answer(json!({ "action": "accept", "content": { "home": true } }))
    }

    async fn on_progress(&self, params: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        self.add("progress", json!(params));
    }

    async fn on_logging_message(
        &self,
        params: LoggingMessageNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        self.add("logging", json!(params));
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.add("changes", json!("tools"));
    }

    async fn on_prompt_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.add("changes", json!("prompts"));
    }
}

fn answer<T: serde::de::DeserializeOwned>(answer: Value) -> Result<T, ErrorData> {
    serde_json::from_value(answer).map_err(|error| ErrorData::internal_error(error.to_string(), None))
}
