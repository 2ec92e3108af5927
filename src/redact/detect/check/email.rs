//! What is written like an e-mail address and is none: annotations of OData members, as in
//! `birthdate@OData.Community.Display.V1.FormattedValue` (OData JSON Format 4.01 §18).

/// No address is longer (RFC 5321 §4.5.3.1): what is would be looked at from each of its letters.
const LONGEST: usize = 254;

/// Whether no protocol's own word stands where the domain would.
pub(super) fn valid(text: &str) -> bool {
    let domain = text.rsplit('@').next().unwrap_or_default();
    text.len() > LONGEST
        || !["OData.Community.", "Microsoft.Dynamics.CRM."].iter().any(|word| domain.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn annotations_are_no_addresses() {
        assert!(valid("ann@example.org") && valid("ann@odata.example.org") && valid("bob@OData.com"));
        assert!(!valid("value@OData.Community.Display.V1.FormattedValue"));
    }
}
