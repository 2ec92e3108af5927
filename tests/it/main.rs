//! The one integration-test binary. Each module is a subject.

mod redaction;
mod rules;
