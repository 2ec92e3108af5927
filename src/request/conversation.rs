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
/// Requests of a client that are remembered for a resumed stream, and so many again that it
/// has cancelled.
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
    cancelled: VecDeque<RequestId>,
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
        open.cancelled.retain(|other| *other != pending.id);
        open.pending.push_back(pending);
    }

    /// Remembers that the client has cancelled its request, if it made one.
    pub fn cancel(&self, id: RequestId) {
        let mut open = self.lock();
        let made = open.pending.iter().any(|pending| pending.id == id);
        if !made || open.cancelled.contains(&id) {
            return;
        }
        if open.cancelled.len() >= MOST_PENDING {
            open.cancelled.pop_front();
        }
        open.cancelled.push_back(id);
    }

    pub fn is_cancelled(&self, id: &RequestId) -> bool {
        self.lock().cancelled.contains(id)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scope::Scopes;
    use crate::request::Grant;
    use crate::wire::method::Method;
    use serde_json::json;

    fn id(number: usize) -> RequestId {
        RequestId::read(&json!(number)).unwrap()
    }

    fn request(number: usize) -> Arc<Pending> {
        Arc::new(Pending {
            id: id(number),
            method: Method::ToolsCall,
            target: None,
            about: String::new(),
            progress: None,
            scopes: Scopes::default(),
            grant: Arc::new(Grant::default()),
        })
    }

    #[test]
    fn what_was_cancelled_is_remembered_until_many_others_are() {
        let conversation = Conversation::default();
        conversation.cancel(id(0));
        assert!(!conversation.is_cancelled(&id(0)), "no such request was made");
        for number in 0..=MOST_PENDING {
            conversation.opened(request(number));
            conversation.cancel(id(number));
            conversation.cancel(id(number));
        }
        assert!(!conversation.is_cancelled(&id(0)), "one past the bound");
        assert!((1..=MOST_PENDING).all(|number| conversation.is_cancelled(&id(number))));
        conversation.opened(request(1));
        assert!(!conversation.is_cancelled(&id(1)), "made anew");
    }
}
