//! A request as it arrives: its head read, its body still on the wire.

use crate::model::call::Client;
use crate::model::denial::MessageFault;
use crate::model::ids::ServerName;
use bytes::Bytes;
use http::HeaderMap;
use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

/// The body, not yet read. `session` awaits it after `identity` has passed the
/// head, so that a stranger's bytes are never taken in, let alone parsed. The
/// server that makes it has already put limits of size and time around it.
pub type PendingBody = Pin<Box<dyn Future<Output = Result<Bytes, MessageFault>> + Send>>;

/// What the server hands to the pipeline.
pub struct Arrival {
    pub head: Head,
    pub body: PendingBody,
    /// Whether the client is still there.
    pub client: Client,
}

/// The request line and headers.
#[derive(Clone, Debug)]
pub struct Head {
    pub method: HttpMethod,
    /// The MCP server that the request's path names.
    pub server: ServerName,
    pub query: Option<String>,
    pub headers: HeaderMap,
    pub peer: IpAddr,
    pub by: Transport,
    /// Hash of the certificate that the peer showed on this connection, in base64url
    /// (`x5t#S256`, RFC 8705 §3.1).
    pub certificate: Option<String>,
    /// The gate's own server has this head judged once more: for a further message of a
    /// batch, or for what it asks in the name of an event stream's client.
    pub again: bool,
}

/// How a message comes. Of an event stream and its posts, `Mcp-Session-Id` holds what the
/// URL names as the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    StreamableHttp,
    /// In a batch of Streamable HTTP (MCP 2025-03-26).
    Batch,
    /// HTTP+SSE (MCP 2024-11-05).
    EventStream,
}

/// The HTTP methods that Streamable HTTP knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpMethod {
    Post,
    Get,
    Delete,
}

impl Head {
    /// The value of a header that may occur once. `Err` if it occurs more often or
    /// is not visible ASCII.
    pub fn single(&self, name: &str) -> Result<Option<&str>, RepeatedHeader> {
        let mut values = self.headers.get_all(name).iter();
        let Some(first) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(RepeatedHeader);
        }
        first.to_str().map(Some).map_err(|_| RepeatedHeader)
    }
}

/// A header that must be single was repeated or unreadable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepeatedHeader;

impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrival").field("head", &self.head).finish_non_exhaustive()
    }
}
