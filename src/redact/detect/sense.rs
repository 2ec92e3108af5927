//! What the keys that lead to a value say of it, before the value is looked at.

use crate::redact::class::Class;
use crate::redact::detect::Detector;
use crate::redact::detect::keys::{KeyPath, KeyPattern, normalise};
use crate::redact::detect::pattern::Pattern;
use foldhash::fast::RandomState;
use regex::RegexSet;
use std::collections::{HashMap, HashSet};

/// The verdict of all detectors on one key path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sense {
    /// Detectors that take the whole value for theirs, the first that fits first.
    pub(crate) claims: Vec<Claim>,
    /// Detectors, in order, that leave what stands under these keys alone.
    vetoes: Vec<usize>,
    /// Detectors, in order, for which the last key is a cue.
    cues: Vec<usize>,
    /// Detectors of numbers that a key a few members above names.
    inherited: Vec<usize>,
    /// The keys.
    path: KeyPath,
    spoken: Spoken,
}

/// What keys say of numbers that the values under them may be parts of.
#[allow(clippy::struct_excessive_bools, reason = "each is one thing that keys say")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spoken {
    /// They are parts of what a check proves: a card.
    pub(crate) of_card: bool,
    /// They are parts of what only a cue tells: an SSN.
    pub(crate) of_ssn: bool,
    /// They are no card.
    pub(crate) vetoed: bool,
    /// They are its end, which may be shown.
    pub(crate) is_end: bool,
}

/// Names of the end of a number.
const ENDS: [&str; 3] = ["last", "end", "tail"];

/// One detector's claim on a value.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) detector: usize,
    looks: Looks,
}

/// What a value must look like to be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looks {
    Any,
    Pattern,
}

impl Sense {
    /// Whether no detector is told anything by the last keys.
    pub(crate) fn says_nothing(&self) -> bool {
        self.claims.is_empty() && self.cues.is_empty()
    }

    /// Adds what other keys of the same value say; they take nothing away.
    pub(crate) fn join(&mut self, other: &Self) {
        self.claims.extend(other.claims.iter().cloned());
        self.cues.extend(&other.cues);
        self.cues.sort_unstable();
        self.cues.dedup();
        self.inherited.extend(&other.inherited);
        self.spoken.of_card |= other.spoken.of_card;
        self.spoken.of_ssn |= other.spoken.of_ssn;
    }

    /// The same for a member name, which its own text is judged by.
    pub(crate) fn unclaimed(&self) -> Self {
        Self { claims: Vec::new(), ..self.clone() }
    }

    pub(crate) fn spoken(&self) -> Spoken {
        self.spoken
    }

    fn speaks(&self, detectors: &[Detector]) -> Spoken {
        let last = self.path.last().unwrap_or_default();
        let is_end = ENDS.iter().any(|end| last.contains(end));
        let mut spoken = Spoken { is_end, ..Spoken::default() };
        let checked = detectors.iter().enumerate().filter(|(_, detector)| detector.check.is_some());
        for (index, detector) in checked {
            let named = self.cues(index) || self.claims.iter().any(|claim| claim.detector == index);
            spoken.of_card |= detector.proves && named;
            spoken.of_ssn |= detector.needs_context && named;
            spoken.vetoed |= detector.proves && self.vetoes(index);
        }
        spoken
    }

    pub(crate) fn path(&self) -> &KeyPath {
        &self.path
    }

    pub(crate) fn vetoes(&self, detector: usize) -> bool {
        self.vetoes.binary_search(&detector).is_ok()
    }

    pub(crate) fn cues(&self, detector: usize) -> bool {
        self.cues.binary_search(&detector).is_ok() || self.inherited.contains(&detector)
    }
}

impl Claim {
    pub(crate) fn holds(&self, detectors: &[Detector], text: &str, class: Class) -> bool {
        let Some(detector) = detectors.get(self.detector) else { return true };
        let looks = match self.looks {
            Looks::Any => true,
            Looks::Pattern => detector.value.as_ref().is_none_or(|value| value.fits(text, class)),
        };
        // A checksum takes nothing away from what a key says. What a rule without a pattern
        // checks can only be what stands under its keys.
        looks && (detector.pattern.is_some() || detector.check.is_none_or(|check| check(text)))
    }
}

/// What a value under a detector's keys must look like. Most rules ask for one character
/// of a kind, which the class of the value answers.
#[derive(Clone, Debug)]
pub(crate) struct ValueShape {
    pattern: Pattern,
    /// Text that has any of these fits.
    enough: Option<Class>,
}

impl ValueShape {
    pub(crate) fn new(pattern: Pattern) -> Self {
        let enough = match pattern.as_str() {
            "[0-9]" => Some(Class::DIGIT),
            r"\pL" => Some(Class::LOWER.join(Class::UPPER)),
            r"[\pL[0-9]]" => Some(Class::LOWER.join(Class::UPPER).join(Class::DIGIT)),
            _ => None,
        };
        Self { pattern, enough }
    }

    pub(super) fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    fn fits(&self, text: &str, class: Class) -> bool {
        self.enough.is_some_and(|enough| class.meets(enough)) || self.pattern.is_match(text)
    }
}

/// What detectors may be told by a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// [`Sense::says_nothing`] holds of all paths that end with it.
    Nothing,
    /// It is made of words of the rules.
    ByWords,
    /// Some of its words are others.
    Otherwise,
}

/// So many members below a key it still says what a number is.
const MOST_BELOW: usize = 3;

/// Detectors by the keys they name.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    claims: Keyed,
    vetoes: Keyed,
    /// The cue words of all detectors.
    cues: RegexSet,
    /// The detector behind each pattern of `cues`.
    cueing: Vec<usize>,
    /// The words that keys are made of.
    words: HashSet<String, RandomState>,
}

/// Detectors by their key patterns.
#[derive(Clone, Debug, Default)]
struct Keyed {
    /// By the last name of a pattern.
    by_last: HashMap<String, Under, RandomState>,
    /// Those with an open pattern, such as `*_ssn`, by what a name has to end with.
    by_end: HashMap<String, Vec<usize>, RandomState>,
}

/// The patterns that end with one name, by what the name above has to end with: many roles
/// have a `name`, and no path is asked for more than its own.
#[derive(Clone, Debug, Default)]
struct Under {
    anything: Vec<usize>,
    named: HashMap<String, Vec<(usize, KeyPattern)>, RandomState>,
}

impl Keyed {
    fn add(&mut self, detector: usize, keys: &[KeyPattern]) {
        for key in keys {
            let Some(last) = key.fixed_last() else {
                push(self.by_end.entry(key.open_end().to_owned()).or_default(), detector);
                continue;
            };
            let under = self.by_last.entry(last.to_owned()).or_default();
            match key.above() {
                None => push(&mut under.anything, detector),
                Some(above) => {
                    under.named.entry(above.to_owned()).or_default().push((detector, key.clone()));
                }
            }
        }
    }

    /// Whether a name, as it is normalised, is one of theirs or ends with one.
    fn knows(&self, last: &str) -> bool {
        self.by_last.contains_key(last) || ends(last).any(|end| self.by_end.contains_key(end))
    }

    /// Those with a pattern that matches, each once, in order.
    fn at(&self, path: &KeyPath) -> Vec<usize> {
        let (mut found, Some(last)) = (Vec::new(), path.last()) else { return Vec::new() };
        if let Some(under) = self.by_last.get(last) {
            found.extend_from_slice(&under.anything);
            let above = path.above().into_iter().flat_map(ends);
            let near = above.filter_map(|end| under.named.get(end)).flatten();
            found.extend(near.filter(|(_, key)| key.matches(path)).map(|(detector, _)| *detector));
        }
        ends(last).filter_map(|end| self.by_end.get(end)).for_each(|owners| found.extend_from_slice(owners));
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn push(owners: &mut Vec<usize>, detector: usize) {
    if owners.last() != Some(&detector) {
        owners.push(detector);
    }
}

/// A name, and what of it begins with a later word.
fn ends(name: &str) -> impl Iterator<Item = &str> {
    let words = name.match_indices('_').map(|(at, _)| at + 1);
    std::iter::once(0).chain(words).filter_map(|at| name.get(at..))
}

impl Index {
    pub(crate) fn new(detectors: &[Detector]) -> Self {
        let (mut claims, mut vetoes) = (Keyed::default(), Keyed::default());
        let (mut cueing, mut sources) = (Vec::new(), Vec::new());
        for (index, detector) in detectors.iter().enumerate() {
            claims.add(index, &detector.keys);
            vetoes.add(index, &detector.veto_keys);
            if let Some(context) = &detector.context {
                cueing.push(index);
                sources.push(context.as_str());
            }
        }
        // Cue words are few and short; if they will not compile together, keys are no cues
        // and a value under one is judged by the words around it alone.
        let cues = RegexSet::new(sources).unwrap_or_else(|_| RegexSet::empty());
        let keys = detectors.iter().flat_map(|detector| &detector.keys).flat_map(KeyPattern::words);
        let words = keys.map(str::to_owned).collect();
        Self { claims, vetoes, cues, cueing, words }
    }

    pub(crate) fn sense(&self, detectors: &[Detector], path: &KeyPath) -> Sense {
        let mut claims = self.claims_at(detectors, path);
        // Where a rule knows the word as it stands, it knows what is in the list.
        if claims.is_empty()
            && let Some(one) = path.singular()
        {
            claims = self.claims_at(detectors, &one);
        }
        let mut inner = path.unwrapped();
        while let Some(unwrapped) = inner {
            claims.extend(self.claims_at(detectors, &unwrapped));
            claims.extend(unwrapped.singular().into_iter().flat_map(|one| self.claims_at(detectors, &one)));
            inner = unwrapped.unwrapped();
        }
        let vetoes = self.vetoes.at(path);
        let cues = path.last().map(|key| self.cues.matches(key).into_iter().collect::<Vec<_>>());
        let cues = cues.unwrap_or_default().into_iter().filter_map(|cue| self.cueing.get(cue).copied());
        let mut sense = Sense {
            claims,
            vetoes,
            cues: cues.collect(),
            inherited: self.inherited(detectors, path),
            path: path.clone(),
            spoken: Spoken::default(),
        };
        sense.spoken = sense.speaks(detectors);
        sense
    }

    /// Detectors of numbers that only a cue tells, if a key that names one stands above the
    /// last: `ssn.entry.part` says as much of nine digits as `ssn` does.
    fn inherited(&self, detectors: &[Detector], path: &KeyPath) -> Vec<usize> {
        let above = (1..=MOST_BELOW).map_while(|levels| path.above_by(levels));
        let mut named: Vec<usize> = above.flat_map(|above| self.claims.at(&above)).collect();
        named.retain(|index| {
            detectors.get(*index).is_some_and(|detector| detector.needs_context && detector.check.is_some())
        });
        named
    }

    /// What the sense of a path that ends with this name may say at most.
    pub(crate) fn told(&self, name: &str) -> Told {
        let last = normalise(name);
        let one = last.strip_suffix('s').unwrap_or(&last);
        let (wraps, known) = (KeyPath::wraps(&last), self.claims.knows(&last) || self.claims.knows(one));
        if !wraps && !known && !self.cues.is_match(&last) {
            Told::Nothing
        } else if wraps || last.split('_').all(|word| self.words.contains(word)) {
            Told::ByWords
        } else {
            Told::Otherwise
        }
    }

    fn claims_at(&self, detectors: &[Detector], path: &KeyPath) -> Vec<Claim> {
        let vetoes = self.vetoes.at(path);
        let claiming = self.claims.at(path).into_iter().filter(|index| vetoes.binary_search(index).is_err());
        let claims = claiming.filter_map(|index| {
            let looks = if detectors.get(index)?.value.is_some() { Looks::Pattern } else { Looks::Any };
            Some(Claim { detector: index, looks })
        });
        let mut claims: Vec<Claim> = claims.collect();
        // The surest first: of those that like the value, it is named after that one.
        let score = |claim: &Claim| detectors.get(claim.detector).map_or(0.0, |detector| detector.score);
        claims.sort_by(|a, b| score(b).total_cmp(&score(a)));
        claims
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::builtin;
    use crate::redact::rules::Rules;

    /// Labels whose keys tell no detector anything are passed over: then all paths that end
    /// with them must say nothing, wherever they stand.
    #[test]
    fn what_no_detector_is_told_by_says_nothing_anywhere() {
        let rules = Rules::load(&builtin::rules()).unwrap_or_else(|faults| panic!("{faults:?}"));
        let scanner = rules.detectors.scanner(|_| true);
        let bases = ["", "patient", "ssn", "name", "card", "account.owner"];
        let mut silent = 0;
        for word in [
            "ssn",
            "us-ssn",
            "spouseSSN",
            "value",
            "unit",
            "Body height",
            "Home Phone",
            "given",
            "dob",
            "DEA",
        ]
        .into_iter()
        .chain([
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "http",
            "loinc.org",
            "x_mrn",
            "xmrn",
            "pan",
            "cm",
            "code",
        ]) {
            let told = scanner.told(word) != Told::Nothing;
            silent += usize::from(!told);
            for base in bases {
                let mut path = KeyPath::dotted(base);
                path.push(word);
                assert!(told || scanner.sense(&path).says_nothing(), "{base}.{word}");
            }
        }
        assert!((4..16).contains(&silent), "{silent}");
        for (name, told) in [
            ("ssn", Told::ByWords),
            ("us-ssn", Told::ByWords),
            ("value", Told::ByWords),
            ("Mobile Phone", Told::ByWords),
            ("Halloran's SSN", Told::Otherwise),
            ("halloran_phone", Told::Otherwise),
            ("Body height", Told::Nothing),
        ] {
            assert_eq!(scanner.told(name), told, "{name}");
        }
    }
}
