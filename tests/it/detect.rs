//! `portcullis detect`: what it finds, and exactly where, whatever stands before it.

use crate::support::PROGRAM;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// Texts in which what must be found stands as `⟦TYPE:text⟧`, and nothing else may be.
const CASES: [(&str, &str); 26] = [
    ("after non-ASCII letters", "⟦PERSON:Zoë Müller⟧ mail ⟦EMAIL:alice@example.com⟧ end"),
    ("after letters of three and four bytes", "患者 🩺🩺 call ⟦PHONE:(212) 555-0142⟧, ok"),
    ("after combining marks", "⟦PERSON:Zoe\u{301}⟧ — SSN ⟦US_SSN:536-90-4399⟧."),
    ("two in a row", "⟦EMAIL:a@b.org⟧ ⟦EMAIL:c@d.org⟧"),
    ("in a string of JSON", r#"{"note": "⟦EMAIL:alice@example.com⟧"}"#),
    ("behind escapes", r#"{"note": "fu\u00ebr \"m\/\" \n ⟦EMAIL:alice@example.com⟧"}"#),
    ("behind a surrogate pair", r#"{"note": "\ud83e\ude7a\ud83e\ude7a ⟦EMAIL:alice@example.com⟧ x"}"#),
    ("itself written in escapes", r#"{"note": "x ⟦EMAIL:alice\u0040example.com⟧ y"}"#),
    ("a number under its key", r#"{"n": {"ssn": ⟦US_SSN:536904399⟧}}"#),
    ("an SSN that none can have, under its key", r#"{"ssn": "⟦US_SSN:999-12-3456⟧"}"#),
    ("the same behind its cue", "her SSN is ⟦US_SSN:999-12-3456⟧ they say"),
    ("an SSN of zeros under its key", r#"{"socialSecurityNumber": "⟦US_SSN:000-00-0000⟧"}"#),
    ("JSON in a string", r#"{"payload": "{\"email\": \"⟦EMAIL:a@b.org⟧\"}"}"#),
    ("JSON in a string in a string", r#"{"p": "{\"q\": \"{\\\"email\\\": \\\"⟦EMAIL:a@b.org⟧\\\"}\"}"}"#),
    ("JSON lines", "{\"a\": \"é\"}\n{\"email\": \"⟦EMAIL:a@b.org⟧\"}\n"),
    ("a member name", r#"{"⟦EMAIL:a@b.org⟧": 1}"#),
    ("a card over several elements", r#"{"card": [⟦PAN:4111⟧, ⟦PAN:1111⟧, ⟦PAN:1111⟧, ⟦PAN:1111⟧]}"#),
    ("a card of twelve digits behind its cue", "Maestro card ⟦PAN:676770000009⟧ was used"),
    ("a card of nineteen digits under its key", r#"{"cardNumber": "⟦PAN:4000000000000000006⟧"}"#),
    ("a card of sixteen", "paid with ⟦PAN:4111 1111 1111 1111⟧ today"),
    (
        "a name by its key, and again in text before it",
        r#"{"note": "⟦PERSON:Halloran⟧ \u00e9", "patient": {"family": "⟦PERSON:Halloran⟧"}}"#,
    ),
    ("a name in a table", "name,ssn\n⟦PERSON:Ann Lee⟧,⟦US_SSN:536904399⟧"),
    ("text in base64", "see (⟦EMAIL:YWxpY2VAZXhhbXBsZS5jb20sIHllcw==⟧) there"),
    ("a UUID", r#"{"id": "4111fa2e-1111-4111-8111-41a111111111"}"#),
    ("an epoch and a version", r#"{"at": 1732579200123, "version": "10.4.0.12", "sku": "536-90-4399-X"}"#),
    ("nothing", ""),
];

/// The plain text, and its spans in code points.
fn marked(text: &str) -> (String, Vec<(usize, usize, String)>) {
    let (mut plain, mut spans, mut rest) = (String::new(), Vec::new(), text);
    while let Some((before, marked)) = rest.split_once('⟦') {
        plain.push_str(before);
        let (inside, after) = marked.split_once('⟧').unwrap();
        let (kind, inside) = inside.split_once(':').unwrap();
        let start = plain.chars().count();
        plain.push_str(inside);
        spans.push((start, plain.chars().count(), kind.to_owned()));
        rest = after;
    }
    (plain + rest, spans)
}

fn detect(arguments: &[&str], input: &str) -> (Option<i32>, String) {
    let mut child = Command::new(PROGRAM)
        .arg("detect")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn everything_is_found_where_it_stands() {
    let lines = CASES.iter().map(|(name, text)| json!({"id": name, "text": marked(text).0}).to_string());
    let input: String = lines.map(|line| line + "\n").collect();
    let (code, output) = detect(&[], &input);
    assert_eq!(code, Some(0));
    let mut faults = Vec::new();
    for ((name, text), line) in CASES.iter().zip(output.lines()) {
        let answer: Value = serde_json::from_str(line).unwrap();
        assert_eq!(answer["id"], *name);
        let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
        let spans = answer["spans"].as_array().unwrap().iter();
        let found: Vec<(usize, usize, String)> = spans
            .map(|span| (number(&span[0]), number(&span[1]), span[2].as_str().unwrap().to_owned()))
            .collect();
        if found != marked(text).1 {
            faults.push(format!("{name}: {text}\n  found {found:?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(output.lines().count(), CASES.len());
}

#[test]
fn types_texts_and_faults() {
    let (_, output) = detect(&["--types", "coarse", "--text"], "SSN 536-90-4399");
    let answer: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(answer["spans"][0][2], "SSN");
    assert!(answer["spans"][0][3].as_f64().unwrap() > 0.5 && answer["spans"][0][4].is_string());
    let (_, output) =
        detect(&["--profile", "pci-dss", "--text"], "SSN 536-90-4399, card 4111 1111 1111 1111");
    let answer: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(answer["spans"].as_array().unwrap().len(), 1, "{answer}");
    let deep = json!({"id": "deep", "text": format!("{}{}", "[".repeat(100), "]".repeat(100))});
    let (code, output) = detect(&[], &format!("{deep}\n{{\"id\": \"next\", \"text\": \"a@b.org\"}}\n"));
    assert_eq!(code, Some(3), "one text could not be looked at whole");
    assert!(output.contains("nested too deeply") && output.contains("EMAIL"), "{output}");
    assert_eq!(detect(&[], "no JSON\n").0, Some(2));
    assert_eq!(detect(&[], "{\"id\": 1, \"txt\": \"SSN 536-90-4399\"}\n"), (Some(2), String::new()));
}

/// Each of them would be scored as if there were nothing to find, or nothing found.
#[test]
fn a_corpus_that_is_none_is_not_scored() {
    let folder = crate::support::folder("score-faults");
    std::fs::create_dir_all(&folder).unwrap();
    let (gold, other) = (folder.join("gold.jsonl"), folder.join("other.jsonl"));
    let sound = json!({"id": 1, "text": "mail a@b.org", "spans": [[5, 12, "EMAIL"]]}).to_string();
    let beyond = json!({"id": 1, "text": "mail", "spans": [[5, 12, "EMAIL"]]}).to_string();
    let misspelt = json!({"id": 1, "text": "mail a@b.org", "span": []}).to_string();
    let stranger = json!({"id": 2, "spans": []}).to_string();
    for (written, beside, says) in [
        (misspelt.as_str(), sound.as_str(), "gold.jsonl:1: expected"),
        (&beyond, &sound, "gold.jsonl: 1: a span ends behind its text"),
        ("", &sound, "gold.jsonl: there is no text in it"),
        (&sound, &stranger, "other.jsonl: none of its ids is one of"),
    ] {
        std::fs::write(&gold, written).unwrap();
        std::fs::write(&other, beside).unwrap();
        let output =
            Command::new(PROGRAM).arg("score").arg(&gold).arg("--baseline").arg(&other).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && error.contains(says), "{says}: {error}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_corpus_is_scored() {
    let folder = crate::support::folder("score");
    std::fs::create_dir_all(&folder).unwrap();
    let gold = folder.join("gold.jsonl");
    let lines = [
        json!({"id": "1", "text": "mail alice@example.com", "spans": [[5, 22, "EMAIL"]]}),
        json!({"id": "2", "text": "mail [alice]", "spans": [[6, 11, "EMAIL"]]}),
        json!({"id": "3", "text": "nothing here", "spans": []}),
    ];
    std::fs::write(&gold, lines.map(|line| line.to_string()).join("\n")).unwrap();
    let other = folder.join("other.jsonl");
    std::fs::write(&other, json!({"id": "3", "spans": [[0, 7, "EMAIL"]]}).to_string()).unwrap();
    let score = |more: &[&std::ffi::OsStr]| {
        let output = Command::new(PROGRAM).arg("score").arg(&gold).args(more).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let both = score(&["--json".as_ref(), "--baseline".as_ref(), other.as_os_str()]);
    let rows: Vec<Value> = both.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows[0]["types"]["EMAIL"]["precision"], 1.0);
    assert_eq!(rows[0]["all"]["recall"], 0.5);
    assert_eq!(rows[0]["clean_spans"], 0);
    assert_eq!((&rows[1]["clean_spans"], &rows[1]["all"]["recall"]), (&json!(1), &json!(0.0)));
    let fine = |span: Value| json!({"id": "1", "text": "SSN 536-90-4399 at Acme", "spans": span}).to_string();
    std::fs::write(&gold, fine(json!([[4, 15, "US_SSN"], [19, 23, "FIRM"]]))).unwrap();
    std::fs::write(&other, fine(json!([[4, 15, "US_SSN"]]))).unwrap();
    let both = score(&["--json".as_ref(), "--baseline".as_ref(), other.as_os_str()]);
    for row in both.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        assert_eq!(row["types"]["SSN"]["recall"], 1.0, "{row}");
        assert_eq!(row["types"]["FIRM"]["recall"], 0.0, "a type of the corpus itself stays: {row}");
        assert!(row["types"].get("US_SSN").is_none(), "{row}");
    }
    std::fs::write(
        &gold,
        json!({"id": "2", "text": "mail [alice]", "spans": [[6, 11, "EMAIL"]]}).to_string(),
    )
    .unwrap();
    let misses = score(&["--misses".as_ref()]);
    assert!(misses.contains("- 2 EMAIL mail [⟦alice⟧]"), "{misses}");
    assert!(misses.contains("all"), "{misses}");
    std::fs::remove_dir_all(folder).unwrap();
}
