//! The redaction engine: what personal data looks like, what a scope releases,
//! and the one walk that turns a result into what may be seen.
//!
//! Invariant: pure. No sockets, no clock, no MCP; usable as a library.

pub mod detect;
pub mod operator;
pub mod profile;
