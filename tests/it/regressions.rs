//! Faults of other detectors, each a test that ours does not have it.

use crate::support::PROGRAM;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The spans found in texts, with their parts of the text, and how long it took.
fn detect(texts: &[String]) -> (Vec<Vec<(String, String)>>, Duration) {
    let begun = Instant::now();
    let mut child = Command::new(PROGRAM)
        .args(["detect", "--types", "coarse"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: Vec<String> = texts.iter().map(|text| json!({"id": 1, "text": text}).to_string()).collect();
    child.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let answers = String::from_utf8(output.stdout).unwrap();
    let found = answers.lines().zip(texts).map(|(line, text)| {
        let answer: Value = serde_json::from_str(line).unwrap();
        let chars: Vec<char> = text.chars().collect();
        let part = |span: &Value| {
            let point = |at: usize| usize::try_from(span[at].as_u64().unwrap()).unwrap();
            (span[2].as_str().unwrap().to_owned(), chars[point(0)..point(1)].iter().collect())
        };
        answer["spans"].as_array().unwrap().iter().map(part).collect()
    });
    (found.collect(), begun.elapsed())
}

/// One value for each kind of recogniser, as it stands in a text.
const VALUES: [(&str, &str, &str); 12] = [
    ("EMAIL", "mail ", "alice@example.com"),
    ("SSN", "SSN ", "536-90-4399"),
    ("PAN", "card ", "4111 1111 1111 1111"),
    ("IBAN", "to ", "DE89 3704 0044 0532 0130 00"),
    ("PHONE", "call ", "(212) 555-0142"),
    ("IP", "from ", "203.0.113.7"),
    ("BANK", "account number ", "00123456789"),
    ("ID", "MRN ", "00483920"),
    ("DATE", "seen on ", "2024-03-05"),
    ("PERSON", "I spoke with ", "Maria Lopez"),
    ("LOC", "she was seen at ", "1420 Elm Grove Road"),
    ("ID", "VIN ", "1M8GDM9AXKP042788"),
];

/// @arcjet/redact counts UTF-16 units as characters, cpex-pii-filter counts bytes: behind a
/// letter beyond ASCII what they cut out is not what they found.
#[test]
fn offsets_hold_behind_letters_beyond_ascii() {
    let before = ["Zoë, ", "é\u{301} ", "患者。", "🩺🩺 ", "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}: "];
    for (kind, cue, value) in VALUES {
        let texts: Vec<String> = before.iter().map(|before| format!("{before}{cue}{value} today")).collect();
        for (text, found) in texts.iter().zip(detect(&texts).0) {
            assert!(found.contains(&(kind.to_owned(), value.to_owned())), "{text}: {found:?}");
        }
    }
}

/// The same where JSON writes what stands before a value, or the value, in escapes: the span
/// is that of the source.
#[test]
fn offsets_hold_behind_escapes() {
    let before = [r"fu\u00ebr ", r#"\"so\" "#, r"a\/b ", r"\ud83e\ude7a ", r"\n\t"];
    for (kind, cue, value) in VALUES {
        let texts: Vec<String> =
            before.iter().map(|before| format!(r#"{{"note": "{before}{cue}{value} today"}}"#)).collect();
        for (text, found) in texts.iter().zip(detect(&texts).0) {
            assert!(found.contains(&(kind.to_owned(), value.to_owned())), "{text}: {found:?}");
        }
    }
}

/// Strict checkers find none of the SSNs of synthetic patients, whose area none was issued in.
#[test]
fn an_ssn_that_none_can_have_is_one_where_a_key_or_a_cue_says_so() {
    let numbers = ["999-40-1490", "999-99-9999", "000-12-3456", "666-45-6789", "123-00-4567", "078-05-1120"];
    for number in numbers {
        let texts = [
            format!(r#"{{"ssn": "{number}"}}"#),
            format!(r#"{{"patient": {{"socialSecurityNumber": "{number}"}}}}"#),
            format!(
                r#"{{"identifier": [{{"system": "http://hl7.org/fhir/sid/us-ssn", "value": "{number}"}}]}}"#
            ),
            format!(r#"{{"label": "SSN", "value": "{number}"}}"#),
            format!("His SSN is {number}."),
            format!("social security number: {number}"),
        ];
        for (text, found) in texts.iter().zip(detect(&texts).0) {
            assert_eq!(found, [("SSN".to_owned(), number.to_owned())], "{text}");
        }
    }
}

/// Presidio drops every card of 12 and of 19 digits, and some of 15 and 16.
#[test]
fn cards_of_every_length_are_found() {
    let cards = [
        "676770000005",
        "4000000000006",
        "30569309025904",
        "378282246310005",
        "5555555555554444",
        "2221000000000009",
        "6011111111111117",
        "3530111333300000",
        "4000000000000000006",
    ];
    for card in cards {
        let texts = [format!(r#"{{"cardNumber": "{card}"}}"#), format!("credit card {card} was declined")];
        for (text, found) in texts.iter().zip(detect(&texts).0) {
            assert_eq!(found, [("PAN".to_owned(), card.to_owned())], "{text}");
        }
    }
}

/// presidio-rs builds its engine anew for every text: 30 a second instead of 497.
#[test]
fn the_engine_is_built_once() {
    let text = "Please call Maria Lopez at (212) 555-0142.".to_owned();
    let (_, one) = detect(std::slice::from_ref(&text));
    let (found, many) = detect(&vec![text; 200]);
    assert_eq!(found.len(), 200);
    assert!(many < one * 20, "{one:?} for one, {many:?} for two hundred");
}

/// A tool that reads JSON as prose finds three in a thousand of such names.
#[test]
fn records_of_users_lose_every_name_and_address() {
    let people = ["Ann Lee", "Nkechi Abernathy", "Siobhán O'Brien", "Pieter van der Berg", "Wei Zhang"];
    let record = |name: &&str| {
        json!({"name": name, "email": "x@example.com", "address": {"address1": "9 Ash Close", "city": "Tampere",
            "zip": "02139"}, "orders": ["#W123"]})
    };
    let list: Vec<Value> = people.iter().map(record).collect();
    let map: serde_json::Map<String, Value> =
        (0..).zip(&people).map(|(at, name)| (format!("user_{at}"), record(name))).collect();
    let (given, surname) = ("Ann", "Lee");
    let parts = json!({"u1": {"name": {"first_name": given, "last_name": surname}, "address": {"address1": "9 Ash Close"}}});
    let texts = [Value::from(list).to_string(), Value::from(map).to_string(), parts.to_string()];
    let found = detect(&texts).0;
    for found in &found[..2] {
        for name in people {
            assert!(found.contains(&("PERSON".to_owned(), name.to_owned())), "{name}: {found:?}");
        }
        assert_eq!(found.iter().filter(|(kind, _)| kind == "LOC").count(), 15, "{found:?}");
    }
    assert_eq!(found[2].iter().filter(|(kind, _)| kind == "PERSON").count(), 2, "{:?}", found[2]);
}

/// Code displays read like names ("Bell Palsy") and are nobody's; a sentence under the same
/// key is read.
#[test]
fn a_veto_holds_for_labels_and_not_for_sentences() {
    let texts = [
        json!({"code": {"text": "Parkinson Wilson"}}).to_string(),
        json!({"status": "Maria Lopez called and wants to close her account"}).to_string(),
        json!({"code": {"text": "I spoke with Maria Lopez about the invoice."}}).to_string(),
    ];
    let found = detect(&texts).0;
    assert_eq!(found[0], []);
    for found in &found[1..] {
        assert_eq!(*found, [("PERSON".to_owned(), "Maria Lopez".to_owned())]);
    }
}

/// What a server writes like a marker of ours is no marker: three of them may be one number.
#[test]
fn what_only_looks_like_a_marker_is_claimed_by_its_key() {
    let text = r#"{"ssn":["[A_536]","[A_90]","[A_4399]"],"mrn":"[PERSON_1234]"}"#;
    let (found, _) = detect(&[text.to_owned()]);
    for value in ["[A_536]", "[A_90]", "[A_4399]", "[PERSON_1234]"] {
        assert!(found[0].iter().any(|(_, part)| part == value), "{value}: {found:?}");
    }
}
