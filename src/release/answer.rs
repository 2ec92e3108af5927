//! A response: by the request it answers, one form or another, one plan or another.

use crate::model::denial::Denial;
use crate::model::feature::Feature;
use crate::model::trail::Event;
use crate::redact::plan::Plan;
use crate::redact::tools::Blobs;
use crate::redact::{REDACTED, Redactor};
use crate::release::filter::Filter;
use crate::release::read::{refused, typed};
use crate::release::{Reading, lists, result};
use crate::request::{ItemGrant, Pending, Target, Task};
use crate::wire::answer::ErrorObject;
use crate::wire::form::{self, Form, answers};
use crate::wire::method::Method;
use crate::wire::revision::{Era, Revision};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// What a filtered result comes to.
pub(super) struct Answered {
    pub(super) result: String,
    /// Of an `initialize`: the revision it settled on.
    pub(super) settled: Option<Revision>,
}

impl Reading<'_> {
    /// Filters the result of a request.
    pub(super) fn result(&mut self, pending: &Pending, raw: &RawValue) -> Result<Answered, Denial> {
        let malformed = Denial::UpstreamMalformed("result");
        let read = || serde_json::from_str::<Map<String, Value>>(raw.get()).map_err(|_| malformed.clone());
        let kind = self.kind(pending, raw)?;
        let mut settled = None;
        let mut result = match (kind, pending.method) {
            (Kind::InputRequired, _) => self.rebuild(pending, &answers::INPUT_REQUIRED, &read()?)?,
            (Kind::Task, _) => self.task_began(pending, &read()?)?,
            (Kind::Complete, Method::ToolsCall | Method::TasksResult) => {
                let item = pending.grant.item.as_ref().ok_or(Denial::ResultBlocked("no grant"))?;
                return self.tool(pending, item, raw.get()).map(|result| Answered { result, settled });
            }
            (Kind::Complete, Method::TasksGet | Method::TasksCancel) => self.task(pending, raw)?,
            (Kind::Complete, Method::PromptsGet) => self.item(pending, &answers::PROMPT, &read()?)?,
            (Kind::Complete, Method::ResourcesRead) => self.resource(pending, &read()?)?,
            (Kind::Complete, method @ (Method::Initialize | Method::Discover)) => {
                let read = read()?;
                if method == Method::Initialize {
                    settled = Some(lists::settled(&read)?);
                }
                let mut result = lists::own(method, &read, &pending.grant.messages);
                result.extend(self.rebuild(pending, method.result(), &read)?);
                result
            }
            (Kind::Complete, method) => {
                let mut read = read()?;
                lists::narrow(method, &pending.grant, &mut read);
                if let Some(Value::Array(tasks)) = read.get_mut("tasks") {
                    // A server may list everybody's.
                    tasks.retain(|task| {
                        task.get("taskId").and_then(Value::as_str).is_some_and(|task| self.has(task))
                    });
                }
                self.rebuild(pending, method.result(), &read)?
            }
        };
        if self.facts.revision.era() == Era::Modern {
            result.insert("resultType".into(), json!(kind.as_str()));
            if kind == Kind::Complete && lists::is_cacheable(pending.method) {
                result.entry("ttlMs").or_insert(json!(0));
                result.insert("cacheScope".into(), json!("private"));
            }
        }
        Ok(Answered { result: Value::Object(result).to_string(), settled })
    }

    fn kind(&self, pending: &Pending, raw: &RawValue) -> Result<Kind, Denial> {
        let typed = typed(raw.get()).map_err(refused)?;
        let tasks = pending.grant.messages.allows(Feature::Tasks) && pending.method == Method::ToolsCall;
        if self.facts.revision.era() == Era::Legacy {
            return match typed.result_type.as_deref() {
                _ if typed.has_task && tasks => Ok(Kind::Task),
                // Nothing that a legacy client could read would be left of it.
                Some("input_required" | "task") => Err(Denial::ResultBlocked("result type")),
                _ => Ok(Kind::Complete),
            };
        }
        let asks = matches!(pending.method, Method::ToolsCall | Method::PromptsGet | Method::ResourcesRead);
        match typed.result_type.as_deref() {
            None | Some("complete") => Ok(Kind::Complete),
            Some("input_required") if asks => Ok(Kind::InputRequired),
            Some("task") if tasks => Ok(Kind::Task),
            Some(_) => Err(Denial::ResultBlocked("result type")),
        }
    }

    /// By the server's rules for what belongs to no tool, prompt or resource.
    pub(super) fn rebuild(
        &mut self,
        pending: &Pending,
        form: &Form,
        read: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Denial> {
        let messages = &pending.grant.messages;
        let mut redactor = self.redactor(&messages.plan, pending.grant.item.as_ref());
        redactor.treat(Blobs::Drop);
        let handles = self.handles(&pending.about);
        let mut filter = Filter { redactor: &mut redactor, messages, handles: Some(&handles) };
        let mut out = form::rebuild(form, read, &mut filter)?;
        if redactor.must_repeat() {
            let mut filter = Filter { redactor: &mut redactor, messages, handles: Some(&handles) };
            out = form::rebuild(form, read, &mut filter)?;
        }
        self.report(pending, &redactor, 0, 0);
        Ok(out)
    }

    /// By the rules of the prompt or resource that was asked for.
    fn item(
        &mut self,
        pending: &Pending,
        form: &Form,
        read: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Denial> {
        let item = pending.grant.item.as_ref().ok_or(Denial::ResultBlocked("no grant"))?;
        let mut redactor = self.redactor(&item.plan, Some(item));
        let mut out = Map::new();
        for _ in 0..2 {
            let messages = &pending.grant.messages;
            let mut filter = Filter { redactor: &mut redactor, messages, handles: None };
            out = form::rebuild(form, read, &mut filter)?;
            if !redactor.must_repeat() {
                break;
            }
        }
        self.report(pending, &redactor, 0, 0);
        self.disclose(&redactor)?;
        Ok(out)
    }

    /// A binary that is withheld leaves words in its place, and a file of a skill whose
    /// digest would no longer hold is withheld whole: hosts must check it.
    fn resource(
        &mut self,
        pending: &Pending,
        read: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Denial> {
        let mut out = self.item(pending, &answers::RESOURCE, read)?;
        let skill = matches!(&pending.target, Some(Target::Resource(uri)) if uri.starts_with("skill://"));
        let part = |object: &Map<String, Value>, at: usize, name: &str| {
            object.get("contents").and_then(|contents| contents.get(at)?.get(name)).cloned()
        };
        let altered =
            |at: usize| ["text", "blob"].iter().any(|name| part(read, at, name) != part(&out, at, name));
        let count = out.get("contents").and_then(Value::as_array).map_or(0, Vec::len);
        if skill && (0..count).any(altered) {
            return Err(Denial::ResultBlocked("a skill's digest would not hold"));
        }
        for content in out.get_mut("contents").and_then(Value::as_array_mut).into_iter().flatten() {
            if content.get("text").is_none() && content.get("blob").is_none() {
                content["text"] = json!("[binary resource withheld]");
            }
        }
        Ok(out)
    }

    /// A tool's result, also one that a task brings later.
    pub(super) fn tool(&mut self, pending: &Pending, item: &ItemGrant, raw: &str) -> Result<String, Denial> {
        let messages = &pending.grant.messages;
        let mut redactor = self.redactor(&item.plan, Some(item));
        let shape = item.definition.as_ref().and_then(|definition| definition.shape.as_deref());
        let written = result::filter(&mut redactor, shape, messages, raw)?;
        let mut out = format!("{{{}", written.members);
        if let Some(meta) = written.meta {
            let about = Map::from_iter([("_meta".to_owned(), meta)]);
            let about = self.rebuild(pending, &answers::EMPTY, &about)?;
            let shown =
                about.get("_meta").filter(|meta| meta.as_object().is_some_and(|meta| !meta.is_empty()));
            out.push_str(&shown.map(|meta| format!(",\"_meta\":{meta}")).unwrap_or_default());
        }
        if self.facts.revision.era() == Era::Modern && pending.method == Method::ToolsCall {
            out.push_str(",\"resultType\":\"complete\"");
        }
        out.push('}');
        self.report(pending, &redactor, raw.len(), out.len());
        self.disclose(&redactor)?;
        Ok(out)
    }

    /// A tool call that became a task: from now on the task obeys the tool's rules.
    fn task_began(
        &mut self,
        pending: &Pending,
        read: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Denial> {
        let inner = read.get("task").and_then(Value::as_object);
        let id = inner.unwrap_or(read).get("taskId").and_then(Value::as_str);
        let (Some(id), Some(Target::Tool(tool))) = (id, &pending.target) else {
            return Err(Denial::UpstreamMalformed("task"));
        };
        let hidden = pending.grant.item.as_ref().and_then(|item| item.hidden.clone());
        let task = Task { tool: tool.clone(), hidden };
        self.release.tasks.began(&self.facts.lineage, &self.facts.server, id, task);
        let form = if inner.is_some() { &answers::TASK_CREATED } else { &answers::TASK };
        let mut out = self.rebuild(pending, form, read)?;
        // What it comes to is told by tasks/get alone.
        for early in ["result", "error", "inputRequests"] {
            out.remove(early);
        }
        Ok(out)
    }

    /// A task's state, with its result by the tool's rules.
    fn task(&mut self, pending: &Pending, raw: &RawValue) -> Result<Map<String, Value>, Denial> {
        let item = pending.grant.item.as_ref().ok_or(Denial::ResultBlocked("no grant"))?;
        self.detailed_task(pending, item, raw)
    }

    pub(super) fn detailed_task(
        &mut self,
        pending: &Pending,
        item: &ItemGrant,
        raw: &RawValue,
    ) -> Result<Map<String, Value>, Denial> {
        #[derive(serde::Deserialize)]
        struct Carried<'r> {
            #[serde(borrow)]
            result: Option<&'r RawValue>,
            error: Option<ErrorObject>,
        }
        let malformed = |_| Denial::UpstreamMalformed("task");
        let mut read: Map<String, Value> = serde_json::from_str(raw.get()).map_err(malformed)?;
        let carried: Carried<'_> = serde_json::from_str(raw.get()).map_err(malformed)?;
        read.retain(|name, _| name != "result" && name != "error");
        let mut out = self.rebuild(pending, &answers::TASK, &read)?;
        if let Some(result) = carried.result {
            let filtered = self.tool(pending, item, result.get())?;
            let filtered = serde_json::from_str(&filtered).map_err(malformed)?;
            out.insert("result".into(), filtered);
        }
        if let Some(error) = carried.error {
            let message = self.words(&item.plan, Some(item), &error.message);
            out.insert("error".into(), json!({"code": short(error.code), "message": message}));
        }
        Ok(out)
    }

    /// Whether a task was given to this caller.
    fn has(&self, task: &str) -> bool {
        self.release.tasks.get(&self.facts.lineage, &self.facts.server, task).is_some()
    }

    /// An error. Servers put rows and stack traces into it.
    pub(super) fn error(&mut self, pending: Option<&Pending>, error: &ErrorObject) -> Result<Value, Denial> {
        let grant = pending.map_or(&self.facts.grant, |pending| &pending.grant).clone();
        let plan = match &grant.item {
            Some(item) => Some(&*item.plan),
            None => Some(&grant.messages.plan).filter(|_| grant.messages.declared),
        };
        let message = match plan {
            Some(plan) => self.words(plan, grant.item.as_ref(), &error.message),
            None => "The server refused the request.".to_owned(),
        };
        let mut out = json!({"code": short(error.code), "message": message});
        let (Some(plan), Some(data), Some(pending)) = (plan, &error.data, pending) else { return Ok(out) };
        let data = match error.code {
            // A capability is a closed word.
            -32_021 => data.get("requiredCapabilities").map(|required| {
                json!({"requiredCapabilities": crate::wire::capabilities::of_client(required, self.facts.revision.era(), &|_| true)})
            }),
            -32_042 => {
                let asked = Map::from_iter([("elicitations".to_owned(), data["elicitations"].clone())]);
                Some(Value::Object(self.rebuild(pending, &answers::ELICITATIONS, &asked)?))
            }
            _ => data.get("uri").and_then(Value::as_str).map(|uri| json!({"uri": self.words(plan, grant.item.as_ref(), uri)})),
        };
        if let Some(data) = data {
            out["data"] = data;
        }
        Ok(out)
    }

    fn words(&self, plan: &Plan, item: Option<&ItemGrant>, text: &str) -> String {
        let shown = self.redactor(plan, item).text(text);
        shown.ok().flatten().unwrap_or_else(|| REDACTED.to_owned())
    }

    fn report(&mut self, pending: &Pending, redactor: &Redactor<'_>, bytes_in: usize, bytes_out: usize) {
        let mut report = redactor.report();
        (report.bytes_in, report.bytes_out) = (bytes_in, bytes_out);
        report.scopes = self.facts.scopes.clone();
        report.rules_version.clone_from(&pending.grant.rules_version);
        let says = report.bytes_in > 0 || !report.actions.is_empty() || report.withheld > 0;
        if says {
            self.call.trail.add(Event::Filtered(report));
        }
    }

    fn disclose(&mut self, redactor: &Redactor<'_>) -> Result<(), Denial> {
        let now = self.call.clock.now();
        let told = self.release.lineages.disclose(&self.facts.lineage, redactor.subjects(), now);
        if told.is_err() {
            self.call.trail.add(Event::Killed { pattern: "subject_budget" });
            self.release.vault.forget(&self.facts.lineage);
            return Err(Denial::BudgetExceeded);
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Complete,
    InputRequired,
    Task,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::InputRequired => "input_required",
            Self::Task => "task",
        }
    }
}

/// An error's code, which is short: longer ones carry something else.
fn short(code: i64) -> i64 {
    const LONGEST: u64 = 99_999;
    const INTERNAL_ERROR: i64 = -32_603;
    if code.unsigned_abs() <= LONGEST { code } else { INTERNAL_ERROR }
}
