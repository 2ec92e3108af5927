//! Stage 8: what may be seen.
//!
//! Invariant: every byte that a client gets of an upstream's answer was written here,
//! member by member from a closed list (`wire::form`); what is not on the list is
//! dropped, and a message that cannot be filtered whole is blocked. A stream passes one
//! message at a time; nothing is held longer.

mod answer;
mod blobs;
mod filter;
mod handles;
mod lists;
mod notice;
mod read;
mod result;
mod stream;

pub use result::apply as tool_result;
pub use stream::{Frame, Stream};

use crate::model::call::Call;
use crate::model::denial::Denial;
use crate::model::ids::{Lineage, ServerName, SessionId};
use crate::model::scope::Scopes;
use crate::model::stage::Stage;
use crate::redact::plan::Plan;
use crate::redact::tools::Blobs;
use crate::redact::{Redactor, Setting, Substitutes};
use crate::request::{Grant, ItemGrant, OpenSession, Pending, Stateless};
use crate::store::lineages::Lineages;
use crate::store::revocations::{Known, Revocations};
use crate::store::seals::Seals;
use crate::store::sessions::{Session, Sessions};
use crate::store::tasks::Tasks;
use crate::store::vault::Vault;
use crate::upstream::Answered;
use crate::upstream::source::Source;
use crate::wire::message::RequestId;
use crate::wire::method::{Method, Passage};
use crate::wire::revision::{Era, Revision};
use handles::Handles;
use http::StatusCode;
use std::sync::Arc;

/// Filters answers and keeps the disclosure budget.
#[derive(Clone)]
pub struct Release {
    pub lineages: Arc<Lineages>,
    pub revocations: Arc<Revocations>,
    pub sessions: Arc<Sessions>,
    pub seals: Arc<Seals>,
    pub tasks: Arc<Tasks>,
    pub vault: Arc<Vault>,
}

/// What may leave. Made only by [`Release::filter`].
pub struct Released {
    body: Body,
    session: Option<SessionId>,
}

/// The form of an answer.
pub enum Body {
    /// One JSON-RPC message.
    Json {
        message: Vec<u8>,
        /// 200, but for errors of 2026-07-28.
        status: StatusCode,
    },
    /// Messages as they come, as server-sent events.
    Stream(Box<Stream>),
    /// A notification was taken.
    Accepted,
    /// The session has ended.
    Ended,
}

/// Whose answer it is, and to what: what every message of it is filtered by.
struct Facts {
    /// What a signal that comes in the meantime would revoke it by.
    known: Known,
    lineage: Lineage,
    server: ServerName,
    scopes: Scopes,
    revision: Revision,
    session: Option<OpenSession>,
    /// None for a standing stream.
    pending: Option<Arc<Pending>>,
    /// Of a stream that is taken up again: the request whose it is.
    resumes: Option<RequestId>,
    grant: Arc<Grant>,
    /// The id of the session that the upstream opened.
    upstream_session: Option<String>,
    stateless: Option<Arc<Stateless>>,
}

/// The reading of one message.
struct Reading<'r> {
    release: &'r Release,
    facts: &'r Facts,
    call: &'r mut Call,
}

impl Release {
    /// # Errors
    /// [`Denial::ResultBlocked`], [`Denial::BudgetExceeded`], [`Denial::UpstreamMalformed`],
    /// or [`Denial::TokenRefused`] when the token was revoked while the server answered.
    pub async fn filter(&self, call: &mut Call, answered: Answered) -> Result<Released, Denial> {
        call.enter(Stage::Release);
        let Answered { request, grant, pending, source, session, stateless, status } = answered;
        if let Some(body) = self.without_answer(&request) {
            return Ok(Released { body, session: None });
        }
        let facts = Facts {
            known: Known::of(&request.principal),
            lineage: request.principal.lineage,
            server: request.server,
            scopes: request.principal.scopes,
            revision: request.revision,
            session: request.session,
            pending,
            resumes: request.resumes,
            grant,
            upstream_session: session,
            stateless,
        };
        if matches!(source, Source::Silent) {
            // The session of an older client is its stream.
            let session = Some(self.open(call, &facts, facts.revision)?);
            let stream = Stream::new(self.clone(), facts, source);
            return Ok(Released { body: Body::Stream(Box::new(stream)), session });
        }
        // A batch in its place may hold more than the one response.
        let single =
            matches!(&source, Source::Whole(message) if !message.trim_ascii_start().starts_with(b"["));
        let mut stream = Stream::new(self.clone(), facts, source);
        if !single {
            let session = stream.begin(call).await?;
            return Ok(Released { body: Body::Stream(Box::new(stream)), session });
        }
        let frame = stream.next(call).await?.filter(|frame| frame.last);
        let frame = frame.ok_or(Denial::UpstreamMalformed("no response"))?;
        let session = frame.session;
        let message = frame.event.data.unwrap_or_default();
        let modern = stream.revision().era() == Era::Modern;
        let carried = matches!(status, StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND) && modern;
        let status = if carried && frame.failed { status } else { StatusCode::OK };
        Ok(Released { body: Body::Json { message, status }, session })
    }

    /// Messages that have no result of an upstream.
    fn without_answer(&self, request: &crate::request::Request) -> Option<Body> {
        match (request.method(), &request.message.id) {
            (Method::EndSession, _) => {
                if let Some(session) = &request.session {
                    self.sessions.end(session.id.as_str());
                }
                Some(Body::Ended)
            }
            (Method::OpenStream | Method::OpenEventStream, _) => None,
            (Method::Response, _) | (_, None) => Some(Body::Accepted),
            (method, Some(id)) if method.passage() == Passage::Answered => {
                Some(Body::Json { message: stream::envelope(id, "{}"), status: StatusCode::OK })
            }
            (_, Some(_)) => None,
        }
    }

    fn open(&self, call: &Call, facts: &Facts, revision: Revision) -> Result<SessionId, Denial> {
        let waiting = facts.session.as_ref();
        let session = Session {
            lineage: facts.lineage.clone(),
            server: facts.server.clone(),
            revision,
            upstream: facts.upstream_session.clone(),
            stateless: facts.stateless.clone(),
            conversation: waiting.map(|waiting| waiting.conversation.clone()).unwrap_or_default(),
            begun: facts.pending.is_some(),
        };
        if let Some(OpenSession { id, .. }) = waiting {
            return self.sessions.begin(id, session).then(|| id.clone()).ok_or(Denial::SessionUnknown);
        }
        self.sessions
            .open(session, call.clock.now())
            .ok_or(Denial::RateLimited(std::time::Duration::from_secs(60)))
    }
}

impl<'r> Reading<'r> {
    /// With all that operators may need for this caller. What was put into the arguments of
    /// the call, or of the task that `item` is about, does not come back.
    fn redactor<'p>(&self, plan: &'p Plan, item: Option<&ItemGrant>) -> Redactor<'p> {
        let (release, lineage) = (self.release, &self.facts.lineage);
        let secrets = release.seals.secrets(lineage).map(Arc::new);
        let substitutes: Arc<dyn Substitutes> = Arc::new(release.vault.of(lineage, self.call.clock.now()));
        let this_year = year(self.call);
        let mut redactor =
            Redactor::within(plan, Setting { this_year, secrets, substitutes: Some(substitutes) });
        redactor.treat(item.map_or(Blobs::Drop, |item| item.blobs.clone()));
        let own = item.or(self.facts.grant.item.as_ref());
        if let Some(hidden) = own.and_then(|item| item.hidden.clone()) {
            redactor.hide(hidden);
        }
        redactor
    }

    fn handles<'h>(&self, about: &'h str) -> Handles<'h>
    where
        'r: 'h,
    {
        let (release, facts) = (self.release, self.facts);
        let (seals, tasks) = (&*release.seals, &*release.tasks);
        Handles { seals, tasks, lineage: &facts.lineage, server: &facts.server, about }
    }
}

impl Released {
    pub fn into_parts(self) -> (Body, Option<SessionId>) {
        (self.body, self.session)
    }
}

/// The calendar year, within a day at its turn.
fn year(call: &Call) -> u16 {
    const AVERAGE_YEAR: u64 = 31_556_952;
    u16::try_from(1970 + call.clock.unix_seconds() / AVERAGE_YEAR).unwrap_or(u16::MAX)
}
