//! One connection on which the messages of both sides are interleaved: a child's pipes,
//! or the stream and the posts of MCP 2024-11-05.
//!
//! Several callers may use it at once, even with equal ids and progress tokens: on the
//! way out each request is numbered anew, and on the way in what it chose is put back.
//!
//! Invariants: an answer reaches the request it answers and no other; whoever reads
//! slowly or not at all holds up the rest for at most [`HOLD`]. What names no request
//! can reach any of the callers, so one connection serves one lineage.

use crate::jose::credential::Credential;
use crate::model::denial::Denial;
use crate::upstream::event_stream::Poster;
use crate::upstream::switchboard::Switchboard;
use crate::upstream::table::Item;
use crate::wire::splice::{Envelope, Kind, Tie};
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a full queue of one reader may hold up the others.
pub const HOLD: Duration = Duration::from_secs(1);
/// How long a message may wait for the server to take what was sent before it.
pub const WRITE: Duration = Duration::from_secs(5);

/// A connection. Cheap to clone; it ends when no clone and no [`Replies`] is left.
#[derive(Clone)]
pub struct Duplex {
    held: Arc<Held>,
    /// Whose ids these are. See [`Duplex::of`].
    caller: Arc<str>,
}

/// A message to a server.
pub struct Outbound {
    pub body: Vec<u8>,
    /// For this message alone. A child has no use for it.
    pub credential: Option<Credential>,
}

/// What comes back for one request. Dropping it forgets the request.
pub struct Replies {
    queue: mpsc::Receiver<Item>,
    fault: Arc<OnceLock<DuplexFault>>,
    done: bool,
    number: u64,
    duplex: Duplex,
}

/// Why a connection or a request on it failed. Holds nothing of any message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DuplexFault {
    #[error("the server cannot be started or reached")]
    Unreachable,
    #[error("the server did not answer in time")]
    TimedOut,
    #[error("the server refused a message with HTTP status {0}")]
    Refused(u16),
    #[error("the server sent a message beyond the size limit")]
    TooLarge,
    #[error("the connection ended")]
    Ended,
    /// The reader of [`Replies`] left its queue full for [`HOLD`].
    #[error("the answer was not read in time")]
    Unread,
    #[error("too many requests are open")]
    Busy,
    #[error("too many children are in use")]
    Full,
    /// The server crashed lately; the duration is what is left of the wait.
    #[error("the server crashed; it is started again later")]
    BackingOff(Duration),
    #[error("not a message that can be sent: {0}")]
    Malformed(&'static str),
    #[error("the server named an endpoint of another origin")]
    ForeignEndpoint,
}

/// How messages go out.
pub(super) enum Way {
    Pipe(mpsc::Sender<Vec<u8>>),
    Post(Box<Poster>),
}

struct Held {
    switchboard: Arc<Switchboard>,
    way: Way,
}

impl Duplex {
    pub(super) fn new(switchboard: Arc<Switchboard>, way: Way) -> Self {
        Self { held: Arc::new(Held { switchboard, way }), caller: Arc::from("") }
    }

    /// The same connection in another caller's name: what one caller cancels is never
    /// the request of another, whatever its id. Say, the id of an MCP session.
    pub fn of(&self, caller: &str) -> Self {
        Self { held: self.held.clone(), caller: Arc::from(caller) }
    }

    /// Sends a request. Its replies are the messages that belong to it (its progress,
    /// what its subscription brings), and last its response.
    ///
    /// # Errors
    /// A [`DuplexFault`]; [`DuplexFault::Ended`] here means that nothing was sent.
    pub async fn request(&self, outbound: Outbound) -> Result<Replies, DuplexFault> {
        let Outbound { body, credential } = outbound;
        let envelope = Envelope::read(&body).filter(|envelope| envelope.kind() == Kind::Request);
        let envelope = envelope.ok_or(DuplexFault::Malformed("a request was expected"))?;
        let opened = self.held.switchboard.open(&self.caller, &envelope)?;
        let (queue, fault) = (opened.queue, opened.fault);
        let replies = Replies { queue, fault, done: false, number: opened.number, duplex: self.clone() };
        let number = opened.number.to_string();
        let body = envelope.with(&[(Tie::Id, &number), (Tie::AsksProgress, &number)]);
        self.held.way.send(Outbound { body, credential }).await?;
        Ok(replies)
    }

    /// Sends a notification, or the response to a request of the server's own. The
    /// cancellation of what is not open, or not this caller's, is dropped.
    ///
    /// # Errors
    /// A [`DuplexFault`].
    pub async fn send(&self, outbound: Outbound) -> Result<(), DuplexFault> {
        let envelope = Envelope::read(&outbound.body).filter(|envelope| envelope.kind() != Kind::Request);
        let envelope = envelope.ok_or(DuplexFault::Malformed("a notification or a response was expected"))?;
        if self.is_closed() {
            return Err(DuplexFault::Ended);
        }
        if envelope.kind() == Kind::Response || envelope.method() != "notifications/cancelled" {
            return self.held.way.send(outbound).await;
        }
        match self.cancellation(&outbound.body) {
            Some(body) => self.send_raw(Outbound { body, credential: outbound.credential }).await,
            None => Ok(()),
        }
    }

    /// The cancellation of one of this caller's requests as the server must be told it;
    /// None if there is no such request.
    pub(super) fn cancellation(&self, body: &[u8]) -> Option<Vec<u8>> {
        let envelope = Envelope::read(body)?;
        let named = envelope.tie(Tie::Cancels).unwrap_or_default();
        let number = self.held.switchboard.number(&self.caller, named)?;
        Some(envelope.with(&[(Tie::Cancels, &number.to_string())]))
    }

    /// Sends a message as it is.
    pub(super) async fn send_raw(&self, outbound: impl Into<Outbound>) -> Result<(), DuplexFault> {
        self.held.way.send(outbound.into()).await
    }

    /// Takes the messages that belong to no request: the server's own requests, logs,
    /// list changes. None while another reader has them. Without a reader they go to
    /// the newest open request; with no request open the latest few are kept for
    /// whichever comes first.
    pub fn standing(&self) -> Option<mpsc::Receiver<Vec<u8>>> {
        self.held.switchboard.standing()
    }

    /// Ends when nothing can be sent or received any more.
    pub async fn closed(&self) {
        self.held.switchboard.closed().await;
    }

    pub fn is_closed(&self) -> bool {
        self.held.switchboard.is_closed()
    }

    /// Ends the connection for all who hold it.
    pub fn close(&self) {
        self.held.switchboard.close(DuplexFault::Ended);
    }

    /// Lines and events from the server that were nobody's: no messages, or answers to
    /// what nobody asked or waits for.
    pub fn dropped(&self) -> u64 {
        self.held.switchboard.table().dropped
    }

    pub(super) fn switchboard(&self) -> &Switchboard {
        &self.held.switchboard
    }
}

impl Replies {
    /// The next message; the response is the last. A fault is the last, too.
    pub async fn recv(&mut self) -> Option<Result<Vec<u8>, DuplexFault>> {
        if self.done {
            return None;
        }
        let item = self.queue.recv().await;
        self.done = item.as_ref().is_none_or(|item| item.last);
        let fault = || self.fault.get().copied().unwrap_or(DuplexFault::Ended);
        Some(item.map(|item| item.message).ok_or_else(fault))
    }
}

impl Way {
    async fn send(&self, outbound: Outbound) -> Result<(), DuplexFault> {
        match self {
            Self::Pipe(pipe) => match tokio::time::timeout(WRITE, pipe.send(outbound.body)).await {
                Ok(sent) => sent.map_err(|_| DuplexFault::Ended),
                Err(_) => Err(DuplexFault::TimedOut),
            },
            Self::Post(poster) => poster.post(outbound).await,
        }
    }
}

impl DuplexFault {
    /// The refusal of a call that met this fault.
    pub fn denial(self) -> Denial {
        match self {
            Self::Unreachable | Self::Full | Self::BackingOff(_) => Denial::UpstreamUnreachable,
            Self::TimedOut => Denial::UpstreamTimedOut,
            Self::Refused(status) => Denial::UpstreamRefused(status),
            Self::TooLarge => Denial::UpstreamMalformed("answer too large"),
            Self::Ended => Denial::UpstreamMalformed("answer broke off"),
            Self::Unread => Denial::UpstreamMalformed("answer not read in time"),
            Self::Busy => Denial::UpstreamMalformed("too many open requests"),
            Self::Malformed(_) => Denial::UpstreamMalformed("request"),
            Self::ForeignEndpoint => Denial::UpstreamMalformed("endpoint of another origin"),
        }
    }
}

impl From<Vec<u8>> for Outbound {
    fn from(body: Vec<u8>) -> Self {
        Self { body, credential: None }
    }
}

impl Drop for Replies {
    fn drop(&mut self) {
        self.duplex.held.switchboard.forget(self.number);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.switchboard.close(DuplexFault::Ended);
    }
}

impl fmt::Debug for Duplex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Duplex").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Replies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replies").field("number", &self.number).finish_non_exhaustive()
    }
}
