//! How many connections there may be, in all and from one peer.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A cap that is reached is said once in this time, not for each connection.
const SAID_EVERY: Duration = Duration::from_secs(10);

pub(super) struct Admission {
    room: Arc<Semaphore>,
    per_peer: usize,
    peers: Peers,
    said: Option<Instant>,
}

/// A connection's place, freed with the value.
pub(super) struct Place {
    peer: IpAddr,
    peers: Peers,
    _room: OwnedSemaphorePermit,
}

type Peers = Arc<Mutex<HashMap<IpAddr, usize>>>;

impl Admission {
    pub(super) fn new(connections: usize, per_peer: usize) -> Self {
        let room = Arc::new(Semaphore::new(connections));
        Self { room, per_peer, peers: Peers::default(), said: None }
    }

    /// None above a cap.
    pub(super) fn admit(&mut self, address: IpAddr) -> Option<Place> {
        let Ok(room) = self.room.clone().try_acquire_owned() else {
            self.say("connections");
            return None;
        };
        let peer = network(address);
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let open = peers.entry(peer).or_insert(0);
        if *open >= self.per_peer {
            drop(peers);
            self.say("connections_per_peer");
            return None;
        }
        *open += 1;
        Some(Place { peer, peers: self.peers.clone(), _room: room })
    }

    fn say(&mut self, limit: &'static str) {
        if self.said.is_none_or(|said| said.elapsed() > SAID_EVERY) {
            tracing::warn!(limit, "connections are turned away");
            self.said = Some(Instant::now());
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = peers.get_mut(&self.peer) {
            *open -= 1;
            if *open == 0 {
                peers.remove(&self.peer);
            }
        }
    }
}

/// Who counts as one peer: of IPv6 a /64, which is what a single customer is given.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_an_address_or_a_network_and_a_place_is_freed() {
        let at = |text: &str| text.parse().unwrap();
        let mut admission = Admission::new(3, 2);
        let first = admission.admit(at("2001:db8::1")).unwrap();
        let second = admission.admit(at("2001:db8::ffff:2")).unwrap();
        assert!(admission.admit(at("2001:db8::3")).is_none(), "the same /64");
        let third = admission.admit(at("2001:db8:0:1::1")).unwrap();
        assert!(admission.admit(at("192.0.2.1")).is_none(), "no room at all");
        drop((first, third));
        let _mapped = admission.admit(at("::ffff:192.0.2.1")).unwrap();
        let v4 = admission.admit(at("192.0.2.1")).unwrap();
        drop((second, v4));
        assert_eq!(admission.peers.lock().unwrap().len(), 1, "peers without a connection are forgotten");
    }
}
