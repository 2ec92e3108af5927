//! The sessions that the gate opens, and what a client is told to the server as.

use super::{MOST_SESSIONS, ToLegacy, lock};
use crate::model::denial::Denial;
use crate::request::{Grant, Request};
use crate::upstream::turn::{Said, Turn};
use crate::wire::capabilities;
use crate::wire::method::Method;
use crate::wire::revision::{Era, Revision};
use serde_json::{Value, json};
use std::sync::Arc;

/// A session of the gate's.
pub(super) struct Session {
    pub(super) id: Option<String>,
    pub(super) revision: Revision,
    /// What the server answered to `initialize`.
    pub(super) initialized: Value,
    level: tokio::sync::Mutex<Option<String>>,
}

/// What a client says of itself.
pub(super) struct Client<'c> {
    pub(super) capabilities: &'c Value,
    pub(super) info: Option<&'c Value>,
}

impl<'c> Client<'c> {
    pub(super) fn of(request: &'c Request) -> Self {
        let meta = request.message.params.get("_meta");
        Self {
            capabilities: request.message.capabilities.as_ref().unwrap_or(&Value::Null),
            info: meta.and_then(|meta| meta.get("io.modelcontextprotocol/clientInfo")),
        }
    }
}

impl ToLegacy {
    /// The caller's session with the server, opened if there is none.
    pub(super) async fn session(
        &self,
        mut turn: Turn,
        client: &Client<'_>,
        grant: &Grant,
    ) -> Result<(Turn, Arc<Session>), Denial> {
        let allows = |feature| grant.messages.allows(feature);
        let capabilities = capabilities::of_client(client.capabilities, Era::Legacy, &allows);
        let key = (turn.lineage.clone(), turn.server.clone(), capabilities.to_string());
        let known = lock(&self.sessions).get(&key).cloned();
        if let Some(session) = known {
            (turn.session, turn.revision) = (session.id.clone(), session.revision);
            return Ok((turn, session));
        }
        (turn.session, turn.revision) = (None, Revision::NEWEST_LEGACY);
        let info = client.info.cloned().unwrap_or_else(|| json!({"name": "unknown", "version": "unknown"}));
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

    pub(super) fn forget(&self, turn: &Turn, lost: &Arc<Session>) {
        lock(&self.sessions)
            .retain(|(_, server, _), session| *server != turn.server || !Arc::ptr_eq(session, lost));
    }

    /// The log level is the request's in one era and the session's in the other.
    pub(super) async fn level(
        &self,
        turn: &Turn,
        session: &Session,
        request: &Request,
    ) -> Result<(), Denial> {
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
}
