//! The messages of an answer, filtered one by one as they come.

use crate::model::call::Call;
use crate::model::denial::Denial;
use crate::model::ids::SessionId;
use crate::release::{Facts, Reading, Release};
use crate::request::Pending;
use crate::upstream::source::Source;
use crate::wire::answer::{self, Incoming};
use crate::wire::event::Event;
use crate::wire::message::RequestId;
use crate::wire::method::Method;
use crate::wire::revision::{Era, Revision};
use serde_json::value::RawValue;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How long the head of an answer waits for the first message, so that a refusal which
/// that brings can still have its own HTTP status.
const FIRST_MESSAGE: Duration = Duration::from_millis(200);

/// A filtered stream.
pub struct Stream {
    release: Release,
    facts: Facts,
    source: Source,
    ready: VecDeque<Frame>,
    ended: bool,
}

/// One event that may leave.
pub struct Frame {
    pub event: Event,
    /// The response to the request itself: nothing follows.
    pub last: bool,
    /// The response is an error.
    pub failed: bool,
    /// The session that it opens.
    pub(super) session: Option<SessionId>,
}

impl Stream {
    pub(super) fn new(release: Release, facts: Facts, source: Source) -> Self {
        Self { release, facts, source, ready: VecDeque::new(), ended: false }
    }

    /// Whether it stays open by itself, answering no request that ends.
    pub fn stands(&self) -> bool {
        self.facts.pending.as_ref().is_none_or(|pending| pending.method == Method::SubscriptionsListen)
    }

    pub(super) fn revision(&self) -> Revision {
        self.facts.revision
    }

    /// Waits a little for the first message; for the answer to `initialize` as long as it
    /// takes, since the head of the answer names the session.
    pub(super) async fn begin(&mut self, call: &mut Call) -> Result<Option<SessionId>, Denial> {
        let opens = self.facts.pending.as_ref().is_some_and(|pending| pending.method == Method::Initialize);
        if opens {
            loop {
                let frame = self.next(call).await?.ok_or(Denial::UpstreamMalformed("no response"))?;
                if frame.last {
                    let session = frame.session.clone();
                    self.ready.push_back(frame);
                    return Ok(session);
                }
            }
        }
        if self.facts.pending.is_some()
            && let Ok(first) = tokio::time::timeout(FIRST_MESSAGE, self.next(call)).await
            && let Some(first) = first?
        {
            self.ready.push_front(first);
        }
        Ok(None)
    }

    /// The next event; None at the end. Dropping the future before it is ready loses
    /// nothing.
    ///
    /// # Errors
    /// Why no more of the stream may pass.
    pub async fn next(&mut self, call: &mut Call) -> Result<Option<Frame>, Denial> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                return Ok(Some(frame));
            }
            if self.ended {
                return Ok(None);
            }
            let Some(event) = self.source.next().await? else {
                self.ended = true;
                // Before 2026-07-28 the client may resume and hear the rest.
                let over = self.stands() || self.facts.revision.era() == Era::Legacy;
                return if over { Ok(None) } else { Err(Denial::UpstreamMalformed("no response")) };
            };
            for event in self.apart(event)? {
                let frame = self.filter(call, event)?;
                self.ended = frame.as_ref().is_some_and(|frame| frame.last);
                self.ready.extend(frame);
                if self.ended {
                    break;
                }
            }
        }
    }

    /// The messages of an event, of which a server of 2025-03-26 may send several at once.
    fn apart(&self, event: Event) -> Result<Vec<Event>, Denial> {
        if self.facts.revision != Revision::V2025_03_26 {
            return Ok(vec![event]);
        }
        let batch = answer::batch(event.data.as_deref().unwrap_or_default());
        let Some(messages) = batch.map_err(Denial::UpstreamMalformed)? else { return Ok(vec![event]) };
        let one = |message: &&RawValue| Event::message(message.get().as_bytes().to_vec());
        let mut events: Vec<Event> = messages.iter().map(one).collect();
        // Whoever resumes there has had them all.
        if let Some(last) = events.last_mut() {
            (last.id, last.retry) = (event.id, event.retry);
        }
        Ok(events)
    }

    fn filter(&self, call: &mut Call, event: Event) -> Result<Option<Frame>, Denial> {
        if self.release.revocations.holds(&self.facts.known) {
            return Err(Denial::TokenRefused("revoked during the call"));
        }
        let id = event.id.as_deref().and_then(|id| self.position(id));
        let message = event.data.filter(|data| !data.is_empty());
        let Some(message) = message else {
            // A priming event: it names a position and says nothing.
            let event = Event { name: None, id, retry: event.retry, data: Some(Vec::new()) };
            let says = event.id.is_some() || event.retry.is_some();
            return Ok(says.then_some(Frame { event, last: false, failed: false, session: None }));
        };
        let reading = Reading { release: &self.release, facts: &self.facts, call };
        let passed = self.message(reading, &message)?;
        Ok(passed.map(|mut frame| {
            (frame.event.id, frame.event.retry) = (id, event.retry);
            frame
        }))
    }

    /// Positions are kept for sessions alone; the modern era has none.
    fn position(&self, id: &str) -> Option<String> {
        let session = self.facts.session.as_ref()?;
        let seals = crate::release::handles::Handles {
            seals: &self.release.seals,
            tasks: &self.release.tasks,
            lineage: &self.facts.lineage,
            server: &self.facts.server,
            about: "",
        };
        let own = self.facts.pending.as_ref().map(|pending| &pending.id);
        seals.position(session.id.as_str(), own.or(self.facts.resumes.as_ref()), id)
    }

    fn message(&self, mut reading: Reading<'_>, message: &[u8]) -> Result<Option<Frame>, Denial> {
        let frame =
            |data: Vec<u8>| Frame { event: Event::message(data), last: false, failed: false, session: None };
        match answer::read(message).map_err(Denial::UpstreamMalformed)? {
            Incoming::Notification { method, params } => Ok(reading.notice(&method, params)?.map(frame)),
            Incoming::Request { id, method, params } => Ok(reading.question(id, &method, params)?.map(frame)),
            Incoming::Error { id, error } => {
                let pending = self.answers(id.as_ref())?;
                let error = reading.error(pending.as_deref(), &error)?;
                let own = pending.is_none() || self.is_own(pending.as_deref());
                let id =
                    pending.as_ref().or(self.facts.pending.as_ref()).map(|pending| pending.id.as_value());
                let message = serde_json::json!({"jsonrpc": "2.0", "id": id, "error": error});
                Ok(Some(Frame { last: own, failed: true, ..frame(message.to_string().into_bytes()) }))
            }
            Incoming::Result { id, result } => {
                let pending = self.answers(Some(&id))?.ok_or(Denial::UpstreamMalformed("answers nothing"))?;
                let answered = reading.result(&pending, result)?;
                let session = match answered.settled {
                    Some(revision) => Some(self.release.open(reading.call, &self.facts, revision)?),
                    None => None,
                };
                let last = self.is_own(Some(&pending));
                let message = envelope(&pending.id, &answered.result);
                Ok(Some(Frame { last, session, ..frame(message) }))
            }
        }
    }

    /// The request that a response answers: this stream's own, or on a resumed or standing
    /// stream one that the session remembers. Whoever resumes must still hold the scopes
    /// under which it was asked.
    fn answers(&self, id: Option<&RequestId>) -> Result<Option<Arc<Pending>>, Denial> {
        let Some(id) = id else { return Ok(None) };
        if let Some(own) = &self.facts.pending {
            let same = own.id == *id;
            return same
                .then(|| Some(own.clone()))
                .ok_or(Denial::UpstreamMalformed("answers another request"));
        }
        let session = self.facts.session.as_ref().ok_or(Denial::UpstreamMalformed("answers nothing"))?;
        let pending = session.conversation.pending(id).ok_or(Denial::UpstreamMalformed("answers nothing"))?;
        if !pending.scopes.iter().all(|scope| self.facts.scopes.contains(scope)) {
            return Err(Denial::ResultBlocked("scopes have been lost"));
        }
        Ok(Some(pending))
    }

    fn is_own(&self, pending: Option<&Pending>) -> bool {
        let own = self.facts.pending.as_ref().map(|own| &own.id);
        own.is_some() && own == pending.map(|pending| &pending.id)
    }
}

pub(super) fn envelope(id: &RequestId, result: &str) -> Vec<u8> {
    format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, id.as_value()).into_bytes()
}
