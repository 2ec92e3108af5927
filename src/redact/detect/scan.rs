//! Scanning one value with a set of detectors.
//!
//! Most values concern no detector, by what they are made of and the words they hold
//! ([`Prefilter`]). On the rest the patterns of those concerned are run.

use crate::redact::class::Class;
use crate::redact::detect::choose::{Candidate, choose};
use crate::redact::detect::fold::fold;
use crate::redact::detect::named::{self, Named};
use crate::redact::detect::need::Makeup;
use crate::redact::detect::prefilter::{Memory, Prefilter};
use crate::redact::detect::sense::{Index, Sense};
use crate::redact::detect::{Detector, Finding, KeyPath, narrow};
use crate::redact::view::View;
use regex::{Regex, RegexBuilder};
use std::cell::OnceCell;
use std::ops::Range;
use std::sync::OnceLock;

/// Cue words are looked for this many bytes before a match, and fewer behind it.
const CUE_BEFORE: usize = 48;
const CUE_AFTER: usize = 24;

/// The detectors of one profile, ready to scan.
#[derive(Clone, Debug)]
pub struct Scanner {
    detectors: Vec<Detector>,
    index: Index,
    prefilter: Prefilter,
    /// Whether any pattern matches at all, in one go. None if it would be too large. This
    /// and the next two are built when a text first asks for them.
    any: OnceLock<Option<Regex>>,
    /// The same for ASCII text, and for values that stand alone.
    narrow: OnceLock<Option<Regex>>,
    /// The same again, for the detectors of each group.
    groups: [OnceLock<Option<Regex>>; Group::COUNT],
    group_of: Vec<Group>,
    named: Named,
}

/// Detectors that are asked together whether any of their patterns matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    /// Their values begin or end with a digit.
    Edged,
    /// They wait for a word or a cue.
    Listening,
    Other,
}

impl Group {
    const COUNT: usize = 3;
}

/// What scanning writes on, kept between values so that none allocates.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    memory: Memory,
    candidates: Vec<Candidate>,
    names: named::Scratch,
    /// The text scanned last, folded, if it was not plain ASCII.
    pub(crate) folded: Option<View>,
}

impl Scratch {
    /// Holds no value of a result any more.
    pub(crate) fn forget(&mut self) {
        self.folded = None;
    }
}

impl Scanner {
    pub(crate) fn new(detectors: Vec<Detector>) -> Self {
        let (index, prefilter) = (Index::new(&detectors), Prefilter::new(&detectors));
        let group = |(index, detector): (usize, &Detector)| match &detector.syntax {
            Some(syntax) if narrow::is_edged(syntax) => Group::Edged,
            _ if prefilter.listens(index) => Group::Listening,
            _ => Group::Other,
        };
        Self {
            group_of: detectors.iter().enumerate().map(group).collect(),
            named: Named::new(&detectors),
            any: OnceLock::new(),
            narrow: OnceLock::new(),
            groups: Default::default(),
            index,
            prefilter,
            detectors,
        }
    }

    /// Whether any pattern matches at all, if that can be asked in one go.
    fn any(&self, ascii: bool) -> Option<&Regex> {
        let narrow = || {
            // If one pattern's syntax is not known, the automaton would be deaf to it.
            let known = |detector: &Detector| detector.pattern.is_some() == detector.syntax.is_some();
            let syntaxes = self.detectors.iter().filter_map(|detector| detector.syntax.as_ref());
            self.detectors.iter().all(known).then(|| narrow::any(syntaxes)).flatten()
        };
        let narrow = if ascii { self.narrow.get_or_init(narrow).as_ref() } else { None };
        narrow.or_else(|| self.any.get_or_init(|| any(&self.detectors)).as_ref())
    }

    /// Whether any pattern of a group matches, in ASCII text.
    fn group(&self, group: Group) -> Option<&Regex> {
        self.narrow.get().and_then(Option::as_ref)?;
        let build = || {
            let members = self.detectors.iter().zip(&self.group_of).filter(|(_, of)| **of == group);
            narrow::any(members.filter_map(|(detector, _)| detector.syntax.as_ref()))
        };
        self.groups.get(group as usize)?.get_or_init(build).as_ref()
    }

    pub(crate) fn detectors(&self) -> &[Detector] {
        &self.detectors
    }

    /// What the detectors make of the keys that lead to a value.
    pub(crate) fn sense(&self, path: &KeyPath) -> Sense {
        self.index.sense(&self.detectors, path)
    }

    /// Whether a path that ends with this name may say anything to any detector.
    pub(crate) fn may_be_told(&self, name: &str) -> bool {
        self.index.may_be_told(name)
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
        scratch.folded = None;
        if !class.meets(Class::WIDE) {
            self.plain(sense, text, text, class, None, scratch, findings);
        } else if !text.trim().is_empty() {
            let folded = fold(text);
            let class = Class::of(&folded.text);
            self.plain(sense, text, &folded.text, class, Some(&folded), scratch, findings);
            scratch.folded = Some(folded);
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one value in its two spellings")]
    fn plain(
        &self,
        sense: &Sense,
        original: &str,
        text: &str,
        class: Class,
        folded: Option<&View>,
        scratch: &mut Scratch,
        findings: &mut Vec<Finding>,
    ) {
        let claimed = sense.claims.iter().find(|claim| claim.holds(&self.detectors, text, class));
        if let Some(claim) = claimed {
            if !text.trim().is_empty() {
                findings.push(Finding::by_key(claim.detector, original));
            }
            return;
        }
        let Scratch { memory, candidates, names, .. } = scratch;
        candidates.clear();
        let makeup = Makeup::of(text, class);
        let ascii = !class.meets(Class::WIDE);
        let matches = || self.any(ascii).is_none_or(|any| any.is_match(text));
        let matched = [const { OnceCell::new() }; Group::COUNT];
        let may = |detector: usize| {
            let group = self.group_of.get(detector).copied().unwrap_or(Group::Other);
            let matches = || !ascii || self.group(group).is_none_or(|regex| regex.is_match(text));
            matched.get(group as usize).is_none_or(|matched| *matched.get_or_init(matches))
        };
        self.prefilter.concerned(sense, text, makeup, memory, matches, may, |detector| {
            self.collect(detector, sense, text, ascii, candidates);
        });
        if self.named.listens(sense, text, class) {
            self.named.collect(&self.detectors, sense, text, names, candidates);
        }
        if !candidates.is_empty() {
            let entity = |detector: usize| self.detectors.get(detector).map(|detector| &detector.entity);
            choose(original, folded, candidates, |a, b| entity(a) == entity(b), findings);
        }
    }

    /// All places where one detector's pattern holds.
    fn collect(&self, owner: usize, sense: &Sense, text: &str, ascii: bool, candidates: &mut Vec<Candidate>) {
        let Some(detector) = self.detectors.get(owner) else { return };
        let narrow = detector.narrow.as_ref().filter(|_| ascii);
        let Some(pattern) = narrow.or(detector.pattern.as_ref()) else { return };
        if sense.vetoes(owner) {
            return;
        }
        let mut from = 0;
        while let Some((all, part)) = next_match(pattern, text, from) {
            let range = part.clone();
            let alone = stands_alone(text, &range);
            let sound = alone && detector.check.is_none_or(|check| check(text.get(part).unwrap_or_default()));
            if alone {
                let cues = |cues: &Regex| sense.cues(owner) || cued(cues, text, &range);
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

/// All patterns as one. Each compiled alone under a tenth of the bound. Unicode classes make
/// many states: with the default cache the lazy DFA is thrown away again and again, and
/// scanning is twenty times slower.
fn any(detectors: &[Detector]) -> Option<Regex> {
    let patterns = detectors.iter().filter_map(|detector| detector.pattern.as_ref());
    // A group's name may be given once.
    let unnamed = |pattern: &Regex| pattern.as_str().replace("(?P<value>", "(?:").replace("(?<value>", "(?:");
    let all: Vec<String> = patterns.map(|pattern| format!("(?:{})", unnamed(pattern))).collect();
    let mut builder = RegexBuilder::new(&all.join("|"));
    builder.ignore_whitespace(true).size_limit(1 << 26).dfa_size_limit(1 << 25).build().ok()
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
fn cued(cues: &Regex, text: &str, range: &Range<usize>) -> bool {
    let from = floor(text, range.start.saturating_sub(CUE_BEFORE));
    let to = floor(text, range.end.saturating_add(CUE_AFTER).min(text.len()));
    let near = |part: Option<&str>| part.is_some_and(|part| cues.is_match(part));
    near(text.get(from..range.start)) || near(text.get(range.end..to))
}

/// A number within a longer run of digits, a hash or a decimal is not the value.
pub(super) fn stands_alone(text: &str, range: &Range<usize>) -> bool {
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

#[cfg(test)]
mod tests {
    use crate::config::builtin;
    use crate::redact::rules::Rules;

    /// Without it every value would be searched by every detector it may concern.
    #[test]
    fn the_detectors_that_ship_are_one_automaton() {
        let rules = Rules::load(&builtin::rules()).unwrap_or_else(|faults| panic!("{faults:?}"));
        let scanner = rules.detectors.scanner(|_| true);
        let any = scanner.any(false).expect("all patterns fit one automaton");
        assert!(any.is_match("call (212) 555-0142"));
        assert!(!any.is_match("Essential hypertension"));
        let narrow = scanner.any(true).expect("and one for ASCII text");
        assert!(narrow.is_match("call (212) 555-0142"));
        assert!(!narrow.is_match("Essential hypertension"));
    }
}
