//! The keys of one downstream's tokens: the one that signs, the next, and those that
//! signed before.
//!
//! Invariants: a key is published for [`Schedule::overlap`] before it signs and for as
//! long after it last did, so that whoever caches the key set for no longer than that
//! never meets a key it cannot find; what is on disk is what is published.

use crate::jose::private;
use crate::jose::sign::{SigningAlgorithm, SigningKey};
use crate::model::clock::Clock;
use serde_json::{Value, json};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Which keys there are, and when they come and go, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// What the keys sign with. One of another kind makes way as an old one does.
    pub algorithm: SigningAlgorithm,
    /// A new key is made when the newest is so old.
    pub rotate: u64,
    pub overlap: u64,
}

/// The keys of one downstream.
pub struct Ring {
    folder: PathBuf,
    schedule: Schedule,
    clock: Clock,
    /// From the oldest to the newest; never empty.
    keys: Mutex<Vec<Kept>>,
}

#[derive(Clone)]
struct Kept {
    born: u64,
    key: Arc<SigningKey>,
}

impl Ring {
    /// Takes up the keys in `folder`, or makes the first one there.
    ///
    /// # Errors
    /// When the folder cannot be used, or a key in it is readable by others or is none.
    pub fn open(folder: PathBuf, schedule: Schedule, clock: Clock) -> io::Result<Self> {
        let mut keys = kept(&folder)?;
        if keys.is_empty() {
            keys.push(made(&folder, schedule.algorithm, clock.unix_seconds())?);
        }
        let ring = Self { folder, schedule, clock, keys: Mutex::new(keys) };
        drop(ring.tended());
        Ok(ring)
    }

    /// The key that signs now: the newest that has been published for the overlap, or the
    /// very first one.
    pub fn signer(&self) -> Option<Arc<SigningKey>> {
        let (keys, now) = (self.tended(), self.clock.unix_seconds());
        let ready = |kept: &&Kept| kept.born.saturating_add(self.schedule.overlap) <= now;
        keys.iter().rev().find(ready).or(keys.first()).map(|kept| kept.key.clone())
    }

    /// All published keys (RFC 7517 §5), the newest first.
    pub fn key_set(&self) -> Value {
        let keys: Vec<Value> = self.tended().iter().rev().map(|kept| kept.key.public_jwk()).collect();
        json!({"keys": keys})
    }

    /// For how many seconds the key set may be kept.
    pub fn fresh_for(&self) -> u64 {
        self.schedule.overlap / 2
    }

    /// Makes and retires what is due. Should the disk refuse, the old key goes on.
    fn tended(&self) -> MutexGuard<'_, Vec<Kept>> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, Schedule { algorithm, rotate, overlap }) = (self.clock.unix_seconds(), self.schedule);
        let due = |newest: &Kept| {
            now >= newest.born.saturating_add(rotate)
                || newest.key.algorithm() != algorithm && now > newest.born
        };
        if keys.last().is_some_and(due) {
            match made(&self.folder, algorithm, now) {
                Ok(key) => keys.push(key),
                Err(error) => tracing::error!(%error, "make a signing key; the old one goes on"),
            }
        }
        // A key signs until its successor is ready, and is published for as long again.
        while let [_, next, ..] = keys.as_slice()
            && now >= next.born.saturating_add(2 * overlap)
        {
            let old = keys.remove(0);
            if let Err(error) = std::fs::remove_file(file(&self.folder, old.born)) {
                tracing::error!(%error, "remove a retired signing key");
            }
        }
        keys
    }
}

fn file(folder: &Path, born: u64) -> PathBuf {
    folder.join(format!("{born}.pem"))
}

fn made(folder: &Path, algorithm: SigningAlgorithm, born: u64) -> io::Result<Kept> {
    let key = SigningKey::generate_for(algorithm).map_err(io::Error::other)?;
    private::write(&file(folder, born), key.to_pem().as_bytes())?;
    Ok(Kept { born, key: Arc::new(key) })
}

fn kept(folder: &Path) -> io::Result<Vec<Kept>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut keys = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let born = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".pem")?.parse().ok());
        let Some(born) = born else { continue };
        let pem = private::read(&path).map_err(io::Error::other)?;
        let key = SigningKey::from_pem(pem.expose());
        let key = key.map_err(|what| io::Error::other(format!("{}: {what}", path.display())))?;
        keys.push(Kept { born, key: Arc::new(key) });
    }
    keys.sort_by_key(|kept| kept.born);
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const SCHEDULE: Schedule = Schedule { algorithm: SigningAlgorithm::ES256, rotate: 100, overlap: 10 };

    fn ids(ring: &Ring) -> Vec<String> {
        let set = ring.key_set();
        set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_key_is_published_before_it_signs_and_after_it_last_did() {
        let folder = std::env::temp_dir().join(format!("ring-{}", crate::jose::random_id()));
        let clock = Clock::manual(1_000);
        let ring = Ring::open(folder.clone(), SCHEDULE, clock.clone()).unwrap();
        let signer = |ring: &Ring| ring.signer().unwrap().public_jwk()["kid"].as_str().unwrap().to_owned();
        let first = signer(&ring);
        assert_eq!(ids(&ring), std::slice::from_ref(&first));
        clock.advance(Duration::from_secs(100));
        assert_eq!(signer(&ring), first, "the new key is published and does not sign yet");
        let both = ids(&ring);
        assert_eq!((both.len(), &both[1]), (2, &first));
        clock.advance(Duration::from_secs(10));
        assert_eq!(signer(&ring), both[0]);
        assert_eq!(ids(&ring), both, "what the old key signed can still be verified");
        // A restart changes nothing.
        let again = Ring::open(folder.clone(), SCHEDULE, clock.clone()).unwrap();
        assert_eq!((ids(&again), signer(&again)), (both.clone(), both[0].clone()));
        clock.advance(Duration::from_secs(10));
        assert_eq!(ids(&ring), both[..1]);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn keys_of_another_kind_take_over_as_newer_ones_do() {
        let folder = std::env::temp_dir().join(format!("ring-{}", crate::jose::random_id()));
        let clock = Clock::manual(1_000);
        let old = Ring::open(folder.clone(), SCHEDULE, clock.clone()).unwrap().signer().unwrap();
        clock.advance(Duration::from_secs(1));
        let schedule = Schedule { algorithm: SigningAlgorithm::EdDSA, ..SCHEDULE };
        let ring = Ring::open(folder.clone(), schedule, clock.clone()).unwrap();
        assert_eq!((ring.signer().unwrap().thumbprint(), ids(&ring).len()), (old.thumbprint(), 2));
        clock.advance(Duration::from_secs(10));
        let new = ring.signer().unwrap();
        assert_eq!((new.algorithm(), ids(&ring).len()), (SigningAlgorithm::EdDSA, 2));
        clock.advance(Duration::from_secs(10));
        assert_eq!(ids(&ring), [new.thumbprint()]);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_not_taken() {
        use std::os::unix::fs::PermissionsExt;
        let folder = std::env::temp_dir().join(format!("ring-{}", crate::jose::random_id()));
        drop(Ring::open(folder.clone(), SCHEDULE, Clock::manual(5)).unwrap());
        let file = file(&folder, 5);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = Ring::open(folder.clone(), SCHEDULE, Clock::manual(5)).err().unwrap().to_string();
        assert!(refused.contains("chmod 600"), "{refused}");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
