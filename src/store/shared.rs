//! What replicas have in common, in a Redis server: which proofs were used, and what was
//! revoked.
//!
//! Invariants: what the server does not answer in time is not taken for an answer; it is told
//! hashes alone, so that nothing in it names anybody or could be used at the gate. A server that
//! may forget what it was told (`maxmemory-policy`) is not used.

use crate::jose::{base64url, sha256};
use crate::store::replays::{Answer, Epoch, NotTaken};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, ErrorKind, FromRedisValue, Pipeline, RedisError};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Proofs of one holder that are taken within one of [`WINDOW`] seconds: it cannot use up the
/// room of all.
const MOST_OF_ONE: u64 = 20_000;
const WINDOW: u64 = 60;
/// Seconds between two looks at whether the server may forget.
const LOOK_EVERY: u64 = 60;
/// Seconds by which replicas' clocks may differ.
const CLOCKS: u64 = 10;

const FORGETS: &str =
    "the shared server may forget what it was told: set its `maxmemory-policy` to noeviction";

/// Where the server is. Names and passwords are in none of its faults.
pub struct Place {
    pub client: Client,
    /// How long to wait for a connection, and for an answer.
    pub patience: Duration,
}

/// A server that replicas share.
pub struct Shared {
    connection: ConnectionManager,
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
            Some("NOAUTH" | "WRONGPASS") => "the shared server refuses the password",
            Some("NOPERM") => "the shared server does not let the gate's user run a command",
            Some("OOM") => "the shared server is out of memory",
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
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_min_delay(Duration::from_millis(10))
            .set_connection_timeout(Some(place.patience))
            .set_response_timeout(Some(place.patience));
        let connection = ConnectionManager::new_lazy_with_config(place.client, config);
        let connection = connection.map_err(|error| std::io::Error::other(Unavailable::from(error).0))?;
        Ok(Self { connection, looked: AtomicU64::new(0) })
    }

    /// Whether it answers, and forgets nothing.
    ///
    /// # Errors
    /// What is wrong.
    pub async fn reach(&self) -> Result<(), Unavailable> {
        let mut asked = Pipeline::new();
        asked.cmd("INFO").arg("memory");
        let (told,): (String,) = self.ask(&asked).await?;
        let told = |name: &str| told.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        match (told("maxmemory:"), told("maxmemory_policy:")) {
            (Some("0"), _) | (_, Some("noeviction")) => Ok(()),
            _ => Err(Unavailable(FORGETS)),
        }
    }

    /// Takes a proof's id, as [`crate::store::replays::Replays::take`] does.
    ///
    /// # Errors
    /// When there is no answer to rely on.
    pub async fn take(&self, holder: &str, id: &[u8], until: u64, now: u64) -> Result<Answer, Unavailable> {
        self.look(now).await?;
        let holder = short(holder.as_bytes());
        let count = format!("portcullis:proofs:{holder}:{}", now / WINDOW);
        let born = Epoch::fresh(now.saturating_add(CLOCKS)).ok_or(Unavailable("no randomness"))?;
        let mut asked = Pipeline::new();
        // A server that was emptied knows no proof of before. It knows no epoch then either, and
        // the new one's nonces are demanded until no proof of before can be good.
        asked.cmd("SET").arg("portcullis:epoch").arg(written(&born)).arg("NX").ignore();
        asked.cmd("GET").arg("portcullis:epoch");
        asked.cmd("INCR").arg(&count);
        asked.cmd("EXPIRE").arg(&count).arg(2 * WINDOW).ignore();
        asked
            .cmd("SET")
            .arg(format!("portcullis:proof:{holder}:{}", short(id)))
            .arg(1)
            .arg("NX")
            .arg("EX")
            .arg(until.saturating_sub(now).saturating_add(CLOCKS));
        let (epoch, count, taken): (String, u64, Option<String>) = self.ask(&asked).await?;
        let epoch = read(&epoch).ok_or(Unavailable("the shared server's epoch is not one of a gate"))?;
        let taken = match taken {
            _ if count > MOST_OF_ONE => Err(NotTaken::Full),
            None => Err(NotTaken::Used),
            Some(_) => Ok(()),
        };
        Ok(Answer { epoch, taken })
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
        told.cmd("INCR").arg("portcullis:revocations").ignore();
        self.ask(told.atomic()).await
    }

    /// What was revoked at any replica, if that changed since `known`, with what to know then.
    /// A `known` of `None` comes back where the server was told nothing yet.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn revoked(
        &self,
        known: Option<u64>,
    ) -> Result<(Option<u64>, Vec<(String, u64)>), Unavailable> {
        let mut asked = Pipeline::new();
        asked.cmd("GET").arg("portcullis:revocations");
        let (count,): (Option<u64>,) = self.ask(&asked).await?;
        if count.is_none() || count == known {
            return Ok((count, Vec::new()));
        }
        let mut asked = Pipeline::new();
        asked.cmd("ZRANGE").arg("portcullis:revoked").arg(0).arg(-1).arg("WITHSCORES");
        let (all,): (Vec<(String, u64)>,) = self.ask(&asked).await?;
        Ok((count, all))
    }

    /// Asks, and once more if the connection was lost: those that stood idle for long often are.
    /// What was done and not answered is done again; a proof then counts as used.
    async fn ask<T: FromRedisValue>(&self, asked: &Pipeline) -> Result<T, Unavailable> {
        match asked.query_async(&mut self.connection.clone()).await {
            Err(error) if error.is_unrecoverable_error() && !error.is_timeout() => {
                Ok(asked.query_async(&mut self.connection.clone()).await?)
            }
            answer => Ok(answer?),
        }
    }

    async fn look(&self, now: u64) -> Result<(), Unavailable> {
        if now.saturating_sub(self.looked.load(Ordering::Relaxed)) < LOOK_EVERY {
            return Ok(());
        }
        self.reach().await?;
        self.looked.store(now, Ordering::Relaxed);
        Ok(())
    }
}

/// 128 bits of SHA-256.
fn short(text: &[u8]) -> String {
    base64url(sha256(text).get(..16).unwrap_or_default())
}

fn written(epoch: &Epoch) -> String {
    format!("{}.{}", epoch.since, base64url(&epoch.key))
}

fn read(text: &str) -> Option<Epoch> {
    let (since, key) = text.split_once('.')?;
    let key = URL_SAFE_NO_PAD.decode(key).ok()?.try_into().ok()?;
    Some(Epoch { since: since.parse().ok()?, key })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_is_read_as_it_was_written_and_nothing_else_is_one() {
        let epoch = Epoch { since: 1_700_000_000, key: [7; 32] };
        let text = written(&epoch);
        assert_eq!(read(&text), Some(epoch));
        for other in ["", ".", "1.", "x.AAAA", &text[1..].replace('.', ""), &format!("{text}A")] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
