//! IP addresses, as the standard library reads them, that may be somebody's.

use std::net::{IpAddr, Ipv4Addr};

/// Versions of four parts are made of numbers below this one.
const LEAST: u8 = 32;

pub(super) fn valid(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok_and(|address| match address {
        IpAddr::V4(address) => is_hosts(address),
        IpAddr::V6(address) => !address.is_unspecified() && !address.is_loopback(),
    })
}

/// Whether it is the address of a host on the Internet (RFC 6890), and no mask, group or
/// version. One of a network behind it is somebody's where a key or a cue says so.
fn is_hosts(address: Ipv4Addr) -> bool {
    let [first, ..] = address.octets();
    let inner = address.is_private() || address.is_link_local() || address.is_loopback();
    !inner && !matches!(first, 0 | 224..) && address.octets().iter().any(|part| *part >= LEAST)
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn addresses_and_near_misses() {
        for text in ["203.0.113.7", "2001:db8::1"] {
            assert!(valid(text), "{text}");
        }
        for text in [
            "256.1.1.1",
            "1.2.3",
            "0.0.0.0",
            "::",
            "::1",
            "127.0.0.1",
            "255.255.255.0",
            "1.2.3.4",
            "10.0.0.53",
        ] {
            assert!(!valid(text), "{text}");
        }
    }
}
