//! Stage 8: what may be seen.
//!
//! Invariant: every byte that a client gets of an upstream's answer was written
//! here, member by member from a closed list; what is not on the list is dropped,
//! and a message that cannot be filtered whole is blocked.

mod lists;
mod notice;
mod result;

pub use result::apply as tool_result;

use crate::model::call::Call;
use crate::model::denial::Denial;
use crate::model::ids::SessionId;
use crate::request::{Grant, Request};
use crate::store::lineages::Lineages;
use crate::store::sessions::{Session, Sessions};
use crate::upstream::Answered;
use crate::wire::answer::{self, Incoming};
use crate::wire::message::RequestId;
use crate::wire::method::{Method, Passage};
use crate::wire::revision::Revision;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::sync::Arc;

/// Filters answers and keeps the disclosure budget.
pub struct Release {
    lineages: Arc<Lineages>,
    sessions: Arc<Sessions>,
}

/// What may leave. Made only by [`Release::filter`].
pub struct Released {
    body: Body,
    session: Option<SessionId>,
}

/// The form of an answer.
pub enum Body {
    /// One JSON-RPC message.
    Json(Vec<u8>),
    /// Notifications, then the response, as server-sent events.
    Events(Vec<Vec<u8>>),
    /// A notification was taken.
    Accepted,
    /// The session has ended.
    Ended,
}

impl Release {
    pub fn new(lineages: Arc<Lineages>, sessions: Arc<Sessions>) -> Self {
        Self { lineages, sessions }
    }

    /// # Errors
    /// [`Denial::ResultBlocked`], [`Denial::BudgetExceeded`] or
    /// [`Denial::UpstreamMalformed`].
    pub fn filter(&self, call: &mut Call, answered: Answered) -> Result<Released, Denial> {
        let (request, grant, messages, upstream_session) = answered.into_parts();
        if let Some(body) = self.without_answer(&request) {
            return Ok(Released { body, session: None });
        }
        let id = request.message.id.clone().ok_or(Denial::ResultBlocked("no id"))?;
        let (mut out, mut response, mut session) = (Vec::new(), None, None);
        for message in &messages {
            let incoming = answer::read(message, Some(&id)).map_err(Denial::UpstreamMalformed)?;
            match incoming {
                Incoming::Notification { method, params } => {
                    out.extend(notice::progress(call, &method, params, &request, &grant));
                }
                Incoming::Request => return Err(Denial::ResultBlocked("server request")),
                Incoming::Error { code, message } => {
                    response = Some(error(&id, code, &notice::error(call, &message, &grant)));
                }
                Incoming::Result(result) => {
                    let (filtered, opened) =
                        self.result(call, &request, &grant, result, upstream_session.clone())?;
                    session = opened;
                    response = Some(envelope(&id, &filtered));
                }
            }
        }
        let response = response.ok_or(Denial::UpstreamMalformed("no response"))?;
        if out.is_empty() {
            return Ok(Released { body: Body::Json(response), session });
        }
        out.push(response);
        Ok(Released { body: Body::Events(out), session })
    }

    /// Messages that have no result of an upstream.
    fn without_answer(&self, request: &Request) -> Option<Body> {
        match (request.method(), &request.message.id) {
            (Method::EndSession, _) => {
                if let Some(session) = &request.session {
                    self.sessions.end(session.id.as_str());
                }
                Some(Body::Ended)
            }
            (_, None) => Some(Body::Accepted),
            (method, Some(id)) if method.passage() == Passage::Answered => {
                Some(Body::Json(envelope(id, "{}")))
            }
            (_, Some(_)) => None,
        }
    }

    fn result(
        &self,
        call: &mut Call,
        request: &Request,
        grant: &Grant,
        result: &RawValue,
        upstream: Option<String>,
    ) -> Result<(String, Option<SessionId>), Denial> {
        match request.method() {
            Method::ToolsCall => {
                let granted = grant.call.as_ref().ok_or(Denial::ResultBlocked("no grant"))?;
                let filtered = result::filter(call, &self.lineages, request, grant, granted, result)?;
                Ok((filtered, None))
            }
            Method::ToolsList => Ok((lists::tools(request, grant, result)?, None)),
            Method::Discover => Ok((lists::discover(result)?, None)),
            Method::Initialize => {
                let (filtered, revision) = lists::initialize(result)?;
                Ok((filtered, Some(self.open(call, request, revision, upstream)?)))
            }
            // Nothing else is forwarded (`Method::passage`).
            _ => Err(Denial::ResultBlocked("unexpected result")),
        }
    }

    fn open(
        &self,
        call: &Call,
        request: &Request,
        revision: Revision,
        upstream: Option<String>,
    ) -> Result<SessionId, Denial> {
        let lineage = request.principal.lineage.clone();
        let session = Session { lineage, server: request.server.clone(), revision, upstream };
        self.sessions
            .open(session, call.clock.now())
            .ok_or(Denial::RateLimited(std::time::Duration::from_secs(60)))
    }
}

fn envelope(id: &RequestId, result: &str) -> Vec<u8> {
    format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, id.as_value()).into_bytes()
}

fn error(id: &RequestId, code: i64, message: &str) -> Vec<u8> {
    let error: Value =
        json!({"jsonrpc": "2.0", "id": id.as_value(), "error": {"code": code, "message": message}});
    error.to_string().into_bytes()
}

impl Released {
    pub fn into_parts(self) -> (Body, Option<SessionId>) {
        (self.body, self.session)
    }
}
