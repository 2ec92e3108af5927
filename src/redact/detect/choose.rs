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
    /// Where it overlaps what is surer, only the rest of it is found: it does not make the
    /// other longer.
    pub(crate) yields: bool,
}

/// The surest first, then the longest; what overlaps it is the same data. Findings come in
/// order, as ranges of the original, and do not overlap. `same` tells whether two detectors
/// find the same entity.
pub(crate) fn choose(
    original: &str,
    folded: Option<&View>,
    candidates: &mut [Candidate],
    same: impl Fn(usize, usize) -> bool,
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
        if candidate.yields && nearest.as_ref().is_some_and(|other| !same(other.detector, candidate.detector))
        {
            rest(original, (candidate.detector, range), &mut chosen, findings);
            continue;
        }
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

/// Finds what of a range no finding covers yet, as far as there are letters or digits in it.
fn rest(
    original: &str,
    (detector, range): (usize, Range<usize>),
    chosen: &mut BTreeMap<usize, usize>,
    findings: &mut Vec<Finding>,
) {
    let mut free = range.start;
    let mut before = chosen.range(..range.start).next_back().map(|(_, index)| *index);
    let mut within = chosen.range(range.clone()).map(|(_, index)| *index);
    let mut gaps = Vec::new();
    while let Some(index) = before.take().or_else(|| within.next()) {
        let Some(finding) = findings.get(index) else { break };
        if finding.range.end > free {
            if finding.range.start > free {
                gaps.push(free..finding.range.start.min(range.end));
            }
            free = finding.range.end;
        }
    }
    if free == range.start {
        chosen.insert(range.start, findings.len());
        findings.push(Finding::by_pattern(detector, range, original));
        return;
    }
    gaps.push(free..range.end);
    for gap in gaps.into_iter().filter(|gap| gap.start < gap.end) {
        let text = original.get(gap.clone()).unwrap_or_default();
        let inner = text.trim_matches(|c: char| !c.is_alphanumeric());
        if inner.chars().nth(1).is_some() {
            let start = gap.start + text.find(inner).unwrap_or(0);
            chosen.insert(start, findings.len());
            findings.push(Finding::by_pattern(detector, start..start + inner.len(), original));
        }
    }
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
