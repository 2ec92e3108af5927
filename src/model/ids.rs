//! Identifiers. Each is its own type: handing a tool name where a server name
//! belongs does not compile.

use std::fmt;
use std::sync::Arc;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(Arc::from(text.as_ref()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), &self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

identifier! {
    /// The configured name of an MCP server behind the gate, such as `clinic`.
    ServerName
}
identifier! {
    /// The name of an MCP tool, as its server lists it.
    ToolName
}
identifier! {
    /// One request through the gate: what its records have in common.
    CallId
}
identifier! {
    /// The id of a rule: a detector, an injection rule, a tool's redaction.
    RuleId
}
identifier! {
    /// What a detector finds, in the style `US_SSN`, `PAN`, `PERSON`.
    Entity
}
/// What to write where an entity is not well formed.
pub(crate) const ENTITY_FORM: &str =
    "an entity's name has capital letters A to Z and `_`, such as `BADGE_NUMBER`";

impl Entity {
    /// Whether a text can name an entity: markers of no other name are known again when a
    /// model writes them back.
    pub fn is_well_formed(text: &str) -> bool {
        text.len() >= 2 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    }
}
identifier! {
    /// An `Mcp-Session-Id` minted by the gate (MCP revisions before 2026-07-28).
    SessionId
}
identifier! {
    /// Whose doings are counted together: issuer and subject, hashed. It outlives
    /// tokens, clients and MCP sessions, so none of them renews a budget.
    Lineage
}
