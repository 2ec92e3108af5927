//! Nonces for proofs (RFC 9449 §8 and §9), without memory: a period of time under the key of
//! an epoch, which is that of a start of the gate, or one of replicas that share what was used.
//!
//! Invariant: a nonce is good for at most two periods, and in its epoch alone.

use crate::jose::{base64url, same_secret};
use crate::store::replays::Epoch;
use crate::store::shared::CLOCKS;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Seconds of a period.
const PERIOD: u64 = 60;
/// Bytes of the tag.
const TAG: usize = 16;

/// Gives nonces and knows its own.
pub(super) struct Nonces {
    key: hmac::Key,
}

/// What a nonce is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    Current,
    /// Still good; there is a newer one.
    Aging,
    None,
}

impl Nonces {
    pub(super) fn of_epoch(epoch: &Epoch) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, &epoch.key) }
    }

    /// The nonce of this period.
    pub(super) fn give(&self, now: u64) -> String {
        self.of(now / PERIOD)
    }

    pub(super) fn worth(&self, nonce: &str, now: u64) -> Worth {
        let period = URL_SAFE_NO_PAD.decode(nonce).ok().and_then(|bytes| {
            let period: [u8; 8] = bytes.get(..8)?.try_into().ok()?;
            Some(u64::from_be_bytes(period))
        });
        let Some(period) = period else { return Worth::None };
        // Another replica's clock may have come to the next period already.
        let begun = if (now + CLOCKS) / PERIOD == period { period } else { now / PERIOD };
        let age = begun.checked_sub(period);
        match age {
            _ if !same_secret(self.of(period).as_bytes(), nonce.as_bytes()) => Worth::None,
            Some(0) => Worth::Current,
            Some(1) => Worth::Aging,
            _ => Worth::None,
        }
    }

    fn of(&self, period: u64) -> String {
        let bytes = period.to_be_bytes();
        let tag = hmac::sign(&self.key, &bytes);
        base64url(&[&bytes[..], tag.as_ref().get(..TAG).unwrap_or_default()].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_for_two_periods_where_it_was_given() {
        let [here, there] = [1, 2].map(|key| Nonces::of_epoch(&Epoch { since: 0, key: [key; 32] }));
        let nonce = here.give(600);
        let worth = |now| here.worth(&nonce, now);
        assert_eq!((worth(600), worth(659), worth(660)), (Worth::Current, Worth::Current, Worth::Aging));
        assert_eq!((worth(719), worth(720), worth(589)), (Worth::Aging, Worth::None, Worth::None));
        assert_eq!(there.worth(&nonce, 600), Worth::None);
        let worth = |now| here.worth(&here.give(660), now);
        assert_eq!((worth(650), worth(649)), (Worth::Current, Worth::None), "by a clock that is behind");
        for other in ["", "x", &nonce[1..], &format!("{nonce}A"), &here.give(0).replace('A', "B")] {
            assert_eq!(here.worth(other, 600), Worth::None, "{other}");
        }
    }
}
