//! The rules that ship in the binary load, examples and all.

use portcullis::config::builtin;
use portcullis::redact::rules::Rules;

#[test]
fn shipped_rules_do_what_their_examples_say() {
    let mut sources = builtin::rules();
    sources.tools = builtin::demo_tools();
    let rules = Rules::load(&sources).unwrap_or_else(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    });
    let census = rules.census();
    assert!(census.detectors >= 15 && census.examples >= 100, "{census:?}");
}
