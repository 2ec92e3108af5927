//! Every way the gate says no.
//!
//! A refusal has two readers. The caller gets [`Denial::message`]: short, with the
//! way forward where there is one, and never a matched value. The audit gets
//! [`Denial::code`]: stable for ever, one per reason. HTTP status and JSON-RPC
//! numbers are not decided here but in `server::reply`, the one place for them.

use crate::model::ids::RuleId;
pub use crate::model::message_fault::MessageFault;
use crate::model::scope::Scopes;
use std::time::Duration;

/// A refused call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub enum Denial {
    // -- identity
    /// No credentials at all: RFC 6750 §3.1 wants a challenge without an error code.
    TokenAbsent,
    /// Credentials in a form or place that RFC 6750 §2 does not allow.
    AuthorizationMalformed(&'static str),
    /// The token is not acceptable. The reason goes to the audit only.
    TokenRefused(&'static str),
    /// Too large to be looked at: refused before anything of it is decoded.
    TokenTooLarge,
    /// The issuer's keys cannot be had, so no token can be judged. Why not goes to the audit.
    KeysUnavailable(&'static str),

    /// The authorization server cannot be asked about an opaque token.
    IntrospectionUnavailable(&'static str),
    /// The token is good, and its sender is not who it is bound to (RFC 8705, RFC 9449).
    BindingRefused(&'static str),
    /// The proof beside the token fails a check of RFC 9449 §4.3.
    ProofRefused(&'static str),
    /// The proof needs a nonce, or a newer one (RFC 9449 §9).
    NonceRequired(&'static str),
    /// Whether the proof was used cannot be found out at the server that replicas share.
    ReplaysUnavailable(&'static str),

    // -- session: the message and its sender's standing
    MessageMalformed(MessageFault),
    MethodUnknown,
    /// A method of MCP that this gate does not let through.
    MethodRefused,
    RevisionUnsupported,
    SessionAbsent,
    SessionUnknown,
    /// A request state, task, cursor or event id that this caller was not given here.
    HandleUnknown,
    /// A response to a request that no server made of this client.
    AnswerUnexpected,
    /// The client uses an extension that it does not declare.
    CapabilityMissing,
    /// The lineage was killed; the duration is what is left of the kill.
    Killed(Duration),
    RateLimited(Duration),

    // -- policy
    /// `missing` would make the call permissible (RFC 6750 `insufficient_scope`).
    ScopeMissing {
        required: Scopes,
        reason: String,
    },
    PolicyRefused {
        reason: String,
    },
    PolicyUnavailable,
    /// The person must sign in anew, or by stronger means (RFC 9470).
    StepUpRequired(Box<StepUp>),
    /// The token's purpose of use is none of those that the tool is for.
    PurposeRefused {
        allowed: String,
    },
    /// A token for one patient, used for another or where none is named.
    PatientRefused(&'static str),
    /// Emergency access was asked for, and a condition of it does not hold.
    EmergencyRefused(&'static str),
    /// Unknown to the catalogue, without rules, or not for this caller: one answer
    /// for all three, so that refusals do not map the tools behind the gate.
    ToolUnknown,
    /// The server's definition of the tool is no longer the pinned one.
    ToolChanged,
    /// A path of the tool's rules can select nothing under the tool's schemas.
    RulesMisfit,

    // -- inspect
    /// Says which argument and what was expected of it, never the value.
    ArgumentsInvalid(String),
    Injection(RuleId),
    /// A redaction marker came back as an argument and would overwrite real data.
    MarkerWrittenBack,
    /// A pseudonym or token that this caller was not given, or not of late.
    SubstituteUnknown,
    /// A pseudonym or token where no rule restores it: it would overwrite real data.
    SubstituteMisplaced,
    /// Personal data that this tool, prompt or server may not be sent.
    Outflow(RuleId),

    // -- exchange and upstream
    ExchangeFailed(&'static str),
    UpstreamUnreachable,
    UpstreamTimedOut,
    UpstreamMalformed(&'static str),
    UpstreamRefused(u16),
    /// The server has no standing stream (HTTP GET).
    StreamRefused,
    /// The stream of a request that was cancelled is not taken up again.
    StreamOver,
    /// The client hung up, which cancels the call.
    ClientLeft,

    // -- release
    /// The result could not be filtered whole, so none of it is passed.
    ResultBlocked(&'static str),
    /// The result would disclose more data subjects than the lineage may learn.
    BudgetExceeded,

    // -- audit
    AuditUnavailable,
}

/// How a person must have signed in (RFC 9470 §3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepUp {
    /// Any of these; none where it does not matter.
    pub acr: Vec<String>,
    /// Seconds since.
    pub max_age: Option<u64>,
    /// What else the call needs, so that one new token has all of it.
    pub scopes: Scopes,
}

impl Denial {
    /// The audit's reason code. Never renamed, never reused.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TokenAbsent => "token_absent",
            Self::AuthorizationMalformed(_) => "authorization_malformed",
            Self::TokenRefused(_) => "token_refused",
            Self::TokenTooLarge => "token_too_large",
            Self::KeysUnavailable(_) => "keys_unavailable",
            Self::IntrospectionUnavailable(_) => "introspection_unavailable",
            Self::BindingRefused(_) => "binding_refused",
            Self::ProofRefused(_) => "proof_refused",
            Self::NonceRequired(_) => "nonce_required",
            Self::ReplaysUnavailable(_) => "replays_unavailable",
            Self::StepUpRequired(_) => "step_up_required",
            Self::PurposeRefused { .. } => "purpose_refused",
            Self::PatientRefused(_) => "patient_refused",
            Self::EmergencyRefused(_) => "emergency_refused",
            Self::MessageMalformed(fault) => fault.code(),
            Self::MethodUnknown => "method_unknown",
            Self::MethodRefused => "method_refused",
            Self::RevisionUnsupported => "revision_unsupported",
            Self::SessionAbsent => "session_absent",
            Self::SessionUnknown => "session_unknown",
            Self::HandleUnknown => "handle_unknown",
            Self::AnswerUnexpected => "answer_unexpected",
            Self::CapabilityMissing => "capability_missing",
            Self::Killed(_) => "killed",
            Self::RateLimited(_) => "rate_limited",
            Self::ScopeMissing { .. } => "scope_missing",
            Self::PolicyRefused { .. } => "policy_refused",
            Self::PolicyUnavailable => "policy_unavailable",
            Self::ToolUnknown => "tool_unknown",
            Self::ToolChanged => "tool_changed",
            Self::RulesMisfit => "rules_misfit",
            Self::ArgumentsInvalid(_) => "arguments_invalid",
            Self::Injection(_) => "injection",
            Self::MarkerWrittenBack => "marker_written_back",
            Self::SubstituteUnknown => "substitute_unknown",
            Self::SubstituteMisplaced => "substitute_misplaced",
            Self::Outflow(_) => "outflow",
            Self::ExchangeFailed(_) => "exchange_failed",
            Self::UpstreamUnreachable => "upstream_unreachable",
            Self::UpstreamTimedOut => "upstream_timed_out",
            Self::UpstreamMalformed(_) => "upstream_malformed",
            Self::UpstreamRefused(_) => "upstream_refused",
            Self::StreamRefused => "stream_refused",
            Self::StreamOver => "stream_over",
            Self::ClientLeft => "client_left",
            Self::ResultBlocked(_) => "result_blocked",
            Self::BudgetExceeded => "budget_exceeded",
            Self::AuditUnavailable => "audit_unavailable",
        }
    }

    /// Whether the caller has been stopped, so that nothing which was issued for it should
    /// go on.
    pub fn stops_the_caller(&self) -> bool {
        matches!(self, Self::Killed(_) | Self::BudgetExceeded | Self::TokenRefused(_))
    }

    /// What the audit adds to the code: a rule id, a token check, a bound. Never a value.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::AuthorizationMalformed(detail)
            | Self::TokenRefused(detail)
            | Self::KeysUnavailable(detail)
            | Self::IntrospectionUnavailable(detail)
            | Self::BindingRefused(detail)
            | Self::ProofRefused(detail)
            | Self::NonceRequired(detail)
            | Self::ReplaysUnavailable(detail)
            | Self::PatientRefused(detail)
            | Self::EmergencyRefused(detail)
            | Self::ExchangeFailed(detail)
            | Self::UpstreamMalformed(detail)
            | Self::ResultBlocked(detail) => Some(detail),
            Self::MessageMalformed(fault) => fault.detail(),
            Self::Injection(rule) | Self::Outflow(rule) => Some(rule.as_str()),
            Self::ScopeMissing { reason, .. } | Self::PolicyRefused { reason } => Some(reason),
            Self::ArgumentsInvalid(detail) => Some(detail),
            Self::TokenAbsent
            | Self::StepUpRequired(_)
            | Self::PurposeRefused { .. }
            | Self::TokenTooLarge
            | Self::MethodUnknown
            | Self::MethodRefused
            | Self::RevisionUnsupported
            | Self::SessionAbsent
            | Self::SessionUnknown
            | Self::HandleUnknown
            | Self::AnswerUnexpected
            | Self::CapabilityMissing
            | Self::Killed(_)
            | Self::RateLimited(_)
            | Self::PolicyUnavailable
            | Self::ToolUnknown
            | Self::ToolChanged
            | Self::RulesMisfit
            | Self::MarkerWrittenBack
            | Self::SubstituteUnknown
            | Self::SubstituteMisplaced
            | Self::UpstreamUnreachable
            | Self::UpstreamTimedOut
            | Self::UpstreamRefused(_)
            | Self::StreamRefused
            | Self::StreamOver
            | Self::ClientLeft
            | Self::BudgetExceeded
            | Self::AuditUnavailable => None,
        }
    }

    /// What the caller reads.
    pub fn message(&self) -> String {
        match self {
            Self::TokenAbsent => "Authentication required: send an access token.".into(),
            Self::AuthorizationMalformed(what) => format!("Malformed authorization: {what}."),
            Self::TokenRefused(_) => "The access token is invalid or expired.".into(),
            Self::TokenTooLarge => "The access token is too large.".into(),
            Self::KeysUnavailable(_) => "Tokens cannot be verified at the moment; try again.".into(),
            Self::IntrospectionUnavailable(_) => "Tokens cannot be verified at the moment; try again.".into(),
            Self::ReplaysUnavailable(_) => {
                "DPoP proofs cannot be verified at the moment; try again with a new one.".into()
            }
            Self::BindingRefused(_) => "The access token is bound to another holder, or to none.".into(),
            Self::ProofRefused(_) => "The DPoP proof is not acceptable.".into(),
            Self::NonceRequired(_) => "The DPoP proof needs the nonce that comes with this answer.".into(),
            Self::StepUpRequired(_) => {
                "Access denied: this needs a more recent or a stronger sign-in.".into()
            }
            Self::PurposeRefused { allowed } => {
                format!("Access denied: this needs a purpose of use of {allowed}.")
            }
            Self::PatientRefused(_) => {
                "Access denied: the token is for one patient, and not for this one.".into()
            }
            Self::EmergencyRefused(what) => format!("Emergency access denied: {what}."),
            Self::MessageMalformed(fault) => fault.message().into(),
            Self::MethodUnknown => "Method not found.".into(),
            Self::MethodRefused => "This gate does not offer that method.".into(),
            Self::RevisionUnsupported => "Unsupported protocol version.".into(),
            Self::SessionAbsent => "Mcp-Session-Id is required after initialize.".into(),
            Self::SessionUnknown => "Unknown or ended session: initialize again.".into(),
            Self::HandleUnknown => "Unknown request state, task, cursor or event id.".into(),
            Self::AnswerUnexpected => "This response answers no open request of the server.".into(),
            Self::CapabilityMissing => {
                "The client must declare the extension io.modelcontextprotocol/tasks.".into()
            }
            Self::Killed(_) => "Access stopped: this session showed a pattern of data exfiltration. \
                 Contact your security team."
                .into(),
            Self::RateLimited(wait) => {
                format!("Rate limit reached; retry in {} s.", wait.as_secs().max(1))
            }
            Self::ScopeMissing { reason, .. } | Self::PolicyRefused { reason } => reason.clone(),
            Self::PolicyUnavailable => "Access denied: no policy decision could be made.".into(),
            Self::ToolUnknown => "Unknown tool, prompt or resource.".into(),
            Self::ToolChanged => {
                "This tool's definition changed since it was reviewed; an operator must accept it.".into()
            }
            Self::RulesMisfit => {
                "This tool's rules do not fit what it declares of itself; an operator must mend them.".into()
            }
            Self::ArgumentsInvalid(detail) => format!("Invalid arguments: {detail}."),
            Self::Injection(_) => "Refused: an argument reads like an instruction to the system.".into(),
            Self::MarkerWrittenBack => {
                "Refused: an argument carries a redaction marker, which would overwrite real data.".into()
            }
            Self::SubstituteUnknown => {
                "Refused: an argument carries a pseudonym or token that you were not given, or that has \
                 expired. Read the record again and use what it shows now."
                    .into()
            }
            Self::SubstituteMisplaced => {
                "Refused: an argument carries a pseudonym or token where this tool takes none; it would \
                 overwrite real data."
                    .into()
            }
            Self::Outflow(_) => "Refused: this holds personal data that may not be sent there.".into(),
            Self::ExchangeFailed(_) => "No delegated access could be obtained for this call.".into(),
            Self::UpstreamUnreachable => "The tool's server cannot be reached.".into(),
            Self::StreamRefused => "This server offers no standing stream.".into(),
            Self::StreamOver => "The request was cancelled, and its stream is over.".into(),
            Self::ClientLeft => "The call was cancelled.".into(),
            Self::UpstreamTimedOut => {
                "The tool's server did not answer in time; the outcome is unknown.".into()
            }
            Self::UpstreamMalformed(_) | Self::UpstreamRefused(_) => {
                "The tool's server gave no usable answer.".into()
            }
            Self::ResultBlocked(_) => "The result was withheld: it could not be filtered safely.".into(),
            Self::BudgetExceeded => {
                "Access stopped: this result would exceed the number of people whose data \
                 this session may see. Contact your security team."
                    .into()
            }
            Self::AuditUnavailable => "The call cannot be recorded, so it is not carried out.".into(),
        }
    }
}
