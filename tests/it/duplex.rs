//! Servers with which messages of both sides are interleaved: real children, and a real
//! event stream.

mod children;
mod event_stream;
mod peer;
mod stdio;

use portcullis::upstream::duplex::{Duplex, DuplexFault, Outbound, Replies};
use serde_json::{Value, json};
use std::time::Duration;

/// For what must happen at all, on a slow machine too.
const SOON: Duration = Duration::from_secs(20);

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, future).await.expect("it takes too long")
}

fn request(id: impl Into<Value>, method: &str, params: Value) -> Outbound {
    let mut message = json!({"jsonrpc": "2.0", "id": id.into(), "method": method});
    message["params"] = params;
    message.to_string().into_bytes().into()
}

fn notification(method: &str, params: Value) -> Outbound {
    let mut message = json!({"jsonrpc": "2.0", "method": method});
    message["params"] = params;
    message.to_string().into_bytes().into()
}

fn progressing(token: impl Into<Value>) -> Value {
    json!({"times": 3, "_meta": {"progressToken": token.into()}})
}

async fn ask(duplex: &Duplex, id: impl Into<Value>, method: &str, params: Value) -> Replies {
    within(duplex.request(request(id, method, params))).await.unwrap()
}

async fn next(replies: &mut Replies) -> Result<Value, DuplexFault> {
    let message = within(replies.recv()).await.expect("one more reply")?;
    Ok(serde_json::from_slice(&message).unwrap())
}

/// Asks and takes the one reply.
async fn answer(duplex: &Duplex, id: impl Into<Value>, method: &str, params: Value) -> Value {
    let mut replies = ask(duplex, id, method, params).await;
    let answer = next(&mut replies).await.unwrap();
    assert_eq!(within(replies.recv()).await, None);
    answer
}
