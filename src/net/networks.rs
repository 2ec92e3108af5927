//! Networks by prefix, and which addresses a server that is reached by name from the
//! outside has no business to have.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An IP prefix, such as `10.20.0.0/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// IPv4 as its mapped form, so that one comparison serves both.
    bits: u128,
    length: u32,
}

/// Not a prefix, or one with bits set behind its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a network is written as an address, `/` and a length, such as 10.20.0.0/16")]
pub struct NetworkFault;

impl FromStr for Network {
    type Err = NetworkFault;

    fn from_str(text: &str) -> Result<Self, NetworkFault> {
        let (address, length) = text.split_once('/').ok_or(NetworkFault)?;
        let address: IpAddr = address.parse().map_err(|_| NetworkFault)?;
        let offset = if address.is_ipv4() { 96 } else { 0 };
        let length = length.parse::<u32>().ok().and_then(|length| length.checked_add(offset));
        let length = length.filter(|length| *length <= 128).ok_or(NetworkFault)?;
        let bits = bits(address);
        let network = Self { bits, length };
        if network.first() == bits { Ok(network) } else { Err(NetworkFault) }
    }
}

impl Network {
    pub fn contains(self, address: IpAddr) -> bool {
        Self { bits: bits(address), ..self }.first() == self.bits
    }

    /// The bits of the prefix alone.
    fn first(self) -> u128 {
        self.bits & u128::MAX.checked_shl(128 - self.length).unwrap_or(0)
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The addresses that a connection may go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Networks {
    /// All: for servers that the operator names by their URL.
    Any,
    /// Public ones, and these: for servers that others name, in a document or by DNS.
    Public(Vec<Network>),
}

impl Networks {
    pub fn allow(&self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::Public(named) => {
                named.iter().any(|network| network.contains(address)) || is_public(address)
            }
        }
    }

    /// With this machine itself among them.
    pub fn and_loopback(self) -> Self {
        match self {
            Self::Any => Self::Any,
            Self::Public(mut named) => {
                named.extend(["127.0.0.0/8", "::1/128"].iter().flat_map(|text| text.parse::<Network>()));
                Self::Public(named)
            }
        }
    }
}

/// Not of a range that the IANA special-purpose registries (RFC 6890) keep from the
/// Internet. An IPv4 address inside an IPv6 one is judged as itself.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match inner(address) {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        // "This network", shared address space (RFC 6598), protocol assignments, the old
        // relays of 6to4, benchmarks, and what is reserved with broadcast in it.
        || a == 0
        || (a == 100 && b & 0xc0 == 64)
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && b & 0xfe == 18)
        || a >= 240;
    !special
}

/// Global unicast (2000::/3), without Teredo, benchmarks, ORCHID and documentation.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let global = first & 0xe000 == 0x2000;
    let special =
        (first == 0x2001 && (second < 0x200 || second == 0xdb8)) || (first == 0x3fff && second < 0x1000);
    global && !special
}

/// The IPv4 address that an IPv6 one leads to: mapped, compatible, translated (RFC 6052,
/// RFC 8215) or by 6to4.
fn inner(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let at = |place: usize| {
        let [high, low] = [segments.get(place)?, segments.get(place + 1)?].map(|part| part.to_be_bytes());
        Some(Ipv4Addr::new(high[0], high[1], low[0], low[1]))
    };
    match segments {
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] | [0x64, 0xff9b, 1, ..] => at(6),
        [0x2002, ..] => at(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(named: &[&str]) -> Networks {
        Networks::Public(named.iter().map(|text| text.parse().unwrap()).collect())
    }

    #[test]
    fn what_is_not_of_the_internet_is_refused() {
        for text in [
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.255.255",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.19.255.255",
            "203.0.113.9",
            "::1",
            "::",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd12:3456::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
        ] {
            assert!(!public(&[]).allow(text.parse().unwrap()), "{text}");
            assert!(Networks::Any.allow(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_of_the_internet_is_reached() {
        for text in [
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
            "2001:4860::8888",
        ] {
            assert!(public(&[]).allow(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_named_network_is_reached_and_its_neighbour_is_not() {
        let networks = public(&["10.20.0.0/16", "fd00:1::/32"]);
        for (text, reached) in [
            ("10.20.255.1", true),
            ("10.21.0.1", false),
            ("fd00:1::9", true),
            ("fd00:2::9", false),
            ("::ffff:10.20.0.1", true),
            ("127.0.0.1", false),
        ] {
            assert_eq!(networks.allow(text.parse().unwrap()), reached, "{text}");
        }
        let local = networks.and_loopback();
        assert!(local.allow("127.0.0.1".parse().unwrap()) && local.allow("::1".parse().unwrap()));
        assert!(public(&["0.0.0.0/0"]).allow("10.0.0.1".parse().unwrap()));
        assert!(!public(&["0.0.0.0/0"]).allow("fd00::1".parse().unwrap()));
    }

    #[test]
    fn a_prefix_is_written_exactly() {
        for text in ["10.0.0.0", "10.0.0.1/8", "10.0.0.0/33", "fd00::/129", "host/8", "10.0.0.0/-1", "/8", ""]
        {
            assert_eq!(text.parse::<Network>(), Err(NetworkFault), "{text}");
        }
    }
}
