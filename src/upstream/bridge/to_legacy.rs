//! A client of 2026-07-28, a server that wants a session.
//!
//! The gate opens the session, one per caller and set of capabilities. What the server
//! asks while a call is under way is answered to the client as `input_required`; the call
//! waits here until the client comes back with the answers.

use crate::model::denial::Denial;
use crate::model::ids::{Lineage, ServerName};
use crate::request::{Grant, Request};
use crate::upstream::bridge::{Relay, readdressed, relay, whole};
use crate::upstream::source::Source;
use crate::upstream::turn::{Said, Turn};
use crate::wire::answer::{self, Incoming};
use crate::wire::capabilities;
use crate::wire::form::asks::Asking;
use crate::wire::form::content::{META_SERVER, META_SUBSCRIPTION};
use crate::wire::message::RequestId;
use crate::wire::method::Method;
use crate::wire::outgoing;
use crate::wire::revision::{Era, Revision};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Calls that wait for clients, over all callers, and how long each does.
const MOST_PARKED: usize = 1_000;
const LONGEST_PARKED: Duration = Duration::from_secs(600);
/// Sessions that are kept.
const MOST_SESSIONS: usize = 10_000;

/// The sessions that the gate has opened for clients that know none, and the calls that
/// wait in them.
#[derive(Default)]
pub(in crate::upstream) struct ToLegacy {
    sessions: Mutex<HashMap<Key, Arc<Session>>>,
    parked: Mutex<HashMap<String, Parked>>,
}

/// Whose session, with which server, for which capabilities.
type Key = (Lineage, ServerName, String);

/// A session of the gate's.
struct Session {
    id: Option<String>,
    revision: Revision,
    /// What the server answered to `initialize`.
    initialized: Value,
    level: tokio::sync::Mutex<Option<String>>,
}

/// A call under way whose server waits for the client.
struct Parked {
    lineage: Lineage,
    since: Instant,
    source: Source,
    turn: Turn,
    id: RequestId,
    /// The server's question, and what the client knows it by.
    asked: (String, RequestId),
}

impl ToLegacy {
    /// Answers a message of a client of 2026-07-28.
    ///
    /// # Errors
    /// The `Upstream…` denials.
    pub(in crate::upstream) async fn forward(
        self: Arc<Self>,
        turn: Turn,
        request: &Request,
        grant: &Grant,
    ) -> Result<Source, Denial> {
        let state = request.message.params.get("requestState").and_then(Value::as_str);
        if let Some(state) = state {
            let parked = self.take(state, &request.principal.lineage).ok_or(Denial::HandleUnknown)?;
            return self.resume(parked, request).await;
        }
        let (turn, session) = self.session(turn, request, grant).await?;
        self.level(&turn, &session, request).await?;
        match request.method() {
            Method::Discover => Ok(whole(&discovered(request, &session))),
            Method::SubscriptionsListen => listen(turn, request).await,
            method if method.is_notification() => {
                turn.say(said(request, session.revision)).await?;
                Ok(Source::Nothing)
            }
            _ => {
                let mut source = turn.say(said(request, session.revision)).await;
                if source.as_ref().is_ok_and(|answer| answer.status == http::StatusCode::NOT_FOUND) {
                    // The server has lost the session: a new one, once.
                    self.forget(&turn, &session);
                    let (turn, session) = self.session(turn.clone(), request, grant).await?;
                    source = turn.say(said(request, session.revision)).await;
                }
                let id = request.message.id.clone().ok_or(Denial::ResultBlocked("no id"))?;
                let lineage = request.principal.lineage.clone();
                Ok(self.relayed(turn, id, lineage, source?.source))
            }
        }
    }

    /// Hands the client's answers to the server that waits, and goes on with its call.
    async fn resume(self: Arc<Self>, parked: Parked, request: &Request) -> Result<Source, Denial> {
        let (name, question) = &parked.asked;
        let responses = request.message.params.get("inputResponses");
        let answer = match responses.and_then(|responses| responses.get(name)) {
            Some(result) => json!({"jsonrpc": "2.0", "id": question.as_value(), "result": result}),
            None => json!({"jsonrpc": "2.0", "id": question.as_value(),
                "error": {"code": -1, "message": "The client gave no answer."}}),
        };
        let mut said = Said::own(Method::Response, None, &Value::Null);
        said.body = answer.to_string().into_bytes();
        parked.turn.say(said).await?;
        // The client's own request has a new id by now; the server still answers the first.
        let id = request.message.id.clone().ok_or(Denial::ResultBlocked("no id"))?;
        let lineage = request.principal.lineage.clone();
        Ok(self.relayed_as(parked.turn, parked.id, id, lineage, parked.source))
    }

    fn relayed(self: Arc<Self>, turn: Turn, id: RequestId, lineage: Lineage, source: Source) -> Source {
        self.relayed_as(turn, id.clone(), id, lineage, source)
    }

    fn relayed_as(
        self: Arc<Self>,
        turn: Turn,
        upstream: RequestId,
        client: RequestId,
        lineage: Lineage,
        source: Source,
    ) -> Source {
        let (relay, out) = relay();
        tokio::spawn(async move {
            let cancel = (turn.clone(), upstream.clone());
            let read = self.read(turn, upstream, &client, lineage, source, &relay);
            tokio::select! {
                ended = read => if let Err(denial) = ended {
                    relay.fail(denial).await;
                },
                // Hanging up cancels in the client's era; in the server's it must be said.
                () = relay.abandoned() => {
                    let (turn, id) = cancel;
                    let params = json!({"requestId": id.as_value(), "reason": "The client hung up."});
                    let _ = turn.say(Said::own(Method::Cancelled, None, &params)).await;
                }
            }
        });
        out
    }

    async fn read(
        &self,
        turn: Turn,
        upstream: RequestId,
        client: &RequestId,
        lineage: Lineage,
        mut source: Source,
        relay: &Relay,
    ) -> Result<(), Denial> {
        while let Some(event) = source.next().await? {
            let message = event.data.unwrap_or_default();
            if message.is_empty() {
                continue;
            }
            match answer::read(&message).map_err(Denial::UpstreamMalformed)? {
                Incoming::Notification { .. } => {
                    if !relay.raw(message).await {
                        return Ok(());
                    }
                }
                Incoming::Result { .. } | Incoming::Error { .. } => {
                    relay.raw(readdressed(&message, client)?).await;
                    return Ok(());
                }
                Incoming::Request { id, method, .. } if Asking::parse(&method) == Some(Asking::Ping) => {
                    let mut said = Said::own(Method::Response, None, &Value::Null);
                    said.body =
                        json!({"jsonrpc": "2.0", "id": id.as_value(), "result": {}}).to_string().into_bytes();
                    turn.say(said).await?;
                }
                Incoming::Request { id, method, params } => {
                    let params: Value = params
                        .map_or(Ok(json!({})), |raw| serde_json::from_str(raw.get()))
                        .map_err(|_| Denial::UpstreamMalformed("params"))?;
                    let name = "ask".to_owned();
                    let requests = json!({&name: {"method": method, "params": params}});
                    let since = Instant::now();
                    let asked = (name, id);
                    let state = self.park(Parked { lineage, since, source, turn, id: upstream, asked })?;
                    let result = json!({
                        "resultType": "input_required", "inputRequests": requests, "requestState": state,
                    });
                    relay.pass(&json!({"jsonrpc": "2.0", "id": client.as_value(), "result": result})).await;
                    return Ok(());
                }
            }
        }
        Err(Denial::UpstreamMalformed("no response"))
    }

    /// The caller's session with the server, opened if there is none.
    async fn session(
        &self,
        mut turn: Turn,
        request: &Request,
        grant: &Grant,
    ) -> Result<(Turn, Arc<Session>), Denial> {
        let declared = request.message.capabilities.clone().unwrap_or_else(|| json!({}));
        let allows = |feature| grant.messages.allows(feature);
        let capabilities = capabilities::of_client(&declared, Era::Legacy, &allows);
        let key = (request.principal.lineage.clone(), request.server.clone(), capabilities.to_string());
        let known = lock(&self.sessions).get(&key).cloned();
        if let Some(session) = known {
            (turn.session, turn.revision) = (session.id.clone(), session.revision);
            return Ok((turn, session));
        }
        (turn.session, turn.revision) = (None, Revision::NEWEST_LEGACY);
        let info = request
            .message
            .params
            .get("_meta")
            .and_then(|meta| meta.get("io.modelcontextprotocol/clientInfo"));
        let info = info.cloned().unwrap_or_else(|| json!({"name": "unknown", "version": "unknown"}));
        let params = json!({
            "protocolVersion": Revision::NEWEST_LEGACY.as_str(), "capabilities": capabilities, "clientInfo": info,
        });
        let (initialized, id) = turn.call(Method::Initialize, &params).await?;
        let Ok(initialized) = initialized else { return Err(Denial::RevisionUnsupported) };
        let settled = initialized.get("protocolVersion").and_then(Value::as_str).and_then(Revision::parse);
        turn.revision = settled.ok_or(Denial::UpstreamMalformed("protocol version"))?;
        turn.session.clone_from(&id);
        turn.say(Said::own(Method::Initialized, None, &json!({}))).await?;
        let session = Arc::new(Session {
            id,
            revision: turn.revision,
            initialized,
            level: tokio::sync::Mutex::default(),
        });
        let mut sessions = lock(&self.sessions);
        if sessions.len() >= MOST_SESSIONS {
            sessions.clear();
        }
        sessions.insert(key, session.clone());
        Ok((turn, session))
    }

    fn forget(&self, turn: &Turn, lost: &Arc<Session>) {
        lock(&self.sessions)
            .retain(|(_, server, _), session| *server != turn.server || !Arc::ptr_eq(session, lost));
    }

    /// The log level is the request's in one era and the session's in the other.
    async fn level(&self, turn: &Turn, session: &Session, request: &Request) -> Result<(), Denial> {
        let meta = request.message.params.get("_meta");
        let wanted =
            meta.and_then(|meta| meta.get("io.modelcontextprotocol/logLevel")).and_then(Value::as_str);
        let Some(wanted) = wanted else { return Ok(()) };
        let mut level = session.level.lock().await;
        if level.as_deref() != Some(wanted) {
            // A server without logging refuses, and there is nothing to hear then.
            let _ = turn.call(Method::LoggingSetLevel, &json!({"level": wanted})).await?;
            *level = Some(wanted.to_owned());
        }
        Ok(())
    }

    fn park(&self, call: Parked) -> Result<String, Denial> {
        let mut parked = lock(&self.parked);
        parked.retain(|_, call| call.since.elapsed() < LONGEST_PARKED);
        if parked.len() >= MOST_PARKED {
            return Err(Denial::ResultBlocked("too many calls wait for their clients"));
        }
        let state = crate::jose::random_id();
        parked.insert(state.clone(), call);
        Ok(state)
    }

    /// The call that waits under this state, for the one who made it.
    fn take(&self, state: &str, lineage: &Lineage) -> Option<Parked> {
        let mut parked = lock(&self.parked);
        let own = parked.get(state).is_some_and(|call| call.lineage == *lineage);
        own.then(|| parked.remove(state)).flatten()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The client's own message, as the server's era writes it.
fn said(request: &Request, revision: Revision) -> Said<'_> {
    let mut message = request.message.clone();
    message.params.remove("inputResponses");
    message.params.remove("requestState");
    if let Some(meta) = message.params.get_mut("_meta").and_then(Value::as_object_mut) {
        meta.retain(|name, _| name == "progressToken" || name == "traceparent");
    }
    let body = outgoing::write(&message, revision, None, |_| false);
    Said { method: request.method(), operation: request.operation(), name: None, headers: &[], body }
}

fn discovered(request: &Request, session: &Session) -> Value {
    let initialized = &session.initialized;
    let mut capabilities = initialized.get("capabilities").cloned().unwrap_or_else(|| json!({}));
    if let Some(object) = capabilities.as_object_mut() {
        object.remove("tasks");
    }
    let mut result = json!({
        "resultType": "complete",
        "capabilities": capabilities,
        "_meta": {META_SERVER: initialized.get("serverInfo")},
    });
    if let Some(instructions) = initialized.get("instructions") {
        result["instructions"] = instructions.clone();
    }
    json!({"jsonrpc": "2.0", "id": request.message.id.as_ref().map(RequestId::as_value), "result": result})
}

/// The session's standing stream, of which the client hears what it has asked for.
async fn listen(turn: Turn, request: &Request) -> Result<Source, Denial> {
    let id = request.message.id.clone().ok_or(Denial::ResultBlocked("no id"))?;
    let wanted = request.message.params.get("notifications").cloned().unwrap_or_else(|| json!({}));
    let uris = wanted.get("resourceSubscriptions").and_then(Value::as_array).cloned().unwrap_or_default();
    for uri in &uris {
        let (subscribed, _) = turn.call(Method::ResourcesSubscribe, &json!({"uri": uri})).await?;
        subscribed.map_err(|_| Denial::UpstreamMalformed("subscription"))?;
    }
    let (relay, source) = relay();
    tokio::spawn(async move {
        let acknowledged =
            tagged("notifications/subscriptions/acknowledged", json!({"notifications": wanted}), &id);
        if !relay.pass(&acknowledged).await {
            return;
        }
        let heard = async {
            let mut said = Said::own(Method::OpenStream, None, &Value::Null);
            said.body.clear();
            let mut answer = turn.say(said).await?;
            while let Some(event) = answer.source.next().await? {
                let message = event.data.unwrap_or_default();
                let Ok(Incoming::Notification { method, params }) = answer::read(&message) else { continue };
                let params =
                    params.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_else(|| json!({}));
                if hears(&wanted, &method, &params) && !relay.pass(&tagged(&method, params, &id)).await {
                    return Ok(());
                }
            }
            Ok::<(), Denial>(())
        };
        tokio::select! {
            ended = heard => match ended {
                // The server has no standing stream: nothing will ever be heard, and the
                // client's stream stays open as it may.
                Ok(()) | Err(Denial::StreamRefused) => relay.abandoned().await,
                Err(denial) => relay.fail(denial).await,
            },
            () = relay.abandoned() => {}
        }
        for uri in &uris {
            let _ = turn.call(Method::ResourcesUnsubscribe, &json!({"uri": uri})).await;
        }
    });
    Ok(source)
}

/// Whether the client has opted in to this notification.
fn hears(wanted: &Value, method: &str, params: &Value) -> bool {
    let flag = |name: &str| wanted.get(name) == Some(&Value::Bool(true));
    match method {
        "notifications/tools/list_changed" => flag("toolsListChanged"),
        "notifications/prompts/list_changed" => flag("promptsListChanged"),
        "notifications/resources/list_changed" => flag("resourcesListChanged"),
        "notifications/resources/updated" => {
            let uris = wanted.get("resourceSubscriptions").and_then(Value::as_array);
            uris.is_some_and(|uris| uris.iter().any(|uri| Some(uri) == params.get("uri")))
        }
        _ => false,
    }
}

/// A notification of a subscription, which names its request.
fn tagged(method: &str, params: Value, id: &RequestId) -> Value {
    let mut params = match params {
        Value::Object(params) => params,
        _ => Map::new(),
    };
    params.insert("_meta".into(), json!({META_SUBSCRIPTION: id.as_value()}));
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}
