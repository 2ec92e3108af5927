//! Bringing what other readings of a text found back to the text.

use crate::redact::detect::Finding;
use crate::redact::view::View;

/// What a finding says.
pub(super) fn said(text: &str, finding: &Finding) -> Box<str> {
    match &finding.said {
        Some(said) => said.clone(),
        None => text.get(finding.range.clone()).unwrap_or_default().into(),
    }
}

/// Adds what was found in another reading of `text`.
pub(super) fn mapped(text: &str, view: &View, inner: Vec<Finding>, found: &mut Vec<Finding>) {
    let back = |finding: Finding| {
        let said = said(&view.text, &finding);
        let mut range = view.original(&finding.range);
        if finding.range.is_empty() {
            range.start = view.original(&(0..finding.range.end)).end;
            range.end = range.start;
        }
        Finding { by_pattern: finding.by_pattern, ..Finding::hidden(finding.detector, range, text, said) }
    };
    let mapped = inner.into_iter().map(back).collect();
    add(text, mapped, found);
}

/// Adds findings, so that all come in order and do not overlap. What is found twice is
/// named as it was first.
pub(super) fn add(text: &str, more: Vec<Finding>, found: &mut Vec<Finding>) {
    if more.is_empty() {
        return;
    }
    found.extend(more);
    let mut all = std::mem::take(found);
    all.sort_by_key(|finding| (finding.range.start, finding.range.end));
    for finding in all {
        match found.last_mut() {
            Some(last) if finding.range.start < last.range.end => join(text, last, &finding),
            Some(last) if finding.range == last.range && finding.said == last.said => {}
            _ => found.push(finding),
        }
    }
}

/// Adds findings that come in order. Of those that stand for one place the others come
/// behind the first.
pub(super) fn beside(more: Vec<Finding>, found: &mut Vec<Finding>) {
    for mut finding in more {
        if found.last().is_some_and(|last| finding.range.start < last.range.end) {
            let end = finding.range.end;
            finding.range = end..end;
        }
        found.push(finding);
    }
}

/// Two findings that overlap become one; it says what the greater of the two says.
fn join(text: &str, last: &mut Finding, finding: &Finding) {
    if finding.range.end <= last.range.end {
        return;
    }
    if finding.range.len() > last.range.len() {
        last.detector = finding.detector;
        last.said = Some(said(text, finding));
    }
    last.by_pattern |= finding.by_pattern;
    last.grow(text, &finding.range);
}
