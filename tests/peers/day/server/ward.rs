//! The server as rmcp sees it. Its lists are data: `lists.json`, in the wire's own form.

// Logging is deprecated in the newest revision, not in the older ones.
#![allow(deprecated, reason = "the older revisions are served too")]

use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock, Mutex},
};

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CancelTaskParams, CompleteRequestParams, CompleteResult,
        CompletionInfo, GetPromptRequestParams, GetPromptResponse, GetPromptResult, GetTaskParams,
        GetTaskResult, Implementation, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
        ListToolsResult, PaginatedRequestParams, Prompt, ReadResourceRequestParams, ReadResourceResponse,
        ReadResourceResult, Resource, ResourceTemplate, ServerCapabilities, ServerConfig,
        SetLevelRequestParams, SubscriptionFilter, Tool,
    },
    service::{RequestContext, SubscriptionContext},
    task_manager::TaskManager,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{changes::Changes, tools};

type Answer<T> = Result<T, ErrorData>;
type Context = RequestContext<RoleServer>;
type Page = Option<PaginatedRequestParams>;

/// Whom every answer speaks of. No such person has this number.
pub const PATIENT: &str = "patient Maria Halloran, SSN 536-90-4399";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lists {
    tools: Vec<Tool>,
    prompts: Vec<Prompt>,
    resources: Vec<Resource>,
    resource_templates: Vec<ResourceTemplate>,
}

static LISTS: LazyLock<Lists> =
    LazyLock::new(|| serde_json::from_str(include_str!("lists.json")).expect("lists.json holds valid lists"));

/// One ward for all sessions and all sessionless requests; clones share its state.
#[derive(Clone)]
pub struct Ward {
    pub tasks: TaskManager,
    pub changes: Changes,
    /// The watches that were cancelled.
    pub cancelled: Arc<Mutex<BTreeSet<String>>>,
}

impl Ward {
    pub fn new() -> Self {
        Self { tasks: TaskManager::new(), changes: Changes::new(), cancelled: Arc::default() }
    }
}

impl ServerHandler for Ward {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_resources()
            .enable_completions()
            .enable_logging()
            .enable_tasks()
            .build();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("ward", "1.0.0"))
            .with_instructions(format!("Be kind to {PATIENT}."))
    }

    async fn list_tools(&self, _: Page, _: Context) -> Answer<ListToolsResult> {
        Ok(ListToolsResult::with_all_items(LISTS.tools.clone()))
    }

    async fn call_tool(&self, request: CallToolRequestParams, context: Context) -> Answer<CallToolResponse> {
        tools::call(self, &request, &context).await
    }

    async fn list_prompts(&self, _: Page, _: Context) -> Answer<ListPromptsResult> {
        Ok(ListPromptsResult::with_all_items(LISTS.prompts.clone()))
    }

    async fn get_prompt(&self, _: GetPromptRequestParams, _: Context) -> Answer<GetPromptResponse> {
        let content = json!({ "type": "text", "text": format!("Hand over {PATIENT}.") });
        let result: GetPromptResult = wire(json!({
            "resultType": "complete",
            "messages": [{ "role": "user", "content": content }]
        }))?;
        Ok(result.into())
    }

    async fn list_resources(&self, _: Page, _: Context) -> Answer<ListResourcesResult> {
        Ok(ListResourcesResult::with_all_items(LISTS.resources.clone()))
    }

    async fn list_resource_templates(&self, _: Page, _: Context) -> Answer<ListResourceTemplatesResult> {
        Ok(ListResourceTemplatesResult::with_all_items(LISTS.resource_templates.clone()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: Context,
    ) -> Answer<ReadResourceResponse> {
        let text = format!("{} holds {PATIENT}.", request.uri);
        let result: ReadResourceResult = wire(json!({
            "resultType": "complete",
            "contents": [{ "uri": request.uri, "mimeType": "text/plain", "text": text }]
        }))?;
        Ok(result.into())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Answer<()> {
        self.changes.tell(subscription).await
    }

    async fn complete(&self, _: CompleteRequestParams, _: Context) -> Answer<CompleteResult> {
        let completion = CompletionInfo::with_all_values(vec!["4".into(), format!("4, {PATIENT}")])
            .map_err(|error| ErrorData::internal_error(error, None))?;
        Ok(CompleteResult::new(completion))
    }

    /// Accepted; the tools here log whatever the level.
    async fn set_level(&self, _: SetLevelRequestParams, _: Context) -> Answer<()> {
        Ok(())
    }

    async fn get_task(&self, request: GetTaskParams, _: Context) -> Answer<GetTaskResult> {
        Ok(GetTaskResult::new(self.tasks.get_task(&request.task_id)?))
    }

    async fn cancel_task(&self, request: CancelTaskParams, _: Context) -> Answer<()> {
        self.tasks.cancel_task(&request.task_id)
    }
}

/// The typed form of `value`, or an internal error that says what does not fit.
pub fn wire<T: DeserializeOwned>(value: Value) -> Answer<T> {
    serde_json::from_value(value).map_err(|error| ErrorData::internal_error(error.to_string(), None))
}
