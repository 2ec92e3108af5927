//! Strings, numbers, booleans and member names: what is looked at, and what is written in
//! its place.

use super::splice::Free;
use super::{Walk, at};
use crate::redact::Blocked;
use crate::redact::apply::{self, Verdict};
use crate::redact::blobs;
use crate::redact::class::Class;
use crate::redact::clean::{Met, Rest};
use crate::redact::json::{Kind, Reader};
use crate::redact::locate::Trace;
use crate::redact::plainly::Uuid;
use crate::redact::quoted;
use crate::redact::shape::Shape;
use crate::redact::transform::Outcome;
use serde_json::Value;
use std::borrow::Cow;

/// JSON inside JSON strings is followed this deep; deeper is blocked.
const MAX_NESTING: usize = 4;

impl Walk<'_, '_> {
    /// Looks at a member name that is met for the first time. False if it had to be replaced.
    pub(super) fn name(&mut self, place: usize, name: &str, start: usize, end: usize) -> bool {
        let Some(detection) = &self.plan.detection else { return true };
        let sense = self.places.sense(place, &detection.scanner).sense;
        let marker =
            apply::member_name(detection, self.run, sense, (name, Class::of(name)), &mut self.findings);
        let clean = marker.is_none();
        if let (false, Some(trace), Some(found)) = (clean, &mut self.run.trace, self.findings.first()) {
            trace.whole(found.detector, start + 1..end.saturating_sub(1));
        }
        if let Some(marker) = marker {
            self.copy(start);
            quoted::write(&mut self.out, &marker);
            self.copied = end;
        }
        clean
    }

    /// Decides on a string, number, boolean or null.
    pub(super) fn scalar(&mut self, kind: Kind, place: usize) -> Result<bool, Blocked> {
        let start = self.reader.position();
        let decoded;
        let text = match kind {
            Kind::String => {
                let quoted = self.reader.string()?;
                if let Some(plain) = quoted.plain() {
                    plain
                } else {
                    decoded = quoted.decode()?;
                    &decoded
                }
            }
            Kind::Number => self.reader.number()?,
            _ => self.reader.literal()?,
        };
        let here = self.places.get(place);
        let (number, redaction) = (here.number(), here.redaction);
        if here.subject {
            self.run.subject(text);
        }
        if !here.released {
            self.run.withheld();
            return Ok(false);
        }
        let told = self.run.trace.as_ref().map(Trace::told);
        let effects = self.run.effects();
        let at_once = if redaction.is_none() { self.at_once(kind, place, number, text) } else { Err(None) };
        let Verdict { outcome, rest } = match at_once {
            Ok(Met::Clean(rest)) => {
                self.stays(kind, place, text, (start, effects), rest);
                return Ok(true);
            }
            Ok(Met::Claimed(claim)) => {
                Verdict { outcome: apply::as_before(self.run, claim, text), rest: Rest::Closed }
            }
            Err(hash) => self.decide(kind, place, text, hash)?,
        };
        if let (Some(told), Some(trace)) = (told, &mut self.run.trace) {
            trace.inside(told, start, self.reader.since(start));
        }
        if outcome == Outcome::Same {
            self.stays(kind, place, text, (start, effects), rest);
            return Ok(true);
        }
        self.part_ends(start);
        self.copy(start);
        self.copied = self.reader.position();
        let begin = self.out.len();
        let shown = self.write(&outcome, place);
        if rest != Rest::Closed {
            self.free.push(Free::new(begin, self.out.len(), None));
            self.trace_free(start);
        }
        Ok(shown)
    }

    /// Notes a value that stays as it is.
    #[inline]
    fn stays(&mut self, kind: Kind, place: usize, text: &str, (start, effects): (usize, u64), rest: Rest) {
        let free = self.free.len();
        self.free(start, rest);
        let inspected = kind != Kind::Literal && self.plan.detection.is_some();
        self.inspected += u64::from(inspected);
        let is_part = self.part(place, text, start);
        // A number may go on behind what was met.
        if !is_part && kind != Kind::Number && self.run.effects() == effects {
            self.remember_scalar(place, start, free, inspected);
        }
    }

    /// What becomes of a value of which nothing need be asked.
    ///
    /// # Errors
    /// Of most values that are met for the first time something must be; their hash, if it is
    /// known.
    #[inline]
    fn at_once(&mut self, kind: Kind, place: usize, number: u64, text: &str) -> Result<Met, Option<u64>> {
        if kind == Kind::Literal {
            return Ok(Met::Clean(Rest::Closed));
        }
        if !self.run.instead.is_empty() || self.run.hidden.is_some() || may_be_json(text) {
            return Err(None);
        }
        if self.run.blobs.is_some() && blobs::is_likely(text) {
            return Err(None);
        }
        let Some(detection) = &self.plan.detection else { return Ok(Met::Clean(Rest::Closed)) };
        if let Some(uuid) = Uuid::of(text) {
            let sense = self.places.sense(place, &detection.scanner).sense;
            if apply::passes(detection, self.run, sense, uuid, text) {
                return Ok(Met::Clean(Rest::Closed));
            }
        }
        apply::remembered(self.run, number, text).map_err(Some)
    }

    fn decide(
        &mut self,
        kind: Kind,
        place: usize,
        text: &str,
        hash: Option<u64>,
    ) -> Result<Verdict, Blocked> {
        let verdict = |outcome| Verdict { outcome, rest: Rest::Closed };
        let redaction = self.places.get(place).redaction;
        if let Some((index, redaction)) = redaction.and_then(|at| Some((at, self.plan.redactions.get(at)?))) {
            self.run.redacted(index);
            return Ok(verdict(apply::by_path(self.run, redaction, kind, text)));
        }
        if kind == Kind::Literal {
            return Ok(verdict(Outcome::Same));
        }
        if self.run.instead.contains_key(text) {
            return Ok(verdict(apply::as_elsewhere(self.run, text)));
        }
        let detection = self.plan.detection.as_ref();
        if kind == Kind::String
            && detection.is_some()
            && looks_like_json(text)
            && let Some(outcome) = self.nested(place, text)?
        {
            // It was a part of its own.
            return Ok(verdict(outcome));
        }
        let without = apply::without(self.run, text);
        let hash = hash.filter(|_| matches!(without, Cow::Borrowed(_)));
        let mut verdict = match detection {
            Some(detection) => {
                let sensed = self.places.sense(place, &detection.scanner);
                apply::by_detectors(detection, self.run, (sensed, hash), kind, &without, &mut self.findings)
            }
            None => verdict(Outcome::Same),
        };
        if let (Outcome::Same, Cow::Owned(without)) = (&verdict.outcome, without) {
            verdict.outcome = Outcome::Text(without);
        }
        Ok(verdict)
    }

    /// Filters JSON written inside a string, keeping the key path: a card under
    /// `"payload": "{\"pan\": …}"` is as much a card as one beside it.
    pub(super) fn nested(&mut self, place: usize, text: &str) -> Result<Option<Outcome>, Blocked> {
        if self.run.nesting >= MAX_NESTING {
            return Err(Blocked::TooDeep);
        }
        // Its values are counted apart.
        self.run.affects();
        let told = self.run.trace.as_ref().map(Trace::told);
        self.run.nesting += 1;
        let inside = self.places.inside(place);
        let filtered = at(self.plan, self.run, self.places, inside, Reader::new(text));
        self.run.nesting -= 1;
        match filtered {
            Ok(Some(Cow::Borrowed(_))) => Ok(Some(Outcome::Same)),
            Ok(Some(Cow::Owned(text))) => Ok(Some(Outcome::Text(text))),
            Ok(None) => Ok(Some(Outcome::Drop)),
            // Only text in brackets; the detectors read it as text.
            Err(Blocked::Syntax) => {
                if let (Some(told), Some(trace)) = (told, &mut self.run.trace) {
                    trace.back_to(told);
                }
                Ok(None)
            }
            Err(bound) => Err(bound),
        }
    }

    /// Writes a changed value in a type that the schema allows here. False if none is.
    pub(super) fn write(&mut self, outcome: &Outcome, place: usize) -> bool {
        let shape = self.places.get(place).shape.as_deref();
        match outcome {
            Outcome::Same | Outcome::Drop => return false,
            Outcome::Null if shape.is_none_or(Shape::allows_null) => {
                self.out.push_str("null");
            }
            Outcome::Text(text) if shape.is_none_or(Shape::allows_string) => {
                quoted::write(&mut self.out, text);
            }
            Outcome::Number(number) if shape.is_none_or(Shape::allows_number) => {
                self.out.push_str(number);
            }
            Outcome::Null | Outcome::Text(_) | Outcome::Number(_) => {
                let mask = shape.map_or(Value::Null, Shape::mask);
                self.out.push_str(&mask.to_string());
            }
        }
        true
    }
}

#[inline]
fn may_be_json(text: &str) -> bool {
    matches!(text.as_bytes().first(), Some(b'{' | b'[' | b' ' | b'\t' | b'\n' | b'\r'))
}

fn looks_like_json(text: &str) -> bool {
    if !may_be_json(text) {
        return false;
    }
    let text = text.trim();
    (text.starts_with('{') && text.ends_with('}')) || (text.starts_with('[') && text.ends_with(']'))
}
