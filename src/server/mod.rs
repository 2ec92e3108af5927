//! HTTP: accepting, limiting, and the two translations — a request into an
//! [`crate::wire::arrival::Arrival`], a [`crate::audit::Reply`] into a response.

pub mod listener;
pub mod reply;
pub mod router;
mod stream;
mod strict;
pub mod upkeep;

pub use strict::Served;
