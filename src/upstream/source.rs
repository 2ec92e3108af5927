//! Where the messages of an answer come from, one at a time.

use crate::model::denial::Denial;
use crate::net::Chunks;
use crate::upstream::connections::Dialogue;
use crate::upstream::http::denial;
use crate::wire::event::{Event, Splitter};
use std::collections::VecDeque;
use tokio::sync::mpsc::Receiver;

/// What an upstream answers with.
pub enum Source {
    /// No message: a notification was taken, or a session ended.
    Nothing,
    /// One message.
    Whole(Vec<u8>),
    /// Messages as they come.
    Events(Events),
    /// Messages that a bridge hands over.
    Relayed(Receiver<Result<Event, Denial>>),
    /// The replies to a request on a standing connection.
    Dialogue(Box<Dialogue>),
    /// What a server says on a standing connection to nobody's request.
    Standing(Receiver<Vec<u8>>),
    /// Nothing, and it stays open: a stream that carries the answers to other requests.
    Silent,
}

/// A stream of events. Holds no more than one chunk of it.
pub struct Events {
    chunks: Chunks,
    splitter: Splitter,
    ready: VecDeque<Event>,
}

impl Source {
    /// Bytes that are known already.
    pub fn len(&self) -> usize {
        match self {
            Self::Whole(message) => message.len(),
            Self::Nothing
            | Self::Events(_)
            | Self::Relayed(_)
            | Self::Dialogue(_)
            | Self::Standing(_)
            | Self::Silent => 0,
        }
    }

    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    /// The next event, whatever the source; a message standing alone is an event too.
    ///
    /// # Errors
    /// The `Upstream…` denials.
    pub async fn next(&mut self) -> Result<Option<Event>, Denial> {
        match self {
            Self::Nothing => Ok(None),
            Self::Whole(message) => {
                let message = std::mem::take(message);
                *self = Self::Nothing;
                Ok(Some(Event::message(message)))
            }
            Self::Events(events) => events.next().await,
            Self::Relayed(messages) => messages.recv().await.transpose(),
            Self::Dialogue(dialogue) => dialogue.next().await,
            Self::Standing(messages) => Ok(messages.recv().await.map(Event::message)),
            Self::Silent => std::future::pending().await,
        }
    }
}

impl Events {
    pub(super) fn new(chunks: Chunks) -> Self {
        Self { chunks, splitter: Splitter::default(), ready: VecDeque::new() }
    }

    async fn next(&mut self) -> Result<Option<Event>, Denial> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            let Some(chunk) = self.chunks.next().await else { return Ok(None) };
            let events = self.splitter.feed(&chunk.map_err(denial)?);
            self.ready.extend(events.map_err(|_| Denial::UpstreamMalformed("event too large"))?);
        }
    }
}
