//! Notifications that a server sends.

use super::content::WITH_META;
use super::params::FILTER;
use super::{Feature, Form, Part, answers, has};

/// A notification of a server. A closed list: any other is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notice {
    Progress,
    Message,
    Cancelled,
    ToolsChanged,
    PromptsChanged,
    ResourcesChanged,
    ResourceUpdated,
    Acknowledged,
    ElicitationComplete,
    TaskStatus,
    Task,
}

impl Notice {
    pub const ALL: [Notice; 11] = [
        Self::Progress,
        Self::Message,
        Self::Cancelled,
        Self::ToolsChanged,
        Self::PromptsChanged,
        Self::ResourcesChanged,
        Self::ResourceUpdated,
        Self::Acknowledged,
        Self::ElicitationComplete,
        Self::TaskStatus,
        Self::Task,
    ];

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.as_str() == name)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Progress => "notifications/progress",
            Self::Message => "notifications/message",
            Self::Cancelled => "notifications/cancelled",
            Self::ToolsChanged => "notifications/tools/list_changed",
            Self::PromptsChanged => "notifications/prompts/list_changed",
            Self::ResourcesChanged => "notifications/resources/list_changed",
            Self::ResourceUpdated => "notifications/resources/updated",
            Self::Acknowledged => "notifications/subscriptions/acknowledged",
            Self::ElicitationComplete => "notifications/elicitation/complete",
            Self::TaskStatus => "notifications/tasks/status",
            Self::Task => "notifications/tasks",
        }
    }

    /// What a server's rules must allow for it to pass.
    pub fn feature(self) -> Option<Feature> {
        match self {
            Self::Message => Some(Feature::Logging),
            Self::Progress
            | Self::Cancelled
            | Self::ToolsChanged
            | Self::PromptsChanged
            | Self::ResourcesChanged => None,
            Self::ResourceUpdated | Self::Acknowledged => Some(Feature::Subscriptions),
            Self::ElicitationComplete => Some(Feature::Elicitation),
            Self::TaskStatus | Self::Task => Some(Feature::Tasks),
        }
    }

    pub fn params(self) -> &'static Form {
        match self {
            Self::Progress => &PROGRESS,
            Self::Message => &MESSAGE,
            Self::Cancelled => &CANCELLED,
            Self::ToolsChanged | Self::PromptsChanged | Self::ResourcesChanged => &answers::EMPTY,
            Self::ResourceUpdated => &UPDATED,
            Self::Acknowledged => &ACKNOWLEDGED,
            Self::ElicitationComplete => &COMPLETE,
            Self::TaskStatus | Self::Task => &answers::TASK,
        }
    }
}

static PROGRESS: Form = Form(&[
    has("progressToken", Part::Token),
    has("progress", Part::Number),
    has("total", Part::Number),
    has("message", Part::Text),
    WITH_META,
]);
/// RFC 5424 severities.
pub(super) const LEVEL: Part =
    Part::Word(&["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]);
static MESSAGE: Form =
    Form(&[has("level", LEVEL), has("logger", Part::Text), has("data", Part::Data), WITH_META]);
pub(super) static CANCELLED: Form =
    Form(&[has("requestId", Part::Token), has("reason", Part::Text), WITH_META]);
static UPDATED: Form = Form(&[has("uri", Part::Uri), WITH_META]);
static ACKNOWLEDGED: Form = Form(&[has("notifications", Part::Object(&FILTER)), WITH_META]);
static COMPLETE: Form = Form(&[has("elicitationId", Part::Token), WITH_META]);
