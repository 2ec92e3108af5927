//! The HTTP+SSE transport of MCP 2024-11-05: a standing event stream from the server,
//! and posts to the endpoint that its first event names.
//!
//! Invariant: messages and credentials go to the origin of the configured URL alone.

use crate::jose::credential::Credential;
use crate::net::{Chunks, HttpClient, Limits, NetFault};
use crate::upstream::duplex::{Duplex, DuplexFault, Outbound, Way};
use crate::upstream::switchboard::Switchboard;
use crate::wire::event::{Event, Splitter};
use bytes::Bytes;
use http::{Request, Response, header};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

/// A stream silent for so long is taken for dead; as long as an idle session lives.
const SILENCE: Duration = Duration::from_secs(3600);
/// Bytes of the answer to a post. It says nothing: the reply comes on the stream.
const MOST_POST_BYTES: usize = 64 << 10;

/// Opens the stream and waits for its endpoint. `limits` are the bytes of one message,
/// and the time for the endpoint to come and for each post to be answered.
///
/// # Errors
/// A [`DuplexFault`], among them [`DuplexFault::ForeignEndpoint`].
pub async fn connect(
    client: &HttpClient,
    url: &str,
    credential: Option<&Credential>,
    limits: Limits,
) -> Result<Duplex, DuplexFault> {
    let base = Url::parse(url).map_err(|_| DuplexFault::Unreachable)?;
    let request = Request::get(base.as_str()).header(header::ACCEPT, "text/event-stream");
    let request = authorized(request, credential, "GET", &base)?.body(Bytes::new());
    let request = request.map_err(|_| DuplexFault::Unreachable)?;
    let opening = async {
        let unending = Limits { max_bytes: usize::MAX, timeout: SILENCE };
        let response = client.open(request, unending).await.map_err(fault)?;
        check(&response)?;
        let mut events = Events::new(response.into_body(), limits.max_bytes);
        let endpoint = events.next().await?.filter(|event| event.name.as_deref() == Some("endpoint"));
        let endpoint = endpoint.ok_or(DuplexFault::Malformed("the first event names no endpoint"))?;
        Ok((events, resolve(&base, endpoint.data.as_deref().unwrap_or_default())?))
    };
    let (events, endpoint) =
        timeout(limits.timeout, opening).await.map_err(|_| DuplexFault::TimedOut).flatten()?;
    let switchboard = Arc::new(Switchboard::new());
    tokio::spawn(follow(events, switchboard.clone()));
    let poster = Poster { client: client.clone(), endpoint, timeout: limits.timeout };
    Ok(Duplex::new(switchboard, Way::Post(Box::new(poster))))
}

/// Passes on the stream's messages until it or the connection ends.
async fn follow(mut events: Events, switchboard: Arc<Switchboard>) {
    let fault = loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = switchboard.closed() => break DuplexFault::Ended,
        };
        match event {
            Ok(Some(event)) if event.name.as_deref().is_none_or(|name| name == "message") => {
                switchboard.take(event.data.as_deref().unwrap_or_default()).await;
            }
            // Keep-alives, and an endpoint that comes later than it may.
            Ok(Some(_)) => {}
            Ok(None) => break DuplexFault::Ended,
            Err(fault) => break fault,
        }
    };
    switchboard.end(fault);
}

/// The endpoint of a stream, which must be of the same origin: anywhere else it would be
/// handed the messages and the credentials meant for the configured server.
fn resolve(base: &Url, endpoint: &[u8]) -> Result<Url, DuplexFault> {
    let malformed = DuplexFault::Malformed("the endpoint is no URI");
    let text = std::str::from_utf8(endpoint).map_err(|_| malformed)?;
    let mut url = base.join(text).map_err(|_| malformed)?;
    let stranger = url.origin() != base.origin()
        || (url.username(), url.password()) != (base.username(), base.password());
    if stranger {
        return Err(DuplexFault::ForeignEndpoint);
    }
    url.set_fragment(None);
    Ok(url)
}

/// Sends messages to the endpoint.
pub(super) struct Poster {
    client: HttpClient,
    endpoint: Url,
    timeout: Duration,
}

impl Poster {
    pub(super) async fn post(&self, outbound: Outbound) -> Result<(), DuplexFault> {
        let request = Request::post(self.endpoint.as_str()).header(header::CONTENT_TYPE, "application/json");
        let request = authorized(request, outbound.credential.as_ref(), "POST", &self.endpoint)?;
        let request = request.body(outbound.body.into());
        let request = request.map_err(|_| DuplexFault::Malformed("the credential is no header"))?;
        let limits = Limits { max_bytes: MOST_POST_BYTES, timeout: self.timeout };
        let status = self.client.fetch(request, limits).await.map_err(fault)?.status();
        if status.is_success() { Ok(()) } else { Err(DuplexFault::Refused(status.as_u16())) }
    }
}

fn authorized(
    request: http::request::Builder,
    credential: Option<&Credential>,
    method: &str,
    url: &Url,
) -> Result<http::request::Builder, DuplexFault> {
    match credential {
        Some(credential) => credential
            .put(request, method, url.as_str())
            .map_err(|_| DuplexFault::Malformed("the credential cannot be signed")),
        None => Ok(request),
    }
}

fn check(response: &Response<Chunks>) -> Result<(), DuplexFault> {
    if !response.status().is_success() {
        return Err(DuplexFault::Refused(response.status().as_u16()));
    }
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("text/event-stream") {
        Ok(())
    } else {
        Err(DuplexFault::Malformed("the answer is no event stream"))
    }
}

/// The events of a body, each within a bound.
struct Events {
    body: Chunks,
    splitter: Splitter,
    ready: VecDeque<Event>,
    max_bytes: usize,
}

impl Events {
    fn new(body: Chunks, max_bytes: usize) -> Self {
        Self { body, splitter: Splitter::default(), ready: VecDeque::new(), max_bytes }
    }

    /// None at the end of the stream. No event is lost when this is given up and called
    /// again.
    async fn next(&mut self) -> Result<Option<Event>, DuplexFault> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                let fits = event.data.as_ref().is_none_or(|data| data.len() <= self.max_bytes);
                return if fits { Ok(Some(event)) } else { Err(DuplexFault::TooLarge) };
            }
            let Some(chunk) = self.body.next().await else { return Ok(None) };
            let events = self.splitter.feed(&chunk.map_err(fault)?);
            self.ready.extend(events.map_err(|_| DuplexFault::TooLarge)?);
        }
    }
}

fn fault(fault: NetFault) -> DuplexFault {
    match fault {
        NetFault::Unreachable | NetFault::AddressRefused | NetFault::Untrusted => DuplexFault::Unreachable,
        NetFault::TimedOut => DuplexFault::TimedOut,
        NetFault::TooLarge => DuplexFault::TooLarge,
        NetFault::Encoded => DuplexFault::Malformed("the answer is encoded"),
        NetFault::Broken => DuplexFault::Ended,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_of_the_streams_origin() {
        let base = Url::parse("https://tools.example/a/sse?x=1").unwrap();
        let cases = [
            ("/messages?session=1", Some("https://tools.example/messages?session=1")),
            ("messages#top", Some("https://tools.example/a/messages")),
            ("?session=2", Some("https://tools.example/a/sse?session=2")),
            ("https://TOOLS.example:443/m", Some("https://tools.example/m")),
            ("http://tools.example/m", None),
            ("https://tools.example:8443/m", None),
            ("https://tools.example.evil.test/m", None),
            ("//evil.test/m", None),
            ("\\\\evil.test\\m", None),
            ("https://tools.example@evil.test/m", None),
            ("https://user:word@tools.example/m", None),
            ("file:///etc/passwd", None),
            ("data:,x", None),
        ];
        for (endpoint, expected) in cases {
            let found = resolve(&base, endpoint.as_bytes());
            match expected {
                Some(url) => assert_eq!(found.as_ref().map(Url::as_str), Ok(url)),
                None => assert_eq!(found, Err(DuplexFault::ForeignEndpoint), "{endpoint}"),
            }
        }
        assert!(matches!(resolve(&base, b"\xff"), Err(DuplexFault::Malformed(_))));
        assert!(matches!(resolve(&base, b"http://[/"), Err(DuplexFault::Malformed(_))));
    }
}
