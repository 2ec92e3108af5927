//! What is carried from stage to stage once the message is read.
//!
//! These are plain facts and prove nothing; the stages' own types, which hold them,
//! are the proof that a check was made.

pub mod conversation;
mod stated;
mod stateless;

use crate::catalogue::Definition;
use crate::model::feature::Feature;
use crate::model::ids::{ServerName, SessionId, ToolName};
use crate::model::principal::Principal;
use crate::model::scope::Scopes;
use crate::redact::Hidden;
use crate::redact::plan::{Detection, Plan};
use crate::redact::restore::Restore;
use crate::redact::tools::{Blobs, Pattern};
use crate::wire::capabilities::Offers;
use crate::wire::message::{Message, RequestId};
use crate::wire::method::Method;
use crate::wire::revision::Revision;
use conversation::{Conversation, Question};
pub use stated::Stated;
pub use stateless::Stateless;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// One message from one caller to one server.
pub struct Request {
    pub principal: Principal,
    pub server: ServerName,
    pub message: Message,
    pub revision: Revision,
    pub session: Option<OpenSession>,
    pub target: Option<Target>,
    /// For a response of the client: what it answers.
    pub answers: Option<Question>,
    /// Of tasks that the client wants to hear of: the upstream's id, and what it came from.
    pub tasks: Vec<(String, Task)>,
    /// Of a message about a task: what was put into the arguments that it began with.
    pub hidden: Option<Arc<Hidden>>,
    /// Of a stream that is taken up again: the request whose it is.
    pub resumes: Option<RequestId>,
    /// What the client says of why it calls.
    pub stated: Stated,
}

/// What a message is about, and so whose rules it obeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A tool, called or still at work as a task.
    Tool(String),
    Prompt(String),
    /// By URI.
    Resource(String),
}

impl Target {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Tool(_) => "tool",
            Self::Prompt(_) => "prompt",
            Self::Resource(_) => "resource",
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Tool(name) | Self::Prompt(name) | Self::Resource(name) => name,
        }
    }
}

/// What a task came from.
#[derive(Clone)]
pub struct Task {
    pub tool: String,
    /// What was put into its arguments, and must not come back.
    pub hidden: Option<Arc<Hidden>>,
}

/// The session a legacy request belongs to.
#[derive(Clone)]
pub struct OpenSession {
    pub id: SessionId,
    /// The upstream's own id.
    pub upstream: Option<String>,
    /// For a server of the other era, which keeps no session.
    pub stateless: Option<Arc<Stateless>>,
    pub conversation: Arc<Conversation>,
}

impl Request {
    pub fn method(&self) -> Method {
        self.message.method
    }

    /// What request states, cursors and event ids of this request are bound to.
    pub fn about(&self) -> String {
        about(self.method(), self.target.as_ref().map_or("", Target::name))
    }

    pub fn tool(&self) -> Option<ToolName> {
        match &self.target {
            Some(Target::Tool(name)) => Some(ToolName::new(name)),
            _ => None,
        }
    }

    /// The name of the operation, as delegated scopes spell it: a tool, or a method.
    pub fn operation(&self) -> &str {
        self.message.tool().unwrap_or(self.method().as_str())
    }
}

/// A method, and the tool, prompt or resource it is used on.
pub fn about(method: Method, name: &str) -> String {
    format!("{} {name}", method.as_str())
}

/// A request whose response is still to come: what it takes to read that response.
pub struct Pending {
    pub id: RequestId,
    pub method: Method,
    pub target: Option<Target>,
    /// What its handles are bound to.
    pub about: String,
    pub progress: Option<serde_json::Value>,
    pub scopes: Scopes,
    pub grant: Arc<Grant>,
}

/// What policy grants for a request.
#[derive(Clone, Default)]
pub struct Grant {
    /// For a request about one tool, prompt or resource.
    pub item: Option<ItemGrant>,
    /// For `tools/list`: the tools that this caller may see.
    pub tools: HashMap<String, Arc<Definition>>,
    /// For the other lists: what this caller may see.
    pub shown: Shown,
    /// For the tasks that a client wants to hear of, by the upstream's id.
    pub tasks: HashMap<String, ItemGrant>,
    pub messages: MessageGrant,
    pub rules_version: String,
}

/// One tool, prompt or resource, and what its result may say.
#[derive(Clone)]
pub struct ItemGrant {
    /// Of a tool.
    pub definition: Option<Arc<Definition>>,
    pub plan: Arc<Plan>,
    pub blobs: Blobs,
    /// What the client's arguments must not hold.
    pub arguments: Option<Detection>,
    /// Where those may carry stand-ins.
    pub restore: Vec<Restore>,
    /// The values that were put there.
    pub hidden: Option<Arc<Hidden>>,
}

/// What belongs to no tool, prompt or resource, and what it may say.
#[derive(Clone)]
pub struct MessageGrant {
    pub plan: Plan,
    pub allowed: BTreeSet<Feature>,
    /// Whether the server's rules say anything of it; where they do not, an error's text
    /// does not pass.
    pub declared: bool,
    pub offers: Offers,
    pub arguments: Option<Detection>,
}

impl MessageGrant {
    pub fn allows(&self, feature: Feature) -> bool {
        self.allowed.contains(&feature)
    }
}

impl Default for MessageGrant {
    fn default() -> Self {
        Self {
            plan: Plan::everything(None),
            allowed: BTreeSet::new(),
            declared: false,
            offers: Offers::default(),
            arguments: None,
        }
    }
}

/// Which prompts or resources a caller may see: of the rules that fit a name, the most
/// specific one says.
#[derive(Clone, Debug, Default)]
pub struct Shown(pub Vec<(Pattern, bool)>);

impl Shown {
    pub fn shows(&self, name: &str) -> bool {
        let fitting = self.0.iter().filter(|(pattern, _)| pattern.fits(name));
        fitting.max_by_key(|(pattern, _)| pattern.weight()).is_some_and(|(_, shown)| *shown)
    }
}
