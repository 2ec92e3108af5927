//! What the detectors make of the parts of a text, each under its keys.

use super::{read, value};
use crate::redact::class::Class;
use crate::redact::detect::{Finding, KeyPath, Scratch, Sense};
use crate::redact::operator::Operator;
use crate::redact::plan::Detection;
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;

/// A longer key says nothing to any rule, and would be read again for each of its values.
pub(super) const LONGEST_KEY: usize = 64;
/// Keys whose sense is remembered; beyond them it is asked for anew each time.
const MOST_SENSES: usize = 2_048;

/// The keys met in the texts of one result.
#[derive(Default)]
pub(crate) struct Forms {
    senses: HashMap<Box<str>, Arc<Sense>, RandomState>,
    /// Scratch, kept between texts.
    name: String,
    part: Vec<Finding>,
    found: Vec<Finding>,
}

impl Forms {
    /// Adds what the keys that a text gives its parts say of them, beneath the keys of the
    /// whole, whose place has a number. Findings come in order and do not overlap.
    pub(crate) fn find(
        &mut self,
        detection: &Detection,
        scratch: &mut Scratch,
        base: (u64, &KeyPath),
        text: &str,
        findings: &mut Vec<Finding>,
    ) {
        if findings.iter().any(|finding| finding.whole && !finding.by_pattern) {
            return;
        }
        read(text, &mut |keys, range| {
            let Some(value) = text.get(range.clone()).filter(|value| !value.is_empty()) else { return };
            let sense = self.sense(detection, base, keys);
            if !sense.says_nothing() || !stands_apart(text, &range) {
                self.scan(detection, scratch, &sense, value);
                self.found.extend(self.part.drain(..).map(|finding| moved(finding, range.start)));
            }
            if let Some(plain) = value::unescaped(value) {
                // What an escape hid has no range of its own; the whole value stands for it.
                self.scan(detection, scratch, &sense, &plain);
                let first = self.part.drain(..).next();
                self.found.extend(first.map(|finding| Finding { range: range.clone(), ..finding }));
            }
        });
        if !self.found.is_empty() {
            findings.append(&mut self.found);
            merge(detection, findings, text.trim().len());
        }
    }

    fn scan(&mut self, detection: &Detection, scratch: &mut Scratch, sense: &Sense, value: &str) {
        self.part.clear();
        detection.scanner.scan(sense, value, Class::of(value), scratch, &mut self.part);
        let keeps = |finding: &Finding| detection.operator(finding.detector) == Operator::Keep;
        if self.part.iter().any(|finding| !finding.by_pattern && keeps(finding)) {
            // A key that shows its value must not show what another detector finds in it.
            self.part.clear();
            let silent = Sense::default();
            detection.scanner.scan(&silent, value, Class::of(value), scratch, &mut self.part);
        }
    }

    /// What the detectors make of keys beneath those of a place with a number.
    pub(crate) fn sense(
        &mut self,
        detection: &Detection,
        base: (u64, &KeyPath),
        keys: &[&str],
    ) -> Arc<Sense> {
        let keys = || keys.iter().filter(|key| key.len() <= LONGEST_KEY);
        self.name.clear();
        // Writing to a string does not fail.
        let _ = write!(self.name, "{}", base.0);
        for key in keys() {
            self.name.push('\0');
            self.name.push_str(key);
        }
        if let Some(sense) = self.senses.get(self.name.as_str()) {
            return Arc::clone(sense);
        }
        let mut path = base.1.clone();
        keys().flat_map(|key| names(key)).for_each(|name| path.push(name));
        let sense = Arc::new(detection.scanner.sense(&path));
        if self.senses.len() < MOST_SENSES {
            self.senses.insert(self.name.as_str().into(), Arc::clone(&sense));
        }
        sense
    }
}

/// The names that a key is made of: `patient.ssn` is a path of its own, `D.O.B.` is not.
pub(crate) fn names(key: &str) -> impl Iterator<Item = &str> {
    let is_path = key.split('.').all(|name| name.trim().len() > 1);
    key.split(move |c| is_path && c == '.')
}

/// Whether a pattern sees the same in the whole text as in this part of it alone.
fn stands_apart(text: &str, range: &Range<usize>) -> bool {
    let bytes = text.as_bytes();
    let parts = |byte: Option<&u8>| {
        byte.is_none_or(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"_-.".contains(byte))
    };
    let before = range.start.checked_sub(1).and_then(|before| bytes.get(before));
    parts(before) && parts(bytes.get(range.end))
}

fn moved(mut finding: Finding, by: usize) -> Finding {
    finding.range = finding.range.start + by..finding.range.end + by;
    finding
}

/// Puts findings in order. Those that overlap become one over all their bytes, by one that
/// hides them before one that shows them, by a key before a pattern, by the longer.
fn merge(detection: &Detection, findings: &mut Vec<Finding>, length: usize) {
    let weight = |finding: &Finding| {
        let hides = detection.operator(finding.detector) != Operator::Keep;
        (hides, !finding.by_pattern, finding.range.len())
    };
    findings.sort_by_key(|finding| (finding.range.start, std::cmp::Reverse(finding.range.end)));
    let mut merged: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings.drain(..) {
        match merged.last_mut().filter(|last| finding.range.start < last.range.end) {
            Some(last) => {
                let range = last.range.start..last.range.end.max(finding.range.end);
                if weight(&finding) > weight(last) {
                    *last = finding;
                }
                last.range = range;
            }
            None => merged.push(finding),
        }
    }
    for finding in &mut merged {
        finding.whole = finding.range.len() >= length;
    }
    *findings = merged;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::Entity;
    use crate::redact::detect::Detectors;
    use crate::redact::rules::Source;

    const SSN: &str = "id: ssn\ntitle: t\nentity: SSN\nreference: r\nkeys: [ssn]\nexamples:\n  match:\n    - { text: '1', key: ssn, finds: ['1'] }\n    - { text: '2', key: ssn, finds: ['2'] }\n    - { text: '3', key: ssn, finds: ['3'] }\n  ignore:\n    - { text: '1' }\n    - { text: '2' }\n    - { text: '3' }\n";
    const ANN: &str = "id: ann\ntitle: t\nentity: PERSON\nreference: r\npattern: 'Ann'\nexamples:\n  match:\n    - { text: 'Ann', finds: ['Ann'] }\n    - { text: 'is Ann', finds: ['Ann'] }\n    - { text: 'Ann is', finds: ['Ann'] }\n  ignore:\n    - { text: '1' }\n    - { text: '2' }\n    - { text: '3' }\n";

    /// Claims all under `ssn`, and everywhere the word `Ann`.
    fn detection(keeps: &[&str]) -> Detection {
        let sources = [("ssn.yaml", SSN), ("ann.yaml", ANN)].map(|(file, text)| Source::new(file, text));
        let detectors = Detectors::load(&sources).unwrap_or_else(|faults| panic!("{faults:?}"));
        let operators = keeps.iter().map(|entity| (Entity::new(entity), Operator::Keep)).collect();
        Detection::new(detectors.scanner(|_| true), operators)
    }

    fn check(keeps: &[&str], base: &str, text: &str, wanted: &[(&str, &str)]) {
        let detection = detection(keeps);
        let (keys, mut scratch, mut findings) = (KeyPath::dotted(base), Scratch::default(), Vec::new());
        let sense = detection.scanner.sense(&keys);
        detection.scanner.scan(&sense, text, Class::of(text), &mut scratch, &mut findings);
        Forms::default().find(&detection, &mut scratch, (1, &keys), text, &mut findings);
        let entity = |finding: &Finding| detection.scanner.detectors()[finding.detector].entity.as_str();
        let found: Vec<(&str, &str)> =
            findings.iter().map(|finding| (entity(finding), &text[finding.range.clone()])).collect();
        assert_eq!(found, wanted, "{text}");
        assert!(findings.iter().all(|finding| finding.whole == (finding.range.len() == text.len())));
    }

    #[test]
    fn what_overlaps_is_one_finding_named_by_the_key() {
        check(&[], "x", "é ssn: Ann 1\nAnn", &[("SSN", "Ann 1"), ("PERSON", "Ann")]);
        check(&[], "x", "<ssn>1 Ann</ssn> é <ssn>2</ssn>", &[("SSN", "1 Ann"), ("SSN", "2")]);
        check(
            &[],
            "x",
            "ssn,ét,xx\n1,Ann,0\n2,Ann,0",
            &[("SSN", "1"), ("PERSON", "Ann"), ("SSN", "2"), ("PERSON", "Ann")],
        );
        check(&[], "ssn", "a: Ann", &[("SSN", "a: Ann")]);
        check(&[], "x", "Ann", &[("PERSON", "Ann")]);
        check(&[], "x", "patient.ssn.value=1", &[("SSN", "1")]);
    }

    #[test]
    fn what_an_escape_hides_is_found() {
        check(&[], "x", r#"rec={"note":"\u0041nn 1"}"#, &[("PERSON", r"\u0041nn 1")]);
    }

    #[test]
    fn a_key_that_shows_its_value_shows_nothing_else() {
        check(&["SSN"], "x", "ssn: Ann 1", &[("PERSON", "Ann")]);
        check(&["SSN"], "x", r"ssn: 1 \u0041nn", &[("PERSON", r"1 \u0041nn")]);
        check(&["PERSON"], "x", "ssn: 1 Ann", &[("SSN", "1 Ann")]);
    }

    #[test]
    fn a_key_without_bound_is_no_key() {
        let (keys, long) = (KeyPath::default(), "x".repeat(LONGEST_KEY + 1));
        let mut forms = Forms::default();
        forms.sense(&detection(&[]), (1, &keys), &[&long, "ssn"]);
        assert!(forms.senses.keys().all(|key| key.len() < LONGEST_KEY));
    }
}
