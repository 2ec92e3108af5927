//! The JOSE vectors of Project Wycheproof, through the gate's own verification.
//!
//! They are not part of this repository: `WYCHEPROOF_DIR` names the folder with their files.
//! Nothing that must not be accepted may be; what is valid and refused all the same is
//! counted by reason, and each reason has to be one of those that are named here.

use portcullis::jose::compact::Compact;
use portcullis::jose::keys::KeySet;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

const FILES: [&str; 4] = [
    "json_web_signature_test.json",
    "json_web_key_test.json",
    "json_web_crypto_test.json",
    "json_web_encryption_test.json",
];

/// Why a valid vector is refused, and why that is meant.
const MEANT: [(&str, &str); 2] = [
    ("no usable key", "symmetric keys are none, nor those for encryption, nor P-521"),
    ("unknown key", "the key's own `alg` binds it to another algorithm"),
];

#[allow(clippy::print_stderr, reason = "the count, or that there is none")]
#[test]
fn nothing_is_accepted_that_must_not_be() {
    let Some(folder) = std::env::var_os("WYCHEPROOF_DIR") else {
        // Past the capture of a test that passes, since this one proves nothing.
        let said = "\nNOT RUN: WYCHEPROOF_DIR names no folder, so no Wycheproof vector was tried\n";
        std::io::stderr().write_all(said.as_bytes()).unwrap();
        return;
    };
    let mut faults = Vec::new();
    let (mut seen, mut accepted, mut refused) = (0, 0, 0);
    let mut valid_refused: BTreeMap<&str, usize> = BTreeMap::new();
    for file in FILES {
        let path = Path::new(&folder).join(file);
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let document: Value = serde_json::from_str(&text).unwrap();
        let mut tests = 0;
        for group in document["testGroups"].as_array().unwrap() {
            for test in group["tests"].as_array().unwrap() {
                tests += 1;
                let place = format!("{file} {} ({})", test["tcId"], test["comment"]);
                match (judge(group, test), test["result"].as_str().unwrap()) {
                    (Ok(()), "valid") => accepted += 1,
                    (Ok(()), other) => faults.push(format!("{place}: accepted, and is {other}")),
                    (Err(_), "invalid") => refused += 1,
                    (Err(why), _) if MEANT.iter().any(|(reason, _)| *reason == why) => {
                        *valid_refused.entry(why).or_default() += 1;
                    }
                    (Err(why), _) => faults.push(format!("{place}: refused as {why}, and is valid")),
                }
            }
        }
        assert_eq!(document["numberOfTests"], json!(tests), "{file}");
        seen += tests;
    }
    eprintln!("{seen} vectors: {accepted} valid ones accepted, {refused} invalid ones refused");
    for (why, count) in &valid_refused {
        let meant = MEANT.iter().find(|(reason, _)| reason == why).unwrap().1;
        eprintln!("{count} valid ones refused, `{why}`: {meant}");
    }
    assert!(faults.is_empty(), "{} of {seen}:\n{}", faults.len(), faults.join("\n"));
    assert!(accepted > 0, "no valid vector was accepted");
}

/// As the gate would: the issuer's keys, the token, the signature. The payloads are no claims.
fn judge(group: &Value, test: &Value) -> Result<(), &'static str> {
    let token = ["jws", "jwe"].iter().find_map(|name| test.get(name));
    // The JSON forms come as objects; over HTTP they would come as their text.
    let token = match token.expect("a token") {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let keys = ["public", "private"].iter().find_map(|name| group.get(name)).expect("a key");
    let set = if keys.get("keys").is_some() { keys.clone() } else { json!({"keys": [keys]}) };
    let set = KeySet::read(set.to_string().as_bytes())?;
    set.verify(&Compact::read_opaque(&token)?)
}
