//! The one place where a refusal becomes HTTP and JSON-RPC numbers.

use crate::audit::{Answer, Reply};
use crate::identity::Resources;
use crate::model::call::Asked;
use crate::model::denial::{Denial, MessageFault};
use crate::model::ids::ServerName;
use crate::release::Body as Released;
use crate::server::stream::{self, Carriage};
use crate::wire::revision::{Era, Revision};
use axum::body::Body;
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, Version, header};
use serde_json::{Value, json};

/// Codes of our own stay outside the range JSON-RPC and MCP reserve.
const REFUSED: i64 = -33_001;
const UNAVAILABLE: i64 = -33_002;
const STOPPED: i64 = -33_003;

/// How a call that was refused looks on the wire.
enum Form {
    /// HTTP status and a JSON-RPC error.
    Error(StatusCode, i64),
    /// A tool result with `isError`, so that the model can recover.
    ToolError,
}

/// What a sealed call answers.
pub(super) fn write(
    reply: Reply,
    resources: &Resources,
    server: &ServerName,
    carriage: Carriage,
) -> Response {
    let (outcome, session, mut asked) = reply.into_parts();
    let nonce = asked.nonce.take().and_then(|nonce| HeaderValue::from_str(&nonce).ok());
    let mut response = match outcome {
        Err(denial) => denied(&denial, &asked, &resources.challenges(server, &denial, asked.by_dpop)),
        Ok(Answer::Whole(body)) => whole(body),
        Ok(Answer::Streaming(recorded)) => streaming(stream::body(*recorded, asked, carriage)),
    };
    if let Some(nonce) = nonce {
        response.headers_mut().insert(HeaderName::from_static("dpop-nonce"), nonce);
    }
    if let Some(id) = session.and_then(|id| HeaderValue::from_str(id.as_str()).ok()) {
        response.headers_mut().insert(HeaderName::from_static("mcp-session-id"), id);
    }
    response
}

fn whole(body: Released) -> Response {
    match body {
        Released::Json { message, status } => respond(status, "application/json", message),
        Released::Accepted => respond(StatusCode::ACCEPTED, "", Vec::new()),
        Released::Ended => respond(StatusCode::NO_CONTENT, "", Vec::new()),
        // Streams are recorded, and come by `streaming`.
        Released::Stream(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "The call failed inside the gate."),
    }
}

pub(super) fn streaming(body: Body) -> Response {
    let mut response = respond(StatusCode::OK, "text/event-stream", Vec::new());
    *response.body_mut() = body;
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// The response for a refusal. `asked` is what is known of the request.
pub(super) fn denied(denial: &Denial, asked: &Asked, challenges: &[String]) -> Response {
    let status = match form(denial, asked) {
        Form::ToolError => StatusCode::OK,
        Form::Error(status, _) => status,
    };
    let mut response = respond(status, "application/json", message(denial, asked));
    let headers = response.headers_mut();
    for challenge in challenges.iter().filter_map(|challenge| HeaderValue::from_str(challenge).ok()) {
        headers.append(header::WWW_AUTHENTICATE, challenge);
    }
    if let Denial::RateLimited(wait) | Denial::Killed(wait) = denial {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("POST, DELETE"));
    }
    response
}

/// The JSON-RPC message for a refusal, also in a stream whose status is long sent.
pub(super) fn message(denial: &Denial, asked: &Asked) -> Vec<u8> {
    let id = asked.id.clone().unwrap_or(Value::Null);
    let message = match form(denial, asked) {
        Form::ToolError => {
            let mut result =
                json!({"content": [{"type": "text", "text": denial.message()}], "isError": true});
            if asked.modern {
                result["resultType"] = json!("complete");
            }
            json!({"jsonrpc": "2.0", "id": id, "result": result})
        }
        Form::Error(_, code) => {
            let mut data = json!({"reason": denial.code()});
            match denial {
                Denial::RevisionUnsupported => {
                    let spoken = Revision::ALL
                        .into_iter()
                        .filter(|revision| revision.era() == Era::Modern || !asked.modern);
                    data["supported"] = spoken.map(Revision::as_str).collect();
                    // The client's own word, if it is one.
                    let word =
                        |text: &&String| text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_graphic());
                    data["requested"] =
                        json!(asked.revision.as_ref().filter(word).map_or("", String::as_str));
                }
                Denial::CapabilityMissing => {
                    let tasks = json!({"io.modelcontextprotocol/tasks": {}});
                    data["requiredCapabilities"] = json!({"extensions": tasks});
                }
                _ => {}
            }
            json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": denial.message(), "data": data}})
        }
    };
    message.to_string().into_bytes()
}

fn form(denial: &Denial, asked: &Asked) -> Form {
    let error = |status: u16, code: i64| {
        Form::Error(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), code)
    };
    match denial {
        Denial::TokenAbsent
        | Denial::TokenRefused(_)
        | Denial::BindingRefused(_)
        | Denial::ProofRefused(_)
        | Denial::NonceRequired(_)
        | Denial::StepUpRequired(_) => error(401, REFUSED),
        Denial::PurposeRefused { .. } | Denial::PatientRefused(_) | Denial::EmergencyRefused(_) => {
            error(403, REFUSED)
        }
        Denial::AuthorizationMalformed(_) => error(400, REFUSED),
        Denial::TokenTooLarge => error(431, REFUSED),
        Denial::KeysUnavailable(_)
        | Denial::IntrospectionUnavailable(_)
        | Denial::ReplaysUnavailable(_)
        | Denial::AuditUnavailable => error(503, UNAVAILABLE),
        Denial::MessageMalformed(fault) => message_form(*fault),
        // A legacy client takes HTTP 404 for a lost session.
        Denial::MethodUnknown | Denial::MethodRefused => error(if asked.modern { 404 } else { 200 }, -32601),
        // The one refusal of a stream that MCP has, and which clients take for its end.
        Denial::StreamRefused | Denial::StreamOver => error(405, REFUSED),
        Denial::ClientLeft => error(408, UNAVAILABLE),
        Denial::RevisionUnsupported => error(400, -32022),
        Denial::SessionAbsent => error(400, -32600),
        Denial::SessionUnknown => error(404, REFUSED),
        Denial::HandleUnknown => error(if asked.modern { 400 } else { 200 }, -32602),
        Denial::AnswerUnexpected => error(400, -32600),
        Denial::CapabilityMissing => error(400, -32021),
        Denial::Killed(_) | Denial::BudgetExceeded => error(403, STOPPED),
        Denial::RateLimited(_) => error(429, UNAVAILABLE),
        Denial::ScopeMissing { .. } | Denial::PolicyRefused { .. } => error(403, REFUSED),
        Denial::PolicyUnavailable => error(503, UNAVAILABLE),
        Denial::ToolUnknown => error(200, -32602),
        Denial::ToolChanged
        | Denial::RulesMisfit
        | Denial::ArgumentsInvalid(_)
        | Denial::Injection(_)
        | Denial::MarkerWrittenBack
        | Denial::SubstituteUnknown
        | Denial::SubstituteMisplaced
        | Denial::Outflow(_)
        | Denial::ResultBlocked(_)
        | Denial::ExchangeFailed(_)
        | Denial::UpstreamUnreachable
        | Denial::UpstreamTimedOut
        | Denial::UpstreamMalformed(_)
        | Denial::UpstreamRefused(_)
            if asked.calls_tool =>
        {
            Form::ToolError
        }
        Denial::ToolChanged
        | Denial::RulesMisfit
        | Denial::ArgumentsInvalid(_)
        | Denial::Injection(_)
        | Denial::MarkerWrittenBack
        | Denial::SubstituteUnknown
        | Denial::SubstituteMisplaced
        | Denial::Outflow(_) => error(400, REFUSED),
        Denial::ResultBlocked(_) | Denial::UpstreamMalformed(_) | Denial::UpstreamRefused(_) => {
            error(502, UNAVAILABLE)
        }
        Denial::ExchangeFailed(_) | Denial::UpstreamUnreachable => error(502, UNAVAILABLE),
        Denial::UpstreamTimedOut => error(504, UNAVAILABLE),
    }
}

fn message_form(fault: MessageFault) -> Form {
    match fault {
        MessageFault::NotJson(_) => Form::Error(StatusCode::BAD_REQUEST, -32700),
        MessageFault::NotJsonRpc(_) => Form::Error(StatusCode::BAD_REQUEST, -32600),
        MessageFault::Batch => Form::Error(StatusCode::BAD_REQUEST, -32600),
        MessageFault::TooLarge => Form::Error(StatusCode::PAYLOAD_TOO_LARGE, -32600),
        MessageFault::TooSlow => Form::Error(StatusCode::REQUEST_TIMEOUT, -32600),
        MessageFault::MediaType => Form::Error(StatusCode::UNSUPPORTED_MEDIA_TYPE, -32600),
        MessageFault::NotAcceptable => Form::Error(StatusCode::NOT_ACCEPTABLE, -32600),
        MessageFault::HeaderMismatch(_) => Form::Error(StatusCode::BAD_REQUEST, -32020),
        MessageFault::Params(_) => Form::Error(StatusCode::BAD_REQUEST, -32602),
        MessageFault::Host => Form::Error(StatusCode::MISDIRECTED_REQUEST, REFUSED),
        MessageFault::Origin => Form::Error(StatusCode::FORBIDDEN, REFUSED),
        MessageFault::HttpMethod => Form::Error(StatusCode::METHOD_NOT_ALLOWED, REFUSED),
    }
}

/// A plain-text answer to what is not MCP.
pub(super) fn plain(status: StatusCode, text: &'static str) -> Response {
    respond(status, "text/plain; charset=utf-8", text.as_bytes().to_vec())
}

/// Ends the connection after the answer: what follows on it cannot be trusted. Over
/// HTTP/2 the frames say where a request ends, whatever is wrong with it.
pub(super) fn closing(mut response: Response, version: Version) -> Response {
    if version < Version::HTTP_2 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// For a connection with too much under way already.
pub(super) fn crowded() -> Response {
    plain(StatusCode::SERVICE_UNAVAILABLE, "Too many calls are under way on this connection.")
}

pub(super) fn metadata(document: Option<Value>) -> Response {
    match document {
        Some(document) => {
            let mut response = respond(StatusCode::OK, "application/json", document.to_string().into_bytes());
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=300"));
            response
        }
        None => plain(StatusCode::NOT_FOUND, "No such resource."),
    }
}

pub(super) fn respond(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if !kind.is_empty() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
