//! README.md: what it has one write loads, and the least of it serves.

use crate::support::{PROGRAM, exchange, folder, free_address};
use crate::tls::{authority, issued};
use portcullis::config::builtin;
use portcullis::jose::sign::SigningKey;
use portcullis::redact::rules::{Rules, Source};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The blocks of YAML in it: tool rules, then configurations.
fn blocks() -> (Vec<String>, Vec<String>) {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let blocks = text.split("```yaml\n").skip(1).map(|block| block.split_once("```").unwrap().0.to_owned());
    let (rules, configurations): (Vec<_>, Vec<_>) = blocks.partition(|block| block.starts_with("server: "));
    assert!(configurations.iter().all(|block| block.starts_with("listen: ")), "{configurations:?}");
    (rules, configurations)
}

/// A folder with a configuration, and rules for each of the servers.
fn configured(name: &str, configuration: &str, servers: &[&str]) -> PathBuf {
    let folder = folder(name);
    std::fs::create_dir_all(folder.join("rules/tools")).unwrap();
    let (rules, _) = blocks();
    for server in servers {
        let rules = rules[0].replacen("server: clinic", &format!("server: {server}"), 1);
        std::fs::write(folder.join(format!("rules/tools/{server}.yaml")), rules).unwrap();
    }
    std::fs::write(folder.join("portcullis.yaml"), configuration).unwrap();
    folder
}

#[test]
fn every_block_of_rules_loads() {
    let (rules, _) = blocks();
    assert_eq!(rules.len(), 3);
    for text in rules {
        let mut sources = builtin::rules();
        sources.tools = vec![Source::new("clinic.yaml", text.clone())];
        let faults = Rules::load(&sources).err().unwrap_or_default();
        assert!(faults.is_empty(), "{text}\n{faults:?}");
    }
}

#[test]
fn every_configuration_is_fine() {
    let (_, configurations) = blocks();
    assert_eq!(configurations.len(), 2);
    for (number, text) in configurations.iter().enumerate() {
        let folder = configured(&format!("readme-check-{number}"), text, &["clinic", "archive", "files"]);
        let authority = authority();
        let (certificate, key) = issued(&authority);
        std::fs::create_dir_all(folder.join("tls")).unwrap();
        for (file, contents) in [
            ("gate-key.pem", SigningKey::generate().unwrap().to_pem().as_str()),
            ("signals-secret", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"),
            ("tls/key.pem", &key),
            ("tls/cert.pem", &certificate),
            ("tls/clients.pem", &authority.pem()),
        ] {
            std::fs::write(folder.join(file), contents).unwrap();
            let mode = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(folder.join(file), mode).unwrap();
        }
        let mut check = Command::new(PROGRAM);
        check.arg("check").arg("--config").arg(folder.join("portcullis.yaml")).env("FILES_KEY", "x");
        let output = check.output().unwrap();
        assert!(output.status.success(), "{text}\n{output:?}");
    }
}

#[test]
fn the_least_configuration_serves() {
    let (_, configurations) = blocks();
    let address = free_address().to_string();
    let text = configurations[0].replace("127.0.0.1:8710", &address);
    assert_ne!(text, configurations[0]);
    let folder = configured("readme-serve", &text, &["clinic"]);
    let mut serve = Command::new(PROGRAM);
    serve.arg("serve").arg("--config").arg(folder.join("portcullis.yaml")).stderr(Stdio::piped());
    let mut child = serve.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let up = lines.any(|line| line.contains("the gate is up"));
    assert!(up, "{:?}", child.wait());
    // Its address is there before the gate is; it answers once all is read.
    let asked = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let answer = exchange(&address, asked.as_bytes());
    let _ = child.kill();
    let _ = child.wait();
    assert_eq!(answer.status, 200, "{}", answer.body);
}
