//! # Portcullis
//!
//! A response firewall for the Model Context Protocol.

pub mod cli;
pub mod config;
pub mod server;

pub mod audit;
pub mod exchange;
pub mod pipeline;

pub mod identity;
pub mod inspect;
pub mod policy;
pub mod release;
pub mod session;
pub mod upstream;

pub mod catalogue;
pub mod jose;
pub mod journal;
pub mod net;
pub mod redact;
pub mod request;
pub mod store;
pub mod wire;

pub mod model;
