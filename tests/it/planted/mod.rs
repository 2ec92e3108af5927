//! A secret planted in every place that any message of MCP has, one case a place, through a
//! running gate: none comes out to a client, and none goes in to a server.
//!
//! The places are read off the gate's own forms; that those leave out no member of the
//! specification is for `coverage.rs` to show.

mod requests;
mod results;
mod sample;
mod unasked;
mod world;
