//! Files that are their owner's alone: keys and secrets.

use crate::jose::random_id;
use crate::model::fault::unread;
use crate::model::sensitive::Sensitive;
use std::io;
use std::path::Path;

/// Whether a file may be read by others than its owner.
#[cfg(unix)]
pub fn open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
pub fn open_to_others(_: &Path) -> bool {
    false
}

/// Reads a file that only its owner may read.
///
/// # Errors
/// What is wrong with it and what to do, naming the file and nothing of its contents.
pub fn read(path: &Path) -> Result<Sensitive<String>, String> {
    let shown = path.display();
    if open_to_others(path) {
        return Err(format!("{shown} is readable by others: chmod 600 it"));
    }
    std::fs::read_to_string(path).map(Sensitive::new).map_err(|error| format!("{shown}: {}", unread(&error)))
}

/// Puts a file of its owner's alone in the place of another, whole or not at all. Its folder is
/// made too.
///
/// # Errors
/// When the disk refuses.
pub fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    let beside = path.with_extension(format!("{}.new", random_id()));
    let written = create(&beside, contents).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(beside);
    }
    written
}

/// Makes a file of its owner's alone where there is none. Its folder is made too.
///
/// # Errors
/// When there is one, or the disk refuses.
pub fn create(path: &Path, contents: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    io::Write::write_all(&mut file, contents)?;
    file.sync_all()
}

fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
