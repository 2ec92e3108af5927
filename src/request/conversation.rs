//! What is open between one client and one server in a session: JSON-RPC responses name
//! no method, so whoever reads one must remember what was asked.

use crate::model::ids::ServerName;
use crate::request::Pending;
use crate::wire::form::asks::Asking;
use crate::wire::message::RequestId;
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Requests of a server that wait for one client at a time.
const MOST_QUESTIONS: usize = 64;
/// Requests of a client that are remembered for a resumed stream.
const MOST_PENDING: usize = 256;

/// The open requests of both sides.
#[derive(Default)]
pub struct Conversation {
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    questions: HashMap<String, Question>,
    asked: u64,
    pending: VecDeque<Arc<Pending>>,
}

/// A request that a server made of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub server: ServerName,
    /// The server's own id. Clients see one of the gate's, since an id is a carrier too.
    pub upstream: RequestId,
    pub asking: Asking,
}

impl Conversation {
    /// Remembers a question; returns the id under which the client sees it. None when too
    /// many are open.
    pub fn ask(&self, question: Question) -> Option<String> {
        let mut open = self.lock();
        if open.questions.len() >= MOST_QUESTIONS {
            return None;
        }
        open.asked += 1;
        let id = format!("ask-{}", open.asked);
        open.questions.insert(id.clone(), question);
        Some(id)
    }

    /// The question that a client's response answers. It can be answered once.
    pub fn answered(&self, id: &Value) -> Option<Question> {
        self.lock().questions.remove(id.as_str()?)
    }

    /// The client's id of a question that the server takes back.
    pub fn withdrawn(&self, server: &ServerName, upstream: &RequestId) -> Option<String> {
        let mut open = self.lock();
        let same = |question: &Question| question.server == *server && question.upstream == *upstream;
        let found = open.questions.iter().find(|(_, question)| same(question));
        let id = found.map(|(id, _)| id.clone())?;
        open.questions.remove(&id);
        Some(id)
    }

    /// Remembers a client's request until many others have followed: its response may come
    /// again on a resumed stream.
    pub fn opened(&self, pending: Arc<Pending>) {
        let mut open = self.lock();
        open.pending.retain(|other| other.id != pending.id);
        if open.pending.len() >= MOST_PENDING {
            open.pending.pop_front();
        }
        open.pending.push_back(pending);
    }

    pub fn pending(&self, id: &RequestId) -> Option<Arc<Pending>> {
        self.lock().pending.iter().rev().find(|pending| pending.id == *id).cloned()
    }

    /// The request that hears of progress under this token.
    pub fn progressing(&self, token: &Value) -> Option<Arc<Pending>> {
        self.lock().pending.iter().rev().find(|pending| pending.progress.as_ref() == Some(token)).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
