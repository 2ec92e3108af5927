//! A client of 2026-07-28, a server that wants a session.
//!
//! The gate opens the session, one per caller and set of capabilities. What the server
//! asks while a call is under way is answered to the client as `input_required`; the call
//! waits here until the client comes back with the answers.

mod listen;
mod session;
mod within;

use crate::model::denial::Denial;
use crate::model::ids::{Lineage, ServerName};
use crate::request::{Grant, Request};
use crate::upstream::bridge::{Relay, readdressed, relay, whole};
use crate::upstream::source::Source;
use crate::upstream::turn::{Said, Turn};
use crate::wire::answer::{self, Incoming};
use crate::wire::form::asks::Asking;
use crate::wire::form::content::META_SERVER;
use crate::wire::message::RequestId;
use crate::wire::method::Method;
use crate::wire::outgoing;
use crate::wire::revision::Revision;
use serde_json::{Value, json};
use session::{Client, Session};
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

/// Tells the server that a call is not waited for any more, unless disarmed.
struct CancelOnDrop(Option<(Turn, RequestId)>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        let (Some((turn, id)), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        runtime.spawn(async move {
            let params = json!({"requestId": id.as_value(), "reason": "The client hung up."});
            // A server that is gone needs no telling.
            let _ = turn.say(Said::own(Method::Cancelled, None, &params)).await;
        });
    }
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
        let client = Client::of(request);
        let (turn, session) = self.session(turn, &client, grant).await?;
        self.level(&turn, &session, request).await?;
        match request.method() {
            Method::Discover => Ok(whole(&discovered(request, &session))),
            Method::SubscriptionsListen => listen::listen(turn, request).await,
            method if method.is_notification() => {
                turn.say(said(request, None, session.revision)).await?;
                Ok(Source::Nothing)
            }
            _ => {
                let id = request.message.id.clone().ok_or(Denial::ResultBlocked("no id"))?;
                let (turn, own, source) = self.begun(turn, session, &client, request, grant).await?;
                let lineage = request.principal.lineage.clone();
                Ok(self.relayed(turn, own, id, lineage, source))
            }
        }
    }

    /// Makes the client's request in the session, under an id of its own there: the session
    /// is shared by all agents of one person, and theirs may be equal.
    async fn begun(
        &self,
        turn: Turn,
        session: Arc<Session>,
        client: &Client<'_>,
        request: &Request,
        grant: &Grant,
    ) -> Result<(Turn, RequestId, Source), Denial> {
        let id = RequestId::read(&json!(format!("call-{}", crate::jose::random_id())));
        let id = id.ok_or(Denial::ResultBlocked("no id"))?;
        // A client may hang up before there is any answer to read.
        let mut unanswered = CancelOnDrop(Some((turn.clone(), id.clone())));
        let mut answer = turn.say(said(request, Some(&id), session.revision)).await?;
        unanswered.0 = None;
        if answer.status != http::StatusCode::NOT_FOUND {
            return Ok((turn, id, answer.source));
        }
        // The server has lost the session: a new one, once.
        self.forget(&turn, &session);
        let (turn, session) = self.session(turn, client, grant).await?;
        answer = turn.say(said(request, Some(&id), session.revision)).await?;
        Ok((turn, id, answer.source))
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
        Ok(self.relayed(parked.turn, parked.id, id, lineage, parked.source))
    }

    fn relayed(
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
                // A response to something else is nobody's here.
                Incoming::Result { id, .. } if id != upstream => {}
                Incoming::Error { id: Some(id), .. } if id != upstream => {}
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
fn said<'r>(request: &'r Request, id: Option<&RequestId>, revision: Revision) -> Said<'r> {
    let mut message = request.message.clone();
    message.id = id.cloned();
    message.params.remove("task");
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
