//! MCP sessions of the revisions that have them. A session is a convenience, never
//! authentication: it is good only for the lineage that opened it.

use crate::jose::random_id;
use crate::model::ids::{Lineage, ServerName, SessionId};
use crate::request::Stateless;
use crate::request::conversation::Conversation;
use crate::store::lock;
use crate::wire::revision::Revision;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const IDLE: Duration = Duration::from_secs(3600);
const MOST: usize = 100_000;

/// One session and the upstream's own behind it.
#[derive(Clone)]
pub struct Session {
    pub lineage: Lineage,
    pub server: ServerName,
    pub revision: Revision,
    /// The upstream's `Mcp-Session-Id`. Clients never see it.
    pub upstream: Option<String>,
    /// For a server of the other era, which keeps no session.
    pub stateless: Option<Arc<Stateless>>,
    pub conversation: Arc<Conversation>,
    /// False of an event stream whose client has yet to `initialize`.
    pub begun: bool,
}

/// All open sessions.
#[derive(Default)]
pub struct Sessions {
    open: Mutex<HashMap<SessionId, (Session, Duration)>>,
}

impl Sessions {
    pub fn open(&self, session: Session, now: Duration) -> Option<SessionId> {
        let mut open = lock(&self.open);
        if open.len() >= MOST {
            open.retain(|_, (_, used)| now.saturating_sub(*used) < IDLE);
        }
        let id = SessionId::new(random_id());
        let room = open.len() < MOST && !id.as_str().is_empty();
        room.then(|| {
            open.insert(id.clone(), (session, now));
            id
        })
    }

    /// The session of this id, if this lineage opened it at this server.
    pub fn find(&self, id: &str, lineage: &Lineage, server: &ServerName, now: Duration) -> Option<Session> {
        let mut open = lock(&self.open);
        let (session, used) = open.get_mut(id)?;
        let fresh = now.saturating_sub(*used) < IDLE;
        (fresh && session.lineage == *lineage && session.server == *server).then(|| {
            *used = now;
            session.clone()
        })
    }

    /// Begins a session that was opened before. False unless it is there and has not begun.
    pub fn begin(&self, id: &SessionId, session: Session) -> bool {
        let mut open = lock(&self.open);
        let waiting = open.get_mut(id).filter(|(waiting, _)| !waiting.begun);
        waiting.map(|(waiting, _)| *waiting = session).is_some()
    }

    /// Keeps a session whose stream is open; false if it has ended.
    pub fn keep(&self, id: &SessionId, now: Duration) -> bool {
        lock(&self.open).get_mut(id).map(|(_, used)| *used = now).is_some()
    }

    pub fn has_begun(&self, id: &SessionId) -> bool {
        lock(&self.open).get(id).is_some_and(|(session, _)| session.begun)
    }

    pub fn end(&self, id: &str) {
        lock(&self.open).remove(id);
    }
}
