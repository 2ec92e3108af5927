//! The steps of the day, and what each must show. Answers are looked at in the wire's form,
//! as rmcp writes them after reading them.

use std::{error::Error, fmt, sync::LazyLock, time::Duration};

use rmcp::{
    RoleClient,
    model::{
        CallToolRequest, CallToolRequestParams, CallToolResponse, ClientRequest, GetPromptRequestParams,
        GetTaskParams, LoggingLevel, ReadResourceRequestParams, RequestMetaObject, SetLevelRequestParams,
        SubscriptionFilter,
    },
    service::{PeerRequestOptions, RunningService},
};
use serde_json::{Value, json};

use crate::heard::Heard;

/// How the person is shown whom every answer of the upstream names: masked by the gate, or,
/// on a day spent directly on the server, as she is.
struct Shown {
    name: &'static str,
    ssn: &'static str,
    direct: bool,
}

static SHOWN: LazyLock<Shown> = LazyLock::new(|| {
    let direct = std::env::var_os("DAY_DIRECT").is_some();
    let (name, ssn) = if direct { ("Maria Halloran", "536-90-4399") } else { ("[PERSON_1]", "[US_SSN_1]") };
    Shown { name, ssn, direct }
});

const PLANTED: [&str; 2] = ["Halloran", "536-90-4399"];
const TOOLS: [&str; 10] = [
    "read_chart",
    "summarize",
    "discharge",
    "transfer",
    "make_rounds",
    "watch",
    "watch_report",
    "transcribe",
    "rearrange",
    "test_reconnection",
];
const A_MOMENT: Duration = Duration::from_millis(50);

type Lived<T = ()> = Result<T, Box<dyn Error>>;

pub struct Day {
    pub client: RunningService<RoleClient, Heard>,
    pub heard: Heard,
    pub modern: bool,
}

macro_rules! ensure {
    ($holds:expr, $seen:expr) => {
        if !$holds {
            return Err(format!("{} does not hold of {}", stringify!($holds), $seen).into());
        }
    };
}

impl Day {
    pub async fn live(&self, step: &str) -> Lived {
        match step {
            "list" => self.list().await,
            "call" => self.chart().await,
            "prompts" => self.prompts().await,
            "resources" => self.resources().await,
            "completion" => self.completion().await,
            "sampling" => self.sampling().await,
            "elicitation" => self.elicitation().await,
            "progress" => self.progress().await,
            "logging" => self.logging().await,
            "cancel" => self.cancel().await,
            "tasks" => self.tasks().await,
            "changes" => self.changes().await,
            "resumption" => masked(&self.said("test_reconnection", json!({})).await?),
            _ => Err("no such step".into()),
        }
    }

    async fn list(&self) -> Lived {
        let tools = json!(self.client.list_all_tools().await?);
        let names: Vec<_> = tools.as_array().into_iter().flatten().map(|tool| tool["name"].clone()).collect();
        ensure!(names == TOOLS, tools);
        masked(&tools[0]["description"])?;
        masked(&json!(self.client.peer_info().and_then(|server| server.instructions.clone())))
    }

    async fn chart(&self) -> Lived {
        let result = json!(self.client.call_tool(asking("read_chart", json!({ "bed": 4 }))).await?);
        let chart = json!({
            "bed": 4,
            "patient": { "name": SHOWN.name, "ssn": SHOWN.ssn },
            "note": format!("A quiet night for {}", *SHOWN),
            "pulse": 72
        });
        ensure!(result["structuredContent"] == chart, result);
        let twin: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap_or_default())?;
        ensure!(twin == chart, twin);
        Ok(())
    }

    async fn prompts(&self) -> Lived {
        let prompts = json!(self.client.list_all_prompts().await?);
        ensure!(prompts[0]["name"] == "handover", prompts);
        masked(&prompts[0]["description"])?;
        let request = GetPromptRequestParams::new("handover").with_arguments(object(json!({ "bed": "4" })));
        let prompt = json!(self.client.get_prompt(request).await?);
        masked(&prompt["messages"][0]["content"]["text"])
    }

    async fn resources(&self) -> Lived {
        let resources = json!(self.client.list_all_resources().await?);
        ensure!(resources[0]["uri"] == "ward://charts/4", resources);
        masked(&resources[0]["description"])?;
        let templates = json!(self.client.list_all_resource_templates().await?);
        ensure!(templates[0]["uriTemplate"] == "ward://charts/{bed}", templates);
        masked(&templates[0]["description"])?;
        for uri in ["ward://charts/4", "ward://charts/7"] {
            let read = json!(self.client.read_resource(ReadResourceRequestParams::new(uri)).await?);
            ensure!(read["contents"][0]["uri"] == uri, read);
            masked(&read["contents"][0]["text"])?;
        }
        Ok(())
    }

    async fn completion(&self) -> Lived {
        let values = json!(self.client.complete_prompt_simple("handover", "bed", "4").await?);
        ensure!(values == json!(["4", format!("4, {}", *SHOWN)]), values);
        Ok(())
    }

    async fn sampling(&self) -> Lived {
        let said = self.said("summarize", json!({})).await?;
        let asked = json!(self.heard.all("sampling"));
        ensure!(asked.as_array().is_some_and(|all| all.len() == 1), asked);
        masked(&asked[0]["messages"])?;
        ensure!(said.to_string().contains("She slept."), said);
        masked(&said)
    }

    async fn elicitation(&self) -> Lived {
        let said = self.said("discharge", json!({})).await?;
        let asked = json!(self.heard.all("elicitation"));
        ensure!(asked.as_array().is_some_and(|all| all.len() == 1), asked);
        masked(&asked[0]["message"])?;
        ensure!(said.to_string().contains("home=true"), said);
        masked(&said)
    }

    async fn progress(&self) -> Lived {
        masked(&self.said("transfer", json!({})).await?)?;
        while self.heard.all("progress").len() < 3 {
            tokio::time::sleep(A_MOMENT).await;
        }
        for (report, expected) in self.heard.all("progress").iter().zip([1.0, 2.0, 3.0]) {
            ensure!(report["progress"] == expected, report);
            masked(&report["message"])?;
        }
        Ok(())
    }

    /// Since 2026-07-28 the request says itself that it wants to hear what is logged.
    async fn logging(&self) -> Lived {
        let mut request = asking("make_rounds", json!({}));
        if self.modern {
            let mut meta = RequestMetaObject::new();
            meta.set_log_level(LoggingLevel::Info);
            request.meta = Some(meta);
        } else {
            self.client.set_level(SetLevelRequestParams::new(LoggingLevel::Info)).await?;
        }
        masked(&json!(self.client.call_tool(request).await?)["content"][0]["text"])?;
        while self.heard.all("logging").is_empty() {
            tokio::time::sleep(A_MOMENT).await;
        }
        let logged = json!(self.heard.all("logging"));
        ensure!(logged[0]["data"]["patient"]["ssn"] == SHOWN.ssn, logged);
        masked(&logged[0]["data"]["visit"])
    }

    async fn cancel(&self) -> Lived {
        let watch = format!("rmcp-{}-{}", std::process::id(), self.modern);
        let params = asking("watch", json!({ "watch": watch }));
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
        let watching =
            self.client.send_request_with_option(request, PeerRequestOptions::no_options()).await?;
        tokio::time::sleep(A_MOMENT * 10).await;
        watching.cancel(Some("enough".into())).await?;
        loop {
            let report = self.said("watch_report", json!({ "watch": watch })).await?;
            if report.to_string().contains("was cancelled") {
                return masked(&report);
            }
            tokio::time::sleep(A_MOMENT).await;
        }
    }

    async fn tasks(&self) -> Lived {
        let CallToolResponse::Task(task) =
            self.client.call_tool_once(asking("transcribe", json!({}))).await?
        else {
            return Err("the call did not become a task".into());
        };
        let task = json!(task);
        masked(&task["statusMessage"])?;
        let id = task["taskId"].as_str().unwrap_or_default();
        loop {
            let state = json!(self.client.get_task(GetTaskParams::new(id)).await?);
            if state["status"] != "working" {
                ensure!(state["status"] == "completed", state);
                return masked(&state["result"]["content"][0]["text"]);
            }
            tokio::time::sleep(A_MOMENT).await;
        }
    }

    async fn changes(&self) -> Lived {
        if !self.modern {
            masked(&self.said("rearrange", json!({})).await?)?;
            while self.heard.all("changes").len() < 2 {
                tokio::time::sleep(A_MOMENT).await;
            }
            return Ok(());
        }
        let filter = SubscriptionFilter::builder().tools_list_changed().prompts_list_changed().build();
        let mut subscription = self.client.listen(filter).await?;
        masked(&self.said("rearrange", json!({})).await?)?;
        for list in ["tools", "prompts"] {
            let news = json!(subscription.next().await?);
            ensure!(news["method"] == format!("notifications/{list}/list_changed"), news);
        }
        subscription.cancel().await?;
        Ok(())
    }

    /// What a tool says, having asked this client what it wanted to ask.
    async fn said(&self, tool: &'static str, arguments: Value) -> Lived<Value> {
        let result = json!(self.client.call_tool(asking(tool, arguments)).await?);
        ensure!(result["isError"] != true, result);
        Ok(result["content"][0]["text"].clone())
    }
}

fn asking(tool: &'static str, arguments: Value) -> CallToolRequestParams {
    CallToolRequestParams::new(tool).with_arguments(object(arguments))
}

fn object(value: Value) -> serde_json::Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

impl fmt::Display for Shown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "patient {}, SSN {}", self.name, self.ssn)
    }
}

/// Something was said about the patient, and through the gate nothing of who it is.
fn masked(said: &Value) -> Lived {
    let said = said.to_string();
    if !SHOWN.direct && PLANTED.iter().any(|planted| said.contains(planted)) {
        return Err("a planted value came through".into());
    }
    ensure!(said.contains(&SHOWN.to_string()), said);
    Ok(())
}
