//! `subscriptions/listen` before a server that has one standing stream a session.

use crate::model::denial::Denial;
use crate::request::Request;
use crate::upstream::bridge::relay;
use crate::upstream::source::Source;
use crate::upstream::turn::{Said, Turn};
use crate::wire::answer::{self, Incoming};
use crate::wire::form::content::META_SUBSCRIPTION;
use crate::wire::message::RequestId;
use crate::wire::method::Method;
use serde_json::{Map, Value, json};

/// The session's standing stream, of which the client hears what it has asked for.
pub(super) async fn listen(turn: Turn, request: &Request) -> Result<Source, Denial> {
    let id = request.message.id.clone().ok_or(Denial::ResultBlocked("no id"))?;
    let wanted = request.message.params.get("notifications").cloned().unwrap_or_else(|| json!({}));
    let uris = wanted.get("resourceSubscriptions").and_then(Value::as_array).cloned().unwrap_or_default();
    for uri in &uris {
        let (subscribed, _) = turn.call(Method::ResourcesSubscribe, &json!({"uri": uri})).await?;
        subscribed.map_err(|_| Denial::UpstreamMalformed("subscription"))?;
    }
    let (relay, source) = relay();
    tokio::spawn(async move {
        let acknowledged =
            tagged("notifications/subscriptions/acknowledged", json!({"notifications": wanted}), &id);
        if !relay.pass(&acknowledged).await {
            return;
        }
        let heard = async {
            let mut said = Said::own(Method::OpenStream, None, &Value::Null);
            said.body.clear();
            let mut answer = turn.say(said).await?;
            while let Some(event) = answer.source.next().await? {
                let message = event.data.unwrap_or_default();
                let Ok(Incoming::Notification { method, params }) = answer::read(&message) else { continue };
                let params =
                    params.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_else(|| json!({}));
                if hears(&wanted, &method, &params) && !relay.pass(&tagged(&method, params, &id)).await {
                    return Ok(());
                }
            }
            Ok::<(), Denial>(())
        };
        tokio::select! {
            ended = heard => match ended {
                // The server has no standing stream: nothing will ever be heard, and the
                // client's stream stays open as it may.
                Ok(()) | Err(Denial::StreamRefused) => relay.abandoned().await,
                Err(denial) => relay.fail(denial).await,
            },
            () = relay.abandoned() => {}
        }
        for uri in &uris {
            let _ = turn.call(Method::ResourcesUnsubscribe, &json!({"uri": uri})).await;
        }
    });
    Ok(source)
}

/// Whether the client has opted in to this notification.
fn hears(wanted: &Value, method: &str, params: &Value) -> bool {
    let flag = |name: &str| wanted.get(name) == Some(&Value::Bool(true));
    match method {
        "notifications/tools/list_changed" => flag("toolsListChanged"),
        "notifications/prompts/list_changed" => flag("promptsListChanged"),
        "notifications/resources/list_changed" => flag("resourcesListChanged"),
        "notifications/resources/updated" => {
            let uris = wanted.get("resourceSubscriptions").and_then(Value::as_array);
            uris.is_some_and(|uris| uris.iter().any(|uri| Some(uri) == params.get("uri")))
        }
        _ => false,
    }
}

/// A notification of a subscription, which names its request.
fn tagged(method: &str, params: Value, id: &RequestId) -> Value {
    let mut params = match params {
        Value::Object(params) => params,
        _ => Map::new(),
    };
    params.insert("_meta".into(), json!({META_SUBSCRIPTION: id.as_value()}));
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}
