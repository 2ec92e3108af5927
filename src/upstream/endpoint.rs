//! Where a server is.

use crate::upstream::stdio::ChildSettings;

/// The kinds of server that the gate can stand before.
#[derive(Clone, Debug)]
pub enum Endpoint {
    /// The URL of a Streamable HTTP endpoint (MCP 2025-03-26 and later).
    StreamableHttp(String),
    /// The URL of an event stream (HTTP+SSE, MCP 2024-11-05).
    EventStream(String),
    /// A child process that speaks on its standard input and output.
    Child(ChildSettings),
    /// No server of its own: several of the others under one roof.
    Federation,
}
