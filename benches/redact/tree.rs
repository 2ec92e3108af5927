//! The approach that parses to a tree: every string through every pattern, then printed.

use portcullis::redact::detect::{KeyPath, Scanner};
use portcullis::redact::rules::Rules;
use serde_json::Value;

/// Each detector alone.
pub(crate) fn scanners(rules: &Rules) -> Vec<Scanner> {
    rules.detectors.iter().map(|wanted| rules.detectors.scanner_of(&wanted.id)).collect()
}

/// Filters a document with the same detectors, one after the other.
pub(crate) fn filter(scanners: &[Scanner], document: &str) -> String {
    let mut value: Value = serde_json::from_str(document).unwrap();
    walk(&mut value, &mut KeyPath::default(), &mut |path, text| {
        let mut findings = Vec::new();
        for scanner in scanners {
            scanner.value(path, text, &mut findings);
        }
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.range.start));
        let mut end = text.len();
        for finding in findings {
            if finding.range.end <= end {
                end = finding.range.start;
                text.replace_range(finding.range, "[REDACTED]");
            }
        }
    });
    value.to_string()
}

fn walk(value: &mut Value, path: &mut KeyPath, change: &mut impl FnMut(&KeyPath, &mut String)) {
    match value {
        Value::String(text) => change(path, text),
        Value::Array(elements) => elements.iter_mut().for_each(|element| walk(element, path, change)),
        Value::Object(members) => {
            for (name, member) in members {
                path.push(name);
                walk(member, path, change);
                path.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
