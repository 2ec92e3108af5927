//! Of all that the patterns of one text match, what is found.

use crate::redact::detect::Finding;
use crate::redact::view::View;
use std::collections::BTreeMap;
use std::ops::Range;

/// A match that holds.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// Bytes of the folded text.
    pub(crate) range: Range<usize>,
    pub(crate) detector: usize,
    pub(crate) score: f32,
}

/// The surest first, then the longest; what overlaps it is the same data. Findings come in
/// order, as ranges of the original, and do not overlap.
pub(crate) fn choose(
    original: &str,
    folded: Option<&View>,
    candidates: &mut [Candidate],
    findings: &mut Vec<Finding>,
) {
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.range.len().cmp(&a.range.len())));
    let start = findings.len();
    // By where they began when they were chosen: a text may hold very many. Those that
    // have grown into each other since are joined at the end.
    let mut chosen: BTreeMap<usize, usize> = BTreeMap::new();
    for candidate in candidates {
        let range =
            folded.map_or_else(|| candidate.range.clone(), |folded| folded.original(&candidate.range));
        let before = chosen.range(..range.end).next_back().map(|(_, index)| *index);
        let nearest = before.and_then(|index| findings.get_mut(index));
        // What sticks out of a surer finding must not stay visible.
        match nearest.filter(|other| range.start < other.range.end && other.range.start < range.end) {
            Some(other) => other.grow(original, &range),
            None => {
                chosen.insert(range.start, findings.len());
                findings.push(Finding::by_pattern(candidate.detector, range, original));
            }
        }
    }
    join(original, findings, start);
}

/// Findings that grew into each other become one, named after the first.
fn join(original: &str, findings: &mut Vec<Finding>, start: usize) {
    if findings.len() < start + 2 {
        return;
    }
    let mut grown = findings.split_off(start);
    grown.sort_by_key(|finding| finding.range.start);
    for finding in grown {
        match findings.get_mut(start..).and_then(<[Finding]>::last_mut) {
            Some(last) if finding.range.start < last.range.end => last.grow(original, &finding.range),
            _ => findings.push(finding),
        }
    }
}
