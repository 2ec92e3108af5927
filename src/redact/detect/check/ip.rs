//! IP addresses, as the standard library reads them.

pub(super) fn valid(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok_and(|address| !address.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn addresses_and_near_misses() {
        assert!(valid("203.0.113.7"));
        assert!(valid("2001:db8::1"));
        for text in ["256.1.1.1", "1.2.3", "0.0.0.0", "::"] {
            assert!(!valid(text), "{text}");
        }
    }
}
