//! Injection rules against the cases in `corpora/injection`.

use portcullis::config::builtin;
use portcullis::inspect::injection::{Action, Injection};

fn refused(rules: &Injection, text: &str) -> bool {
    rules.scan(text).iter().any(|hit| hit.action == Action::Refuse)
}

#[test]
fn the_corpus_floors_hold() {
    let rules = Injection::load(&builtin::injection()).unwrap_or_else(|faults| panic!("{faults:?}"));
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpora/injection");
    let lines = |name: &str| {
        let text = std::fs::read_to_string(format!("{folder}/{name}.txt")).unwrap();
        text.lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let missed: Vec<String> = lines("attack").into_iter().filter(|text| !refused(&rules, text)).collect();
    assert!(missed.is_empty(), "missed: {missed:#?}");
    let caught: Vec<String> = lines("benign").into_iter().filter(|text| refused(&rules, text)).collect();
    assert!(caught.is_empty(), "false alarms: {caught:#?}");
}
