//! The methods of MCP: a closed list. What is not on it is refused.

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
    SubscriptionsListen,
    Complete,
    LoggingSetLevel,
    TasksGet,
    TasksResult,
    TasksList,
    TasksCancel,
    TasksUpdate,
    /// HTTP DELETE: the client ends its session.
    EndSession,
    /// HTTP GET: the client asks for the standing stream.
    OpenStream,
}

/// What the gate does with a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// Goes to the upstream; its answer passes `release`.
    Forwarded,
    /// The gate answers for itself.
    Answered,
    /// Refused for every caller.
    Refused,
}

impl Method {
    pub const ALL: [Method; 26] = [
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
        Self::SubscriptionsListen,
        Self::Complete,
        Self::LoggingSetLevel,
        Self::TasksGet,
        Self::TasksResult,
        Self::TasksList,
        Self::TasksCancel,
        Self::TasksUpdate,
        Self::EndSession,
        Self::OpenStream,
    ];

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name && !method.is_http())
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
            Self::SubscriptionsListen => "subscriptions/listen",
            Self::Complete => "completion/complete",
            Self::LoggingSetLevel => "logging/setLevel",
            Self::TasksGet => "tasks/get",
            Self::TasksResult => "tasks/result",
            Self::TasksList => "tasks/list",
            Self::TasksCancel => "tasks/cancel",
            Self::TasksUpdate => "tasks/update",
            Self::EndSession => "http/delete",
            Self::OpenStream => "http/get",
        }
    }

    pub fn is_notification(self) -> bool {
        matches!(self, Self::Initialized | Self::Cancelled | Self::Progress | Self::RootsListChanged)
    }

    fn is_http(self) -> bool {
        matches!(self, Self::EndSession | Self::OpenStream)
    }

    /// Capabilities beyond tools are not advertised, so no client needs the methods
    /// refused here; one that sends them anyway is told so.
    pub fn passage(self) -> Passage {
        match self {
            Self::Initialize | Self::Discover | Self::ToolsList | Self::ToolsCall => Passage::Forwarded,
            Self::Initialized | Self::EndSession | Self::Ping | Self::Cancelled | Self::Progress => {
                Passage::Answered
            }
            Self::RootsListChanged
            | Self::PromptsList
            | Self::PromptsGet
            | Self::ResourcesList
            | Self::ResourcesTemplatesList
            | Self::ResourcesRead
            | Self::ResourcesSubscribe
            | Self::ResourcesUnsubscribe
            | Self::SubscriptionsListen
            | Self::Complete
            | Self::LoggingSetLevel
            | Self::TasksGet
            | Self::TasksResult
            | Self::TasksList
            | Self::TasksCancel
            | Self::TasksUpdate
            | Self::OpenStream => Passage::Refused,
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
            assert_eq!(read, (!method.is_http()).then_some(method));
        }
        assert_eq!(Method::parse("tools/Call"), None);
    }
}
