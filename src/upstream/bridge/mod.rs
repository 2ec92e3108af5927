//! Bridges between the eras: a client of one, a server of the other.
//!
//! A bridge speaks the server's era on one side and hands over messages of the client's
//! era on the other, unread: what they hold is still judged by `release`. Where it
//! cannot be faithful (tasks, which the two eras have in different forms) the capability
//! is not shown, so that nobody asks for it.

pub(super) mod to_legacy;
pub(super) mod to_modern;

use crate::model::denial::Denial;
use crate::upstream::source::Source;
use crate::wire::event::Event;
use crate::wire::message::RequestId;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// The writing end of a bridged answer. One message is on its way at a time.
#[derive(Clone)]
pub(super) struct Relay(Sender<Result<Event, Denial>>);

/// A bridged answer and its writing end.
pub(super) fn relay() -> (Relay, Source) {
    let (sender, receiver): (_, Receiver<_>) = channel(1);
    (Relay(sender), Source::Relayed(receiver))
}

impl Relay {
    /// Hands over one message. False when nobody reads any more.
    pub(super) async fn pass(&self, message: &Value) -> bool {
        self.raw(message.to_string().into_bytes()).await
    }

    pub(super) async fn raw(&self, message: Vec<u8>) -> bool {
        self.0.send(Ok(Event::message(message))).await.is_ok()
    }

    pub(super) async fn fail(&self, denial: Denial) {
        // Whoever is no longer there need not know.
        let _ = self.0.send(Err(denial)).await;
    }

    /// Resolves when nobody reads any more.
    pub(super) async fn abandoned(&self) {
        self.0.closed().await;
    }
}

/// A response, made out to the client's own request.
pub(super) fn readdressed(message: &[u8], id: &RequestId) -> Result<Vec<u8>, Denial> {
    #[derive(serde::Deserialize)]
    struct Response<'m> {
        #[serde(borrow)]
        result: Option<&'m RawValue>,
        #[serde(borrow)]
        error: Option<&'m RawValue>,
    }
    let malformed = Denial::UpstreamMalformed("not a JSON-RPC message");
    let response: Response<'_> = serde_json::from_slice(message).map_err(|_| malformed.clone())?;
    let (name, value) = match response {
        Response { result: Some(result), error: None } => ("result", result),
        Response { result: None, error: Some(error) } => ("error", error),
        _ => return Err(malformed),
    };
    Ok(format!("{{\"jsonrpc\":\"2.0\",\"id\":{},\"{name}\":{}}}", id.as_value(), value.get()).into_bytes())
}

/// A message that stands alone.
pub(super) fn whole(message: &Value) -> Source {
    Source::Whole(message.to_string().into_bytes())
}
