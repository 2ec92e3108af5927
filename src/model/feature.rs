//! The parts of MCP beyond tools, prompts and resources.

/// A part of MCP that a server's rules allow or leave out. What they leave out is
/// refused and not advertised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    Instructions,
    Logging,
    Completions,
    Sampling,
    Elicitation,
    Roots,
    Subscriptions,
    Tasks,
    Apps,
    Skills,
}

impl Feature {
    pub const ALL: [Feature; 10] = [
        Self::Instructions,
        Self::Logging,
        Self::Completions,
        Self::Sampling,
        Self::Elicitation,
        Self::Roots,
        Self::Subscriptions,
        Self::Tasks,
        Self::Apps,
        Self::Skills,
    ];

    /// The word for it in rule files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Instructions => "instructions",
            Self::Logging => "logging",
            Self::Completions => "completions",
            Self::Sampling => "sampling",
            Self::Elicitation => "elicitation",
            Self::Roots => "roots",
            Self::Subscriptions => "subscriptions",
            Self::Tasks => "tasks",
            Self::Apps => "apps",
            Self::Skills => "skills",
        }
    }
}
