//! A stream of events as an HTTP body. One event is on its way at a time: a slow reader
//! holds up its own upstream and nobody's memory.

use crate::audit::{Ending, Recorded};
use crate::model::call::Asked;
use crate::model::denial::Denial;
use crate::server::listener::InFlight;
use crate::server::reply;
use crate::wire::event::{self, Event};
use axum::body::{Body, HttpBody};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Frame;
use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// A reader that takes nothing for so long has gone.
const PATIENCE: Duration = Duration::from_secs(120);

/// How a stream is carried.
pub(super) struct Carriage {
    /// A comment is sent after so much silence, so that nothing between takes the stream
    /// for dead.
    pub(super) heartbeat: Duration,
    /// Kept until the stream's end is on record.
    pub(super) in_flight: Option<InFlight>,
    /// Whether the client can take it up again where it broke off.
    pub(super) positions: bool,
}

/// The body; a task of its own fills it.
pub(super) fn body(recorded: Recorded, asked: Asked, carriage: Carriage) -> Body {
    let (sender, events) = channel(1);
    tokio::spawn(pump(recorded, asked, carriage, sender));
    Body::new(Events(events))
}

impl Carriage {
    /// Resolves when the gate wants the stream to end: a standing one as soon as it
    /// closes, one that answers a request when the time for that is up.
    async fn drained(&self, stands: bool) {
        match &self.in_flight {
            Some(in_flight) if stands => in_flight.held.draining().await,
            Some(in_flight) => in_flight.held.ending().await,
            None => std::future::pending().await,
        }
    }
}

async fn pump(mut recorded: Recorded, asked: Asked, carriage: Carriage, sender: Sender<Bytes>) {
    let stands = recorded.stands();
    loop {
        let cut_short = !stands && !recorded.is_closed();
        let next = {
            let mut next = pin!(recorded.next());
            loop {
                tokio::select! {
                    event = &mut next => break Ok(event),
                    () = sender.closed() => break Err(Ending::ClientLeft),
                    () = carriage.drained(stands) => break Err(Ending::Drained),
                    () = tokio::time::sleep(carriage.heartbeat) => {
                        if !send(&sender, Bytes::from_static(b": \n\n")).await {
                            break Err(Ending::ClientLeft);
                        }
                    }
                }
            }
        };
        let refused = |denial| (Event::message(reply::message(&denial, &asked)), false);
        let (mut event, more) = match next {
            Err(ending) => return recorded.end(ending).await,
            // The client cannot ask for the rest, so it must not wait for it.
            Ok(Ok(None)) if cut_short && !carriage.positions => {
                refused(Denial::UpstreamMalformed("no response"))
            }
            Ok(Ok(None)) => return,
            Ok(Ok(Some(event))) => (event, true),
            Ok(Err(denial)) => refused(denial),
        };
        if !carriage.positions {
            (event.id, event.retry) = (None, None);
            if event.data.as_ref().is_none_or(Vec::is_empty) {
                continue;
            }
        }
        let mut bytes = Vec::new();
        event::write(&event, &mut bytes);
        if !send(&sender, bytes.into()).await {
            return recorded.end(Ending::ClientLeft).await;
        }
        if !more {
            return;
        }
    }
}

pub(super) async fn send(sender: &Sender<Bytes>, bytes: Bytes) -> bool {
    sender.send_timeout(bytes, PATIENCE).await.is_ok()
}

/// Several bodies of events as one, after the events that are there already. Each frame of
/// theirs is one event.
pub(super) fn merged(first: Bytes, bodies: Vec<Body>) -> Body {
    let (sender, body) = joined();
    for body in bodies {
        let sender = sender.clone();
        tokio::spawn(async move { pass_on(body, &sender).await });
    }
    tokio::spawn(async move { send(&sender, first).await });
    body
}

/// A body of the events that are sent there, until the last sender is dropped.
pub(super) fn joined() -> (Sender<Bytes>, Body) {
    let (sender, events) = channel(1);
    (sender, Body::new(Events(events)))
}

/// Hands on each event of a body, until it ends or its reader has left.
pub(super) async fn pass_on(mut body: Body, sender: &Sender<Bytes>) {
    loop {
        let frame = tokio::select! {
            frame = body.frame() => frame,
            () = sender.closed() => return,
        };
        let Some(Ok(frame)) = frame else { return };
        let Ok(bytes) = frame.into_data() else { continue };
        if !send(sender, bytes).await {
            return;
        }
    }
}

struct Events(Receiver<Bytes>);

impl HttpBody for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}
