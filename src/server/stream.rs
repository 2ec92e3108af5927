//! A stream of events as an HTTP body. One event is on its way at a time: a slow reader
//! holds up its own upstream and nobody's memory.

use crate::audit::{Ending, Recorded};
use crate::model::call::Asked;
use crate::server::reply;
use crate::wire::event::{self, Event};
use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::Frame;
use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// A reader that takes nothing for so long has gone.
const PATIENCE: Duration = Duration::from_secs(120);

/// The body; a task of its own fills it, with a comment after each `heartbeat` of
/// silence.
pub(super) fn body(recorded: Recorded, asked: Asked, heartbeat: Duration) -> Body {
    let (sender, events) = channel(1);
    tokio::spawn(pump(recorded, asked, heartbeat, sender));
    Body::new(Events(events))
}

async fn pump(mut recorded: Recorded, asked: Asked, heartbeat: Duration, sender: Sender<Bytes>) {
    loop {
        let next = {
            let mut next = pin!(recorded.next());
            loop {
                tokio::select! {
                    event = &mut next => break Some(event),
                    () = sender.closed() => break None,
                    () = tokio::time::sleep(heartbeat) => {
                        if !send(&sender, Bytes::from_static(b": \n\n")).await {
                            break None;
                        }
                    }
                }
            }
        };
        let (event, more) = match next {
            None => return recorded.end(Ending::ClientLeft).await,
            Some(Ok(None)) => return,
            Some(Ok(Some(event))) => (event, true),
            Some(Err(denial)) => (Event::message(reply::message(&denial, &asked)), false),
        };
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

async fn send(sender: &Sender<Bytes>, bytes: Bytes) -> bool {
    sender.send_timeout(bytes, PATIENCE).await.is_ok()
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
