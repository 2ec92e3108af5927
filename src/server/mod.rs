//! HTTP: accepting, limiting, and the two translations — a request into an
//! [`crate::wire::arrival::Arrival`], a [`crate::audit::Reply`] into a response.

mod admission;
mod batch;
mod connection;
pub mod drain;
mod event_stream;
pub mod listener;
pub mod metrics;
pub mod reload;
pub mod reply;
pub mod router;
mod signals;
mod stream;
mod strict;
mod sts;
pub mod tls;
pub mod upkeep;

pub use strict::Served;
