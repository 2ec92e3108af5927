//! Emergencies, and the queue in which each waits for a second person's judgement.
//!
//! A file for each emergency, and one for its verdict. Names of people are sealed in them:
//! whoever may read the folder without the gate's keys learns nothing of anybody.
//!
//! Invariants: an emergency is written down before it counts; it is for one person, lasts
//! [`LASTS`] at most, and none is opened by whoever left one without a review for
//! [`REVIEWED_WITHIN`] or had one rejected.

use crate::jose::{private, random_id};
use crate::model::ids::Lineage;
use crate::store::lock;
use crate::store::seals::Seals;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Seconds.
pub const LASTS: u64 = 15 * 60;
pub const REVIEWED_WITHIN: u64 = 24 * 3600;
/// Operations that are named of one emergency.
const MOST_OPERATIONS: usize = 50;

/// Who breaks the glass, and for what.
#[derive(Clone, Copy)]
pub struct Occasion<'o> {
    pub lineage: &'o Lineage,
    pub issuer: &'o str,
    pub person: &'o str,
    pub client: &'o str,
    pub server: &'o str,
    pub operation: &'o str,
    pub purpose: &'o str,
    pub reason: &'o str,
    pub patient: &'o str,
    /// Seconds since the epoch.
    pub signed_in: u64,
}

/// An emergency that is open.
pub struct Opened {
    pub id: String,
    /// By keyed hash.
    pub subject: String,
    /// This call opened it.
    pub first: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOpened {
    AnotherPerson,
    Unreviewed,
    Rejected,
    /// The person has not signed in anew since the last one.
    SignInAgain,
    Unrecorded,
}

/// One emergency as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    pub id: String,
    pub opened: u64,
    pub until: u64,
    pub lineage: String,
    pub subject: String,
    pub client: String,
    pub purpose: String,
    pub reason: String,
    pub operations: Vec<String>,
    /// Issuer, person and patient.
    names: String,
}

/// Whom an entry is about.
#[derive(Clone, PartialEq, Eq)]
pub struct Names {
    pub issuer: String,
    pub person: String,
    pub patient: String,
}

/// What a second person found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verdict {
    pub approved: bool,
    /// Seconds since the epoch.
    pub at: u64,
    /// The reviewer's lineage.
    pub by: String,
    /// It is in the audit journal.
    #[serde(default)]
    pub recorded: bool,
}

/// Why a verdict was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    #[error("there is no such emergency")]
    Unknown,
    #[error("nobody reviews what they did themselves")]
    Own,
    #[error("it has been reviewed already")]
    Reviewed,
    #[error("the verdict cannot be written")]
    Unwritten,
}

/// All emergencies of a deployment.
pub struct Reviews {
    folder: PathBuf,
    seals: Arc<Seals>,
    /// One change at a time.
    entries: Mutex<Vec<Entry>>,
}

impl Reviews {
    /// # Errors
    /// When what is there cannot be read.
    pub fn open_in(state: &Path, seals: Arc<Seals>) -> io::Result<Self> {
        let folder = state.join("reviews");
        let mut entries = Vec::new();
        let files = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            files => Some(files?),
        };
        for file in files.into_iter().flatten() {
            let path = file?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.ends_with(".json") && !name.ends_with(".verdict.json") {
                entries.push(serde_json::from_slice(&std::fs::read(&path)?)?);
            }
        }
        entries.sort_by_key(|entry: &Entry| entry.opened);
        Ok(Self { folder, seals, entries: Mutex::new(entries) })
    }

    /// # Errors
    /// [`NotOpened`].
    pub fn open(&self, occasion: &Occasion<'_>, now: u64) -> Result<Opened, NotOpened> {
        let subject = self.seals.tag("review subject", occasion.patient);
        let operation = format!("{}.{}", occasion.server, occasion.operation);
        let mut entries = lock(&self.entries);
        let own = || entries.iter().filter(|entry| entry.lineage == occasion.lineage.as_str());
        let judged: io::Result<Vec<(u64, Option<Verdict>)>> =
            own().map(|entry| Ok((entry.opened, self.verdict(&entry.id)?))).collect();
        let judged = judged.map_err(|error| {
            tracing::error!(%error, "read the verdicts on a person's emergencies");
            NotOpened::Unrecorded
        })?;
        if judged.iter().any(|(_, verdict)| verdict.as_ref().is_some_and(|verdict| !verdict.approved)) {
            return Err(NotOpened::Rejected);
        }
        if let Some(open) = own().find(|entry| entry.until > now) {
            if open.subject != subject {
                return Err(NotOpened::AnotherPerson);
            }
            let mut entry = open.clone();
            if !entry.operations.contains(&operation) && entry.operations.len() < MOST_OPERATIONS {
                entry.operations.push(operation);
                self.write(&entry)?;
            }
            let id = entry.id.clone();
            entries.iter_mut().filter(|known| known.id == id).for_each(|known| known.clone_from(&entry));
            return Ok(Opened { id, subject, first: false });
        }
        let overdue = |(opened, verdict): &(u64, Option<Verdict>)| {
            verdict.is_none() && opened.saturating_add(REVIEWED_WITHIN) < now
        };
        if judged.iter().any(overdue) {
            return Err(NotOpened::Unreviewed);
        }
        if judged.iter().any(|(opened, _)| occasion.signed_in <= *opened) {
            return Err(NotOpened::SignInAgain);
        }
        let id = random_id();
        let names = [occasion.issuer, occasion.person, occasion.patient].join("\u{1f}");
        let entry = Entry {
            names: self.seals.seal_for(&format!("review\u{1f}{id}"), &names).ok_or(NotOpened::Unrecorded)?,
            id: id.clone(),
            opened: now,
            until: now + LASTS,
            lineage: occasion.lineage.as_str().to_owned(),
            subject: subject.clone(),
            client: occasion.client.to_owned(),
            purpose: occasion.purpose.to_owned(),
            reason: occasion.reason.to_owned(),
            operations: vec![operation],
        };
        self.write(&entry)?;
        entries.push(entry);
        Ok(Opened { id, subject, first: true })
    }

    /// Every emergency, oldest first, with its verdict where there is one.
    ///
    /// # Errors
    /// When a verdict is there and cannot be read.
    pub fn list(&self) -> io::Result<Vec<(Entry, Option<Verdict>)>> {
        lock(&self.entries).iter().map(|entry| Ok((entry.clone(), self.verdict(&entry.id)?))).collect()
    }

    /// None without the key under which it was sealed.
    pub fn names(&self, entry: &Entry) -> Option<Names> {
        let names = self.seals.open_for(&format!("review\u{1f}{}", entry.id), &entry.names)?;
        let mut parts = names.split('\u{1f}').map(str::to_owned);
        Some(Names { issuer: parts.next()?, person: parts.next()?, patient: parts.next()? })
    }

    /// Takes the verdict of a second person.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub fn judge(&self, id: &str, by: &Lineage, approved: bool, now: u64) -> Result<(), NotTaken> {
        let entries = lock(&self.entries);
        let entry = entries.iter().find(|entry| entry.id == id).ok_or(NotTaken::Unknown)?;
        if entry.lineage == by.as_str() {
            return Err(NotTaken::Own);
        }
        // What cannot be read may be a verdict, and is not written over.
        if !matches!(self.verdict(id), Ok(None)) {
            return Err(NotTaken::Reviewed);
        }
        let verdict = Verdict { approved, at: now, by: by.as_str().to_owned(), recorded: false };
        self.write_verdict(id, &verdict).map_err(|_| NotTaken::Unwritten)
    }

    /// Verdicts that are not in the audit journal yet. They come from another process.
    ///
    /// # Errors
    /// As [`Reviews::list`].
    pub fn unrecorded(&self) -> io::Result<Vec<(String, Verdict)>> {
        let verdicts = self.list()?.into_iter().filter_map(|(entry, verdict)| Some((entry.id, verdict?)));
        Ok(verdicts.filter(|(_, verdict)| !verdict.recorded).collect())
    }

    /// # Errors
    /// When the disk refuses; it is recorded once more then.
    pub fn recorded(&self, id: &str, verdict: &Verdict) -> io::Result<()> {
        self.write_verdict(id, &Verdict { recorded: true, ..verdict.clone() })
    }

    /// None where there is none yet.
    fn verdict(&self, id: &str) -> io::Result<Option<Verdict>> {
        match std::fs::read(self.folder.join(format!("{id}.verdict.json"))) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            text => Ok(serde_json::from_slice(&text?)?),
        }
    }

    fn write_verdict(&self, id: &str, verdict: &Verdict) -> io::Result<()> {
        private::write(&self.folder.join(format!("{id}.verdict.json")), &serde_json::to_vec(verdict)?)
    }

    fn write(&self, entry: &Entry) -> Result<(), NotOpened> {
        let text = serde_json::to_vec(entry).map_err(|_| NotOpened::Unrecorded)?;
        private::write(&self.folder.join(format!("{}.json", entry.id)), &text).map_err(|error| {
            tracing::error!(%error, "put an emergency down for review");
            NotOpened::Unrecorded
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emergency_is_for_one_person_and_a_time_and_waits_for_another_s_judgement() {
        let state = std::env::temp_dir().join(random_id());
        let seals = Arc::new(Seals::open(&state).unwrap());
        let reviews = Reviews::open_in(&state, seals.clone()).unwrap();
        let (chen, amara) = (Lineage::new("chen"), Lineage::new("amara"));
        let occasion = Occasion {
            lineage: &chen,
            issuer: "https://as.example",
            person: "chen",
            client: "agent",
            server: "clinic",
            operation: "getNote",
            purpose: "BTG",
            reason: "cardiac-arrest",
            patient: "p-7",
            signed_in: 1_000,
        };
        let first = reviews.open(&occasion, 1_010).unwrap();
        assert!(first.first);
        let again = reviews.open(&Occasion { operation: "getPatient", ..occasion }, 1_020).unwrap();
        assert!(!again.first && again.id == first.id);
        let other = Occasion { patient: "p-8", ..occasion };
        assert_eq!(reviews.open(&other, 1_030).err(), Some(NotOpened::AnotherPerson));
        let after = 1_010 + LASTS;
        assert_eq!(reviews.open(&other, after).err(), Some(NotOpened::SignInAgain));
        let signed_in = Occasion { signed_in: after, ..other };
        let late = 1_011 + REVIEWED_WITHIN;
        assert_eq!(reviews.open(&signed_in, late).err(), Some(NotOpened::Unreviewed));
        // Another process, such as the command line, sees the same.
        let beside = Reviews::open_in(&state, seals).unwrap();
        let (entry, verdict) = beside.list().unwrap().pop().unwrap();
        assert!(verdict.is_none() && entry.operations == ["clinic.getNote", "clinic.getPatient"]);
        assert_eq!(beside.names(&entry).unwrap().patient, "p-7");
        assert_eq!(beside.judge(&first.id, &chen, true, late), Err(NotTaken::Own));
        assert_eq!(beside.judge("x", &amara, true, late), Err(NotTaken::Unknown));
        assert_eq!(beside.judge(&first.id, &amara, true, late), Ok(()));
        assert_eq!(beside.judge(&first.id, &amara, false, late), Err(NotTaken::Reviewed));
        let (id, verdict) = reviews.unrecorded().unwrap().pop().unwrap();
        reviews.recorded(&id, &verdict).unwrap();
        assert!(reviews.unrecorded().unwrap().is_empty());
        let second = reviews.open(&signed_in, late).unwrap();
        assert!(second.first);
        assert_eq!(reviews.judge(&second.id, &amara, false, late), Ok(()));
        assert_eq!(reviews.open(&signed_in, late + 1).err(), Some(NotOpened::Rejected));
        let verdict = state.join("reviews").join(format!("{}.verdict.json", second.id));
        let text = std::fs::read(&verdict).unwrap();
        std::fs::write(&verdict, "{").unwrap();
        assert_eq!(
            reviews.open(&signed_in, late + 1).err(),
            Some(NotOpened::Unrecorded),
            "it cannot be read"
        );
        assert_eq!(reviews.judge(&second.id, &amara, true, late), Err(NotTaken::Reviewed));
        assert!(reviews.list().is_err());
        std::fs::write(&verdict, text).unwrap();
        for file in std::fs::read_dir(state.join("reviews")).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            assert!(!text.contains("p-7") && !text.contains("as.example"), "{text}");
        }
        std::fs::remove_dir_all(state).unwrap();
    }
}
