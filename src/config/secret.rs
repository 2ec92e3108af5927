//! Where a secret is, instead of the secret: a file, a variable of the environment, or a
//! command that prints it.
//!
//! Invariant: no fault holds any part of a secret, and what a command says on its standard
//! error is not repeated.

use crate::jose::private;
use crate::model::path::is_secret;
use crate::model::sensitive::Sensitive;
use serde::Deserialize;
use std::borrow::Cow;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(10);
const MAX_BYTES: u64 = 64 << 10;
const ITSELF: &str = "`env`, `file` and `command` say where a secret is; this looks like the secret itself, which is not \
                      repeated: put it in a file that only its owner may read, and write `file:PATH`";

/// `env:NAME`, `file:PATH`, or one of `{ env: … }`, `{ file: … }`, `{ command: […] }`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "write `env:NAME`, `file:PATH` or `{ command: [program, argument] }`")]
pub enum SecretFile {
    Text(Sensitive<String>),
    Place(Place),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Env(String),
    File(PathBuf),
    /// A program and its arguments; what it prints is the secret.
    Command(Vec<String>),
}

impl SecretFile {
    /// Where it is; None for a value that stands there itself.
    pub(super) fn place(&self) -> Option<Place> {
        match self {
            Self::Place(place) => Some(place.clone()),
            Self::Text(text) => {
                let env = text.expose().strip_prefix("env:").map(|name| Place::Env(name.to_owned()));
                env.or_else(|| text.expose().strip_prefix("file:").map(|path| Place::File(path.into())))
            }
        }
    }

    /// The value that stands there itself.
    pub(super) fn inline(&self) -> Option<&str> {
        match self {
            Self::Text(text) if self.place().is_none() => Some(text.expose()),
            _ => None,
        }
    }

    /// Fetches a secret. One that stands in the configuration is refused.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub(super) fn secret(&self, folder: &Path) -> Result<Sensitive<String>, String> {
        let place = self.place().ok_or(
            "a secret must not stand in the configuration: write `env:NAME`, `file:PATH`, or \
             `{ command: [program, argument] }`",
        )?;
        place.fetch(folder)
    }

    /// Fetches a value that need not be secret.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub(super) fn value(&self, folder: &Path) -> Result<Sensitive<String>, String> {
        match (self, self.place()) {
            (_, Some(place)) => place.fetch(folder),
            (Self::Text(text), None) => Ok(text.clone()),
            (Self::Place(place), None) => place.fetch(folder),
        }
    }
}

impl Place {
    fn fetch(&self, folder: &Path) -> Result<Sensitive<String>, String> {
        if self.named().is_some_and(|named| is_secret(&named)) {
            return Err(ITSELF.to_owned());
        }
        let (shown, fetched) = match self {
            Self::Env(name) => {
                let value = std::env::var(name).map_err(|_| {
                    format!(
                        "the environment variable {name} is not set, or not in UTF-8: set it for the gate"
                    )
                });
                (format!("the environment variable {name}"), Sensitive::new(value?))
            }
            Self::File(path) => {
                let path = folder.join(path);
                (path.display().to_string(), private::read(&path)?)
            }
            Self::Command(words) => ("the command".to_owned(), Sensitive::new(printed(words, folder)?)),
        };
        let value = fetched.expose().trim_end_matches(['\n', '\r']);
        if value.is_empty() {
            return Err(format!("{shown} gives an empty secret"));
        }
        Ok(Sensitive::new(value.to_owned()))
    }

    /// What faults repeat: the variable, the file or the program.
    fn named(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Env(name) => Some(name.into()),
            Self::File(path) => Some(path.to_string_lossy()),
            Self::Command(words) => words.first().map(Into::into),
        }
    }
}

/// What a command prints. It runs in the configuration's folder.
fn printed(words: &[String], folder: &Path) -> Result<String, String> {
    let (program, arguments) = words.split_first().ok_or("`command` must name a program")?;
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("the command {program} cannot be started: {error}"))?;
    let stdout = child.stdout.take().ok_or("the command's output cannot be read")?;
    let (sender, answer) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = stdout.take(MAX_BYTES).read_to_string(&mut text);
        let _ = sender.send(read.map(|_| text));
    });
    let Ok(read) = answer.recv_timeout(PATIENCE) else {
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("the command {program} took longer than {} s", PATIENCE.as_secs()));
    };
    let status = child.wait().map_err(|error| format!("the command {program}: {error}"))?;
    let text = read.map_err(|_| format!("the command {program} printed something else than text"))?;
    if status.success() { Ok(text) } else { Err(format!("the command {program} failed ({status})")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(yaml: &str) -> SecretFile {
        crate::model::yaml::read_yaml("x", yaml).unwrap()
    }

    fn secret(yaml: &str) -> Result<String, String> {
        read(yaml).secret(Path::new("")).map(|secret| secret.expose().clone())
    }

    #[test]
    fn a_secret_is_somewhere_else() {
        assert!(secret("s3cret").unwrap_err().contains("env:NAME"));
        assert_eq!(secret("{ command: [echo, s3cret] }").as_deref(), Ok("s3cret"));
        let path = std::env::var("PATH").unwrap();
        assert_eq!(secret("env:PATH"), Ok(path.clone()));
        assert_eq!(secret("{ env: PATH }"), Ok(path));
        assert!(
            secret("env:NO_SUCH_VARIABLE_HERE").unwrap_err().contains("NO_SUCH_VARIABLE_HERE is not set")
        );
        assert!(secret("{ command: ['true'] }").unwrap_err().contains("empty"));
        assert!(secret("{ command: ['false'] }").unwrap_err().contains("failed"));
        assert!(secret("{ command: [no-such-program-here] }").unwrap_err().contains("cannot be started"));
        assert!(secret("file:no-such-file").unwrap_err().contains("no-such-file"));
        let key = "-----BEGIN PRIVATE KEY----- s3cret";
        for place in [
            format!("'file:{key}'"),
            format!("'env:{key}'"),
            format!("{{ file: '{key}' }}"),
            format!("{{ command: ['{key}'] }}"),
        ] {
            assert_eq!(secret(&place), Err(ITSELF.to_owned()), "{place}");
        }
        let fault = crate::model::yaml::read_yaml::<SecretFile>("x", "{ secret: s3cret }").unwrap_err();
        assert!(fault.message.starts_with("write `env:NAME`"), "{fault}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_of_a_secret_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let file = std::env::temp_dir().join(crate::jose::random_id());
        std::fs::write(&file, "s3cret\n").unwrap();
        let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let yaml = format!("'file:{}'", file.display());
        mode(0o640);
        assert!(secret(&yaml).unwrap_err().contains("chmod 600"));
        mode(0o600);
        assert_eq!(secret(&yaml).as_deref(), Ok("s3cret"));
        std::fs::remove_file(file).unwrap();
    }
}
