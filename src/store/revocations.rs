//! What was revoked: all tokens of a person, of a session, or one alone, that were issued
//! up to a moment. Whoever signs in anew has a newer token, and passes.
//!
//! Invariant: a revocation is forgotten only when no token that it is about can still be
//! alive; it survives a restart. Nothing on disk names anybody.

use crate::jose::{base64url, private, sha256};
use crate::model::principal::Principal;
use crate::model::signal::Whose;
use crate::store::lock;
use crate::store::shared::{Shared, Unavailable};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// All revocations.
pub struct Revocations {
    file: PathBuf,
    /// Seconds after which no token of before is alive.
    longest_life: u64,
    /// Hash of whose → issued up to when, in seconds since the epoch.
    marks: Mutex<HashMap<String, u64>>,
    /// The other replicas, and what was last known of them.
    shared: Option<Arc<Shared>>,
    known: Mutex<Option<String>>,
}

/// What a token is known by here, wherever the call has got to.
#[derive(Clone, Debug)]
pub struct Known {
    keys: Vec<String>,
    /// Seconds since the epoch; a token that does not say is taken for an old one.
    issued: u64,
}

impl Known {
    pub fn of(principal: &Principal) -> Self {
        let (issuer, claims) = (principal.issuer.clone(), &principal.claims);
        let person = Whose::Person { issuer: issuer.clone(), subject: principal.subject.clone() };
        let token = Whose::Token { issuer: issuer.clone(), id: principal.token_id.clone() };
        let session = claims.get("sid").and_then(Value::as_str);
        let session = session.map(|session| Whose::Session { issuer, session: session.to_owned() });
        let keys = [Some(person), Some(token), session].iter().flatten().map(key).collect();
        Self { keys, issued: claims.get("iat").and_then(Value::as_u64).unwrap_or(0) }
    }
}

/// Hashes with lengths, so that no two names run together.
fn key(whose: &Whose) -> String {
    let parts = match whose {
        Whose::Person { issuer, subject } => ["person", issuer, subject],
        Whose::Session { issuer, session } => ["session", issuer, session],
        Whose::Token { issuer, id } => ["token", issuer, id],
    };
    let mut input = Vec::new();
    for part in parts {
        input.extend_from_slice(&(part.len() as u64).to_be_bytes());
        input.extend_from_slice(part.as_bytes());
    }
    base64url(&sha256(&input))
}

impl Revocations {
    /// Takes up what was revoked before.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn open(state: &Path, longest_life: u64, shared: Option<Arc<Shared>>) -> io::Result<Self> {
        let file = state.join("revocations.json");
        let marks = match std::fs::read(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => HashMap::new(),
            read => serde_json::from_slice(&read?)?,
        };
        Ok(Self { file, longest_life, marks: Mutex::new(marks), shared, known: Mutex::default() })
    }

    /// Revokes what was issued up to `before`. It holds here at once, and for good and at all
    /// replicas when this returns.
    ///
    /// # Errors
    /// When it cannot be written down or told to the others; it holds until the next start then.
    pub async fn revoke(&self, whose: &Whose, before: u64, now: u64) -> io::Result<()> {
        let mark = (key(whose), before);
        self.note(std::slice::from_ref(&mark), now)?;
        if let Some(shared) = &self.shared {
            let told = shared.revoke(&[mark], now.saturating_sub(self.longest_life)).await;
            // Whether the server still has it is looked up when others' are learned.
            *lock(&self.known) = None;
            told.map_err(|fault| io::Error::other(fault.0))?;
        }
        Ok(())
    }

    /// Learns what was revoked at other replicas, and tells a server that has forgotten it what
    /// is known here.
    ///
    /// # Errors
    /// When the shared server gives no answer; what is known here goes on to hold.
    pub async fn learn(&self, now: u64) -> Result<(), Unavailable> {
        let Some(shared) = &self.shared else { return Ok(()) };
        let known = lock(&self.known).clone();
        let Some(told) = shared.revoked(known.as_deref()).await? else { return Ok(()) };
        if !told.marks.is_empty() {
            self.note(&told.marks, now).map_err(|_| Unavailable("the revocations cannot be written down"))?;
        }
        let there: HashMap<String, u64> = told.marks.into_iter().collect();
        let forgotten = |(key, before): &(&String, &u64)| there.get(*key).is_none_or(|there| there < *before);
        let mark = |(key, before): (&String, &u64)| (key.clone(), *before);
        let missing: Vec<_> = lock(&self.marks).iter().filter(forgotten).map(mark).collect();
        if !missing.is_empty() {
            shared.revoke(&missing, now.saturating_sub(self.longest_life)).await?;
        }
        *lock(&self.known) = told.state;
        Ok(())
    }

    /// Whether there are others to learn from.
    pub fn is_shared(&self) -> bool {
        self.shared.is_some()
    }

    fn note(&self, told: &[(String, u64)], now: u64) -> io::Result<()> {
        let mut marks = lock(&self.marks);
        for (key, before) in told {
            let mark = marks.entry(key.clone()).or_default();
            *mark = (*mark).max(*before);
        }
        marks.retain(|_, before| before.saturating_add(self.longest_life) >= now);
        let written: Map<String, Value> =
            marks.iter().map(|(key, before)| (key.clone(), Value::from(*before))).collect();
        private::write(&self.file, Value::Object(written).to_string().as_bytes())
    }

    pub fn holds(&self, known: &Known) -> bool {
        let marks = lock(&self.marks);
        !marks.is_empty()
            && known.keys.iter().any(|key| marks.get(key).is_some_and(|before| known.issued <= *before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::Lineage;
    use crate::model::scope::Scopes;
    use serde_json::json;

    fn known(subject: &str, issued: u64, session: &str) -> Known {
        let claims = json!({"iat": issued, "sid": session}).as_object().unwrap().clone();
        Known::of(&Principal {
            issuer: "https://as.example".into(),
            subject: subject.into(),
            client: "agent".into(),
            scopes: Scopes::default(),
            token_id: format!("{subject}-{issued}"),
            expires: 0,
            actors: Vec::new(),
            claims,
            lineage: Lineage::new("x"),
        })
    }

    #[tokio::test]
    async fn tokens_of_before_are_revoked_and_later_ones_are_not() {
        let state = std::env::temp_dir().join(crate::jose::random_id());
        let revocations = Revocations::open(&state, 100, None).unwrap();
        let issuer = "https://as.example".to_owned();
        let person = Whose::Person { issuer: issuer.clone(), subject: "alice".into() };
        revocations.revoke(&person, 50, 60).await.unwrap();
        let again = Revocations::open(&state, 100, None).unwrap();
        for revocations in [&revocations, &again] {
            assert!(revocations.holds(&known("alice", 50, "s")));
            assert!(!revocations.holds(&known("alice", 51, "s")));
            assert!(!revocations.holds(&known("bob", 1, "s")));
        }
        let session = Whose::Session { issuer: issuer.clone(), session: "s".into() };
        revocations.revoke(&session, 55, 60).await.unwrap();
        assert!(revocations.holds(&known("bob", 55, "s")) && !revocations.holds(&known("bob", 55, "t")));
        revocations.revoke(&Whose::Token { issuer, id: "carol-70".into() }, 70, 155).await.unwrap();
        assert!(revocations.holds(&known("carol", 70, "u")));
        assert!(!revocations.holds(&known("alice", 50, "x")), "what it was about is long expired");
        let text = std::fs::read_to_string(state.join("revocations.json")).unwrap();
        assert!(!text.contains("carol") && !text.contains("as.example"), "{text}");
        std::fs::remove_dir_all(state).unwrap();
    }
}
