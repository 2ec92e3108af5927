//! MCP on the wire: a pure codec for every revision the gate speaks.
//!
//! Invariant: no sockets, no clock, no state. What cannot be read strictly is
//! refused with a fault that echoes nothing of the input.

pub mod answer;
pub mod arrival;
pub mod event;
pub mod message;
pub mod method;
pub mod revision;
pub mod splice;
