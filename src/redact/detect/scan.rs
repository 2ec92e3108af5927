//! Scanning one value with a set of detectors.
//!
//! Most values concern no detector, by what they are made of and the words they hold
//! ([`Prefilter`]). On the rest the patterns of those concerned are run.

use crate::redact::class::Class;
use crate::redact::detect::alone::stands_alone;
use crate::redact::detect::choose::{Candidate, choose};
use crate::redact::detect::fold::fold;
use crate::redact::detect::named::{self, Named};
use crate::redact::detect::need::Makeup;
use crate::redact::detect::pattern::Pattern;
use crate::redact::detect::prefilter::{Memory, Prefilter};
use crate::redact::detect::sense::{Index, Sense, Told};
use crate::redact::detect::set::Set;
use crate::redact::detect::spoken::Heard;
use crate::redact::detect::uuid::Uuids;
use crate::redact::detect::{Detector, Finding, KeyPath, shadow};
use crate::redact::plainly::Uuid;
use crate::redact::standing::Standing;
use crate::redact::view::View;
use regex::Regex;
use std::ops::Range;
use std::sync::OnceLock;

/// Cue words are looked for this many bytes before a match, and fewer behind it.
const CUE_BEFORE: usize = 48;
const CUE_AFTER: usize = 24;

/// The detectors of one profile, ready to scan.
#[derive(Clone, Debug)]
pub struct Scanner {
    detectors: Vec<Detector>,
    /// Built when a key or a text first asks.
    search: OnceLock<Search>,
    /// Which patterns match. Built when a text first asks; None inside if they are too many.
    set: OnceLock<Option<Set>>,
    uuids: Uuids,
}

/// What is asked of the detectors' keys, words and patterns.
#[derive(Clone, Debug)]
struct Search {
    index: Index,
    prefilter: Prefilter,
    named: Named,
}

/// What is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    All,
    /// No names in free text.
    Patterns,
}

/// What scanning writes on, kept between values so that none allocates.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    memory: Memory,
    candidates: Vec<Candidate>,
    names: named::Scratch,
    shadow: String,
    heard: Heard,
    pub(crate) standing: Standing,
    /// One of them was met, in whatever reading of a text.
    pub(crate) stood: bool,
    /// The text scanned last, folded, if it was not plain ASCII.
    pub(crate) folded: Option<View>,
}

impl Scratch {
    /// Holds no value of a result any more.
    pub(crate) fn forget(&mut self) {
        self.folded = None;
        self.shadow.clear();
        self.standing.forget();
    }
}

impl Scanner {
    pub(crate) fn new(detectors: Vec<Detector>) -> Self {
        Self { detectors, search: OnceLock::new(), set: OnceLock::new(), uuids: Uuids::new() }
    }

    fn search(&self) -> &Search {
        let detectors = &self.detectors;
        let build = || Search {
            index: Index::new(detectors),
            prefilter: Prefilter::new(detectors),
            named: Named::new(detectors),
        };
        self.search.get_or_init(build)
    }

    /// Builds what the first text would have to wait for, save the patterns.
    pub(crate) fn prepare(&self) {
        self.search();
        self.set();
    }

    /// Tells which patterns match. None if they are too many.
    fn set(&self) -> Option<&Set> {
        let build = || {
            // If one pattern's syntax is not known, the automaton would be deaf to it.
            let known = |detector: &Detector| detector.pattern.is_some() == detector.syntax().is_some();
            // One pattern is as soon asked itself.
            let worth = self.detectors.len() > 1 && self.detectors.iter().all(known);
            worth.then(|| Set::new(self.detectors.iter().map(Detector::syntax))).flatten()
        };
        self.set.get_or_init(build).as_ref()
    }

    pub(crate) fn detectors(&self) -> &[Detector] {
        &self.detectors
    }

    /// What the detectors make of the keys that lead to a value.
    pub(crate) fn sense(&self, path: &KeyPath) -> Sense {
        self.search().index.sense(&self.detectors, path)
    }

    /// What detectors may be told by paths that end with this name.
    pub(crate) fn told(&self, name: &str) -> Told {
        self.search().index.told(name)
    }

    /// Finds personal data in `text`: a decoded JSON string, the literal of a number,
    /// or a member name. Findings come in order and do not overlap.
    pub fn value(&self, path: &KeyPath, text: &str, findings: &mut Vec<Finding>) {
        self.scan(&self.sense(path), text, Class::of(text), &mut Scratch::default(), findings);
    }

    /// The same, for keys whose sense is known and a text whose class is.
    pub(crate) fn scan(
        &self,
        sense: &Sense,
        text: &str,
        class: Class,
        scratch: &mut Scratch,
        findings: &mut Vec<Finding>,
    ) {
        self.folded(sense, text, class, Wanted::All, scratch, findings);
    }

    /// The same without names in free text: no check confirms those.
    pub(crate) fn scan_for_numbers(
        &self,
        sense: &Sense,
        text: &str,
        class: Class,
        scratch: &mut Scratch,
        findings: &mut Vec<Finding>,
    ) {
        self.folded(sense, text, class, Wanted::Patterns, scratch, findings);
    }

    fn folded(
        &self,
        sense: &Sense,
        text: &str,
        class: Class,
        wanted: Wanted,
        scratch: &mut Scratch,
        findings: &mut Vec<Finding>,
    ) {
        scratch.folded = None;
        if !class.meets(Class::WIDE) {
            self.plain(sense, text, text, (class, wanted), None, scratch, findings);
        } else if !text.trim().is_empty() {
            let folded = fold(text);
            let class = Class::of(&folded.text);
            self.plain(sense, text, &folded.text, (class, wanted), Some(&folded), scratch, findings);
            scratch.folded = Some(folded);
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one value in its two spellings")]
    fn plain(
        &self,
        sense: &Sense,
        original: &str,
        text: &str,
        (class, wanted): (Class, Wanted),
        folded: Option<&View>,
        scratch: &mut Scratch,
        findings: &mut Vec<Finding>,
    ) {
        // Not as it is folded: what is not seen may say something behind it.
        if scratch.standing.has(original) {
            scratch.stood = true;
            return;
        }
        // What is not seen may say something beside it.
        let is_seen = |rest: &String| rest.chars().all(|c| c.is_ascii() || c.is_alphanumeric());
        let rest = scratch.standing.without(original).filter(is_seen).map(|rest| fold(&rest).text);
        scratch.stood |= rest.is_some();
        let (said, said_class) = rest.as_deref().map_or((text, class), |rest| (rest, Class::of(rest)));
        let claimed = sense.claims.iter().find(|claim| claim.holds(&self.detectors, said, said_class));
        if let Some(claim) = claimed {
            if !text.trim().is_empty() {
                findings.push(Finding::by_key(claim.detector, original));
            }
            return;
        }
        let Scratch { memory, candidates, names, shadow, heard, .. } = scratch;
        candidates.clear();
        let ascii = !class.meets(Class::WIDE);
        let uuid = Uuid::of(text).filter(|_| ascii);
        if uuid.is_some_and(|uuid| self.collect_in_uuid(uuid, sense, text, candidates)) {
            self.choose(original, folded, candidates, findings);
            return;
        }
        let makeup = Makeup::of(text, class);
        let shadow = if ascii {
            text
        } else {
            shadow::cast(text, shadow);
            shadow
        };
        let (mut asked, mut heard) = (None, Some(heard));
        let matches = |detector: usize| {
            let asked = asked.get_or_insert_with(|| Some(self.set()?.matches(shadow, heard.take()?)));
            asked.as_mut().is_none_or(|asked| asked.has(detector))
        };
        let Search { prefilter, named, .. } = self.search();
        prefilter.concerned(sense, text, makeup, memory, matches, |detector| {
            self.collect(detector, sense, text, ascii, candidates);
        });
        if wanted == Wanted::All && named.listens(sense, text, class) {
            named.collect(&self.detectors, sense, text, names, candidates);
        }
        self.choose(original, folded, candidates, findings);
    }

    /// Whether nothing at all is found in a UUID by itself, whatever was met before.
    pub(crate) fn finds_nothing_in(
        &self,
        uuid: Uuid<'_>,
        sense: &Sense,
        text: &str,
        scratch: &mut Scratch,
    ) -> bool {
        scratch.candidates.clear();
        sense.claims.is_empty()
            && self.collect_in_uuid(uuid, sense, text, &mut scratch.candidates)
            && scratch.candidates.is_empty()
    }

    /// False if it is not known which detectors a UUID concerns.
    fn collect_in_uuid(
        &self,
        uuid: Uuid<'_>,
        sense: &Sense,
        text: &str,
        candidates: &mut Vec<Candidate>,
    ) -> bool {
        let Some(concerned) = self.uuids.concerned(&self.detectors, uuid) else { return false };
        for concerned in concerned {
            let cued = sense.cues(concerned.detector);
            if (!concerned.waits || cued) && concerned.may_find(text, uuid, cued) {
                self.collect(concerned.detector, sense, text, true, candidates);
            }
        }
        true
    }

    fn choose(
        &self,
        original: &str,
        folded: Option<&View>,
        candidates: &mut [Candidate],
        findings: &mut Vec<Finding>,
    ) {
        if !candidates.is_empty() {
            let entity = |detector: usize| self.detectors.get(detector).map(|detector| &detector.entity);
            choose(original, folded, candidates, |a, b| entity(a) == entity(b), findings);
        }
    }

    /// All places where one detector's pattern holds.
    fn collect(&self, owner: usize, sense: &Sense, text: &str, ascii: bool, candidates: &mut Vec<Candidate>) {
        let Some(detector) = self.detectors.get(owner) else { return };
        let Some(pattern) = detector.pattern.as_ref().filter(|_| !sense.vetoes(owner)) else { return };
        let Some(pattern) = (if ascii { pattern.on_ascii() } else { pattern.on_any() }) else {
            // What does not compile could be anything.
            let all =
                Candidate { range: 0..text.len(), detector: owner, score: detector.score, yields: false };
            return candidates.push(all);
        };
        let mut from = 0;
        while let Some((all, part)) = next_match(pattern, text, from) {
            let range = part.clone();
            let alone = stands_alone(text, &range);
            let sound = alone && detector.check.is_none_or(|check| check(text.get(part).unwrap_or_default()));
            if alone {
                let cues = |cues: &Pattern| sense.cues(owner) || cued(cues, text, &range);
                let cued = detector.context.as_ref().is_some_and(cues);
                // A cue outweighs a failed check: a mistyped number is still somebody's.
                if cued || (sound && !detector.needs_context) {
                    let score = detector.score + if cued { 0.3 } else { 0.0 } + if sound { 0.1 } else { 0.0 };
                    candidates.push(Candidate { range, detector: owner, score, yields: false });
                }
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

/// Whether a cue word stands near the match.
fn cued(cues: &Pattern, text: &str, range: &Range<usize>) -> bool {
    let from = floor(text, range.start.saturating_sub(CUE_BEFORE));
    let to = floor(text, range.end.saturating_add(CUE_AFTER).min(text.len()));
    let near = |part: Option<&str>| part.is_some_and(|part| cues.is_match(part));
    near(text.get(from..range.start)) || near(text.get(range.end..to))
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

#[cfg(test)]
mod tests {
    use super::Heard;
    use crate::config::builtin;
    use crate::redact::rules::Rules;

    /// Without it every value would be searched by every detector it may concern.
    #[test]
    fn the_detectors_that_ship_are_one_automaton() {
        let rules = Rules::load(&builtin::rules()).unwrap_or_else(|faults| panic!("{faults:?}"));
        let scanner = rules.detectors.scanner(|_| true);
        let set = scanner.set().expect("all patterns fit one automaton");
        let any = |text: &str| {
            (0..scanner.detectors.len())
                .any(|detector| set.matches(text, &mut Heard::default()).has(detector))
        };
        assert!(any("call (212) 555-0142"));
        assert!(!any("Essential hypertension"));
    }
}
