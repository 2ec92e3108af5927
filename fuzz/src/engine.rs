//! The rules that ship, loaded once a process, and one call of the engine.

use portcullis::config::builtin;
use portcullis::redact::plan::Plan;
use portcullis::redact::rules::Rules;
use portcullis::redact::{Blocked, Redactor};
use std::borrow::Cow;
use std::sync::LazyLock;

/// The year that ages are counted to.
pub const YEAR: u16 = 2026;

pub static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let mut sources = builtin::rules();
    sources.tools = builtin::demo_tools();
    Rules::load(&sources).unwrap_or_else(|faults| panic!("{faults:?}"))
});

/// Every entity that a shipped profile withholds.
pub static STRICT: LazyLock<Plan> = LazyLock::new(|| {
    let names = ["hipaa-safe-harbor", "pci-dss", "secrets"].map(str::to_owned);
    let detection = RULES.detection(&names).unwrap_or_else(|why| panic!("{why}"));
    Plan::everything(detection)
});

pub fn structure(plan: &Plan, document: &str) -> Result<Option<String>, Blocked> {
    let mut redactor = Redactor::new(plan, YEAR);
    let owned = |kept: Option<Cow<'_, str>>| kept.map(Cow::into_owned);
    let first = redactor.structure(document.as_bytes()).map(owned)?;
    if redactor.must_repeat() { redactor.structure(document.as_bytes()).map(owned) } else { Ok(first) }
}

pub fn text(plan: &Plan, text: &str) -> Result<Option<String>, Blocked> {
    let mut redactor = Redactor::new(plan, YEAR);
    let first = redactor.text(text)?;
    if redactor.must_repeat() { redactor.text(text) } else { Ok(first) }
}
