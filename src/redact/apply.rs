//! What becomes of one value: by a redaction path, or by what the detectors find.

use crate::model::ids::Entity;
use crate::redact::class::Class;
use crate::redact::clean::Rest;
use crate::redact::detect::{Finding, KeyPath, Sense};
use crate::redact::json::Kind;
use crate::redact::layers;
use crate::redact::layers::scattered::Joined;
use crate::redact::marker::{self, REDACTED};
use crate::redact::operator::Operator;
use crate::redact::plan::{Detection, Plan, Redaction};
use crate::redact::run::Run;

/// The entity that a `replace` by path is numbered under: `[VALUE_1]`.
const BY_PATH: &str = "VALUE";
/// The entity whose values are looked for by their words, too.
const PERSON: &str = "PERSON";

/// What takes a value's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Same,
    Drop,
    Null,
    Text(String),
}

/// A redaction path covers the value: no detector is asked.
pub(crate) fn by_path(run: &mut Run, redaction: &Redaction, text: &str) -> Outcome {
    match redaction.operator {
        Operator::Keep => Outcome::Same,
        Operator::Drop => Outcome::Drop,
        Operator::Null => Outcome::Null,
        Operator::Mask => Outcome::Text(REDACTED.to_owned()),
        Operator::Partial => Outcome::Text(marker::partial(text)),
        Operator::Year => Outcome::Text(marker::year(text, run.this_year)),
        Operator::Replace => Outcome::Text(run.mark(&Entity::new(BY_PATH), text)),
    }
}

/// The value was met before, as a blob, and what it became there it becomes here.
pub(crate) fn as_elsewhere(run: &mut Run, text: &str) -> Outcome {
    run.withheld();
    run.instead.get(text).map_or(Outcome::Drop, |shown| Outcome::Text(shown.clone()))
}

/// What the detectors make of a value.
pub(crate) struct Verdict {
    pub(crate) outcome: Outcome,
    pub(crate) rest: Rest,
}

/// Asks the detectors about a released string or number. `place` tells apart places with
/// other keys.
pub(crate) fn by_detectors(
    detection: &Detection,
    run: &mut Run,
    (place, sense): (u64, &Sense),
    kind: Kind,
    text: &str,
    findings: &mut Vec<Finding>,
) -> Verdict {
    let hash = run.clean.hash(place, text);
    if let Some(rest) = run.clean.find(hash, place, text) {
        run.inspected();
        return Verdict { outcome: Outcome::Same, rest };
    }
    findings.clear();
    let class = Class::of(text);
    let free = class.meets(Class::SPACE.join(Class::UPPER).join(Class::WIDE));
    scan(detection, run, sense, (text, class), findings);
    if findings.is_empty() {
        return Verdict { outcome: Outcome::Same, rest: run.clean.add(hash, place, text, free) };
    }
    if kind == Kind::Number || matches!(findings.as_slice(), [only] if only.whole) {
        return Verdict { outcome: whole_value(detection, run, text, findings), rest: Rest::Closed };
    }
    let rest = if free { Rest::Free } else { Rest::Closed };
    Verdict { outcome: Outcome::Text(splice(detection, run, text, findings)), rest }
}

/// Replaces the found parts of a text that is not JSON.
pub(crate) fn prose(plan: &Plan, run: &mut Run, text: &str) -> String {
    let Some(detection) = &plan.detection else { return text.to_owned() };
    let mut findings = Vec::new();
    let sense = detection.scanner.sense(&KeyPath::default());
    scan(detection, run, &sense, (text, Class::of(text)), &mut findings);
    run.echo.find(text, &mut findings);
    let shown = splice(detection, run, text, &findings);
    run.echo.show(&shown);
    run.echo.end_part();
    shown
}

/// Replaces names found elsewhere in the result in free text that the detectors let pass.
/// None if there are none in it.
pub(crate) fn echoes(
    detection: &Detection,
    run: &mut Run,
    text: &str,
    findings: &mut Vec<Finding>,
) -> Option<String> {
    findings.clear();
    run.echo.find(text, findings);
    (!findings.is_empty()).then(|| splice(detection, run, text, findings))
}

/// The marker for a member name that is itself personal data, such as a patient's
/// name used as a key.
pub(crate) fn member_name(
    detection: &Detection,
    run: &mut Run,
    sense: &Sense,
    name: (&str, Class),
    findings: &mut Vec<Finding>,
) -> Option<String> {
    findings.clear();
    scan(detection, run, sense, name, findings);
    // A name is judged by its own text: the key path above says what the value is.
    let claimed = findings.len();
    findings.retain(|finding| !finding.whole || finding.by_pattern);
    if findings.len() < claimed {
        let sense = sense.unclaimed();
        detection.scanner.scan(&sense, name.0, name.1, &mut run.scratch, findings);
        layers::find(detection, run, &sense, name, findings);
    }
    run.echo.find(name.0, findings);
    (!findings.is_empty()).then(|| splice(detection, run, name.0, findings))
}

fn scan(
    detection: &Detection,
    run: &mut Run,
    sense: &Sense,
    (text, class): (&str, Class),
    findings: &mut Vec<Finding>,
) {
    run.inspected();
    detection.scanner.scan(sense, text, class, &mut run.scratch, findings);
    layers::find(detection, run, sense, (text, class), findings);
}

fn whole_value(detection: &Detection, run: &mut Run, text: &str, findings: &[Finding]) -> Outcome {
    let Some(finding) = findings.first() else { return Outcome::Same };
    let text = finding.said.as_deref().unwrap_or(text);
    let operator = detection.operator(finding.detector);
    run.found(finding.detector);
    if operator != Operator::Keep && !finding.by_pattern {
        let is_person = entity(detection, finding).is_some_and(|entity| entity.as_str() == PERSON);
        run.echo.learn(finding.detector, text, is_person);
    }
    match operator {
        Operator::Keep => Outcome::Same,
        Operator::Drop => Outcome::Drop,
        Operator::Null => Outcome::Null,
        Operator::Mask | Operator::Partial | Operator::Replace | Operator::Year => {
            Outcome::Text(replacement(detection, run, operator, finding, text))
        }
    }
}

fn splice(detection: &Detection, run: &mut Run, text: &str, findings: &[Finding]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for finding in findings {
        let operator = detection.operator(finding.detector);
        run.found(finding.detector);
        let Some(found) = text.get(finding.range.clone()) else { continue };
        let said = finding.said.as_deref().unwrap_or(found);
        out.push_str(text.get(copied..finding.range.start).unwrap_or_default());
        copied = finding.range.end;
        match operator {
            Operator::Keep => out.push_str(found),
            Operator::Drop => {}
            Operator::Null => out.push_str(REDACTED),
            Operator::Mask | Operator::Partial | Operator::Replace | Operator::Year => {
                out.push_str(&replacement(detection, run, operator, finding, said));
            }
        }
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}

fn replacement(
    detection: &Detection,
    run: &mut Run,
    operator: Operator,
    finding: &Finding,
    found: &str,
) -> String {
    match operator {
        Operator::Partial => marker::partial(found),
        Operator::Year => marker::year(found, run.this_year),
        Operator::Replace => {
            entity(detection, finding).map_or_else(|| REDACTED.to_owned(), |entity| run.mark(entity, found))
        }
        Operator::Mask | Operator::Keep | Operator::Drop | Operator::Null => REDACTED.to_owned(),
    }
}

/// The detector of a number that several values are together. None if it may be shown.
pub(crate) fn owner(detection: &Detection, joined: &Joined) -> Option<usize> {
    detection.scanner.detectors().iter().enumerate().find_map(|(index, detector)| {
        let fits = detector.pattern.as_ref().is_some_and(|pattern| pattern.is_match(&joined.says));
        let check = detector.check.filter(|_| fits)?;
        let owns = if joined.cued { detector.needs_context } else { detector.proves && check(&joined.says) };
        (owns && detection.operator(index) != Operator::Keep).then_some(index)
    })
}

/// What is found in a text that is no value of its own, with the detector: the first that is
/// not shown.
pub(crate) fn first(
    detection: &Detection,
    run: &mut Run,
    sense: &Sense,
    text: &str,
) -> Option<(usize, String)> {
    let mut findings = Vec::new();
    scan(detection, run, sense, (text, Class::of(text)), &mut findings);
    let finding =
        findings.into_iter().find(|finding| detection.operator(finding.detector) != Operator::Keep)?;
    let found = text.get(finding.range.clone()).unwrap_or_default();
    Some((finding.detector, finding.said.as_deref().unwrap_or(found).to_owned()))
}

/// What is shown for a number that several values are together.
pub(crate) fn shown_for(detection: &Detection, run: &mut Run, detector: usize, says: &str) -> String {
    run.found(detector);
    let finding = Finding::by_pattern(detector, 0..says.len(), says);
    replacement(detection, run, detection.operator(detector), &finding, says)
}

fn entity<'d>(detection: &'d Detection, finding: &Finding) -> Option<&'d Entity> {
    detection.scanner.detectors().get(finding.detector).map(|detector| &detector.entity)
}
