//! What becomes of one value: by a redaction path, or by what the detectors find.

use crate::model::ids::Entity;
use crate::redact::Blocked;
use crate::redact::detect::{Finding, KeyPath};
use crate::redact::json::Kind;
use crate::redact::marker::{self, REDACTED};
use crate::redact::operator::Operator;
use crate::redact::plan::{Plan, Redaction};
use crate::redact::run::Run;
use crate::redact::walk;

/// JSON inside JSON strings is followed this deep; deeper is blocked.
const MAX_NESTING: usize = 4;

/// The entity that a `replace` by path is numbered under: `[VALUE_1]`.
const BY_PATH: &str = "VALUE";

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
    run.acted(&redaction.id, None, redaction.operator);
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

/// Asks the detectors about a released string or number.
pub(crate) fn by_detectors(
    plan: &Plan,
    run: &mut Run,
    keys: &mut KeyPath,
    kind: Kind,
    text: &str,
    findings: &mut Vec<Finding>,
) -> Result<Outcome, Blocked> {
    if plan.detection.is_none() {
        return Ok(Outcome::Same);
    }
    if kind == Kind::String
        && looks_like_json(text)
        && let Some(outcome) = nested(plan, run, keys, text)?
    {
        return Ok(outcome);
    }
    find(plan, run, keys, text, findings);
    if kind == Kind::Number && !findings.is_empty() || matches!(&findings[..], [only] if only.whole) {
        return Ok(whole_value(plan, run, text, findings));
    }
    run.seen(text);
    Ok(if findings.is_empty() { Outcome::Same } else { Outcome::Text(splice(plan, run, text, findings)) })
}

/// Replaces the found parts of a text that is not JSON.
pub(crate) fn prose(plan: &Plan, run: &mut Run, text: &str) -> String {
    let mut findings = Vec::new();
    find(plan, run, &KeyPath::default(), text, &mut findings);
    run.seen(text);
    splice(plan, run, text, &findings)
}

/// The marker for a member name that is itself personal data, such as a patient's
/// name used as a key.
pub(crate) fn member_name(
    plan: &Plan,
    run: &mut Run,
    keys: &KeyPath,
    name: &str,
    findings: &mut Vec<Finding>,
) -> Option<String> {
    find(plan, run, keys, name, findings);
    // A name is judged by its own text: the key path above says what the value is.
    findings.retain(|finding| !finding.whole || finding.by_pattern);
    (!findings.is_empty()).then(|| splice(plan, run, name, findings))
}

fn find(plan: &Plan, run: &mut Run, keys: &KeyPath, text: &str, findings: &mut Vec<Finding>) {
    findings.clear();
    let Some(detection) = &plan.detection else { return };
    run.inspected();
    detection.scanner.value(keys, text, findings);
    run.echo.find(text, findings);
}

fn whole_value(plan: &Plan, run: &mut Run, text: &str, findings: &[Finding]) -> Outcome {
    let Some(finding) = findings.first() else { return Outcome::Same };
    let operator = plan.operator(&finding.entity);
    run.acted(&finding.rule, Some(&finding.entity), operator);
    if operator != Operator::Keep && !finding.by_pattern {
        run.echo.learn(finding, text);
    }
    match operator {
        Operator::Keep => Outcome::Same,
        Operator::Drop => Outcome::Drop,
        Operator::Null => Outcome::Null,
        Operator::Mask | Operator::Partial | Operator::Replace | Operator::Year => {
            Outcome::Text(replacement(run, operator, finding, text))
        }
    }
}

fn splice(plan: &Plan, run: &mut Run, text: &str, findings: &[Finding]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for finding in findings {
        let operator = plan.operator(&finding.entity);
        run.acted(&finding.rule, Some(&finding.entity), operator);
        let Some(found) = text.get(finding.range.clone()) else { continue };
        out.push_str(text.get(copied..finding.range.start).unwrap_or_default());
        copied = finding.range.end;
        match operator {
            Operator::Keep => out.push_str(found),
            Operator::Drop => {}
            Operator::Null => out.push_str(REDACTED),
            Operator::Mask | Operator::Partial | Operator::Replace | Operator::Year => {
                out.push_str(&replacement(run, operator, finding, found));
            }
        }
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}

fn replacement(run: &mut Run, operator: Operator, finding: &Finding, found: &str) -> String {
    match operator {
        Operator::Partial => marker::partial(found),
        Operator::Year => marker::year(found, run.this_year),
        Operator::Replace => run.mark(&finding.entity, found),
        Operator::Mask | Operator::Keep | Operator::Drop | Operator::Null => REDACTED.to_owned(),
    }
}

fn looks_like_json(text: &str) -> bool {
    let text = text.trim();
    (text.starts_with('{') && text.ends_with('}')) || (text.starts_with('[') && text.ends_with(']'))
}

/// Filters JSON written inside a string, keeping the key path: a card under
/// `"payload": "{\"pan\": …}"` is as much a card as one beside it.
fn nested(plan: &Plan, run: &mut Run, keys: &mut KeyPath, text: &str) -> Result<Option<Outcome>, Blocked> {
    if run.nesting >= MAX_NESTING {
        return Err(Blocked::TooDeep);
    }
    run.nesting += 1;
    let inside = plan.inside.as_deref().unwrap_or(plan);
    let filtered = walk::filter(inside, run, keys, text.as_bytes());
    run.nesting -= 1;
    match filtered {
        Ok(Some(bytes)) if bytes == text.as_bytes() => Ok(Some(Outcome::Same)),
        Ok(Some(bytes)) => {
            String::from_utf8(bytes).map(|text| Some(Outcome::Text(text))).map_err(|_| Blocked::NotUtf8)
        }
        Ok(None) => Ok(Some(Outcome::Drop)),
        // Only text in brackets; the detectors read it as text.
        Err(Blocked::Syntax) => Ok(None),
        Err(bound) => Err(bound),
    }
}
