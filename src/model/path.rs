//! Where a file is, as people write it; and that it is no key or token by mistake.
//!
//! Invariant: what is taken for a secret is never repeated, neither here nor in a fault.

use serde::{Deserialize, Deserializer};
use std::ops::Deref;
use std::path::{Path, PathBuf};

/// What to do instead.
pub const NOT_A_PATH: &str = "a path is wanted here, and this looks like the text of a key or token, which is not \
                              repeated: put that in a file that only its owner may read, and write the file's path";

/// No file system takes a longer name, and no program a longer path.
const LONGEST_NAME: usize = 255;
const LONGEST_PATH: usize = 1024;
/// How a JWT begins, and a private key in DER, both in base64.
const BEGINNINGS: [&str; 5] = ["eyJ", "MII", "MIG", "MHcCAQ", "MC4CAQ"];
/// A file may be called `MIGRATION`; these are longer than that.
const SHORTEST_SECRET: usize = 40;

/// A path in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePath(PathBuf);

impl<'de> Deserialize<'de> for FilePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if is_secret(&text) { Err(serde::de::Error::custom(NOT_A_PATH)) } else { Ok(Self(text.into())) }
    }
}

impl Deref for FilePath {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl AsRef<Path> for FilePath {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

/// Whether a text can only have been meant for the contents of a file: PEM, a token, more
/// than one line, or more than any path holds.
pub fn is_secret(text: &str) -> bool {
    let begins = |word: &str| {
        word.starts_with("-----")
            || word.len() >= SHORTEST_SECRET && BEGINNINGS.iter().any(|begin| word.starts_with(begin))
    };
    // `--config=TEXT` is one argument, and a list of scopes another.
    let mut words = text.split([' ', '=']);
    text.trim_end().contains(['\n', '\r'])
        || words.any(|word| {
            let name = word.split('/').map(str::len).max().unwrap_or(0);
            begins(word) || name > LONGEST_NAME || word.len() > LONGEST_PATH
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_tokens_are_no_paths() {
        let jwt = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl";
        let (name, path) = ("a".repeat(256), "a/".repeat(513));
        for secret in [
            "-----BEGIN PRIVATE KEY-----",
            "a key\n-----END",
            "--config=-----BEGIN",
            "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg",
            jwt,
            &format!("--config={jwt}"),
            &name,
            &path,
        ] {
            assert!(is_secret(secret), "{secret}");
        }
        for path in [
            "key.pem",
            "/etc/gate/key-----old.pem",
            "MIGRATION.md",
            "eyJ",
            "a b.pem\n",
            "--config=/etc/gate.yaml",
            &name[1..],
            &path[2..],
            &"patient:read ".repeat(100),
        ] {
            assert!(!is_secret(path), "{path}");
        }
    }

    #[test]
    fn a_fault_of_a_path_says_what_to_write_and_where() {
        let read = |text: &str| {
            crate::model::yaml::read_yaml::<std::collections::BTreeMap<String, FilePath>>("x", text)
        };
        for (text, line) in [
            ("a: key.pem\nkey: |\n  -----BEGIN PRIVATE KEY-----\n  hunter2\n", 3),
            ("a: key.pem\nkey: -----BEGIN PRIVATE KEY-----\n  hunter2\n", 2),
            ("a: key.pem\nkey: \"hunter2\\nhunter2\"\n", 2),
        ] {
            let fault = read(text).unwrap_err();
            assert_eq!((fault.line, fault.message.as_str()), (line, NOT_A_PATH), "{text}");
        }
        let fault = read("key: [hunter2]\n").unwrap_err();
        assert!(fault.message.starts_with("write here a text"), "{fault}");
    }
}
