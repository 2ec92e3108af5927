//! What can be wrong with a message before anyone asks what it wants.

/// What is wrong with a request's bytes or headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageFault {
    /// Not JSON, not UTF-8, or JSON with duplicate members or beyond a bound.
    NotJson(&'static str),
    /// JSON, but not one JSON-RPC 2.0 request or notification of MCP.
    NotJsonRpc(&'static str),
    /// Several messages, of which each is then a call of its own.
    Batch,
    TooLarge,
    TooSlow,
    /// `Content-Type` is not `application/json`.
    MediaType,
    /// `Accept` does not allow both `application/json` and `text/event-stream`.
    NotAcceptable,
    /// Header and body disagree (MCP 2026-07-28, error -32020).
    HeaderMismatch(&'static str),
    /// A required member of `params` or `_meta` is missing or of the wrong type.
    Params(&'static str),
    /// `Host`, `Origin` or the path is not one the gate serves.
    Host,
    Origin,
    HttpMethod,
}

impl MessageFault {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::NotJson(_) => "not_json",
            Self::NotJsonRpc(_) => "not_json_rpc",
            Self::Batch => "batch",
            Self::TooLarge => "body_too_large",
            Self::TooSlow => "body_too_slow",
            Self::MediaType => "media_type",
            Self::NotAcceptable => "not_acceptable",
            Self::HeaderMismatch(_) => "header_mismatch",
            Self::Params(_) => "params",
            Self::Host => "host",
            Self::Origin => "origin",
            Self::HttpMethod => "http_method",
        }
    }

    pub(super) fn detail(&self) -> Option<&'static str> {
        match self {
            Self::NotJson(detail)
            | Self::NotJsonRpc(detail)
            | Self::HeaderMismatch(detail)
            | Self::Params(detail) => Some(detail),
            Self::Batch
            | Self::TooLarge
            | Self::TooSlow
            | Self::MediaType
            | Self::NotAcceptable
            | Self::Host
            | Self::Origin
            | Self::HttpMethod => None,
        }
    }

    /// Static by construction: nothing of the request is echoed.
    pub fn message(self) -> &'static str {
        match self {
            Self::NotJson(detail)
            | Self::NotJsonRpc(detail)
            | Self::HeaderMismatch(detail)
            | Self::Params(detail) => detail,
            Self::Batch => "Each message of a batch is a call of its own.",
            Self::TooLarge => "The request body exceeds the limit.",
            Self::TooSlow => "The request body did not arrive in time.",
            Self::MediaType => "Content-Type must be application/json.",
            Self::NotAcceptable => "Accept must allow application/json and text/event-stream.",
            Self::Host => "This host is not served here.",
            Self::Origin => "Origin not allowed.",
            Self::HttpMethod => "Only POST, GET and DELETE are served here.",
        }
    }
}
