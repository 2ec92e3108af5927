//! The methods of MCP that a client may send: a closed list, each with the forms of what
//! goes out and what comes back. What is not on it is refused.

use crate::wire::form::{Feature, Form, answers, lists, params};

/// A method or notification that a client may send, in any revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    Initialize,
    Initialized,
    Discover,
    Ping,
    Cancelled,
    Progress,
    RootsListChanged,
    ToolsList,
    ToolsCall,
    PromptsList,
    PromptsGet,
    ResourcesList,
    ResourcesTemplatesList,
    ResourcesRead,
    ResourcesSubscribe,
    ResourcesUnsubscribe,
    DirectoryRead,
    SkillsList,
    SkillsGet,
    SubscriptionsListen,
    Complete,
    LoggingSetLevel,
    TasksGet,
    TasksResult,
    TasksList,
    TasksCancel,
    TasksUpdate,
    /// A client's response to a request of the server (legacy era).
    Response,
    /// HTTP DELETE: the client ends its session.
    EndSession,
    /// HTTP GET: the client asks for the standing stream, or resumes a broken one.
    OpenStream,
    /// HTTP GET of an event stream: an older client opens its session (MCP 2024-11-05).
    OpenEventStream,
}

/// What the gate does with a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// Goes to the upstream; its answer passes `release`.
    Forwarded,
    /// The gate answers for itself.
    Answered,
    /// The gate opens a stream of its own, which is on record; nothing goes to the upstream.
    Opened,
}

impl Method {
    pub const ALL: [Method; 31] = [
        Self::Initialize,
        Self::Initialized,
        Self::Discover,
        Self::Ping,
        Self::Cancelled,
        Self::Progress,
        Self::RootsListChanged,
        Self::ToolsList,
        Self::ToolsCall,
        Self::PromptsList,
        Self::PromptsGet,
        Self::ResourcesList,
        Self::ResourcesTemplatesList,
        Self::ResourcesRead,
        Self::ResourcesSubscribe,
        Self::ResourcesUnsubscribe,
        Self::DirectoryRead,
        Self::SkillsList,
        Self::SkillsGet,
        Self::SubscriptionsListen,
        Self::Complete,
        Self::LoggingSetLevel,
        Self::TasksGet,
        Self::TasksResult,
        Self::TasksList,
        Self::TasksCancel,
        Self::TasksUpdate,
        Self::Response,
        Self::EndSession,
        Self::OpenStream,
        Self::OpenEventStream,
    ];

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name && !method.is_nameless())
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Initialize => "initialize",
            Self::Initialized => "notifications/initialized",
            Self::Discover => "server/discover",
            Self::Ping => "ping",
            Self::Cancelled => "notifications/cancelled",
            Self::Progress => "notifications/progress",
            Self::RootsListChanged => "notifications/roots/list_changed",
            Self::ToolsList => "tools/list",
            Self::ToolsCall => "tools/call",
            Self::PromptsList => "prompts/list",
            Self::PromptsGet => "prompts/get",
            Self::ResourcesList => "resources/list",
            Self::ResourcesTemplatesList => "resources/templates/list",
            Self::ResourcesRead => "resources/read",
            Self::ResourcesSubscribe => "resources/subscribe",
            Self::ResourcesUnsubscribe => "resources/unsubscribe",
            Self::DirectoryRead => "resources/directory/read",
            Self::SkillsList => "skills/list",
            Self::SkillsGet => "skills/get",
            Self::SubscriptionsListen => "subscriptions/listen",
            Self::Complete => "completion/complete",
            Self::LoggingSetLevel => "logging/setLevel",
            Self::TasksGet => "tasks/get",
            Self::TasksResult => "tasks/result",
            Self::TasksList => "tasks/list",
            Self::TasksCancel => "tasks/cancel",
            Self::TasksUpdate => "tasks/update",
            Self::Response => "response",
            Self::EndSession => "http/delete",
            Self::OpenStream => "http/get",
            Self::OpenEventStream => "http/sse",
        }
    }

    pub fn is_notification(self) -> bool {
        matches!(self, Self::Initialized | Self::Cancelled | Self::Progress | Self::RootsListChanged)
    }

    /// Whether a response comes back.
    pub fn is_request(self) -> bool {
        !self.is_notification() && !self.is_nameless()
    }

    /// Not a method that a message names.
    fn is_nameless(self) -> bool {
        matches!(self, Self::EndSession | Self::OpenStream | Self::OpenEventStream | Self::Response)
    }

    /// Only in the revisions before 2026-07-28.
    pub fn is_legacy(self) -> bool {
        matches!(
            self,
            Self::Initialize
                | Self::Initialized
                | Self::Ping
                | Self::Progress
                | Self::RootsListChanged
                | Self::ResourcesSubscribe
                | Self::ResourcesUnsubscribe
                | Self::LoggingSetLevel
                | Self::TasksResult
                | Self::TasksList
                | Self::Response
                | Self::EndSession
                | Self::OpenStream
                | Self::OpenEventStream
        )
    }

    /// Only from 2026-07-28 on.
    pub fn is_modern(self) -> bool {
        matches!(self, Self::Discover | Self::SubscriptionsListen | Self::TasksUpdate)
    }

    /// The parameter that names what is meant, and that `Mcp-Name` mirrors.
    pub fn name_member(self) -> Option<&'static str> {
        match self {
            Self::ToolsCall | Self::PromptsGet => Some("name"),
            Self::ResourcesRead => Some("uri"),
            Self::TasksGet | Self::TasksResult | Self::TasksCancel | Self::TasksUpdate => Some("taskId"),
            _ => None,
        }
    }

    pub fn passage(self) -> Passage {
        match self {
            Self::Ping => Passage::Answered,
            Self::OpenEventStream => Passage::Opened,
            _ => Passage::Forwarded,
        }
    }

    /// What a server's rules must allow for this method.
    pub fn feature(self) -> Option<Feature> {
        match self {
            Self::Complete => Some(Feature::Completions),
            Self::LoggingSetLevel => Some(Feature::Logging),
            Self::RootsListChanged => Some(Feature::Roots),
            Self::ResourcesSubscribe | Self::ResourcesUnsubscribe | Self::SubscriptionsListen => {
                Some(Feature::Subscriptions)
            }
            Self::TasksGet | Self::TasksResult | Self::TasksList | Self::TasksCancel | Self::TasksUpdate => {
                Some(Feature::Tasks)
            }
            Self::SkillsList | Self::SkillsGet | Self::DirectoryRead => Some(Feature::Skills),
            Self::Initialize
            | Self::Initialized
            | Self::Discover
            | Self::Ping
            | Self::Cancelled
            | Self::Progress
            | Self::ToolsList
            | Self::ToolsCall
            | Self::PromptsList
            | Self::PromptsGet
            | Self::ResourcesList
            | Self::ResourcesTemplatesList
            | Self::ResourcesRead
            | Self::Response
            | Self::EndSession
            | Self::OpenStream
            | Self::OpenEventStream => None,
        }
    }

    /// What a client sends with it.
    pub fn params(self) -> &'static Form {
        match self {
            Self::Initialize => &params::INITIALIZE,
            Self::Initialized | Self::Discover | Self::Ping | Self::RootsListChanged => &params::NOTHING,
            Self::Cancelled => params::CANCEL,
            Self::Progress => &params::PROGRESS,
            Self::ToolsList
            | Self::PromptsList
            | Self::ResourcesList
            | Self::ResourcesTemplatesList
            | Self::SkillsList
            | Self::TasksList => &params::PAGE,
            Self::ToolsCall => &params::TOOLS_CALL,
            Self::PromptsGet => &params::PROMPTS_GET,
            Self::ResourcesRead => &params::RESOURCES_READ,
            Self::ResourcesSubscribe | Self::ResourcesUnsubscribe => &params::RESOURCE,
            Self::DirectoryRead => &params::DIRECTORY,
            Self::SkillsGet => &params::SKILL,
            Self::SubscriptionsListen => &params::LISTEN,
            Self::Complete => &params::COMPLETE,
            Self::LoggingSetLevel => &params::SET_LEVEL,
            Self::TasksGet | Self::TasksResult | Self::TasksCancel => &params::TASK,
            Self::TasksUpdate => &params::TASK_UPDATE,
            Self::Response => &params::RESPONSE,
            Self::EndSession | Self::OpenStream | Self::OpenEventStream => &params::NOTHING,
        }
    }

    /// What comes back when it is done.
    pub fn result(self) -> &'static Form {
        match self {
            Self::Initialize => &lists::INITIALIZED,
            Self::Discover => &lists::DISCOVERED,
            Self::ToolsList => &lists::TOOLS,
            Self::ToolsCall | Self::TasksResult => &answers::TOOL,
            Self::PromptsList => &lists::PROMPTS,
            Self::PromptsGet => &answers::PROMPT,
            Self::ResourcesList | Self::DirectoryRead => &lists::RESOURCES,
            Self::ResourcesTemplatesList => &lists::TEMPLATES,
            Self::ResourcesRead => &answers::RESOURCE,
            Self::SkillsList => &lists::SKILLS,
            Self::SkillsGet => &lists::ONE_SKILL,
            Self::Complete => &answers::COMPLETION,
            Self::TasksGet => &answers::TASK,
            Self::TasksList => &answers::TASK_LIST,
            // The core tasks of 2025-11-25 answer a cancel with the task; the extension
            // with nothing.
            Self::TasksCancel => &answers::TASK,
            Self::Initialized
            | Self::Ping
            | Self::Cancelled
            | Self::Progress
            | Self::RootsListChanged
            | Self::ResourcesSubscribe
            | Self::ResourcesUnsubscribe
            | Self::SubscriptionsListen
            | Self::LoggingSetLevel
            | Self::TasksUpdate
            | Self::Response
            | Self::EndSession
            | Self::OpenStream
            | Self::OpenEventStream => &answers::EMPTY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Method;

    #[test]
    fn every_method_reads_back_as_itself() {
        for method in Method::ALL {
            let read = Method::parse(method.as_str());
            assert_eq!(read, (!method.is_nameless()).then_some(method));
        }
        assert_eq!(Method::parse("tools/Call"), None);
        assert_eq!(Method::parse("response"), None);
    }
}
