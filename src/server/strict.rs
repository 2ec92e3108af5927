//! Strictness before routing. hyper is lenient where two servers could read one
//! request differently; what it lets through is refused here.

use crate::model::denial::{Denial, MessageFault};
use http::{HeaderMap, Method, Request, StatusCode, Version, header};
use hyper::body::Body;

/// hyper counts those of HTTP/1.1 to the same number.
const MOST_HEADERS: usize = 100;
/// Bytes of path and query; our own are far shorter.
const LONGEST_TARGET: usize = 4 << 10;

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
/// read the other. `identity` refuses a second Authorization, and puts it on record.
const SINGLE: [&str; 8] = [
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
    pub(super) fn check(&self, request: &Request<impl Body>) -> Result<(), Refusal> {
        let headers = request.headers();
        let bad = |what| Err(Refusal::Plain(StatusCode::BAD_REQUEST, what));
        if headers.len() > MOST_HEADERS {
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            return Err(Refusal::Plain(status, "Too many headers."));
        }
        if request.uri().path_and_query().is_some_and(|target| target.as_str().len() > LONGEST_TARGET) {
            return Err(Refusal::Plain(StatusCode::URI_TOO_LONG, "The request's target is too long."));
        }
        if headers.values().any(|value| value.to_str().is_err()) {
            return bad("A header is not ASCII.");
        }
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
        if SINGLE.iter().any(|name| headers.get_all(*name).iter().count() > 1) {
            return bad("A header that must be single is repeated.");
        }
        if !matches!(*request.method(), Method::GET | Method::POST | Method::DELETE | Method::OPTIONS) {
            return Err(Refusal::Plain(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed."));
        }
        if *request.method() != Method::POST && !request.body().is_end_stream() {
            return bad("Only POST has a body.");
        }
        self.check_host(request, headers)?;
        let origin = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
        if origin.is_some_and(|origin| !self.origins.iter().any(|allowed| allowed == origin)) {
            return Err(Refusal::Denied(Denial::MessageMalformed(MessageFault::Origin)));
        }
        Ok(())
    }

    /// Over HTTP/2 the authority takes Host's place (RFC 9113, 8.3.1); where there are
    /// both, they agree.
    fn check_host(&self, request: &Request<impl Body>, headers: &HeaderMap) -> Result<(), Refusal> {
        let lower = |text: &str| text.to_ascii_lowercase();
        let host = headers.get(header::HOST).map(|host| lower(host.to_str().unwrap_or_default()));
        let authority = request.uri().authority().map(|authority| lower(authority.as_str()));
        let wrong = || Refusal::Denied(Denial::MessageMalformed(MessageFault::Host));
        if let (Some(host), Some(authority)) = (&host, &authority)
            && host != authority
        {
            return Err(wrong());
        }
        let host = host.or(authority.filter(|_| request.version() == Version::HTTP_2));
        let host = host.ok_or(Refusal::Plain(StatusCode::BAD_REQUEST, "Host is required."))?;
        if self.hosts.contains(&host) { Ok(()) } else { Err(wrong()) }
    }
}
