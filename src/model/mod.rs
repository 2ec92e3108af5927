//! Words that every layer shares: who calls, what is asked, why it was refused.
//!
//! Invariant: nothing here does I/O, waits, or knows MCP's wire format.
//! (Guarded by `tests/it/architecture.rs`.)

pub mod call;
pub mod chance;
pub mod clock;
pub mod denial;
pub mod fault;
pub mod feature;
pub mod ids;
pub mod implied;
pub mod message_fault;
pub(crate) mod nearest;
pub mod path;
pub mod principal;
pub mod purpose;
pub mod scope;
pub mod sensitive;
pub mod signal;
pub mod smart;
pub mod stage;
pub mod strict;
pub mod trail;
pub mod yaml;
