//! Scanning one value with a set of detectors.

use crate::redact::detect::fold::{Folded, fold};
use crate::redact::detect::{Detector, Finding, KeyPath};
use regex::{Regex, RegexSet, RegexSetBuilder};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// Cue words are looked for this many bytes before a match, and fewer behind it.
const CUE_BEFORE: usize = 48;
const CUE_AFTER: usize = 24;

/// The detectors of one profile, ready to scan.
#[derive(Clone, Debug)]
pub struct Scanner {
    detectors: Vec<Detector>,
    /// One automaton over all patterns says which of them to run.
    patterns: RegexSet,
    /// The detector behind each pattern of the set.
    owners: Vec<usize>,
    /// Last key name → detectors that may claim a value under it.
    by_key: HashMap<String, Vec<usize>>,
    /// Detectors with an open key pattern (`*_ssn`).
    by_suffix: Vec<usize>,
}

struct Candidate {
    range: Range<usize>,
    owner: usize,
    score: f32,
}

impl Scanner {
    pub(crate) fn new(detectors: Vec<Detector>) -> Self {
        let (mut owners, mut sources) = (Vec::new(), Vec::new());
        let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_suffix = Vec::new();
        for (index, detector) in detectors.iter().enumerate() {
            if let Some(pattern) = &detector.pattern {
                owners.push(index);
                sources.push(format!("(?x){}", pattern.as_str()));
            }
            for key in &detector.keys {
                match key.fixed_last() {
                    Some(last) => by_key.entry(last.to_owned()).or_default().push(index),
                    None => by_suffix.push(index),
                }
            }
        }
        // Each source compiled alone under a tenth of this; should the set still be
        // too large, an empty one would silently find nothing, so then all patterns run.
        // Unicode classes make many states: with the default cache the lazy DFA is thrown
        // away again and again, and scanning is twenty times slower.
        let patterns = RegexSetBuilder::new(&sources).size_limit(1 << 26).dfa_size_limit(1 << 25).build();
        let patterns = patterns.unwrap_or_else(|_| RegexSet::empty());
        Self { detectors, patterns, owners, by_key, by_suffix }
    }

    /// Finds personal data in `text`: a decoded JSON string, the literal of a number,
    /// or a member name. Findings come in order and do not overlap.
    pub fn value(&self, path: &KeyPath, text: &str, findings: &mut Vec<Finding>) {
        if text.trim().is_empty() {
            return;
        }
        let folded = (!text.is_ascii()).then(|| fold(text));
        let plain = folded.as_ref().map_or(text, |folded| folded.text.as_str());
        if let Some(detector) = self.claimant(path, plain) {
            findings.push(finding(detector, 0..text.len(), text, false));
        } else {
            self.shapes(path, text, folded.as_ref(), findings);
        }
    }

    /// The detector whose keys name this value's place.
    fn claimant(&self, path: &KeyPath, text: &str) -> Option<&Detector> {
        self.claimant_at(path, text).or_else(|| self.claimant_at(&path.unwrapped()?, text))
    }

    fn claimant_at(&self, path: &KeyPath, text: &str) -> Option<&Detector> {
        let named = self.by_key.get(path.last()?).map(Vec::as_slice).unwrap_or_default();
        let mut candidates =
            named.iter().chain(&self.by_suffix).filter_map(|&index| self.detectors.get(index));
        candidates.find(|detector| {
            detector.keys.iter().any(|key| key.matches(path))
                && !detector.veto_keys.iter().any(|key| key.matches(path))
                && detector.value.as_ref().is_none_or(|shape| shape.is_match(text))
        })
    }

    fn shapes(&self, path: &KeyPath, original: &str, folded: Option<&Folded>, findings: &mut Vec<Finding>) {
        let text = folded.map_or(original, |folded| folded.text.as_str());
        let mut candidates = Vec::new();
        if self.patterns.is_empty() {
            self.owners.iter().for_each(|&owner| self.collect(owner, path, text, &mut candidates));
        } else {
            for index in &self.patterns.matches(text) {
                let Some(&owner) = self.owners.get(index) else { continue };
                self.collect(owner, path, text, &mut candidates);
            }
        }
        // The surest first, then the longest; what overlaps it is the same data.
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.range.len().cmp(&a.range.len())));
        let start = findings.len();
        // By where they began when they were chosen: a text may hold very many. Those that
        // have grown into each other since are joined at the end.
        let mut chosen: BTreeMap<usize, usize> = BTreeMap::new();
        for candidate in candidates {
            let range =
                folded.map_or_else(|| candidate.range.clone(), |folded| folded.original(&candidate.range));
            let Some(detector) = self.detectors.get(candidate.owner) else { continue };
            let before = chosen.range(..range.end).next_back().map(|(_, index)| *index);
            let nearest = before.and_then(|index| findings.get_mut(index));
            // What sticks out of a surer finding must not stay visible.
            match nearest.filter(|other| range.start < other.range.end && other.range.start < range.end) {
                Some(other) => {
                    other.range = other.range.start.min(range.start)..other.range.end.max(range.end);
                    other.whole = is_whole(original, &other.range);
                }
                None => {
                    chosen.insert(range.start, findings.len());
                    findings.push(finding(detector, range, original, true));
                }
            }
        }
        join(findings, start);
    }

    fn collect(&self, owner: usize, path: &KeyPath, text: &str, candidates: &mut Vec<Candidate>) {
        let Some(detector) = self.detectors.get(owner) else { return };
        let Some(pattern) = &detector.pattern else { return };
        if detector.veto_keys.iter().any(|key| key.matches(path)) {
            return;
        }
        let mut from = 0;
        while let Some((all, part)) = next_match(pattern, text, from) {
            let range = part.clone();
            let cued = detector.context.as_ref().is_some_and(|cues| cued(cues, path, text, &range));
            let sound = detector.check.is_none_or(|check| check(text.get(part).unwrap_or_default()));
            // A cue outweighs a failed check: a mistyped number is still somebody's.
            let holds = if detector.needs_context { cued } else { sound || cued };
            let alone = stands_alone(text, &range);
            if holds && alone {
                let score = detector.score + if cued { 0.3 } else { 0.0 } + if sound { 0.1 } else { 0.0 };
                candidates.push(Candidate { range, owner, score });
            }
            // A match that fails its check may hide one that begins inside it.
            let hides = alone && !sound;
            from =
                if hides { ceiling(text, all.start + 1) } else { all.end.max(ceiling(text, all.start + 1)) };
            if from > text.len() {
                return;
            }
        }
    }
}

/// The next match, and the part of it that is the value: `(?<value>…)`, or all of it.
/// Groups cost much more than a match, so they are asked for only where there is one.
fn next_match(pattern: &Regex, text: &str, from: usize) -> Option<(Range<usize>, Range<usize>)> {
    let found = pattern.find_at(text, from)?.range();
    if pattern.captures_len() == 1 {
        return Some((found.clone(), found));
    }
    let groups = pattern.captures_at(text, found.start)?;
    let part = groups.name("value").or_else(|| groups.get(0))?.range();
    Some((groups.get(0)?.range(), part))
}

/// Findings that grew into each other become one, named after the first.
fn join(findings: &mut Vec<Finding>, start: usize) {
    let mut grown = findings.split_off(start);
    grown.sort_by_key(|finding| finding.range.start);
    for finding in grown {
        match findings.get_mut(start..).and_then(<[Finding]>::last_mut) {
            Some(last) if finding.range.start < last.range.end => {
                last.range.end = last.range.end.max(finding.range.end);
            }
            _ => findings.push(finding),
        }
    }
}

fn finding(detector: &Detector, range: Range<usize>, text: &str, by_pattern: bool) -> Finding {
    let whole = is_whole(text, &range);
    Finding { range, entity: detector.entity.clone(), rule: detector.id.clone(), whole, by_pattern }
}

fn is_whole(text: &str, range: &Range<usize>) -> bool {
    range.len() >= text.trim().len()
}

/// Whether a cue word stands near the match or in the key the value stands under.
fn cued(cues: &regex::Regex, path: &KeyPath, text: &str, range: &Range<usize>) -> bool {
    let from = floor(text, range.start.saturating_sub(CUE_BEFORE));
    let to = floor(text, range.end.saturating_add(CUE_AFTER).min(text.len()));
    let near = |part: Option<&str>| part.is_some_and(|part| cues.is_match(part));
    near(text.get(from..range.start))
        || near(text.get(range.end..to))
        || path.last().is_some_and(|key| cues.is_match(key))
}

/// A number within a longer run of digits, a hash or a decimal is not the value.
fn stands_alone(text: &str, range: &Range<usize>) -> bool {
    let (head, tail) =
        (text.get(..range.start).unwrap_or_default(), text.get(range.end..).unwrap_or_default());
    let inner = text.get(range.clone()).unwrap_or_default();
    let numeric = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    if numeric(inner.chars().next()) {
        let mut before = head.chars().rev();
        let (last, other) = (before.next(), before.next());
        if last.is_some_and(|c| c.is_alphanumeric() || c == '_')
            || (matches!(last, Some('-' | '.')) && other.is_some_and(char::is_alphanumeric))
        {
            return false;
        }
    }
    if numeric(inner.chars().next_back()) {
        let mut after = tail.chars();
        let (next, other) = (after.next(), after.next());
        if next.is_some_and(|c| c.is_alphanumeric() || c == '_')
            || (matches!(next, Some('-' | '.')) && numeric(other))
        {
            return false;
        }
    }
    true
}

fn ceiling(text: &str, mut place: usize) -> usize {
    while place < text.len() && !text.is_char_boundary(place) {
        place += 1;
    }
    place
}

fn floor(text: &str, mut place: usize) -> usize {
    while !text.is_char_boundary(place) {
        place -= 1;
    }
    place
}
