//! What the commands say of mistakes that newcomers make.

use crate::commands::{RULES, configured, run};
use crate::support::folder;
use std::path::Path;

#[test]
fn redact_says_why_nothing_is_released() {
    let patient = r#"{"id":"p-1","birthDate":"1980-02-03"}"#;
    for (scopes, input, code, said) in [
        ("patient:read", " \n", 2, "standard input is empty"),
        ("patient:read", "{\"id\":\"p-1\",\"birth\n", 3, "not JSON: it breaks off after byte 18 (EOF while"),
        ("patient:read", "Ann Lee called", 3, "it is text and no JSON: of text"),
        (
            "patient:read,phi:read",
            patient,
            2,
            "separate scopes by spaces, --scopes \"patient:read phi:read\"",
        ),
        ("patient:raed", patient, 3, "do not name `patient:raed`; did you mean `patient:read`?"),
        ("other", patient, 3, "released for `other`; of clinic.getPatient these release something: --scopes"),
        ("", patient, 3, "without scopes nothing of it is released"),
        ("patient:read", r#"{"unheard":"of"}"#, 3, "--scopes \"phi:read\""),
        (
            "phi:read",
            patient,
            0,
            "a gate refuses the call itself: clinic.getPatient needs `patient:read` besides",
        ),
    ] {
        let output = run(&["redact", "--tool", "clinic.getPatient", "--scopes", scopes], input);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{scopes} {input}: {stderr}");
        assert!(stderr.contains(said), "{scopes} {input}: {stderr}");
    }
}

#[test]
fn a_port_that_is_taken_is_told_with_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let upstreams = format!("listen: {address}\nupstreams:\n  clinic: {{ command: [serve], auth: none }}\n");
    let config = configured("port-taken", &upstreams, RULES).join("portcullis.yaml");
    let output = run(&["serve", "--config", config.to_str().unwrap()], "");
    let stderr = String::from_utf8_lossy(&output.stderr);
    let said = format!("`listen: {address}` cannot be listened on: another program has it");
    assert!(output.status.code() == Some(2) && stderr.contains(&said), "{stderr}");
}

#[test]
fn the_journal_is_looked_for_where_it_is() {
    let state = folder("verify-state");
    std::fs::create_dir_all(state.join("audit")).unwrap();
    std::fs::write(state.join("audit/audit.jsonl"), "").unwrap();
    let verify = |folder: &Path| run(&["audit", "verify", folder.to_str().unwrap()], "");
    let said = String::from_utf8(verify(&state).stderr).unwrap();
    assert!(said.contains(&format!("write {}", state.join("audit").display())), "{said}");
    let output = verify(&state.join("audit"));
    assert!(output.status.success() && output.stdout.starts_with(b"0 records, "), "{output:?}");
}

/// Guesses are notes, and what ships gives cause for none.
#[test]
fn rules_that_are_likely_not_meant_are_noted() {
    let test = |folder: Option<&Path>| {
        let folder = folder.map(|folder| folder.to_str().unwrap());
        let output = run(&["rules", "test"].into_iter().chain(folder).collect::<Vec<_>>(), "");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(!test(None).contains("note"), "{}", test(None));
    let rules = r#"server: clinic
tools:
  getPatient:
    scopes: [patient:read]
    release: { patient:read: [$.id, $.birthdate], patient:raed: [$.name] }
    redact: [{ path: $.ssn, as: mask }, { path: "$..phone", as: mask }]
    examples: [{ scopes: [patient:read], result: { id: p-1, birthDate: x, name: y, phone: 1 }, expect: { id: p-1 } }]
  bare: { scopes: [phi:read, pii:read], release: all }
  kept: { scopes: [patient:write], release: all, profile: gdpr }
resources:
  'patient://*/notes': { release: all, profile: gdpr }
  'patients': { release: all, profile: gdpr }
  'patient://*': { release: all, profile: gdpr }
  '*': { release: all, profile: gdpr }
"#;
    let folder = configured("rules-notes", "", rules);
    let said = test(Some(&folder.join("rules")));
    let notes: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("note ")).collect();
    let expected = [
        ("clinic.yaml:5:1: ", "`$.birthdate`: did you mean `birthDate` where it says `birthdate`?"),
        ("clinic.yaml:5:1: ", "`patient:raed` is nearly `patient:read` ("),
        ("clinic.yaml:6:1: ", "no example has a place for `$.ssn`, so that none shows what the rule does"),
        ("clinic.yaml:8:", "`bare` has neither `examples` nor a `profile`"),
        ("clinic.yaml:11:", "`patient://*/notes` fits no resource: a `*` stands for what follows"),
        ("clinic.yaml:12:", "`patients` fits no resource: no URI is without a scheme"),
    ];
    assert_eq!(notes.len(), expected.len(), "{said}");
    for (note, (place, words)) in notes.iter().zip(expected) {
        assert!(note.contains(place) && note.contains(words), "{place} {words}: {note}");
    }
}
