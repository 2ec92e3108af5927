//! Who may push security events to the gate.

use crate::config::file::File;
use crate::config::secret::SecretFile;
use crate::identity::signals::Receiver;
use crate::jose::issuer::Issuer;
use crate::model::clock::Clock;
use crate::model::fault::SourceFault;
use crate::model::sensitive::Sensitive;
use crate::store::revocations::Revocations;
use crate::store::shared::Shared;
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;

/// Seconds for which a revocation is kept beyond the longest life of a token: clocks differ.
const CLOCKS: u64 = 60;
/// The path below the public URL at which events are received.
pub const PATH: &str = "/signals";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignalsFile {
    /// What the transmitter sends as its bearer token.
    pub secret: SecretFile,
    /// Which of `issuers` transmit; all of them by default.
    #[serde(default)]
    pub transmitters: Vec<String>,
}

/// The secret, fetched, and that the transmitters are issuers.
pub(super) fn secret(
    name: &str,
    file: &File,
    folder: &Path,
    faults: &mut Vec<SourceFault>,
) -> Option<Sensitive<String>> {
    let signals = file.signals.as_ref()?;
    let known = |named: &String| file.issuers.iter().any(|issuer| issuer.value.issuer == *named);
    if !signals.value.transmitters.iter().all(known) {
        faults.push(SourceFault::at(name, signals, "`transmitters` must be among `issuers`"));
    }
    let secret = signals.value.secret.secret(folder);
    let long = secret.and_then(|secret| match secret.expose().len() {
        0..16 => Err("the secret is too short: 16 characters or more".to_owned()),
        _ => Ok(secret),
    });
    long.map_err(|fault| faults.push(SourceFault::at(name, signals, format!("`signals`: {fault}")))).ok()
}

/// What was revoked, for tokens that live as long as these issuers' may.
///
/// # Errors
/// When it is there and cannot be read.
pub(super) fn revoked(
    lives: impl Iterator<Item = u64>,
    state: &Path,
    shared: Option<Arc<Shared>>,
) -> std::io::Result<Revocations> {
    Revocations::open(state, lives.max().unwrap_or_default() + CLOCKS, shared)
}

/// The receiver, where one is configured.
pub(super) fn receiver(
    file: &File,
    secret: Option<Sensitive<String>>,
    issuers: &[Arc<Issuer>],
    revocations: &Arc<Revocations>,
    clock: &Clock,
) -> Option<Receiver> {
    let (signals, secret) = file.signals.as_ref().zip(secret)?;
    let named = &signals.value.transmitters;
    let transmits = |issuer: &&Arc<Issuer>| named.is_empty() || named.contains(&issuer.settings.issuer);
    let transmitters = issuers.iter().filter(transmits).cloned().collect();
    let audience = format!("{}{PATH}", file.public_url.value.trim_end_matches('/'));
    Some(Receiver::new(transmitters, audience, secret, revocations.clone(), clock.clone()))
}
