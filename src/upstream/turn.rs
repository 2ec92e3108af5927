//! One client's dealings with one server: where a bridge says several things to it for
//! one thing that the client said.

use crate::exchange::Renewal;
use crate::model::denial::Denial;
use crate::model::ids::{Lineage, ServerName};
use crate::upstream::Upstream;
use crate::upstream::http::{Answer, Outgoing};
use crate::wire::answer::{self, ErrorObject, Incoming};
use crate::wire::message::RequestId;
use crate::wire::method::Method;
use crate::wire::revision::Revision;
use serde_json::{Value, json};
use std::sync::Arc;

/// Whom to ask, as whom, in which revision.
#[derive(Clone)]
pub(super) struct Turn {
    pub(super) upstream: Arc<Upstream>,
    pub(super) server: ServerName,
    pub(super) lineage: Lineage,
    pub(super) renewal: Arc<Renewal>,
    pub(super) revision: Revision,
    pub(super) session: Option<String>,
}

/// What a bridge says.
pub(super) struct Said<'s> {
    pub(super) method: Method,
    /// For delegated scopes: the tool, or the method.
    pub(super) operation: &'s str,
    pub(super) name: Option<&'s str>,
    pub(super) headers: &'s [(String, String)],
    pub(super) body: Vec<u8>,
}

impl Said<'_> {
    /// A message of the gate's own making.
    pub(super) fn own(method: Method, id: Option<&RequestId>, params: &Value) -> Self {
        let mut message = json!({"jsonrpc": "2.0", "method": method.as_str(), "params": params});
        if let Some(id) = id {
            message["id"] = id.as_value().clone();
        }
        let body = message.to_string().into_bytes();
        Self { method, operation: method.as_str(), name: None, headers: &[], body }
    }
}

impl Turn {
    /// Says something with a credential for this operation alone.
    pub(super) async fn say(&self, said: Said<'_>) -> Result<Answer, Denial> {
        let credential = self.renewal.credential(said.operation).await?;
        let outgoing = Outgoing {
            method: said.method,
            name: said.name,
            headers: said.headers,
            resume: None,
            revision: self.revision,
            session: self.session.as_deref(),
            holder: self.lineage.as_str(),
            credential: credential.as_ref(),
            body: said.body,
        };
        self.upstream.ask(&self.server, outgoing).await
    }

    /// Says something of the gate's own and waits for its result.
    ///
    /// # Errors
    /// The `Upstream…` denials; an error of the server's comes inside.
    pub(super) async fn call(
        &self,
        method: Method,
        params: &Value,
    ) -> Result<(Result<Value, ErrorObject>, Option<String>), Denial> {
        let id = RequestId::read(&json!(format!("gate-{}", crate::jose::random_id())));
        let mut answer = self.say(Said::own(method, id.as_ref(), params)).await?;
        while let Some(event) = answer.source.next().await? {
            match answer::read(event.data.as_deref().unwrap_or_default()) {
                Ok(Incoming::Result { id: answered, result }) if Some(&answered) == id.as_ref() => {
                    let result = serde_json::from_str(result.get());
                    let result = result.map_err(|_| Denial::UpstreamMalformed("result"))?;
                    return Ok((Ok(result), answer.session));
                }
                Ok(Incoming::Error { error, .. }) => return Ok((Err(error), answer.session)),
                Ok(_) | Err(_) => {}
            }
        }
        Err(Denial::UpstreamMalformed("no response"))
    }
}
