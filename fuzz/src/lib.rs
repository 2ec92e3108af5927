//! What the targets share: documents, queries and secrets made of the fuzzer's bytes.

pub mod document;
pub mod engine;
#[path = "../../tests/it/evasion/leak.rs"]
pub mod leak;
pub mod plant;
pub mod query;
#[path = "../../tests/it/reference/tree.rs"]
pub mod tree;
