//! Stage 7: asking the MCP server behind the gate.
//!
//! Invariants: no header of the client reaches an upstream, and none of an
//! upstream's reaches a client; what comes back stays unread bytes until `release`.

mod backoff;
pub mod children;
pub mod duplex;
pub mod endpoint;
pub mod event_stream;
mod process_group;
pub mod stdio;
mod switchboard;
mod table;

use crate::exchange::Delegated;
use crate::model::call::Call;
use crate::model::denial::Denial;
use crate::model::ids::ServerName;
use crate::model::sensitive::Sensitive;
use crate::model::trail::Event;
use crate::net::{Chunks, HttpClient, Limits, NetFault};
use crate::request::{Grant, Request};
use crate::upstream::endpoint::Endpoint;
use crate::wire::answer::{self, Incoming};
use crate::wire::event::Splitter;
use crate::wire::method::{Method, Passage};
use crate::wire::revision::{Era, Revision};
use bytes::Bytes;
use http::{Response, StatusCode, header};
use std::collections::HashMap;
use std::time::Duration;

/// Messages of one answer, the response included.
const MOST_MESSAGES: usize = 1_000;

/// The servers behind the gate.
pub struct Upstream {
    client: HttpClient,
    servers: HashMap<ServerName, Endpoint>,
    limits: Limits,
}

/// What an upstream answered, unread. Made only by [`Upstream::forward`].
pub struct Answered {
    request: Request,
    grant: Grant,
    messages: Vec<Vec<u8>>,
    session: Option<String>,
}

/// One request to an upstream, as the wire needs it.
pub struct Outgoing<'o> {
    pub method: Method,
    /// For the mirrored header of 2026-07-28.
    pub tool: Option<&'o str>,
    pub revision: Revision,
    pub session: Option<&'o str>,
    pub credential: Option<&'o Sensitive<String>>,
    pub body: Vec<u8>,
}

/// An upstream's answer before anything is made of it.
pub struct Answer {
    pub status: StatusCode,
    pub session: Option<String>,
    pub messages: Vec<Vec<u8>>,
}

impl Upstream {
    pub fn new(
        client: HttpClient,
        servers: HashMap<ServerName, Endpoint>,
        max_bytes: usize,
        timeout: Duration,
    ) -> Self {
        Self { client, servers, limits: Limits { max_bytes, timeout } }
    }

    /// # Errors
    /// The `Upstream…` denials, and [`Denial::SessionUnknown`] when the upstream has
    /// lost a session, so that the client opens a new one.
    pub async fn forward(&self, call: &mut Call, delegated: Delegated) -> Result<Answered, Denial> {
        let (request, grant, credential) = delegated.into_parts();
        if request.method().passage() != Passage::Forwarded {
            return Ok(Answered { request, grant, messages: Vec::new(), session: None });
        }
        let outgoing = Outgoing {
            method: request.method(),
            tool: request.message.tool(),
            revision: request.revision,
            session: request.session.as_ref().and_then(|session| session.upstream.as_deref()),
            credential: credential.as_ref(),
            body: request.message.forward(request.revision),
        };
        let answer = self.ask(&request.server, outgoing, |message| is_response(message, &request)).await?;
        let bytes = answer.messages.iter().map(Vec::len).sum();
        call.trail.add(Event::Answered { status: answer.status.as_u16(), bytes });
        let usable = answer.status.is_success() || !answer.messages.is_empty();
        match answer.status {
            StatusCode::NOT_FOUND if request.session.is_some() => Err(Denial::SessionUnknown),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(Denial::UpstreamRefused(answer.status.as_u16()))
            }
            status if !usable => Err(Denial::UpstreamRefused(status.as_u16())),
            _ => Ok(Answered { request, grant, messages: answer.messages, session: answer.session }),
        }
    }

    /// Sends one message and collects what comes back, until `done` or the end.
    pub async fn ask(
        &self,
        server: &ServerName,
        outgoing: Outgoing<'_>,
        done: impl Fn(&[u8]) -> bool,
    ) -> Result<Answer, Denial> {
        let Some(Endpoint::StreamableHttp(url)) = self.servers.get(server) else {
            return Err(Denial::UpstreamUnreachable);
        };
        let request = compose(url, outgoing).map_err(|_| Denial::UpstreamMalformed("request"))?;
        let response = self.client.open(request, self.limits).await.map_err(denial)?;
        let (status, kind) = (response.status(), content_type(&response));
        let session =
            response.headers().get("mcp-session-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
        let body = response.into_body();
        let messages = match kind.as_str() {
            "application/json" => whole(body).await?.into_iter().collect(),
            "text/event-stream" if status.is_success() => events(body, done).await?,
            _ if !status.is_success() || status == StatusCode::ACCEPTED => Vec::new(),
            "" => Vec::new(),
            _ => return Err(Denial::UpstreamMalformed("content type")),
        };
        Ok(Answer { status, session, messages })
    }
}

fn compose(url: &str, outgoing: Outgoing<'_>) -> http::Result<http::Request<Bytes>> {
    let verb = if outgoing.method == Method::EndSession { http::Method::DELETE } else { http::Method::POST };
    let mut request = http::Request::builder().method(verb).uri(url);
    request = request.header(header::CONTENT_TYPE, "application/json");
    request = request.header(header::ACCEPT, "application/json, text/event-stream");
    if let Some(credential) = outgoing.credential {
        request = request.header(header::AUTHORIZATION, format!("Bearer {}", credential.expose()));
    }
    if outgoing.method != Method::Initialize {
        request = request.header("mcp-protocol-version", outgoing.revision.as_str());
    }
    if outgoing.revision.era() == Era::Modern {
        request = request.header("mcp-method", outgoing.method.as_str());
        if let Some(tool) = outgoing.tool {
            request = request.header("mcp-name", header_value(tool));
        }
    }
    if let Some(session) = outgoing.session {
        request = request.header("mcp-session-id", session);
    }
    let body = if outgoing.method == Method::EndSession { Bytes::new() } else { outgoing.body.into() };
    request.body(body)
}

/// A mirrored value: plain where it is safe, base64 otherwise.
fn header_value(text: &str) -> String {
    use base64::Engine as _;
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.starts_with("=?");
    if plain {
        text.to_owned()
    } else {
        format!("=?base64?{}?=", base64::engine::general_purpose::STANDARD.encode(text))
    }
}

fn content_type(response: &Response<Chunks>) -> String {
    let value = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.split(';').next()).unwrap_or_default().trim().to_ascii_lowercase()
}

async fn whole(mut body: Chunks) -> Result<Option<Vec<u8>>, Denial> {
    let mut bytes = Vec::new();
    while let Some(chunk) = body.next().await {
        bytes.extend_from_slice(&chunk.map_err(denial)?);
    }
    Ok((!bytes.is_empty()).then_some(bytes))
}

async fn events(mut body: Chunks, done: impl Fn(&[u8]) -> bool) -> Result<Vec<Vec<u8>>, Denial> {
    let (mut splitter, mut messages) = (Splitter::default(), Vec::new());
    while let Some(chunk) = body.next().await {
        let events = splitter
            .feed(&chunk.map_err(denial)?)
            .map_err(|_| Denial::UpstreamMalformed("event too large"))?;
        for message in events.into_iter().map(|event| event.data).filter(|data| !data.is_empty()) {
            let last = done(&message);
            messages.push(message);
            if last {
                return Ok(messages);
            }
            if messages.len() > MOST_MESSAGES {
                return Err(Denial::UpstreamMalformed("too many events"));
            }
        }
    }
    Ok(messages)
}

fn is_response(message: &[u8], request: &Request) -> bool {
    let read = answer::read(message, request.message.id.as_ref());
    matches!(read, Ok(Incoming::Result(_) | Incoming::Error { .. }))
}

fn denial(fault: NetFault) -> Denial {
    match fault {
        NetFault::Unreachable => Denial::UpstreamUnreachable,
        NetFault::TimedOut => Denial::UpstreamTimedOut,
        NetFault::TooLarge => Denial::UpstreamMalformed("answer too large"),
        NetFault::Encoded => Denial::UpstreamMalformed("encoded answer"),
        NetFault::Broken => Denial::UpstreamMalformed("answer broke off"),
    }
}

impl Answered {
    pub fn into_parts(self) -> (Request, Grant, Vec<Vec<u8>>, Option<String>) {
        (self.request, self.grant, self.messages, self.session)
    }
}
