//! Configuration.

pub mod builtin;
