//! The one integration-test binary. Each module is a subject; [`support`] starts the
//! real program and speaks to it over sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed"
)]

mod access;
mod accuracy;
mod architecture;
mod attacks;
mod audit;
mod bad_input;
mod batches;
mod blobs;
mod bridge;
mod catalogue;
mod commands;
mod coverage;
mod crossed;
mod detect;
mod doctor;
mod documented;
mod drain;
mod duplex;
mod eras;
mod evasion;
mod exchange;
mod federation;
mod forms;
mod golden;
mod http;
mod identity;
mod injection;
mod issuer;
mod issuers;
mod keyed;
mod local_sts;
mod metrics;
mod mirrored;
mod misfit;
mod mtls;
mod older;
mod planted;
mod readme;
mod redaction;
mod reference;
mod regressions;
mod reload;
mod replicas;
mod rules;
mod secrets;
mod signals;
mod streams;
mod support;
mod tls;
mod told;
mod vault;
mod wycheproof;
