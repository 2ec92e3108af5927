//! What replicas have in common, in a Redis server: which proofs were used, and what was
//! revoked.
//!
//! Invariants: what the server does not answer in time is not taken for an answer; it is told
//! hashes alone, so that nothing in it names anybody. A server that may forget what it was told
//! (`maxmemory-policy`) is not used, and what one forgot in a restart or a failover is made up
//! for by nonces, since each process of it begins an epoch.

use crate::jose::{base64url, random_id, sha256};
use crate::model::sensitive::Sensitive;
use crate::store::lock;
use crate::store::replays::Epoch;
use aws_lc_rs::hmac;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Seconds between two looks at whether the server may forget.
const LOOK_EVERY: u64 = 60;
/// Seconds by which replicas' clocks may differ.
pub(crate) const CLOCKS: u64 = 10;

const FORGETS: &str =
    "the shared server may forget what it was told: set its `maxmemory-policy` to noeviction";

/// Where the server is.
pub struct Place {
    pub client: Client,
    /// The password, with which the key of nonces is made: who reads what the server holds
    /// cannot make any.
    pub secret: Option<Sensitive<String>>,
    /// How long to wait for a connection, and for an answer.
    pub patience: Duration,
}

/// A server that replicas share.
pub struct Shared {
    place: Place,
    connection: Mutex<ConnectionManager>,
    /// Which process of the server answered last.
    process: Mutex<String>,
    /// When it was last seen to forget nothing, in seconds since the epoch.
    looked: AtomicU64,
}

/// Why the server gave no answer; for the audit and the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable(pub &'static str);

impl From<RedisError> for Unavailable {
    /// The server's own words may quote what it was sent.
    fn from(error: RedisError) -> Self {
        Self(match error.code() {
            _ if error.kind() == ErrorKind::AuthenticationFailed => "the shared server refuses the password",
            Some("NOPERM") => "the shared server does not let the gate's user run a command",
            Some("READONLY") => "the shared server is a replica that cannot be written to",
            _ if error.is_timeout() => "the shared server does not answer in time",
            _ if error.is_io_error() => "the shared server cannot be reached",
            _ => "the shared server gives no usable answer",
        })
    }
}

impl Shared {
    /// Connects when it is first used.
    ///
    /// # Errors
    /// When the client cannot be made of its settings.
    pub fn new(place: Place) -> std::io::Result<Self> {
        let connection = connection(&place);
        let connection = connection.map_err(|error| std::io::Error::other(Unavailable::from(error).0))?;
        let (connection, process) = (Mutex::new(connection), Mutex::default());
        Ok(Self { place, connection, process, looked: AtomicU64::new(0) })
    }

    /// Whether it answers, and forgets nothing.
    ///
    /// # Errors
    /// What is wrong.
    pub async fn reach(&self) -> Result<(), Unavailable> {
        let mut asked = Pipeline::new();
        asked.cmd("INFO").arg("memory");
        let (told,): (String,) = self.ask(&asked).await?;
        match (line(&told, "maxmemory:"), line(&told, "maxmemory_policy:")) {
            (Some("0"), _) | (_, Some("noeviction")) => Ok(()),
            _ => Err(Unavailable(FORGETS)),
        }
    }

    /// Takes a proof's id until `until`: the epoch, and whether nobody had taken it.
    ///
    /// # Errors
    /// When there is no answer to rely on.
    pub async fn take(&self, id: &[u8], until: u64, now: u64) -> Result<(Epoch, bool), Unavailable> {
        self.look(now).await?;
        let process = lock(&self.process).clone();
        let mut asked = Pipeline::new();
        asked.atomic();
        asked.cmd("INFO").arg("server");
        epoch(&mut asked, &process, now);
        let life = until.saturating_sub(now).saturating_add(CLOCKS + 1);
        let key = format!("portcullis:proof:{}", base64url(sha256(id).get(..16).unwrap_or_default()));
        asked.cmd("SET").arg(key).arg(1).arg("NX").arg("EX").arg(life);
        let (told, mut begun, taken): (String, String, Option<String>) = self.ask(&asked).await?;
        let answering = line(&told, "run_id:").ok_or(Unavailable("the shared server has no run_id"))?;
        if answering != process {
            // Another process, which may have forgotten what the last one was told.
            let mut asked = Pipeline::new();
            asked.atomic();
            epoch(&mut asked, answering, now);
            (begun,) = self.ask(&asked).await?;
            answering.clone_into(&mut lock(&self.process));
        }
        let epoch = self.read(&begun).ok_or(Unavailable("the shared server's epoch is not one of a gate"))?;
        Ok((epoch, taken.is_some()))
    }

    /// Tells all replicas what was revoked: the hash of whose, up to when, and before when it may
    /// be forgotten.
    ///
    /// # Errors
    /// When it is not certain that it was told.
    pub async fn revoke(&self, marks: &[(String, u64)], forget: u64) -> Result<(), Unavailable> {
        let mut told = Pipeline::new();
        for (whose, before) in marks {
            told.cmd("ZADD").arg("portcullis:revoked").arg("GT").arg(before).arg(whose).ignore();
        }
        told.cmd("ZREMRANGEBYSCORE").arg("portcullis:revoked").arg("-inf").arg(format!("({forget}")).ignore();
        // A name for this state of it, which no other ever has.
        told.cmd("SET").arg("portcullis:revocations").arg(random_id()).ignore();
        self.ask(told.atomic()).await
    }

    /// What was revoked at any replica, with a name for that state of it; None if its name is
    /// still `known`.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn revoked(&self, known: Option<&str>) -> Result<Option<Revoked>, Unavailable> {
        let mut asked = Pipeline::new();
        asked.cmd("GET").arg("portcullis:revocations");
        let (state,): (Option<String>,) = self.ask(&asked).await?;
        if state.is_some() && state.as_deref() == known {
            return Ok(None);
        }
        let mut asked = Pipeline::new();
        asked.atomic().cmd("GET").arg("portcullis:revocations");
        asked.cmd("ZRANGE").arg("portcullis:revoked").arg(0).arg(-1).arg("WITHSCORES");
        let (state, marks) = self.ask(&asked).await?;
        Ok(Some(Revoked { state, marks }))
    }

    async fn look(&self, now: u64) -> Result<(), Unavailable> {
        if now.saturating_sub(self.looked.load(Ordering::Relaxed)) < LOOK_EVERY {
            return Ok(());
        }
        self.reach().await?;
        self.looked.store(now, Ordering::Relaxed);
        Ok(())
    }

    /// Asks, and once more if the connection was lost: those that stood idle for long often are.
    /// What was done and not answered is done again; a proof then counts as used.
    async fn ask<T: FromRedisValue>(&self, asked: &Pipeline) -> Result<T, Unavailable> {
        match self.ask_once(asked).await {
            Err(error) if error.is_unrecoverable_error() && !error.is_timeout() => {
                Ok(self.ask_once(asked).await?)
            }
            answer => Ok(answer?),
        }
    }

    /// After a fault the next question goes over a new connection: to whoever the name leads by
    /// then, with a password that may be right by then.
    async fn ask_once<T: FromRedisValue>(&self, asked: &Pipeline) -> RedisResult<T> {
        let mut current = lock(&self.connection).clone();
        let answer = asked.query_async(&mut current).await;
        if answer.is_err() {
            *lock(&self.connection) = connection(&self.place)?;
        }
        answer
    }

    /// An epoch as the server holds it: since when, and what its key is made of.
    fn read(&self, text: &str) -> Option<Epoch> {
        let secret = self.place.secret.as_ref().map_or("", |secret| secret.expose().as_str());
        let since = text.split_once('.')?.0.parse().ok()?;
        let key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), text.as_bytes());
        Some(Epoch { since, key: key.as_ref().try_into().ok()? })
    }
}

/// What was revoked.
pub struct Revoked {
    /// None where the server was told nothing yet, or was emptied.
    pub state: Option<String>,
    /// The hash of whose, and up to when.
    pub marks: Vec<(String, u64)>,
}

fn connection(place: &Place) -> RedisResult<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_number_of_retries(1)
        .set_min_delay(Duration::from_millis(10))
        .set_connection_timeout(Some(place.patience))
        .set_response_timeout(Some(place.patience));
    ConnectionManager::new_lazy_with_config(place.client.clone(), config)
}

/// Asks for the epoch of a process of the server, which begins here if it has none: nobody knows
/// what another process was told, or this one before it was emptied.
fn epoch(asked: &mut Pipeline, process: &str, now: u64) {
    let key = format!("portcullis:epoch:{process}");
    let begun = format!("{}.{}{}", now.saturating_add(CLOCKS), random_id(), random_id());
    asked.cmd("SET").arg(&key).arg(begun).arg("NX").ignore();
    asked.cmd("GET").arg(&key);
}

/// The value of a line of `INFO`.
fn line<'t>(told: &'t str, name: &str) -> Option<&'t str> {
    told.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_epoch_is_one_of_a_gate_and_its_key_is_made_with_the_password() {
        let shared = |secret: Option<&str>| {
            let client = Client::open("redis://127.0.0.1:1").unwrap();
            let secret = secret.map(|secret| Sensitive::new(secret.to_owned()));
            Shared::new(Place { client, secret, patience: Duration::from_millis(10) }).unwrap()
        };
        let text = "1700000000.abc";
        let of = |secret| shared(secret).read(text).unwrap();
        assert_eq!(of(Some("one")), of(Some("one")));
        assert!(of(Some("one")).key != of(Some("other")).key && of(None).key != of(Some("one")).key);
        assert_eq!(of(None).since, 1_700_000_000);
        for other in ["", ".", "x.AAAA", "1700000000"] {
            assert_eq!(shared(None).read(other), None, "{other}");
        }
    }
}
