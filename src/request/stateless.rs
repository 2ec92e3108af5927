//! What a session remembers for a server that keeps none (a legacy client before a server
//! of 2026-07-28).

use crate::wire::message::RequestId;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{oneshot, watch};

/// Resources that one session may subscribe to.
const MOST_SUBSCRIPTIONS: usize = 256;

/// A legacy client, as a stateless server must be told of it again and again.
pub struct Stateless {
    /// As the client declared them at `initialize`.
    pub capabilities: Value,
    /// Name and version, as the client gives them.
    pub info: Option<Value>,
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    level: Option<String>,
    subscriptions: BTreeSet<String>,
    /// Questions that wait for the client's answer.
    waiting: HashMap<String, oneshot::Sender<Map<String, Value>>>,
    asked: u64,
    /// Calls under way, by the client's id.
    calls: HashMap<RequestId, oneshot::Sender<()>>,
}

impl Stateless {
    pub fn new(capabilities: Value, info: Option<Value>) -> Self {
        Self { capabilities, info, state: Mutex::default(), changed: watch::channel(()).0 }
    }

    /// A new question: its id, and where its answer will come.
    pub fn question(&self) -> (String, oneshot::Receiver<Map<String, Value>>) {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.lock();
        state.waiting.retain(|_, waiting| !waiting.is_closed());
        state.asked += 1;
        let id = format!("input-{}", state.asked);
        state.waiting.insert(id.clone(), sender);
        (id, receiver)
    }

    /// Hands a client's answer (its `result` or `error`) to whoever waits for it.
    pub fn answer(&self, id: &RequestId, answer: Map<String, Value>) {
        let waiting = id.as_value().as_str().and_then(|id| self.lock().waiting.remove(id));
        // Whoever asked may have been cancelled meanwhile.
        let _ = waiting.map(|waiting| waiting.send(answer));
    }

    /// A call begins; the receiver resolves when the client cancels it.
    pub fn begin(&self, id: &RequestId) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.lock();
        state.calls.retain(|_, call| !call.is_closed());
        state.calls.insert(id.clone(), sender);
        receiver
    }

    pub fn cancel(&self, id: &RequestId) {
        self.lock().calls.remove(id);
    }

    pub fn level(&self) -> Option<String> {
        self.lock().level.clone()
    }

    pub fn set_level(&self, level: Option<&str>) {
        self.lock().level = level.map(str::to_owned);
    }

    pub fn subscriptions(&self) -> Vec<String> {
        self.lock().subscriptions.iter().cloned().collect()
    }

    /// Begins or ends a subscription; whoever listens is told.
    pub fn subscribe(&self, uri: &str, wanted: bool) {
        let mut state = self.lock();
        if !wanted {
            state.subscriptions.remove(uri);
        } else if state.subscriptions.len() < MOST_SUBSCRIPTIONS {
            state.subscriptions.insert(uri.to_owned());
        }
        drop(state);
        self.changed.send_replace(());
    }

    /// Changes when subscriptions do.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
