//! cloakrs: the scanner of its quick start, without the masking that follows.

use crate::{Fallible, Peer, Span};
use cloakrs_core::{EntityType, Locale, PiiEntity, Scanner};

pub(crate) fn scanner() -> Fallible<Scanner> {
    let builder = cloakrs_locales::default_registry().into_scanner_builder();
    Ok(builder.locale(Locale::US).without_masking().build()?)
}

impl Peer for Scanner {
    type Findings = Vec<PiiEntity>;

    fn find(&self, text: &str) -> Fallible<Self::Findings> {
        Ok(self.scan(text)?.findings)
    }

    fn spans(&self, _text: &str, findings: Self::Findings) -> Fallible<Vec<Span>> {
        let span = |found: &PiiEntity| Some((found.span.start, found.span.end, kind(&found.entity_type)?));
        Ok(findings.iter().filter_map(span).collect())
    }
}

fn kind(entity: &EntityType) -> Option<&'static str> {
    use EntityType as E;
    Some(match entity {
        E::PersonName => "PERSON",
        E::PhysicalAddress => "LOC",
        E::DateOfBirth => "DATE",
        E::Ssn => "SSN",
        E::CreditCard => "PAN",
        E::PhoneNumber => "PHONE",
        E::Email => "EMAIL",
        E::Url | E::Hostname => "URL",
        E::IpAddress => "IP",
        E::Iban => "IBAN",
        E::ApiKey | E::Jwt | E::AwsAccessKey | E::UserPath | E::Custom(_) => return None,
        // Numbers of persons, devices and wallets.
        _ => "ID",
    })
}
