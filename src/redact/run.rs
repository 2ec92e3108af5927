//! What is remembered while one result is filtered: markers, counters, and the
//! names already seen in it.

use crate::model::ids::{Entity, RuleId};
use crate::model::trail::{Action, Filtered};
use crate::redact::detect::Finding;
use crate::redact::marker::Markers;
use crate::redact::operator::Operator;
use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The state of one result. It holds values, so it never outlives the result and
/// has no `Debug`.
#[derive(Default)]
pub(crate) struct Run {
    pub(crate) echo: Echo,
    pub(crate) nesting: usize,
    /// For the age rule of HIPAA 164.514(b)(2)(i)(C).
    pub(crate) this_year: u16,
    /// Strings whose fate was settled elsewhere in the result.
    pub(crate) instead: HashMap<String, String>,
    markers: Markers,
    counts: Counts,
    subjects: BTreeSet<String>,
    prose: bool,
}

#[derive(Default)]
struct Counts {
    inspected: u64,
    withheld: u64,
    actions: BTreeMap<(RuleId, Option<Entity>, &'static str), u64>,
}

impl Run {
    pub(crate) fn new(this_year: u16) -> Self {
        Self { this_year, ..Self::default() }
    }

    pub(crate) fn inspected(&mut self) {
        self.counts.inspected += 1;
    }

    pub(crate) fn withheld(&mut self) {
        self.counts.withheld += 1;
    }

    pub(crate) fn acted(&mut self, rule: &RuleId, entity: Option<&Entity>, operator: Operator) {
        let key = (rule.clone(), entity.cloned(), operator.name());
        *self.counts.actions.entry(key).or_default() += 1;
    }

    pub(crate) fn mark(&mut self, entity: &Entity, value: &str) -> String {
        self.markers.mark(entity, value)
    }

    /// Notes whose data this is. The value is hashed before it is kept anywhere.
    pub(crate) fn subject(&mut self, value: &str) {
        self.subjects.insert(value.to_owned());
    }

    pub(crate) fn subjects(&self) -> &BTreeSet<String> {
        &self.subjects
    }

    /// Notes that free text was shown, in which a name found elsewhere could stand.
    pub(crate) fn seen(&mut self, text: &str) {
        self.prose |= text.contains(' ');
    }

    /// Whether a name was learned after free text had been shown. If so the counters
    /// start again and the result must be filtered once more; markers keep their
    /// numbers. True at most once.
    pub(crate) fn must_repeat(&mut self) -> bool {
        let repeat = self.prose && self.echo.settle();
        if repeat {
            self.counts = Counts::default();
        }
        repeat
    }

    pub(crate) fn report(&self) -> Filtered {
        let actions = self.counts.actions.iter().map(|((rule, entity, operator), count)| Action {
            rule: rule.clone(),
            entity: entity.clone(),
            operator,
            count: *count,
        });
        Filtered {
            values_inspected: self.counts.inspected,
            withheld: self.counts.withheld,
            subjects: self.subjects.len(),
            actions: actions.collect(),
            ..Filtered::default()
        }
    }
}

/// Values that a key named as personal, looked for in the free text of the same
/// result: a note that says "Maria" is found by the record's own `given: Maria`. The
/// first pass learns them, the second finds them, all in one automaton.
#[derive(Default)]
pub(crate) struct Echo {
    learned: Vec<(Entity, RuleId, String)>,
    known: HashSet<String>,
    automaton: Option<AhoCorasick>,
}

impl Echo {
    /// Shorter words are too common to be looked for.
    const SHORTEST: usize = 3;
    /// Bounds the automaton.
    const MOST: usize = 10_000;

    pub(crate) fn learn(&mut self, finding: &Finding, value: &str) {
        // "Maria de la Cruz" is looked for whole and by its capitalised words; the words
        // of an address are too common for that.
        let splits = finding.entity.as_str() == "PERSON";
        let capital = |word: &&str| word.chars().next().is_some_and(char::is_uppercase);
        let words = value.split_whitespace().filter(|word| splits && capital(word));
        for text in std::iter::once(value.trim()).chain(words) {
            let text = text.trim_matches(|c: char| !c.is_alphanumeric());
            let long = text.chars().count() >= Self::SHORTEST;
            if long && self.learned.len() < Self::MOST && self.known.insert(text.to_owned()) {
                self.learned.push((finding.entity.clone(), finding.rule.clone(), text.to_owned()));
            }
        }
    }

    /// Adds findings for learned values that stand in `text` as whole words.
    pub(crate) fn find(&self, text: &str, findings: &mut Vec<Finding>) {
        let Some(automaton) = &self.automaton else { return };
        let before = findings.len();
        for found in automaton.find_iter(text) {
            let range = found.range();
            let Some((entity, rule, _)) = self.learned.get(found.pattern().as_usize()) else { continue };
            let free =
                findings.iter().all(|other| other.range.end <= range.start || range.end <= other.range.start);
            if free && is_word(text, &range) {
                let (entity, rule) = (entity.clone(), rule.clone());
                findings.push(Finding {
                    whole: range.len() == text.len(),
                    range,
                    entity,
                    rule,
                    by_pattern: true,
                });
            }
        }
        if findings.len() > before {
            findings.sort_by_key(|finding| finding.range.start);
        }
    }

    /// Builds the automaton once something was learned. True if it did. The longest
    /// match wins, so that a full name is one marker rather than two.
    fn settle(&mut self) -> bool {
        if self.automaton.is_some() || self.learned.is_empty() {
            return false;
        }
        let values = self.learned.iter().map(|(_, _, text)| text);
        self.automaton = AhoCorasickBuilder::new().match_kind(MatchKind::LeftmostLongest).build(values).ok();
        self.automaton.is_some()
    }
}

fn is_word(text: &str, range: &std::ops::Range<usize>) -> bool {
    let before = text.get(..range.start).and_then(|head| head.chars().next_back());
    let after = text.get(range.end..).and_then(|tail| tail.chars().next());
    !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
}
