//! Streamable HTTP, as a client speaks it.

use crate::jose::credential::Credential;
use crate::model::denial::Denial;
use crate::net::{Chunks, HttpClient, Limits, NetFault};
use crate::upstream::source::{Events, Source};
use crate::wire::headers::{PARAM_PREFIX, encode};
use crate::wire::method::Method;
use crate::wire::revision::{Era, Revision};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};

/// One message to an upstream, as the wire needs it.
pub struct Outgoing<'o> {
    pub method: Method,
    /// For the mirrored header of 2026-07-28: a tool, prompt, resource or task.
    pub name: Option<&'o str>,
    /// Mirrored arguments, by lower-case name.
    pub headers: &'o [(String, String)],
    /// The upstream's own id of the last event that was seen.
    pub resume: Option<&'o str>,
    pub revision: Revision,
    pub session: Option<&'o str>,
    /// Whose connection it is, where the revision has no sessions.
    pub holder: &'o str,
    pub credential: Option<&'o Credential>,
    pub body: Vec<u8>,
}

/// An upstream's answer before anything is made of it.
pub struct Answer {
    pub status: StatusCode,
    pub session: Option<String>,
    pub source: Source,
}

/// Sends one message and takes the head of what comes back.
pub(super) async fn ask(
    client: &HttpClient,
    url: &str,
    limits: Limits,
    outgoing: Outgoing<'_>,
) -> Result<Answer, Denial> {
    let method = outgoing.method;
    let request = compose(url, outgoing).map_err(Denial::UpstreamMalformed)?;
    let response = client.open(request, limits).await.map_err(denial)?;
    let (status, kind) = (response.status(), content_type(&response));
    let session = response.headers().get("mcp-session-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let body = response.into_body();
    let source = match kind.as_str() {
        "application/json" => whole(body).await?.map_or(Source::Nothing, Source::Whole),
        "text/event-stream" if status.is_success() => {
            let standing = matches!(method, Method::OpenStream | Method::SubscriptionsListen);
            Source::Events(Events::new(if standing { body.standing() } else { body }))
        }
        "" => Source::Nothing,
        _ if !status.is_success() || status == StatusCode::ACCEPTED => Source::Nothing,
        _ => return Err(Denial::UpstreamMalformed("content type")),
    };
    Ok(Answer { status, session, source })
}

fn compose(url: &str, outgoing: Outgoing<'_>) -> Result<Request<Bytes>, &'static str> {
    let (verb, accepted) = match outgoing.method {
        Method::EndSession => (http::Method::DELETE, "application/json"),
        Method::OpenStream => (http::Method::GET, "text/event-stream"),
        _ => (http::Method::POST, "application/json, text/event-stream"),
    };
    let posts = verb == http::Method::POST;
    let mut request = Request::builder().method(verb.clone()).uri(url).header(header::ACCEPT, accepted);
    if posts {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    if let Some(credential) = outgoing.credential {
        request =
            credential.put(request, verb.as_str(), url).map_err(|_| "the credential cannot be signed")?;
    }
    if outgoing.method != Method::Initialize {
        request = request.header("mcp-protocol-version", outgoing.revision.as_str());
    }
    if outgoing.revision.era() == Era::Modern {
        request = request.header("mcp-method", outgoing.method.as_str());
        if let Some(name) = outgoing.name {
            request = request.header("mcp-name", encode(name));
        }
        for (name, value) in outgoing.headers {
            request = request.header(format!("{PARAM_PREFIX}{name}"), encode(value));
        }
    }
    if let Some(session) = outgoing.session {
        request = request.header("mcp-session-id", session);
    }
    if let Some(position) = outgoing.resume {
        request = request.header("last-event-id", position);
    }
    request.body(if posts { outgoing.body.into() } else { Bytes::new() }).map_err(|_| "request")
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

pub(super) fn denial(fault: NetFault) -> Denial {
    match fault {
        NetFault::Unreachable | NetFault::AddressRefused | NetFault::Untrusted => Denial::UpstreamUnreachable,
        NetFault::TimedOut => Denial::UpstreamTimedOut,
        NetFault::TooLarge => Denial::UpstreamMalformed("answer too large"),
        NetFault::Encoded => Denial::UpstreamMalformed("encoded answer"),
        NetFault::Broken => Denial::UpstreamMalformed("answer broke off"),
    }
}
