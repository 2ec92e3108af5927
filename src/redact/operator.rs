//! What happens to a value that must not pass as it is.

use serde::Deserialize;

/// An operator, as rules and profiles name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// The value passes. Named in a profile, it records a decision to keep.
    Keep,
    /// The member or element is removed; in text, the matched words are.
    Drop,
    /// A value of the same JSON type that says nothing (`"[REDACTED]"`, `0`, `false`).
    Mask,
    /// The last four characters stay. For a card number this is within PCI DSS 3.4.1.
    Partial,
    /// A numbered marker, the same for the same value all through one result: `[US_SSN_1]`.
    Replace,
    /// A date is generalised to its year (HIPAA 164.514(b)(2)(i)(C)).
    Year,
    /// JSON `null`.
    Null,
}

impl Operator {
    pub fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Drop => "drop",
            Self::Mask => "mask",
            Self::Partial => "partial",
            Self::Replace => "replace",
            Self::Year => "year",
            Self::Null => "null",
        }
    }

    /// How much of the value an operator shows, least first.
    pub(crate) fn shows(self) -> u8 {
        match self {
            Self::Drop => 0,
            Self::Null => 1,
            Self::Mask => 2,
            Self::Replace => 3,
            Self::Year => 4,
            Self::Partial => 5,
            Self::Keep => 6,
        }
    }
}
