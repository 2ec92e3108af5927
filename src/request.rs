//! What is carried from stage to stage once the message is read.
//!
//! These are plain facts and prove nothing; the stages' own types, which hold them,
//! are the proof that a check was made.

use crate::catalogue::Definition;
use crate::model::ids::{ServerName, SessionId, ToolName};
use crate::model::principal::Principal;
use crate::redact::plan::Plan;
use crate::redact::tools::Blobs;
use crate::wire::message::Message;
use crate::wire::method::Method;
use crate::wire::revision::Revision;
use std::collections::HashMap;
use std::sync::Arc;

/// One message from one caller to one server.
pub struct Request {
    pub principal: Principal,
    pub server: ServerName,
    pub message: Message,
    pub revision: Revision,
    pub session: Option<OpenSession>,
}

/// The session a legacy request belongs to.
pub struct OpenSession {
    pub id: SessionId,
    /// The upstream's own id.
    pub upstream: Option<String>,
}

impl Request {
    pub fn method(&self) -> Method {
        self.message.method
    }

    pub fn tool(&self) -> Option<ToolName> {
        self.message.tool().map(ToolName::new)
    }

    /// The name of the operation, as delegated scopes spell it: a tool, or a method.
    pub fn operation(&self) -> &str {
        self.message.tool().unwrap_or(self.method().as_str())
    }
}

/// What policy grants for a request.
#[derive(Default)]
pub struct Grant {
    /// For `tools/call`.
    pub call: Option<ToolGrant>,
    /// For `tools/list`: the tools that this caller may see.
    pub listed: HashMap<String, Arc<Definition>>,
    pub rules_version: String,
}

/// One tool, and what its result may say.
pub struct ToolGrant {
    pub definition: Arc<Definition>,
    pub plan: Plan,
    pub blobs: Blobs,
}
