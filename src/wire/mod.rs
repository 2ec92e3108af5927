//! MCP on the wire: a pure codec for every revision the gate speaks.
//!
//! Invariant: no sockets, no clock, no state. What cannot be read strictly is
//! refused with a fault that echoes nothing of the input.

pub mod answer;
pub mod arrival;
pub mod capabilities;
pub mod coverage;
pub mod event;
pub mod form;
pub mod headers;
pub mod message;
pub mod method;
pub mod outgoing;
pub mod revision;
pub mod splice;
