//! Servers that are spoken to over one standing connection: children, and event streams
//! of MCP 2024-11-05. Here each message of a client finds its connection.
//!
//! Invariant: a connection serves one session, or one lineage where the revision has no
//! sessions; what such a server remembers of one caller no other can ask for.

use crate::model::denial::Denial;
use crate::model::ids::ServerName;
use crate::net::{HttpClient, Limits};
use crate::upstream::children::Children;
use crate::upstream::duplex::{Duplex, DuplexFault, Outbound, Replies};
use crate::upstream::event_stream;
use crate::upstream::http::{Answer, Outgoing};
use crate::upstream::source::Source;
use crate::wire::event::Event;
use crate::wire::method::Method;
use crate::wire::revision::Era;
use http::StatusCode;
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Event streams kept; beyond it those that have ended are forgotten, then none is opened.
const MOST_STREAMS: usize = 1_000;

/// All standing connections.
pub(super) struct Connections {
    pub(super) children: Children,
    pub(super) client: HttpClient,
    pub(super) limits: Limits,
    pub(super) streams: Mutex<HashMap<(ServerName, String), Duplex>>,
}

/// How a server's connection comes about.
#[derive(Clone, Copy)]
pub(super) enum Kind<'k> {
    Child,
    EventStream(&'k str),
}

impl Connections {
    /// Sends one message over the connection it belongs to.
    pub(super) async fn ask(
        &self,
        server: &ServerName,
        kind: Kind<'_>,
        outgoing: Outgoing<'_>,
    ) -> Result<Answer, Denial> {
        let opened = match (outgoing.method, outgoing.session) {
            (Method::Initialize, _) => {
                let session = crate::jose::random_id();
                let duplex = self.open(server, kind, &session, &outgoing).await?;
                Some((duplex, Some(session)))
            }
            (_, Some(session)) => self.find(server, session).map(|duplex| (duplex.of(session), None)),
            (_, None) => {
                // The modern era: one connection a lineage, and each request a caller of its
                // own, since two agents of one person may use equal ids.
                let duplex = self.open(server, kind, outgoing.holder, &outgoing).await?;
                Some((duplex.of(&crate::jose::random_id()), None))
            }
        };
        let Some((duplex, session)) = opened else {
            return Ok(Answer { status: StatusCode::NOT_FOUND, session: None, source: Source::Nothing });
        };
        let source = self.say(server, &duplex, outgoing).await?;
        let status = match source {
            Source::Nothing => StatusCode::ACCEPTED,
            _ => StatusCode::OK,
        };
        Ok(Answer { status, session, source })
    }

    async fn say(
        &self,
        server: &ServerName,
        duplex: &Duplex,
        outgoing: Outgoing<'_>,
    ) -> Result<Source, Denial> {
        let outbound = Outbound { body: outgoing.body, credential: outgoing.credential.cloned() };
        match outgoing.method {
            Method::EndSession => {
                self.end(server, outgoing.session.unwrap_or_default());
                Ok(Source::Nothing)
            }
            Method::OpenStream => {
                let standing = duplex.standing().ok_or(Denial::StreamRefused)?;
                Ok(Source::Standing(standing))
            }
            method if method.is_request() => {
                let cancels = outgoing.revision.era() == Era::Modern;
                let stands = method == Method::SubscriptionsListen;
                let id = cancelled_id(&outbound.body);
                let replies = duplex.request(outbound).await.map_err(DuplexFault::denial)?;
                let timeout = (!stands).then_some(self.limits.timeout);
                let cancel = cancels.then(|| (duplex.clone(), id));
                Ok(Source::Dialogue(Box::new(Dialogue { replies, timeout, cancel })))
            }
            _ => {
                duplex.send(outbound).await.map_err(DuplexFault::denial)?;
                Ok(Source::Nothing)
            }
        }
    }

    async fn open(
        &self,
        server: &ServerName,
        kind: Kind<'_>,
        holder: &str,
        outgoing: &Outgoing<'_>,
    ) -> Result<Duplex, Denial> {
        match kind {
            Kind::Child => self.children.open(server, holder).map_err(DuplexFault::denial),
            Kind::EventStream(url) => {
                if let Some(duplex) = self.find(server, holder) {
                    return Ok(duplex);
                }
                let opened = event_stream::connect(&self.client, url, outgoing.credential, self.limits);
                let duplex = opened.await.map_err(DuplexFault::denial)?;
                let mut streams = self.streams();
                if streams.len() >= MOST_STREAMS {
                    streams.retain(|_, duplex| !duplex.is_closed());
                }
                if streams.len() >= MOST_STREAMS {
                    return Err(Denial::UpstreamUnreachable);
                }
                streams.insert((server.clone(), holder.to_owned()), duplex.clone());
                Ok(duplex)
            }
        }
    }

    fn find(&self, server: &ServerName, holder: &str) -> Option<Duplex> {
        let key = (server.clone(), holder.to_owned());
        let stream = self.streams().get(&key).filter(|duplex| !duplex.is_closed()).cloned();
        stream.or_else(|| self.children.find(server, holder))
    }

    fn end(&self, server: &ServerName, holder: &str) {
        if let Some(duplex) = self.streams().remove(&(server.clone(), holder.to_owned())) {
            duplex.close();
        }
        self.children.end(server, holder);
    }

    fn streams(&self) -> MutexGuard<'_, HashMap<(ServerName, String), Duplex>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The replies to one request.
pub struct Dialogue {
    replies: Replies,
    /// Between two replies; None waits for ever.
    timeout: Option<Duration>,
    /// Whom to tell, should nobody read to the end: on such a connection hanging up says
    /// nothing by itself.
    cancel: Option<(Duplex, serde_json::Value)>,
}

impl Dialogue {
    pub(super) async fn next(&mut self) -> Result<Option<Event>, Denial> {
        let reply = match self.timeout {
            None => self.replies.recv().await,
            Some(timeout) => tokio::time::timeout(timeout, self.replies.recv())
                .await
                .map_err(|_| Denial::UpstreamTimedOut)?,
        };
        match reply {
            None => {
                self.cancel = None;
                Ok(None)
            }
            Some(Ok(message)) => {
                if crate::wire::answer::is_response(&message) {
                    self.cancel = None;
                }
                Ok(Some(Event::message(message)))
            }
            Some(Err(fault)) => {
                self.cancel = None;
                Err(fault.denial())
            }
        }
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        let (Some((duplex, id)), Ok(runtime)) = (self.cancel.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        let params = json!({"requestId": id});
        let notice = json!({"jsonrpc": "2.0", "method": Method::Cancelled.as_str(), "params": params});
        // The request is forgotten with its replies, so its number is asked for before.
        let cancelled = duplex.cancellation(&notice.to_string().into_bytes());
        runtime.spawn(async move {
            if let Some(cancelled) = cancelled {
                // A server that is gone needs no telling.
                let _ = duplex.send_raw(cancelled).await;
            }
        });
    }
}

/// The id of a request, as it was written.
fn cancelled_id(body: &[u8]) -> serde_json::Value {
    #[derive(serde::Deserialize)]
    struct Named {
        id: serde_json::Value,
    }
    serde_json::from_slice::<Named>(body).map_or(serde_json::Value::Null, |named| named.id)
}
