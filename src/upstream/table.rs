//! The open requests of one connection, and which of them a message belongs to.

use crate::upstream::duplex::DuplexFault;
use crate::wire::splice::{Envelope, Kind, Tie};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, OnceLock};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Requests open at once.
pub(super) const MOST_OPEN: usize = 256;
/// Messages that wait for one reader.
pub(super) const QUEUE: usize = 16;
/// Bytes of the messages that wait for any reader to come; they are [`QUEUE`] at most,
/// so that whoever comes has room for all.
pub(super) const MOST_WAITING_BYTES: usize = 256 << 10;

/// One connection's requests and its other readers.
pub(super) struct Table {
    last: u64,
    open: BTreeMap<u64, Open>,
    standing: Option<mpsc::Sender<Vec<u8>>>,
    waiting: VecDeque<Vec<u8>>,
    /// When it was last made use of, or closed.
    pub(super) used: Instant,
    /// Whether it ever answered a request.
    pub(super) answered: bool,
    /// Messages that were nobody's.
    pub(super) dropped: u64,
}

struct Open {
    caller: Arc<str>,
    /// As the caller wrote it.
    id: String,
    progress: Option<String>,
    /// A `subscriptions/listen`, whose messages carry its id in further places.
    listens: bool,
    sink: Sink,
}

/// Where a request's replies go.
#[derive(Clone)]
pub(super) struct Sink {
    pub(super) number: u64,
    pub(super) queue: mpsc::Sender<Item>,
    /// Why the queue ended before its last item.
    pub(super) fault: Arc<OnceLock<DuplexFault>>,
}

/// One of a request's replies.
pub(super) struct Item {
    pub(super) message: Vec<u8>,
    pub(super) last: bool,
}

/// A request that was given a number.
pub(super) struct Opened {
    pub(super) number: u64,
    pub(super) queue: mpsc::Receiver<Item>,
    pub(super) fault: Arc<OnceLock<DuplexFault>>,
}

/// Whose a message is.
pub(super) enum Owner {
    Request(Sink, Item),
    /// It names no request.
    Anyone,
    /// It names one that is not open.
    Nobody,
}

/// Who takes what names no request.
pub(super) enum Reader {
    Standing(mpsc::Sender<Vec<u8>>),
    Newest(Sink),
}

impl Table {
    pub(super) fn new() -> Self {
        Self {
            last: 0,
            open: BTreeMap::new(),
            standing: None,
            waiting: VecDeque::new(),
            used: Instant::now(),
            answered: false,
            dropped: 0,
        }
    }

    /// Numbers a request and opens its queue. None while [`MOST_OPEN`] are.
    pub(super) fn open(&mut self, caller: &Arc<str>, request: &Envelope<'_>) -> Option<Opened> {
        if self.open.len() >= MOST_OPEN {
            return None;
        }
        let (sender, queue) = mpsc::channel(QUEUE);
        if self.standing().is_none() {
            for message in self.waiting.drain(..) {
                let _ = sender.try_send(Item { message, last: false });
            }
        }
        self.last += 1;
        self.used = Instant::now();
        let (number, fault) = (self.last, Arc::new(OnceLock::new()));
        let open = Open {
            caller: caller.clone(),
            id: request.tie(Tie::Id).unwrap_or_default().to_owned(),
            progress: request.tie(Tie::AsksProgress).map(str::to_owned),
            listens: request.method() == "subscriptions/listen",
            sink: Sink { number, queue: sender, fault: fault.clone() },
        };
        self.open.insert(number, open);
        Some(Opened { number, queue, fault })
    }

    /// The number of a caller's newest open request of this id.
    pub(super) fn number(&self, caller: &str, id: &str) -> Option<u64> {
        let id: Value = serde_json::from_str(id).ok()?;
        let same = |open: &&Open| {
            *open.caller == *caller && serde_json::from_str::<Value>(&open.id).is_ok_and(|own| own == id)
        };
        self.open.values().rev().find(same).map(|open| open.sink.number)
    }

    pub(super) fn forget(&mut self, number: u64) {
        if self.open.remove(&number).is_some() {
            self.used = Instant::now();
        }
    }

    /// Finds whose a message is. A response closes its request.
    pub(super) fn owner(&mut self, envelope: &Envelope<'_>) -> Owner {
        let tie = match (envelope.kind(), envelope.method()) {
            (Kind::Request, _) => return Owner::Anyone,
            (Kind::Response, _) => Tie::Id,
            (Kind::Notification, "notifications/progress") => Tie::Progress,
            (Kind::Notification, "notifications/cancelled") => Tie::Cancels,
            (Kind::Notification, _) => Tie::Subscription,
        };
        let named = envelope.tie(tie);
        let found = named.and_then(|text| self.open.get(&number(tie, text)?));
        match (tie, found) {
            (Tie::Id, Some(open)) => {
                let owner = open.owns(envelope, tie, &open.id);
                let number = open.sink.number;
                self.forget(number);
                self.answered = true;
                owner
            }
            (Tie::Progress, Some(Open { progress: Some(token), .. })) => {
                found.map_or(Owner::Nobody, |open| open.owns(envelope, tie, token))
            }
            (Tie::Cancels | Tie::Subscription, Some(open)) if open.listens => {
                open.owns(envelope, tie, &open.id)
            }
            // Before 2026-07-28 a server cancels requests of its own, in its own numbers.
            (Tie::Cancels, _) => Owner::Anyone,
            (Tie::Subscription, _) if named.is_none() => Owner::Anyone,
            _ => Owner::Nobody,
        }
    }

    /// Who takes what names no request, if anyone is there.
    pub(super) fn reader(&mut self) -> Option<Reader> {
        if let Some(queue) = self.standing() {
            return Some(Reader::Standing(queue.clone()));
        }
        self.open.last_key_value().map(|(_, open)| Reader::Newest(open.sink.clone()))
    }

    /// Keeps a message for whoever comes; the oldest make room.
    pub(super) fn keep(&mut self, message: &[u8]) {
        self.waiting.push_back(message.to_vec());
        let bytes = |waiting: &VecDeque<Vec<u8>>| waiting.iter().map(Vec::len).sum::<usize>();
        while self.waiting.len() > QUEUE || bytes(&self.waiting) > MOST_WAITING_BYTES {
            self.waiting.pop_front();
            self.dropped += 1;
        }
    }

    /// Seats the standing reader, with what waited for one. None if there is one.
    pub(super) fn seat(&mut self) -> Option<mpsc::Receiver<Vec<u8>>> {
        if self.standing().is_some() {
            return None;
        }
        let (sender, queue) = mpsc::channel(QUEUE);
        for message in self.waiting.drain(..) {
            let _ = sender.try_send(message);
        }
        self.standing = Some(sender);
        Some(queue)
    }

    pub(super) fn unseat(&mut self) {
        self.standing = None;
    }

    fn standing(&mut self) -> Option<&mpsc::Sender<Vec<u8>>> {
        if self.standing.as_ref().is_some_and(mpsc::Sender::is_closed) {
            self.standing = None;
            self.used = Instant::now();
        }
        self.standing.as_ref()
    }

    pub(super) fn in_use(&mut self) -> bool {
        !self.open.is_empty() || self.standing().is_some()
    }

    /// Ends all readers, the requests with this fault.
    pub(super) fn clear(&mut self, fault: DuplexFault) {
        for open in std::mem::take(&mut self.open).into_values() {
            let _ = open.sink.fault.set(fault);
        }
        self.standing = None;
        self.waiting.clear();
        self.used = Instant::now();
    }
}

impl Open {
    /// The message as a reply, what the caller chose put back in.
    fn owns(&self, envelope: &Envelope<'_>, tie: Tie, chosen: &str) -> Owner {
        let mut ties = vec![(tie, restored(envelope.tie(tie), chosen))];
        if self.listens && tie != Tie::Subscription {
            ties.push((Tie::Subscription, restored(envelope.tie(Tie::Subscription), &self.id)));
        }
        let ties: Vec<(Tie, &str)> = ties.iter().map(|(tie, text)| (*tie, text.as_str())).collect();
        Owner::Request(self.sink.clone(), Item { message: envelope.with(&ties), last: tie == Tie::Id })
    }
}

/// Our number in a tie. Servers write a subscription as a number or as a string.
fn number(tie: Tie, text: &str) -> Option<u64> {
    let quoted = || text.strip_prefix('"')?.strip_suffix('"');
    let text = if tie == Tie::Subscription { quoted().unwrap_or(text) } else { text };
    text.parse().ok()
}

/// What the caller chose, as a string where the server made one of our number.
fn restored(written: Option<&str>, chosen: &str) -> String {
    let quote = written.is_some_and(|written| written.starts_with('"')) && !chosen.starts_with('"');
    if quote { format!("\"{chosen}\"") } else { chosen.to_owned() }
}
