//! # Portcullis
//!
//! A response firewall for the Model Context Protocol: it stands between AI agents and
//! the MCP servers of a hospital or a bank, and lets through only those **fields** of a
//! tool's result that the caller's scopes release.
//!
//! ## The way of one call
//!
//! ```text
//! client ─► server ─► identity ─► session ─► policy ─► inspect ─► exchange ─► upstream ─► release ─► audit ─► client
//!           Arrival   Authenticated Bound    Permitted  Vetted    Delegated   Answered    Released   Reply
//! ```
//!
//! Read [`pipeline`] first: one line a stage. Then each stage's module, in that order;
//! its first function is the stage. Each stage takes the previous one's witness, a type
//! with private fields and one constructor, so that leaving a stage out does not compile
//! (the examples in [`pipeline`] prove it).
//!
//! ## The layers
//!
//! A module uses only modules above it in this table, and a stage, of the stages, only
//! its predecessor's witness. `tests/it/architecture.rs` checks both, and which foreign
//! crates may be named where.
//!
//! | module | what it is |
//! |---|---|
//! | [`model`] | words all share: principal, ids, denial, trail; no I/O |
//! | [`net`] | the one bounded HTTP client |
//! | [`jose`] | tokens and keys, read strictly; issuers and their caches |
//! | [`downstream`] | for the servers behind the gate: verifying its tokens |
//! | [`wire`] | MCP messages of all revisions, pure |
//! | [`redact`] | the engine: detectors, paths, plans, the walk; pure |
//! | [`journal`] | hash-chained records on disk, and their verification |
//! | [`catalogue`] | the servers' tools, pinned |
//! | [`store`] | what outlives a call: budgets, kills, sessions |
//! | [`request`] | what is carried from stage to stage |
//! | [`identity`] … [`audit`] | the stages |
//! | [`pipeline`] | the way |
//! | [`config`], [`server`] | files into a gate; HTTP around it |
//! | [`cli`] | the commands, and the demo |
//!
//! ## Invariants, and what guards them
//!
//! 1. No stage can be skipped: compile-fail examples in [`pipeline`].
//! 2. A stranger's body is not read: [`wire::arrival::PendingBody`] is awaited in
//!    [`session`] only.
//! 3. Nothing is forwarded that is not on record, and nothing answered:
//!    [`journal::Receipt`]; `tests/it/audit.rs` kills the gate under load.
//! 4. What is released unchanged keeps its bytes; what is not released never reaches
//!    the output: `tests/it/redaction.rs`.
//! 5. A refusal and a record hold no value: `tests/it/audit.rs`, `tests/it/bad_input.rs`.
//! 6. The inbound token ends in [`exchange`]: the demo's servers take no other.
//! 7. Rules and policies are loaded only with their examples and tests holding, and a
//!    faulty set never replaces a good one: `tests/it/reload.rs`.

pub mod cli;
pub mod config;
pub mod server;

pub mod pipeline;

pub mod audit;
pub mod exchange;
pub mod identity;
pub mod inspect;
pub mod policy;
pub mod release;
pub mod session;
pub mod upstream;

pub mod catalogue;
pub mod downstream;
pub mod jose;
pub mod journal;
pub mod net;
pub mod redact;
pub mod request;
pub mod store;
#[cfg(feature = "train")]
pub mod train;
pub mod wire;

pub mod model;
