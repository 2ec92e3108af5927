//! What the gate keeps on the disk: that it can be written to, and that its pins can be read.

use super::{Findings, note};
use std::io::ErrorKind;
use std::path::Path;

/// What to do about pins that cannot be read.
const READABLE: &str = "run this as the gate's user, and let `pins` be a folder as the gate made it";

/// That the state directory can be written to, or will be made.
pub(super) fn directory(findings: &mut Findings, path: &Path) {
    let shown = path.display().to_string();
    if matches!(path.try_exists(), Ok(false)) {
        note("state_dir", &format!("{shown} will be made at the first start"));
        return;
    }
    let trial = path.join(format!(".doctor-{}", crate::jose::random_id()));
    match std::fs::write(&trial, b"") {
        Ok(()) => {
            let _ = std::fs::remove_file(trial);
            findings.well("state_dir", &shown);
        }
        Err(error) => {
            findings.wrong("state_dir", &format!("{shown}: {error}"), "let the gate's user write to it");
        }
    }
}

/// The pins of the deployment, for the trial to hold the servers' tools against. Before the
/// first start there are none; any that cannot be read would make a changed tool look well.
pub(super) fn pins(findings: &mut Findings, state: &Path, trial: &Path) {
    let (kept, copies) = (state.join("pins"), trial.join("pins"));
    let mut unread = |path: &Path, error: &std::io::Error| {
        findings.wrong("pins", &format!("{}: {error}", path.display()), READABLE);
    };
    let entries = match std::fs::read_dir(&kept) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return,
        Err(error) => return unread(&kept, &error),
    };
    let copy = |file: &Path| {
        std::fs::create_dir_all(&copies)?;
        std::fs::copy(file, copies.join(file.file_name().unwrap_or_default()))
    };
    for entry in entries {
        match entry.map(|entry| entry.path()) {
            Ok(file) => drop(copy(&file).map_err(|error| unread(&file, &error))),
            Err(error) => unread(&kept, &error),
        }
    }
}
