//! Secrets stand anywhere but in the configuration, and `check` says so.

use crate::support::{PROGRAM, folder};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

fn check(state: &Path, upstream: &str, more: &str) -> (bool, String) {
    std::fs::create_dir_all(state.join("rules/tools")).unwrap();
    std::fs::write(state.join("rules/tools/files.yaml"), "server: files\ntools:\n  read: { release: all }\n")
        .unwrap();
    let configuration = format!(
        "listen: 127.0.0.1:8700\npublic_url: http://127.0.0.1:8700\nstate_dir: .\nrules: rules\n\
         issuers: [{{ issuer: 'https://as.example' }}]\nupstreams:\n  files: {upstream}\n{more}"
    );
    let path = state.join("portcullis.yaml");
    std::fs::write(&path, configuration).unwrap();
    let output =
        Command::new(PROGRAM).args(["check", "--config"]).arg(path).env("FILES_KEY", "k").output().unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), said)
}

#[test]
fn a_secret_in_the_configuration_is_a_fault_that_says_what_to_do() {
    let state = folder("secrets");
    let child =
        |environment: &str| format!("{{ command: [serve], environment: {{ {environment} }}, auth: none }}");
    for (upstream, value, said) in [
        (child("API_KEY: hunter2hunter2"), "hunter2", "holds a secret, API_KEY"),
        (child("SETTING: ghp_16C7e42F292c6912E7710c838347Ae178B4a"), "ghp_", "holds a secret, SETTING"),
        (child("DATABASE: 'postgres://app:hunter2@db.example/x'"), "hunter2", "holds a secret, DATABASE"),
        ("{ command: [serve, --token, hunter2], auth: none }".into(), "hunter2", "`command` holds a secret"),
        (
            "{ url: 'https://u:hunter2@files.example/mcp', auth: none }".into(),
            "hunter2",
            "a URL must not hold",
        ),
    ] {
        let (fine, answer) = check(&state, &upstream, "");
        assert!(!fine && answer.contains(said), "{upstream}: {answer}");
        assert!(!answer.contains(value), "the value is not repeated: {answer}");
    }
    let secret = state.join("files.key");
    std::fs::write(&secret, "k").unwrap();
    let mode = |mode| std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o600);
    for place in
        ["'env:FILES_KEY'", "{ env: FILES_KEY }", "'file:files.key'", "{ command: [cat, files.key] }"]
    {
        let (fine, answer) =
            check(&state, &child(&format!("API_KEY: {place}, PORT: '80', LOG_LEVEL: debug")), "");
        assert!(fine, "{place}: {answer}");
    }
    mode(0o640);
    let (fine, answer) = check(&state, &child("API_KEY: 'file:files.key'"), "");
    assert!(!fine && answer.contains("chmod 600"), "{answer}");
    let (fine, answer) = check(&state, &child("API_KEY: 'env:NOT_SET_ANYWHERE'"), "");
    assert!(!fine && answer.contains("NOT_SET_ANYWHERE is not set"), "{answer}");
}

#[test]
fn a_client_has_one_proof_and_its_files_are_its_own() {
    let state = folder("secrets-client");
    let upstream = "{ url: 'https://files.example/mcp', auth: none }";
    for (client, said) in [
        ("client_secret: inline-secret-of-some-length", "must not stand in the configuration"),
        ("private_key_file: key.pem, client_secret: 'env:FILES_KEY'", "no more than one"),
        ("certificate_file: cert.pem", "needs one of"),
        ("private_key_file: missing.pem", "missing.pem"),
    ] {
        let (fine, answer) = check(&state, upstream, &format!("client: {{ client_id: gate, {client} }}\n"));
        assert!(!fine && answer.contains(said), "{client}: {answer}");
    }
    // A key where its file is to be named.
    let key = "\"-----BEGIN PRIVATE KEY-----\\nhunter2\"";
    for more in [
        format!("policies: {key}\n"),
        format!("client: {{ client_id: gate, private_key_file: {key} }}\n"),
        format!("client: {{ client_id: gate, client_secret: {{ file: {key} }} }}\n"),
        format!("shared: {{ redis: 'rediss://redis.example', ca_file: {key} }}\n"),
        format!("tls: {{ certificate_file: cert.pem, private_key_file: {key} }}\n"),
    ] {
        let (fine, answer) = check(&state, upstream, &more);
        assert!(!fine && answer.contains("which is not repeated"), "{more}: {answer}");
        assert!(!answer.contains("hunter2") && !answer.contains("BEGIN"), "{answer}");
    }
    let (fine, answer) = check(&state, upstream, "signals: { secret: 'env:FILES_KEY' }\n");
    assert!(!fine && answer.contains("too short"), "{answer}");
}
