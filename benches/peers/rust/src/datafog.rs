//! datafog-core: the scan of its quick start, and the one for JSON that knows fields of names.

use crate::leaves::{self, Leaves};
use crate::{Fallible, Peer, Span};
use datafog_core::structured::{self, StructuredFinding, StructuredScanConfig};
use datafog_core::{Finding, scan};

pub(crate) struct Text;

impl Peer for Text {
    type Findings = Vec<Finding>;

    fn find(&self, text: &str) -> Fallible<Self::Findings> {
        Ok(scan(text))
    }

    fn spans(&self, _text: &str, findings: Self::Findings) -> Fallible<Vec<Span>> {
        let span =
            |found: &Finding| Some((found.byte_range.start, found.byte_range.end, kind(&found.entity_type)?));
        Ok(findings.iter().filter_map(span).collect())
    }
}

/// Where a text is no JSON that it accepts, the text is scanned.
pub(crate) struct Json;

pub(crate) enum Found {
    InText(Vec<Finding>),
    InValues(Vec<StructuredFinding>),
}

impl Peer for Json {
    type Findings = Found;

    fn find(&self, text: &str) -> Fallible<Self::Findings> {
        let Ok(data) = structured::parse_document_json(text) else {
            return Ok(Found::InText(scan(text)));
        };
        Ok(structured::scan(&data, &StructuredScanConfig::default())
            .map_or_else(|_| Found::InText(scan(text)), |found| Found::InValues(found.findings)))
    }

    fn spans(&self, text: &str, findings: Self::Findings) -> Fallible<Vec<Span>> {
        match findings {
            Found::InText(findings) => Text.spans(text, findings),
            Found::InValues(findings) => {
                let leaves = leaves::of(text)?;
                let spans = findings.iter().map(|found| in_text(&leaves, found));
                Ok(spans.collect::<Fallible<Vec<_>>>()?.into_iter().flatten().collect())
            }
        }
    }
}

fn in_text(leaves: &Leaves, found: &StructuredFinding) -> Fallible<Option<Span>> {
    let leaf = leaves.get(&found.path).ok_or("a finding in no value")?;
    let range = found.finding.codepoint_range;
    let (start, end) = leaf.bytes(range.start, range.end).ok_or("a finding past its value")?;
    Ok(kind(&found.finding.entity_type).map(|kind| (start, end, kind)))
}

fn kind(entity: &str) -> Option<&'static str> {
    Some(match entity {
        "PERSON" => "PERSON",
        "EMAIL" => "EMAIL",
        "PHONE" => "PHONE",
        "SSN" => "SSN",
        "CREDIT_CARD" => "PAN",
        "IP_ADDRESS" => "IP",
        "DATE" => "DATE",
        "ZIP_CODE" | "STREET_ADDRESS" => "LOC",
        "ACCOUNT_NUMBER" | "US_ROUTING_NUMBER" => "BANK",
        "NPI" => "ID",
        // What is left are credentials.
        _ => return None,
    })
}
