//! What an upstream gives a client to hand back — request state, task ids, cursors,
//! event ids — leaves the gate sealed.
//!
//! AES-256-GCM-SIV, bound to the caller, the server and the kind of thing, so that
//! nobody can use another's, alter it, or read it. Equal things seal equally, since a
//! client compares the id of a task with the one it was told of.

use crate::jose::base64url;
use crate::model::ids::{Lineage, ServerName};
use crate::redact::Secrets;
use crate::wire::form::Seal;
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::path::Path;

/// The longest thing that is sealed or opened.
const LONGEST: usize = 64 << 10;

/// The key of this deployment.
pub struct Seals {
    key: LessSafeKey,
    nonces: hmac::Key,
    redaction: Vec<u8>,
}

/// Whom and what a sealed thing is good for.
#[derive(Clone, Copy, Debug)]
pub struct Bond<'b> {
    pub lineage: &'b Lineage,
    pub server: &'b ServerName,
    pub seal: Seal,
    /// What else it is bound to: a session, a method and tool.
    pub about: &'b str,
}

impl Seals {
    /// Reads the key from `directory`, or makes one there for its owner alone.
    ///
    /// # Errors
    /// When the file cannot be read or made.
    pub fn open(directory: &Path) -> std::io::Result<Self> {
        let secret = crate::jose::kept_secret(&directory.join("seal.key"))?;
        let part = |purpose: &str| digest::digest(&digest::SHA256, &[purpose.as_bytes(), &secret].concat());
        let key = UnboundKey::new(&AES_256_GCM_SIV, part("seal").as_ref());
        let key = key.map_err(|_| std::io::Error::other("the seal key cannot be used"))?;
        Ok(Self {
            key: LessSafeKey::new(key),
            nonces: hmac::Key::new(hmac::HMAC_SHA256, part("nonce").as_ref()),
            redaction: part("redaction").as_ref().to_vec(),
        })
    }

    /// What redaction hashes, encrypts and moves dates with, for a lineage.
    pub fn secrets(&self, lineage: &Lineage) -> Option<Secrets> {
        Secrets::new(&self.redaction, lineage.as_str())
    }

    /// A keyed hash of a text, for one purpose.
    pub(super) fn tag(&self, purpose: &str, text: &str) -> String {
        let tag = hmac::sign(&self.nonces, format!("tag\u{1f}{purpose}\u{1f}{text}").as_bytes());
        base64url(tag.as_ref().get(..16).unwrap_or_default())
    }

    /// None for what is too long to be handed back.
    pub fn seal(&self, bond: &Bond<'_>, text: &str) -> Option<String> {
        self.seal_for(&bond.text(), text)
    }

    /// None for what was not sealed here for this caller and purpose.
    pub fn unseal(&self, bond: &Bond<'_>, sealed: &str) -> Option<String> {
        self.open_for(&bond.text(), sealed)
    }

    /// As [`Seals::seal`], bound to what `bound` says.
    pub(super) fn seal_for(&self, bound: &str, text: &str) -> Option<String> {
        if text.len() > LONGEST {
            return None;
        }
        let tag = hmac::sign(&self.nonces, format!("{bound}\u{1f}{text}").as_bytes());
        let nonce: [u8; NONCE_LEN] = tag.as_ref().get(..NONCE_LEN)?.try_into().ok()?;
        let mut sealed = text.as_bytes().to_vec();
        let aad = Aad::from(bound.as_bytes());
        self.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed).ok()?;
        Some(base64url(&[&nonce[..], &sealed].concat()))
    }

    /// None for what was not sealed here for `bound`.
    pub(super) fn open_for(&self, bound: &str, sealed: &str) -> Option<String> {
        if sealed.len() > 2 * LONGEST {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, rest) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut rest = rest.to_vec();
        let opened = self.key.open_in_place(nonce, Aad::from(bound.as_bytes()), &mut rest).ok()?;
        String::from_utf8(opened.to_vec()).ok()
    }
}

impl Bond<'_> {
    fn text(&self) -> String {
        let Bond { lineage, server, seal, about } = self;
        format!("v1\u{1f}{seal:?}\u{1f}{lineage}\u{1f}{server}\u{1f}{about}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_thing_opens_for_its_owner_and_purpose_alone() {
        let folder = std::env::temp_dir().join(crate::jose::random_id());
        let seals = Seals::open(&folder).unwrap();
        let (me, you) = (Lineage::new("me"), Lineage::new("you"));
        let (here, there) = (ServerName::new("clinic"), ServerName::new("ledger"));
        let bond = Bond { lineage: &me, server: &here, seal: Seal::Task, about: "" };
        let sealed = seals.seal(&bond, "task-536-90-4399").unwrap();
        assert_eq!(
            seals.seal(&bond, "task-536-90-4399").as_ref(),
            Some(&sealed),
            "equal seals for equal things"
        );
        assert_eq!(seals.unseal(&bond, &sealed).as_deref(), Some("task-536-90-4399"));
        for other in [
            Bond { lineage: &you, ..bond },
            Bond { server: &there, ..bond },
            Bond { seal: Seal::State, ..bond },
            Bond { about: "tools/call", ..bond },
        ] {
            assert_eq!(seals.unseal(&other, &sealed), None);
        }
        for position in 0..sealed.len() {
            let mut altered = sealed.clone().into_bytes();
            altered[position] = if altered[position] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            // The last character of unpadded base64 may have bits that nothing reads.
            let opened = seals.unseal(&bond, &altered);
            assert!(opened.is_none() || position == sealed.len() - 1, "{position}");
        }
        assert_eq!(seals.unseal(&bond, ""), None);
        assert_eq!(Seals::open(&folder).unwrap().unseal(&bond, &sealed).as_deref(), Some("task-536-90-4399"));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
