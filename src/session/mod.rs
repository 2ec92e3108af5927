//! Stage 2: what is asked, and in what standing.
//!
//! Reads the body, binds it to the caller's session and lineage, and keeps the
//! guard: rates, and the kill of a lineage that vacuumed data.
//!
//! Invariant: a killed lineage gets nothing, whatever session or token it brings.

mod limits;

use crate::identity::Authenticated;
use crate::model::call::{Asked, Call};
use crate::model::denial::Denial;
use crate::model::ids::SessionId;
use crate::model::principal::Principal;
use crate::model::sensitive::Sensitive;
use crate::model::trail::Event;
use crate::request::{OpenSession, Request};
use crate::store::lineages::Lineages;
use crate::store::sessions::Sessions;
use crate::wire::arrival::Head;
use crate::wire::message::Message;
use crate::wire::method::{Method, Passage};
use crate::wire::revision::{Era, Revision};
pub use limits::{Limits, Rate};
use std::sync::Arc;

/// The guard before every request.
pub struct Guard {
    limits: Limits,
    lineages: Arc<Lineages>,
    sessions: Arc<Sessions>,
}

/// A message bound to its caller's session. Made only by [`Guard::bind`].
pub struct Bound {
    request: Request,
    token: Sensitive<String>,
}

impl Guard {
    pub fn new(limits: Limits, lineages: Arc<Lineages>, sessions: Arc<Sessions>) -> Self {
        Self { limits, lineages, sessions }
    }

    /// # Errors
    /// [`Denial::Killed`] and [`Denial::RateLimited`] before the body is read, then
    /// what is wrong with the message or its session.
    pub async fn bind(&self, call: &mut Call, authenticated: Authenticated) -> Result<Bound, Denial> {
        let (principal, token, arrival) = authenticated.into_parts();
        let lineage = principal.lineage.clone();
        if let Some(left) = self.lineages.killed(&lineage, call.clock.now()) {
            return Err(Denial::Killed(left));
        }
        self.limits.caller(&lineage)?;
        let body = arrival.body.await.map_err(Denial::MessageMalformed)?;
        let message = match Message::decode(&arrival.head, &body) {
            Ok(message) => message,
            Err(denial) => {
                call.asked.id = Message::id_of(&body);
                call.asked.modern =
                    arrival.head.single("mcp-protocol-version") == Ok(Some(Revision::V2026_07_28.as_str()));
                return Err(denial);
            }
        };
        call.asked = asked(&message);
        let (revision, session) = self.standing(call, &principal, &arrival.head, &message)?;
        let request = Request { principal, server: arrival.head.server, message, revision, session };
        call.trail.add(Event::Bound {
            server: request.server.clone(),
            method: request.method().as_str(),
            revision: revision.as_str(),
            tool: request.tool(),
        });
        if request.method().passage() == Passage::Refused {
            return Err(Denial::MethodRefused);
        }
        if let Some(tool) = request.message.tool() {
            self.limits.tool(&lineage, &request.server, tool)?;
        }
        Ok(Bound { request, token })
    }

    /// The revision in force, and the session where the revision has them.
    fn standing(
        &self,
        call: &Call,
        principal: &Principal,
        head: &Head,
        message: &Message,
    ) -> Result<(Revision, Option<OpenSession>), Denial> {
        if let Some(revision) = message.revision.filter(|revision| revision.era() == Era::Modern) {
            let legacy_only =
                matches!(message.method, Method::Initialize | Method::Initialized | Method::Ping);
            return if legacy_only { Err(Denial::MethodUnknown) } else { Ok((revision, None)) };
        }
        if message.method == Method::Initialize {
            let asked = message.params.get("protocolVersion").and_then(serde_json::Value::as_str);
            let known = asked.and_then(Revision::parse).filter(|revision| revision.era() == Era::Legacy);
            return Ok((known.unwrap_or(Revision::NEWEST_LEGACY), None));
        }
        if message.method == Method::Discover {
            return Err(Denial::RevisionUnsupported);
        }
        let id = head
            .single("mcp-session-id")
            .map_err(|_| Denial::SessionUnknown)?
            .ok_or(Denial::SessionAbsent)?;
        let found = self.sessions.find(id, &principal.lineage, &head.server, call.clock.now());
        let session = found.ok_or(Denial::SessionUnknown)?;
        if message.revision.is_some_and(|declared| declared != session.revision) {
            return Err(Denial::RevisionUnsupported);
        }
        Ok((session.revision, Some(OpenSession { id: SessionId::new(id), upstream: session.upstream })))
    }
}

fn asked(message: &Message) -> Asked {
    Asked {
        id: message.id.as_ref().map(|id| id.as_value().clone()),
        modern: message.revision.is_some_and(|revision| revision.era() == Era::Modern),
        calls_tool: message.method == Method::ToolsCall,
    }
}

impl Bound {
    pub fn request(&self) -> &Request {
        &self.request
    }

    pub fn into_parts(self) -> (Request, Sensitive<String>) {
        (self.request, self.token)
    }
}
