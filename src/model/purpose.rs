//! Purpose of use: why data is asked for, as the authorization server attests it.
//!
//! Codes are those of HL7's v3 ActReason. A token may have them in the places of IHE IUA
//! (`extensions.ihe_iua`), of UDAP (`extensions.hl7-b2b`), of its own
//! (`purpose_of_use`), or in its `authorization_details` (RFC 9396).

use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Break the glass.
pub const BTG: &str = "BTG";
/// Emergency treatment.
pub const ETREAT: &str = "ETREAT";

const MOST: usize = 16;
const LONGEST: usize = 32;
/// How ActReason is named: by URL and by OID.
const SYSTEMS: [&str; 4] = [
    "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "urn:oid:2.16.840.1.113883.5.8",
    "2.16.840.1.113883.5.8",
    "",
];

/// The purposes that a token states. What is no code of ActReason is none.
pub fn of(claims: &Map<String, Value>) -> BTreeSet<String> {
    let extension = |name: &str| claims.get("extensions").and_then(|extensions| extensions.get(name));
    let within = |value: Option<&Value>| {
        let value = value.and_then(|value| value.get("purpose_of_use")).cloned();
        value.unwrap_or_default()
    };
    let mut found = vec![
        claims.get("purpose_of_use").cloned().unwrap_or_default(),
        within(extension("ihe_iua")),
        within(extension("hl7-b2b")),
    ];
    let details = claims.get("authorization_details").and_then(Value::as_array);
    found.extend(details.into_iter().flatten().filter_map(|detail| detail.get("purpose").cloned()));
    let codes = found.iter().flat_map(|value| match value {
        Value::Array(several) => several.iter().take(MOST).filter_map(code).collect(),
        one => code(one).into_iter().collect::<Vec<_>>(),
    });
    codes.take(MOST).collect()
}

/// A code by itself, after its system (`urn:oid:…#TREAT`, `…|TREAT`), or in a coding.
fn code(value: &Value) -> Option<String> {
    let (system, code) = match value {
        Value::String(text) => text.rsplit_once(['#', '|']).unwrap_or(("", text)),
        Value::Object(coding) => {
            let text = |name: &str| coding.get(name).and_then(Value::as_str);
            (text("system").unwrap_or_default(), text("code")?)
        }
        _ => return None,
    };
    let plain = (1..=LONGEST).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    (plain && SYSTEMS.contains(&system)).then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn purposes_are_found_where_the_profiles_put_them() {
        let of = |claims: Value| of(claims.as_object().unwrap()).into_iter().collect::<Vec<_>>();
        let system = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
        for (claims, expected) in [
            (json!({"purpose_of_use": "TREAT"}), vec!["TREAT"]),
            (
                json!({"extensions": {"ihe_iua": {"purpose_of_use": [{"system": system, "code": "BTG"}]}}}),
                vec!["BTG"],
            ),
            (
                json!({"extensions": {"hl7-b2b": {"purpose_of_use": ["urn:oid:2.16.840.1.113883.5.8#HPAYMT", "TREAT"]}}}),
                vec!["HPAYMT", "TREAT"],
            ),
            (json!({"authorization_details": [{"type": "mcp_tool", "purpose": "ETREAT"}]}), vec!["ETREAT"]),
            (json!({"purpose_of_use": {"system": "urn:other", "code": "BTG"}}), vec![]),
            (json!({"purpose_of_use": "urn:other#BTG"}), vec![]),
            (json!({"purpose_of_use": ["btg", "", 7, null, "a b"]}), vec![]),
            (json!({"extensions": "BTG"}), vec![]),
            (json!({}), vec![]),
        ] {
            assert_eq!(of(claims.clone()), expected, "{claims}");
        }
    }
}
