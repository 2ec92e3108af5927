//! MCP on the wire: a pure codec for every revision the gate speaks.
//!
//! Invariant: no sockets, no clock, no state. What cannot be read strictly is
//! refused with a fault that echoes nothing of the input.

pub mod arrival;
