//! Proofs of possession at a resource server (RFC 9449 §4.3 and §7).
//!
//! Invariant: a proof is taken once. Of before an epoch nothing is remembered; so for as long
//! as a proof of before could still be good, a nonce of this epoch is demanded.

use crate::identity::nonce::{Nonces, Worth};
use crate::jose::keys::Algorithm;
use crate::jose::proof::Proof;
use crate::jose::{base64url, same_secret, sha256};
use crate::model::call::Call;
use crate::model::denial::Denial;
use crate::store::replays::{Epoch, NotTaken, Replays};
use crate::wire::arrival::{Head, HttpMethod};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};
use std::time::Duration;
use url::Url;

/// Seconds by which a proof may be ahead of our clock.
const AHEAD: u64 = 10;
const LONGEST_ID: usize = 256;
/// RFC 3986 §2.3: what may be spelt as it is or percent-encoded, and is the same.
const RESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// When a nonce is demanded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NonceUse {
    /// As long as proofs of before the start could be played again.
    #[default]
    AfterStart,
    Always,
}

/// What is taken for a proof.
#[derive(Clone, Debug)]
pub struct ProofSettings {
    pub algorithms: Vec<Algorithm>,
    /// Seconds for which a proof is good.
    pub max_age: u64,
    pub nonce: NonceUse,
}

/// Judges proofs.
pub struct Proofs {
    pub settings: ProofSettings,
    pub replays: Replays,
}

impl Proofs {
    /// Whether the sender of `token`, of this lineage, has proven to hold the key of thumbprint
    /// `key`. `target` is the URL that the request is for, as it is configured.
    ///
    /// # Errors
    /// [`Denial::ProofRefused`], [`Denial::BindingRefused`] for another key,
    /// [`Denial::NonceRequired`], [`Denial::RateLimited`] when there is no room to remember the
    /// proof, or [`Denial::ReplaysUnavailable`].
    pub(super) async fn check(
        &self,
        call: &mut Call,
        head: &Head,
        token: &str,
        target: &str,
        (caller, key): (&str, &str),
    ) -> Result<(), Denial> {
        let refused = |check| Err(Denial::ProofRefused(check));
        let text = head.single("dpop").map_err(|_| Denial::ProofRefused("more than one DPoP header"))?;
        let Some(text) = text else { return refused("no proof") };
        let proof = Proof::read(text, &self.settings.algorithms).map_err(Denial::ProofRefused)?;
        let claim = |name: &str| text_of(&proof.claims, name);
        if claim("ath") != Some(&base64url(&sha256(token.as_bytes()))) {
            return refused("ath");
        }
        // Another key's proofs are not remembered: they would take up the room of this one's.
        if !same_secret(proof.thumbprint.as_bytes(), key.as_bytes()) {
            return Err(Denial::BindingRefused("another key"));
        }
        if head.again {
            return Ok(());
        }
        if claim("htm") != Some(method(head.method)) {
            return refused("htm");
        }
        if !claim("htu").is_some_and(|htu| same_target(htu, target)) {
            return refused("htu");
        }
        let Some(id) = claim("jti").filter(|id| !id.is_empty() && id.len() <= LONGEST_ID) else {
            return refused("jti");
        };
        let now = call.clock.unix_seconds();
        let Some(issued) = proof.claims.get("iat").and_then(Value::as_u64) else { return refused("iat") };
        let until = issued.saturating_add(self.settings.max_age);
        if until < now {
            return refused("stale");
        }
        if issued > now.saturating_add(AHEAD) {
            return refused("issued in the future");
        }
        let id = [&proof.thumbprint, "\0", id].concat();
        match self.replays.take(caller, id.as_bytes(), until, now).await {
            Ok(epoch) => self.nonce(call, &epoch, proof.claims.get("nonce"), now),
            Err(NotTaken::Used) => refused("replayed"),
            Err(NotTaken::Full) => Err(Denial::RateLimited(Duration::from_secs(1))),
            Err(NotTaken::Unavailable(fault)) => Err(Denial::ReplaysUnavailable(fault)),
        }
    }

    /// A nonce that is shown must be ours; at times one must be shown.
    fn nonce(&self, call: &mut Call, epoch: &Epoch, shown: Option<&Value>, now: u64) -> Result<(), Denial> {
        let nonces = Nonces::of_epoch(epoch);
        let until = epoch.since.saturating_add(self.settings.max_age + AHEAD);
        let demanded = self.settings.nonce == NonceUse::Always || now <= until;
        let worth = shown.map(|nonce| nonce.as_str().map_or(Worth::None, |nonce| nonces.worth(nonce, now)));
        if !matches!(worth, Some(Worth::Current)) && (demanded || worth.is_some()) {
            call.asked.nonce = Some(nonces.give(now));
        }
        match worth {
            Some(Worth::Current | Worth::Aging) => Ok(()),
            Some(Worth::None) => Err(Denial::NonceRequired("the nonce is old, or not of this gate")),
            None if demanded => Err(Denial::NonceRequired("no nonce")),
            None => Ok(()),
        }
    }
}

fn text_of<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c str> {
    claims.get(name)?.as_str()
}

fn method(method: HttpMethod) -> &'static str {
    match method {
        HttpMethod::Post => "POST",
        HttpMethod::Get => "GET",
        HttpMethod::Delete => "DELETE",
    }
}

/// Compares as RFC 9449 §4.3 says: without query and fragment, after the normalization of
/// RFC 3986 §6.2.2 and §6.2.3.
fn same_target(htu: &str, target: &str) -> bool {
    let (Some(one), Some(other)) = (normal(htu), normal(target)) else { return false };
    one == other
}

fn normal(text: &str) -> Option<(String, String, u16, String)> {
    // The parser takes these out without a word.
    if text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
        return None;
    }
    let url = Url::parse(text).ok()?;
    if !url.username().is_empty() || url.password().is_some() || !text.contains("://") {
        return None;
    }
    let decoded = percent_decode_str(url.path()).decode_utf8().ok()?;
    let path = if url.path().to_ascii_lowercase().contains("%2f") {
        url.path().to_owned()
    } else {
        utf8_percent_encode(&decoded, RESERVED).to_string()
    };
    Some((url.scheme().to_owned(), url.host_str()?.to_owned(), url.port_or_known_default()?, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_the_same_in_other_spellings_and_not_in_other_words() {
        let target = "https://gate.example/clinic/mcp";
        for same in [
            target,
            "HTTPS://GATE.example:443/clinic/mcp",
            "https://gate.example/clinic/mcp?x=1#y",
            "https://gate.example/cl%69nic/mcp",
            "https://gate.example/x/../clinic/mcp",
        ] {
            assert!(same_target(same, target), "{same}");
        }
        for other in [
            "http://gate.example/clinic/mcp",
            "https://gate.example:8443/clinic/mcp",
            "https://gate.example./clinic/mcp",
            "https://gate.example/Clinic/mcp",
            "https://gate.example/clinic/mcp/",
            "https://gate.example/clinic%2Fmcp",
            "https://gate.example/clinic",
            "https://gate.example@evil.example/clinic/mcp",
            "https://me@gate.example/clinic/mcp",
            "https://gate.example\\clinic\\mcp",
            "https:gate.example/clinic/mcp",
            "https://gate.example/clinic/\tmcp",
            "/clinic/mcp",
            "",
        ] {
            assert!(!same_target(other, target), "{other}");
        }
    }
}
