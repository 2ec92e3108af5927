//! A client with a session, a server of 2026-07-28.
//!
//! `initialize` becomes `server/discover`; what the server needs first of the client
//! becomes requests on the client's stream, and the call is made again with the answers;
//! subscriptions become one `subscriptions/listen` behind the client's standing stream.

use crate::model::denial::Denial;
use crate::request::{Grant, Request, Stateless};
use crate::upstream::bridge::{Relay, relay, whole};
use crate::upstream::source::Source;
use crate::upstream::turn::{Said, Turn};
use crate::wire::answer::{self, Incoming};
use crate::wire::capabilities;
use crate::wire::form::content::META_SERVER;
use crate::wire::message::{Message, RequestId};
use crate::wire::method::Method;
use crate::wire::outgoing;
use crate::wire::revision::{Era, Revision};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Rounds of questions within one call.
const MOST_ROUNDS: usize = 10;
const META_LEVEL: &str = "io.modelcontextprotocol/logLevel";

/// What a client of the legacy era is to the server behind it.
pub(in crate::upstream) struct ToModern {
    turn: Turn,
    client: Arc<Stateless>,
    /// The client's capabilities as its rules let the server know them.
    capabilities: Value,
}

/// Opens a session: asks the server what it is.
///
/// # Errors
/// The `Upstream…` denials.
pub(in crate::upstream) async fn initialize(
    turn: Turn,
    request: &Request,
    grant: &Grant,
) -> Result<(Source, Arc<Stateless>), Denial> {
    let declared = request.message.capabilities.clone().unwrap_or_else(|| json!({}));
    let client = Arc::new(Stateless::new(declared, request.message.params.get("clientInfo").cloned()));
    let bridge = ToModern::new(turn, client.clone(), grant);
    let params = bridge.params(Map::new(), None);
    let (discovered, _) = bridge.turn.call(Method::Discover, &params).await?;
    let Ok(discovered) = discovered else { return Err(Denial::RevisionUnsupported) };
    let mut capabilities = discovered.get("capabilities").cloned().unwrap_or_else(|| json!({}));
    if let Some(object) = capabilities.as_object_mut() {
        object.remove("tasks");
        object.remove("extensions");
    }
    let mut result = json!({
        "protocolVersion": request.revision.as_str(),
        "capabilities": capabilities,
        "serverInfo": discovered.get("_meta").and_then(|meta| meta.get(META_SERVER)).cloned()
            .unwrap_or_else(|| json!({"name": "unknown", "version": "unknown"})),
    });
    if let Some(instructions) = discovered.get("instructions") {
        result["instructions"] = instructions.clone();
    }
    Ok((whole(&response(request.message.id.as_ref(), &result)), client))
}

impl ToModern {
    pub(in crate::upstream) fn new(mut turn: Turn, client: Arc<Stateless>, grant: &Grant) -> Self {
        (turn.revision, turn.session) = (Revision::V2026_07_28, None);
        let allows = |feature| grant.messages.allows(feature);
        let capabilities = capabilities::of_client(&client.capabilities, Era::Legacy, &allows);
        Self { turn, client, capabilities }
    }

    /// Answers a message within a session. `mirrored` are the headers that its arguments need.
    ///
    /// # Errors
    /// The `Upstream…` denials.
    pub(in crate::upstream) fn forward(
        self,
        request: &Request,
        mirrored: Vec<(String, String)>,
    ) -> Result<Source, Denial> {
        let id = request.message.id.as_ref();
        let text = |name: &str| request.message.params.get(name).and_then(Value::as_str);
        match request.method() {
            Method::Initialized | Method::RootsListChanged | Method::Progress | Method::EndSession => {
                Ok(Source::Nothing)
            }
            Method::Cancelled => {
                let cancelled = request.message.params.get("requestId").and_then(RequestId::read);
                if let Some(id) = &cancelled {
                    self.client.cancel(id);
                }
                Ok(Source::Nothing)
            }
            Method::Response => {
                let question = request.answers.as_ref().ok_or(Denial::AnswerUnexpected)?;
                self.client.answer(&question.upstream, request.message.params.clone());
                Ok(Source::Nothing)
            }
            Method::LoggingSetLevel => {
                self.client.set_level(text("level"));
                Ok(whole(&response(id, &json!({}))))
            }
            Method::ResourcesSubscribe | Method::ResourcesUnsubscribe => {
                let wanted = request.method() == Method::ResourcesSubscribe;
                self.client.subscribe(text("uri").unwrap_or_default(), wanted);
                Ok(whole(&response(id, &json!({}))))
            }
            Method::OpenStream => {
                let (relay, source) = relay();
                tokio::spawn(self.listen(relay));
                Ok(source)
            }
            _ => {
                let call = self.call(request, mirrored)?;
                let (relay, source) = relay();
                let cancelled = self.client.begin(&call.id);
                tokio::spawn(async move {
                    tokio::select! {
                        () = self.rounds(call, &relay) => {}
                        () = relay.abandoned() => {}
                        _ = cancelled => {}
                    }
                });
                Ok(source)
            }
        }
    }

    /// Makes the call, and makes it again with the client's answers as long as the server
    /// needs any.
    async fn rounds(&self, mut call: Call, relay: &Relay) {
        for _ in 0..MOST_ROUNDS {
            match self.round(&mut call, relay).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(denial) => return relay.fail(denial).await,
            }
        }
        relay.fail(Denial::ResultBlocked("too many rounds")).await;
    }

    /// True when the call is to be made again.
    async fn round(&self, call: &mut Call, relay: &Relay) -> Result<bool, Denial> {
        // Each round is a request of its own, under an id of its own.
        let id = RequestId::read(&json!(format!("round-{}", crate::jose::random_id())));
        let said = Said {
            method: call.message.method,
            operation: call.message.tool().unwrap_or(call.message.method.as_str()),
            name: call.message.name(),
            headers: &call.mirrored,
            body: outgoing::write(&call.message, Revision::V2026_07_28, id.as_ref(), |_| true),
        };
        let mut answer = self.turn.say(said).await?;
        while let Some(event) = answer.source.next().await? {
            let message = event.data.unwrap_or_default();
            let needed = match answer::read(&message).map_err(Denial::UpstreamMalformed)? {
                Incoming::Notification { .. } => {
                    if !relay.raw(message).await {
                        return Ok(false);
                    }
                    continue;
                }
                Incoming::Request { .. } => return Err(Denial::ResultBlocked("server request")),
                Incoming::Result { result, .. } => needed(result.get()),
                Incoming::Error { .. } => None,
            };
            if let Some(needed) = needed {
                call.answer(self.ask(needed, relay).await?);
                return Ok(true);
            }
            relay.raw(super::readdressed(&message, &call.id)?).await;
            return Ok(false);
        }
        Err(Denial::UpstreamMalformed("no response"))
    }

    /// Asks the client, one request for each thing the server needs, and waits for all.
    async fn ask(&self, needed: Map<String, Value>, relay: &Relay) -> Result<Map<String, Value>, Denial> {
        let mut responses = Map::new();
        let mut waiting = Vec::new();
        for (name, wanted) in needed.get("inputRequests").and_then(Value::as_object).into_iter().flatten() {
            let (id, answered) = self.client.question();
            let params = wanted.get("params").cloned().unwrap_or_else(|| json!({}));
            let asked = json!({"jsonrpc": "2.0", "id": id, "method": wanted.get("method"), "params": params});
            if !relay.pass(&asked).await {
                return Err(Denial::ClientLeft);
            }
            waiting.push((name.clone(), answered));
        }
        for (name, answered) in waiting {
            let answer = answered.await.map_err(|_| Denial::ClientLeft)?;
            // A client that refuses leaves its answer out, and the server asks again or ends.
            if let Some(result) = answer.get("result") {
                responses.insert(name, result.clone());
            }
        }
        let mut again = Map::new();
        again.insert("inputResponses".into(), Value::Object(responses));
        again.extend(needed.get("requestState").map(|state| ("requestState".to_owned(), state.clone())));
        Ok(again)
    }

    /// Stands for the client's standing stream, anew whenever its subscriptions change.
    async fn listen(self, relay: Relay) {
        let mut changed = self.client.changes();
        loop {
            let heard = async {
                let filter = json!({
                    "toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true,
                    "resourceSubscriptions": self.client.subscriptions(),
                });
                let wanted = Map::from_iter([("notifications".to_owned(), filter)]);
                let id = RequestId::read(&json!(format!("listen-{}", crate::jose::random_id())));
                let said = Said::own(Method::SubscriptionsListen, id.as_ref(), &self.params(wanted, None));
                let mut answer = self.turn.say(said).await?;
                while let Some(event) = answer.source.next().await? {
                    let message = event.data.unwrap_or_default();
                    let notice = matches!(answer::read(&message),
                        Ok(Incoming::Notification { method, .. }) if method != "notifications/subscriptions/acknowledged");
                    if notice && !relay.raw(message).await {
                        return Ok(());
                    }
                }
                Ok::<(), Denial>(())
            };
            tokio::select! {
                ended = heard => {
                    if let Err(denial) = ended {
                        relay.fail(denial).await;
                    }
                    return;
                }
                () = relay.abandoned() => return,
                again = changed.changed() => if again.is_err() { return },
            }
        }
    }

    /// Parameters with what every request of the modern era says of its client.
    fn params(&self, mut params: Map<String, Value>, progress: Option<&Value>) -> Value {
        let mut meta = self.meta(progress);
        outgoing::about(&mut meta, Revision::V2026_07_28, self.capabilities.clone());
        params.insert("_meta".into(), Value::Object(meta));
        Value::Object(params)
    }

    fn meta(&self, progress: Option<&Value>) -> Map<String, Value> {
        let mut meta = Map::new();
        let info = self.client.info.iter();
        meta.extend(info.map(|info| ("io.modelcontextprotocol/clientInfo".to_owned(), info.clone())));
        meta.extend(self.client.level().map(|level| (META_LEVEL.to_owned(), json!(level))));
        meta.extend(progress.map(|token| ("progressToken".to_owned(), token.clone())));
        meta
    }

    /// The client's request as the server's era has it.
    fn call(&self, request: &Request, mirrored: Vec<(String, String)>) -> Result<Call, Denial> {
        let mut message = request.message.clone();
        let id = message.id.clone().ok_or(Denial::ResultBlocked("no id"))?;
        let meta = self.meta(message.progress_token());
        message.params.remove("task");
        message.params.insert("_meta".into(), Value::Object(meta));
        message.capabilities = Some(self.capabilities.clone());
        Ok(Call { id, message, mirrored })
    }
}

/// A request of the client, to be made once or more often.
struct Call {
    /// The client's own.
    id: RequestId,
    message: Message,
    mirrored: Vec<(String, String)>,
}

impl Call {
    fn answer(&mut self, answers: Map<String, Value>) {
        self.message.params.remove("requestState");
        self.message.params.extend(answers);
    }
}

/// What a result says that the server needs first.
fn needed(result: &str) -> Option<Map<String, Value>> {
    let result: Map<String, Value> = serde_json::from_str(result).ok()?;
    (result.get("resultType").and_then(Value::as_str) == Some("input_required")).then_some(result)
}

fn response(id: Option<&RequestId>, result: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id.map(RequestId::as_value), "result": result})
}
