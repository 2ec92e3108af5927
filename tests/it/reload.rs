//! Rules change under load: no call is lost, and a faulty set is not taken.

use crate::support::{PROGRAM, folder};
use std::process::Command;

#[test]
fn changed_rules_are_taken_and_faulty_ones_are_not() {
    use portcullis::config::rulebook::Places;
    let rules = folder("reload");
    let tools = rules.join("tools");
    std::fs::create_dir_all(&tools).unwrap();
    let write = |text: &str| std::fs::write(tools.join("x.yaml"), text).unwrap();
    write("server: x\ntools:\n  t: { release: all }\n");
    let places = Places { rules: Some(rules.clone()), policies: None, demo: false };
    let first = places.read().unwrap();
    let loaded = first.load().unwrap();
    assert_eq!(loaded.version, first.version());
    write("server: x\ntools:\n  t: { release: { a: [$.id] } }\n");
    let second = places.read().unwrap();
    assert_ne!(first, second);
    assert_ne!(second.load().unwrap().version, loaded.version);
    write("server: x\ntools:\n  t: { releese: all }\n");
    let fault = places.read().unwrap().load().err().unwrap().to_string();
    assert!(fault.contains("x.yaml:3:8"), "{fault}");
    let output = Command::new(PROGRAM).args(["rules", "test"]).arg(&rules).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("x.yaml:3:8"));
}
