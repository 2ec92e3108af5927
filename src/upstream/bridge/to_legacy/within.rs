//! A client with a session at a federated endpoint, a member that wants a session too.

use super::ToLegacy;
use super::session::Client;
use crate::model::denial::Denial;
use crate::request::{Grant, Request, Stateless};
use crate::upstream::bridge::{readdressed, relay};
use crate::upstream::source::Source;
use crate::upstream::turn::{Said, Turn};
use crate::wire::answer::{self, Incoming};
use crate::wire::message::RequestId;
use crate::wire::method::Method;
use crate::wire::outgoing;
use serde_json::{Value, json};
use std::sync::Arc;

impl ToLegacy {
    /// Answers a message of a client that has a session, but not with this server: at a
    /// federated endpoint the gate keeps one with each member that wants one.
    ///
    /// # Errors
    /// The `Upstream…` denials.
    pub(in crate::upstream) async fn within(
        self: Arc<Self>,
        turn: Turn,
        request: &Request,
        grant: &Grant,
        stateless: Arc<Stateless>,
    ) -> Result<Source, Denial> {
        let client = Client { capabilities: &stateless.capabilities, info: stateless.info.as_ref() };
        let (turn, session) = self.session(turn, &client, grant).await?;
        if let Some(question) = &request.answers {
            let allows = |feature| grant.messages.allows(feature);
            let mut said = Said::own(Method::Response, None, &Value::Null);
            said.body = outgoing::write(&request.message, session.revision, Some(&question.upstream), allows);
            turn.say(said).await?;
            return Ok(Source::Nothing);
        }
        let client_id = request.message.id.clone().ok_or(Denial::ResultBlocked("no id"))?;
        let cancelled = stateless.begin(&client_id);
        let (turn, own, mut source) = self.begun(turn, session, &client, request, grant).await?;
        let (relay, out) = relay();
        tokio::spawn(async move {
            let read = async {
                while let Some(event) = source.next().await? {
                    let message = event.data.unwrap_or_default();
                    if message.is_empty() {
                        continue;
                    }
                    if answer::is_response(&message) {
                        if !answers(&message, &own) {
                            continue;
                        }
                        relay.raw(readdressed(&message, &client_id)?).await;
                        return Ok(());
                    }
                    if !relay.raw(message).await {
                        return Ok(());
                    }
                }
                Err(Denial::UpstreamMalformed("no response"))
            };
            tokio::select! {
                ended = read => if let Err(denial) = ended {
                    relay.fail(denial).await;
                },
                _ = cancelled => {
                    let params = json!({"requestId": own.as_value(), "reason": "The client cancelled."});
                    let _ = turn.say(Said::own(Method::Cancelled, None, &params)).await;
                }
            }
        });
        Ok(out)
    }
}

/// Whether a response is to this request of the gate's.
fn answers(message: &[u8], request: &RequestId) -> bool {
    match answer::read(message) {
        Ok(Incoming::Result { id, .. }) => id == *request,
        Ok(Incoming::Error { id, .. }) => id.is_none_or(|id| id == *request),
        Ok(_) | Err(_) => false,
    }
}
