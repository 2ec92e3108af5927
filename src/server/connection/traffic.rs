//! What is open on a connection, and whether its peer takes what it asked for.
//!
//! hyper closes neither an HTTP/2 connection that is idle but answers pings, nor one
//! whose peer asks for answers and leaves them untaken (CVE-2019-9517).

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// An answer is handed on in pieces of this size, so that taking it shows.
const PIECE: usize = 64 << 10;

/// The exchanges of one connection.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    open: watch::Sender<usize>,
    next: AtomicU64,
    /// Exchanges of which a piece was handed on and none asked for since.
    untaken: Mutex<HashMap<u64, Instant>>,
}

impl Traffic {
    /// Opens an exchange; it ends with the value.
    pub(super) fn enter(self: &Arc<Self>) -> Exchange {
        self.open.send_modify(|open| *open += 1);
        Exchange { traffic: self.clone(), id: self.next.fetch_add(1, Ordering::Relaxed) }
    }

    /// Resolves once no exchange has been open for `span`.
    pub(super) async fn idle_for(&self, span: Duration) {
        let mut open = self.open.subscribe();
        loop {
            // The sender is ours, so that waiting for it cannot fail.
            let _ = open.wait_for(|open| *open == 0).await;
            if tokio::time::timeout(span, open.changed()).await.is_err() {
                return;
            }
        }
    }

    /// Resolves once the peer has left a piece untaken for `span`.
    pub(super) async fn stalled_for(&self, span: Duration) {
        loop {
            tokio::time::sleep(span / 4).await;
            let untaken = self.untaken.lock().unwrap_or_else(PoisonError::into_inner);
            if untaken.values().any(|since| since.elapsed() >= span) {
                return;
            }
        }
    }
}

/// One request and its answer.
#[derive(Debug)]
pub(super) struct Exchange {
    traffic: Arc<Traffic>,
    id: u64,
}

impl Exchange {
    /// `body` as the rest of this exchange.
    pub(super) fn track(self, body: Body) -> Tracked {
        Tracked { body, piece: Bytes::new(), begun: false, exchange: self }
    }

    fn handed_on(&self) {
        self.untaken().insert(self.id, Instant::now());
    }

    fn taken(&self) {
        self.untaken().remove(&self.id);
    }

    fn untaken(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Instant>> {
        self.traffic.untaken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.taken();
        self.traffic.open.send_modify(|open| *open -= 1);
    }
}

/// An answer's body, watched. hyper asks for the next piece only when the peer has
/// room for it.
pub(super) struct Tracked {
    body: Body,
    /// What is left of the frame being handed on.
    piece: Bytes,
    begun: bool,
    exchange: Exchange,
}

impl hyper::body::Body for Tracked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        this.exchange.taken();
        if this.piece.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.piece = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                end => return Poll::Ready(end),
            }
        }
        this.begun = true;
        this.exchange.handed_on();
        let piece = this.piece.split_to(this.piece.len().min(PIECE));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    /// A body that has begun is asked once more at its end: only then was it taken.
    fn is_end_stream(&self) -> bool {
        !self.begun && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, ahead) = (self.body.size_hint(), self.piece.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(ahead));
        if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(ahead)) {
            hint.set_upper(upper);
        }
        hint
    }
}
