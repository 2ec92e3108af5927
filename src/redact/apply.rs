//! What becomes of one value: by a redaction path, or by what the detectors find.

use crate::model::ids::Entity;
use crate::redact::blobs;
use crate::redact::class::Class;
use crate::redact::clean::{Claimed, Met, Rest};
use crate::redact::detect::{Finding, KeyPath, Sense};
use crate::redact::forms;
use crate::redact::json::Kind;
use crate::redact::layers;
use crate::redact::layers::scattered::Joined;
use crate::redact::marker::REDACTED;
use crate::redact::operator::Operator;
use crate::redact::places::Sensed;
use crate::redact::plainly::{self, Uuid};
use crate::redact::plan::{Detection, Plan, Redaction};
use crate::redact::run::Run;
use crate::redact::transform::{self, Outcome};
use std::borrow::Cow;

/// The entity whose values are looked for by their words, too.
const PERSON: &str = "PERSON";

/// The number of text that stands at no place of a document.
const NOWHERE: u64 = 0;

/// A redaction path covers the value: no detector is asked.
pub(crate) fn by_path(run: &mut Run, redaction: &Redaction, kind: Kind, text: &str) -> Outcome {
    transform::apply(run, redaction.operator, &redaction.entity, kind, text)
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

/// What is remembered of a value at the place of this number.
///
/// # Errors
/// Its hash, if it was not met there.
#[inline]
pub(crate) fn remembered(run: &mut Run, place: u64, text: &str) -> Result<Met, u64> {
    let hash = run.clean.hash(place, text);
    let met = match run.clean.find(hash, place, text) {
        Some(met) => met,
        None => Met::Clean(run.clean.recall(hash, place, text).ok_or(hash)?),
    };
    run.inspected(1);
    Ok(met)
}

/// Whether nothing is found in a UUID. It hardly comes twice, and is not remembered.
pub(crate) fn passes(
    detection: &Detection,
    run: &mut Run,
    sense: &Sense,
    uuid: Uuid<'_>,
    text: &str,
) -> bool {
    let passes = uuid.by_itself().is_some()
        && detection.scanner.finds_nothing_in(uuid, sense, text, &mut run.scratch)
        && layers::hide_nothing(uuid);
    run.inspected(u64::from(passes));
    passes
}

/// A value that was claimed before becomes what it became then.
pub(crate) fn as_before(run: &mut Run, claim: u32, text: &str) -> Outcome {
    let Some(claimed) = run.clean.claimed(claim) else { return Outcome::Drop };
    let (detector, marker) = (claimed.detector, claimed.marker.clone());
    run.found(detector);
    if let Some(trace) = &mut run.trace {
        trace.claimed(detector, text.len());
    }
    Outcome::Text(marker)
}

/// Asks the detectors about a released string or number, whose hash is known if it is sure
/// not to be remembered.
pub(crate) fn by_detectors(
    detection: &Detection,
    run: &mut Run,
    (sensed, hash): (Sensed<'_>, Option<u64>),
    kind: Kind,
    text: &str,
    findings: &mut Vec<Finding>,
) -> Verdict {
    let place = sensed.number;
    let hash = match hash.map_or_else(|| remembered(run, place, text), Err) {
        Ok(Met::Clean(rest)) => return Verdict { outcome: Outcome::Same, rest },
        Ok(Met::Claimed(claim)) => {
            return Verdict { outcome: as_before(run, claim, text), rest: Rest::Closed };
        }
        Err(hash) => hash,
    };
    findings.clear();
    run.scratch.stood = false;
    let class = Class::of(text);
    let free = class.meets(Class::SPACE.join(Class::UPPER).join(Class::WIDE));
    read(detection, run, sensed, (text, class), findings);
    let column = free && findings.iter().all(|finding| finding.whole && finding.by_pattern);
    let column = column && run.columns.note(place, sensed.keys, text);
    if findings.is_empty() {
        // What was not read to its end is not known to be clean, no UUID comes twice, and what may be
        // of a column of names, or a marker, may be none in another result.
        let is_same_elsewhere = !column && !run.scratch.stood;
        if is_same_elsewhere && !run.budget.is_over() && Uuid::of(text).is_none() {
            run.clean.settle(hash, place, text, free);
        }
        return Verdict { outcome: Outcome::Same, rest: run.clean.add(hash, place, text, free) };
    }
    if let Some(trace) = &mut run.trace {
        trace.add(findings);
    }
    if kind == Kind::Number || matches!(findings.as_slice(), [only] if only.whole) {
        let outcome = whole_value(detection, run, kind, text, findings);
        remember(detection, run, (hash, place, text), findings, &outcome);
        return Verdict { outcome, rest: Rest::Closed };
    }
    let rest = if free { Rest::Free } else { Rest::Closed };
    learn(detection, run, text, findings);
    Verdict { outcome: Outcome::Text(splice(detection, run, text, findings)), rest }
}

/// Remembers a value that a key claimed and a marker replaces: it is the same each time, and
/// all that the value teaches was learned.
fn remember(
    detection: &Detection,
    run: &mut Run,
    (hash, place, text): (u64, u64, &str),
    findings: &[Finding],
    outcome: &Outcome,
) {
    if let [only] = findings
        && !only.by_pattern
        && only.said.is_none()
        && detection.operator(only.detector) == Operator::Replace
        && let Outcome::Text(marker) = outcome
    {
        let claimed = Claimed { detector: only.detector, marker: marker.clone() };
        run.clean.claim(hash, place, text, claimed);
    }
}

/// A text without what may not be seen although nothing in its words tells: values that the
/// caller may not know, and binary content.
pub(crate) fn without<'t>(run: &Run, text: &'t str) -> Cow<'t, str> {
    let without = run.hidden.as_ref().map_or(Cow::Borrowed(text), |hidden| hidden.replace(text));
    match &run.blobs {
        Some(rules) => blobs::without(rules, without),
        None => without,
    }
}

/// Replaces the found parts of a text that is not JSON.
pub(crate) fn prose(plan: &Plan, run: &mut Run, text: &str) -> String {
    let without = without(run, text);
    let Some(detection) = &plan.detection else { return without.into_owned() };
    let text = &*without;
    let mut findings = Vec::new();
    let keys = KeyPath::default();
    let sense = detection.scanner.sense(&keys);
    let sensed = Sensed { number: NOWHERE, keys: &keys, sense: &sense };
    read(detection, run, sensed, (text, Class::of(text)), &mut findings);
    learn(detection, run, text, &findings);
    run.echo.find(text, &mut findings);
    if let Some(trace) = &mut run.trace {
        trace.add(&findings);
    }
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
    run.inspected(1);
    detection.scanner.scan(sense, text, class, &mut run.scratch, findings);
    layers::find(detection, run, sense, (text, class), findings);
}

/// Scans a text, and its parts under the keys that it gives them.
fn read(
    detection: &Detection,
    run: &mut Run,
    sensed: Sensed<'_>,
    (text, class): (&str, Class),
    findings: &mut Vec<Finding>,
) {
    scan(detection, run, sensed.sense, (text, class), findings);
    if forms::may_have_keys(class) && !plainly::gives_no_keys(text) {
        run.forms.find(detection, &mut run.scratch, (sensed.number, sensed.keys), text, findings);
    }
}

/// A person whom a text names under a key is looked for in the rest of the result.
fn learn(detection: &Detection, run: &mut Run, text: &str, findings: &[Finding]) {
    for finding in findings.iter().filter(|finding| !finding.by_pattern) {
        if is_person(detection, finding)
            && detection.operator(finding.detector) != Operator::Keep
            && let Some(name) = text.get(finding.range.clone())
        {
            run.echo.learn(finding.detector, name, true);
        }
    }
}

fn whole_value(
    detection: &Detection,
    run: &mut Run,
    kind: Kind,
    text: &str,
    findings: &[Finding],
) -> Outcome {
    let Some(finding) = findings.first() else { return Outcome::Same };
    let text = finding.said.as_deref().unwrap_or(text);
    let operator = detection.operator(finding.detector);
    run.found(finding.detector);
    if operator != Operator::Keep && !finding.by_pattern {
        run.echo.learn(finding.detector, text, is_person(detection, finding));
    }
    let Some(entity) = entity(detection, finding) else { return Outcome::Drop };
    transform::apply(run, operator, entity, kind, text)
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
        let Some(entity) = entity(detection, finding) else { continue };
        match transform::apply(run, operator, entity, Kind::String, said) {
            Outcome::Same => out.push_str(found),
            Outcome::Drop => {}
            Outcome::Null => out.push_str(REDACTED),
            Outcome::Text(text) | Outcome::Number(text) => out.push_str(&text),
        }
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}

fn is_person(detection: &Detection, finding: &Finding) -> bool {
    entity(detection, finding).is_some_and(|entity| entity.as_str() == PERSON)
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
    let operator = detection.operator(detector);
    let Some(detector) = detection.scanner.detectors().get(detector) else { return REDACTED.to_owned() };
    match transform::apply(run, operator, &detector.entity, Kind::String, says) {
        Outcome::Text(text) => text,
        Outcome::Same | Outcome::Drop | Outcome::Null | Outcome::Number(_) => REDACTED.to_owned(),
    }
}

fn entity<'d>(detection: &'d Detection, finding: &Finding) -> Option<&'d Entity> {
    detection.scanner.detectors().get(finding.detector).map(|detector| &detector.entity)
}
