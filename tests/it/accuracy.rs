//! The corpora that the project makes itself, against the floors committed beside them.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

const CORPORA: [&str; 7] =
    ["clean", "clinical-notes", "finance-json", "health-json", "multilingual", "secrets", "support-chat"];

/// `NAME = NUMBER`, a line each.
fn floors(file: &Path) -> BTreeMap<String, f64> {
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let pairs = lines.map(|line| line.split_once(" = ").unwrap());
    pairs.map(|(name, number)| (name.to_owned(), number.parse().unwrap())).collect()
}

fn measured(scored: &Value, name: &str) -> f64 {
    let all = &scored["all"];
    let (kind, figure) = name.split_once('_').unwrap_or(("", name));
    let value = match name {
        "f1" | "masked" => &all[name],
        "character_precision" | "clean_spans" => &scored[name],
        _ => &scored["types"][kind.to_uppercase()][figure],
    };
    value.as_f64().unwrap_or_else(|| panic!("there is no {name}"))
}

#[test]
fn no_figure_is_below_its_floor() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora");
    let mut faults = Vec::new();
    for corpus in CORPORA {
        let folder = root.join(corpus);
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command.args(["score", "--json"]).arg(folder.join("test.jsonl"));
        // Nothing but secrets is annotated there.
        if corpus == "secrets" {
            command.args(["--profile", "secrets"]);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let scored: Value = serde_json::from_slice(&output.stdout).unwrap();
        let floors = floors(&folder.join("score.toml"));
        assert!(!floors.is_empty(), "{corpus} has no floor");
        for (name, floor) in floors {
            let measured = measured(&scored, &name);
            let holds = if name == "clean_spans" { measured <= floor } else { measured >= floor };
            if !holds {
                faults.push(format!("{corpus}: {name} is {measured:.4}, the floor is {floor}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Spans are in order, within their texts, and the clean corpus has none.
#[test]
fn the_corpora_are_annotated_soundly() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora");
    for corpus in CORPORA {
        let text = fs::read_to_string(root.join(corpus).join("test.jsonl")).unwrap();
        assert_eq!(text.lines().count(), 120, "{corpus}");
        for line in text.lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            let length = record["text"].as_str().unwrap().chars().count() as u64;
            let mut cursor = 0;
            for span in record["spans"].as_array().unwrap() {
                let (start, end) = (span[0].as_u64().unwrap(), span[1].as_u64().unwrap());
                assert!(cursor <= start && start < end && end <= length, "{}", record["id"]);
                cursor = end;
            }
            assert!(corpus != "clean" || cursor == 0, "{}", record["id"]);
        }
    }
}
