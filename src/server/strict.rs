//! Strictness before routing. hyper is lenient where two servers could read one
//! request differently; what it lets through is refused here.

use crate::model::denial::{Denial, MessageFault};
use http::{HeaderMap, Method, Request, StatusCode, Uri, header};

/// The hosts and origins that are served.
#[derive(Clone, Debug)]
pub struct Served {
    /// `host` or `host:port`, lower case.
    pub hosts: Vec<String>,
    /// Browser origins allowed, such as `https://app.example`: the gate's own, and those
    /// that are configured.
    pub origins: Vec<String>,
}

/// Headers that must not be repeated: whichever copy is read, another reader may
/// read the other.
const SINGLE: [&str; 9] = [
    "authorization",
    "content-type",
    "content-length",
    "host",
    "origin",
    "mcp-session-id",
    "mcp-protocol-version",
    "mcp-method",
    "mcp-name",
];

/// Why a request is refused before it is routed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// With a plain status: it is not HTTP as we speak it.
    Plain(StatusCode, &'static str),
    Denied(Denial),
}

impl Served {
    pub(super) fn check<B>(&self, request: &Request<B>) -> Result<(), Refusal> {
        let headers = request.headers();
        let bad = |what| Err(Refusal::Plain(StatusCode::BAD_REQUEST, what));
        // hyper hides Content-Length when Transfer-Encoding is there too, so the pair
        // cannot be told from chunked alone. MCP clients send a length.
        if headers.contains_key(header::TRANSFER_ENCODING) {
            return Err(Refusal::Plain(
                StatusCode::LENGTH_REQUIRED,
                "Send Content-Length, not Transfer-Encoding.",
            ));
        }
        if headers.contains_key(header::UPGRADE) {
            return bad("Upgrade is not served.");
        }
        if headers.get_all(header::AUTHORIZATION).iter().count() > 1 {
            return Err(Refusal::Denied(Denial::AuthorizationMalformed(
                "more than one Authorization header",
            )));
        }
        if SINGLE.iter().any(|name| headers.get_all(*name).iter().count() > 1) {
            return bad("A header that must be single is repeated.");
        }
        if !matches!(*request.method(), Method::GET | Method::POST | Method::DELETE | Method::OPTIONS) {
            return Err(Refusal::Plain(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed."));
        }
        self.check_host(request.uri(), headers)?;
        let origin = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
        if origin.is_some_and(|origin| !self.origins.iter().any(|allowed| allowed == origin)) {
            return Err(Refusal::Denied(Denial::MessageMalformed(MessageFault::Origin)));
        }
        Ok(())
    }

    fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_ascii_lowercase);
        let wrong = || Refusal::Denied(Denial::MessageMalformed(MessageFault::Host));
        let host = host.ok_or(Refusal::Plain(StatusCode::BAD_REQUEST, "Host is required."))?;
        if uri.authority().is_some_and(|authority| authority.as_str().to_ascii_lowercase() != host) {
            return Err(wrong());
        }
        if self.hosts.contains(&host) { Ok(()) } else { Err(wrong()) }
    }
}
