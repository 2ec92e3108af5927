//! Short values that stand side by side in one container, and what is written for those
//! that are one number together.

use super::Walk;
use super::links::Link;
use crate::redact::Blocked;
use crate::redact::apply;
use crate::redact::forms::string;
use crate::redact::layers::scattered::{self, Part};
use crate::redact::marker::REDACTED;
use crate::redact::quoted;
use crate::redact::shape::Shape;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// So many are looked at together, and of a longer list so many once more with the next.
const MOST: usize = 128;
const KEPT: usize = 32;
/// Parts that may be one number, and the letters and digits of all of them.
const FEWEST: usize = 2;
const FEWEST_LETTERS: usize = 9;
/// Parts of an inner container that are looked at with those of the array it is in.
const MOST_INNER: usize = 8;
/// A longer label says nothing.
const LONGEST_LABEL: usize = 64;

/// The short values that were read, of all containers that are open.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) all: Vec<(Part, Shown)>,
    pub(super) frame: Frame,
    /// The names that lead to the value being read, as far as they are groups.
    pub(super) names: Vec<Link>,
    /// What becomes of those that are one number together, in order.
    pub(super) instead: Vec<Instead>,
}

/// The innermost container.
#[derive(Default)]
pub(super) struct Frame {
    /// Where its parts begin.
    pub(super) first: usize,
    is_array: bool,
    /// It has parts of its own or of its arrays, and such as are members of its objects.
    has_own: bool,
    pub(super) has_rows: bool,
    /// Where its last value that is no part is in the source.
    label: Range<usize>,
}

/// Where a value is in the output that the walk makes.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) range: Range<usize>,
    /// And in the source.
    pub(super) source: Range<usize>,
    pub(super) place: usize,
    /// The value before it in the source that is no part.
    label: Range<usize>,
    pub(super) shape: Option<Arc<Shape>>,
}

/// A part of the output and what is to stand there.
pub(super) struct Instead {
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

impl Walk<'_, '_> {
    /// Begins a container; what is returned ends it.
    pub(super) fn enter_parts(&mut self, is_array: bool) -> Frame {
        let frame = Frame {
            first: self.parts.all.len(),
            is_array,
            label: self.parts.frame.label.clone(),
            ..Frame::default()
        };
        std::mem::replace(&mut self.parts.frame, frame)
    }

    /// Ends a container, and says whether none of its parts is one of what it stands in.
    pub(super) fn leave_parts(&mut self, outer: Frame, place: usize) -> bool {
        let Frame { first: inner, is_array, has_own, has_rows, .. } = self.parts.frame;
        let own = has_own && self.parts.may_be_one(inner) && self.join_parts(place);
        let rows = has_rows && self.join_columns(place);
        self.parts.frame = outer;
        self.parts.frame.label = 0..0;
        let count = self.parts.all.len() - inner;
        if own || rows || has_rows || !self.parts.frame.is_array || !(1..=MOST_INNER).contains(&count) {
            self.parts.all.truncate(inner);
            self.parts.end();
            return true;
        }
        if is_array {
            self.parts.frame.has_own = true;
            return false;
        }
        self.parts.add_row(inner);
        self.overflow_columns(place);
        self.parts.end();
        false
    }

    /// Notes a value that was read since `start` and stays as it is. False if it is no part.
    pub(super) fn part(&mut self, place: usize, text: &str, start: usize) -> bool {
        let Some(detection) = self.plan.detection.as_ref() else { return false };
        let Some(mut part) = Part::of(text) else {
            self.part_ends(start);
            return false;
        };
        let here = self.places.get(place);
        let (shape, links) = (here.shape.clone(), here.links);
        let sense = self.places.sense(place, &detection.scanner).sense;
        part.spoken = sense.spoken();
        let shown = Shown { place, shape, ..self.shown(start..self.reader.position()) };
        if links > 0 {
            self.link_to(place, (part, shown.clone()));
        }
        self.parts.frame.has_own = true;
        self.parts.all.push((part, shown));
        if self.parts.all.len() - self.parts.frame.first >= MOST {
            self.join_parts(place);
            let first = self.parts.frame.first;
            self.parts.all.drain(first..first + MOST - KEPT);
        }
        true
    }

    /// Where a part of the source that stays is in the output.
    pub(super) fn shown(&self, source: Range<usize>) -> Shown {
        let at = self.out.len() + source.start - self.copied;
        let label = self.parts.frame.label.clone();
        Shown { range: at..at + source.len(), source, place: 0, label, shape: None }
    }

    /// Notes a value, read since `start`, that is no part of another.
    pub(super) fn part_ends(&mut self, start: usize) {
        self.pass_parts(start..self.reader.position());
    }

    /// Notes a value that has no parts, and what of it may be a label.
    pub(super) fn pass_parts(&mut self, label: Range<usize>) {
        self.parts.frame.label = label;
        self.parts.end();
    }

    /// Whether parts of the innermost container are one number, whose keys are those of `place`.
    fn join_parts(&mut self, place: usize) -> bool {
        let Some(detection) = &self.plan.detection else { return false };
        let window = self.parts.all.get(self.parts.frame.first..).unwrap_or_default();
        let mut parts: Vec<Part> = window.iter().map(|(part, _)| *part).collect();
        self.hear_labels(place, &mut parts);
        let sense = self.places.sense(place, &detection.scanner).sense;
        let mut values = Vec::new();
        for joined in scattered::joined(&parts, sense.spoken()) {
            values.extend(apply::owner(detection, &joined).map(|owner| (joined.parts, owner, joined.says)));
        }
        if let Some(text) = scattered::spelt_in_bytes(&parts)
            && let Some((owner, says)) = apply::first(detection, self.run, sense, &text)
        {
            values.push((0..parts.len(), owner, says));
        }
        let found = !values.is_empty();
        for (range, owner, says) in values {
            let first = self.parts.frame.first;
            let shown = self.parts.all.get(first + range.start..first + range.end).unwrap_or_default();
            let shown = shown.iter().filter(|(part, _)| !part.is_break()).map(|(_, shown)| shown.clone());
            self.replace_parts(shown.collect(), owner, &says);
        }
        found
    }

    /// A text that stands before nine digits, as in `["SSN", "536", "90", "4399"]`, may say
    /// what they are.
    fn hear_labels(&mut self, place: usize, parts: &mut [Part]) {
        let Some(detection) = &self.plan.detection else { return };
        for start in 0..parts.len() {
            let begins = start.checked_sub(1).and_then(|at| parts.get(at)).is_none_or(Part::is_break);
            let Some(count) = scattered::may_be_ssn(parts, start).filter(|_| begins) else { continue };
            // The text may stand before the container.
            self.run.affects();
            let first = self.parts.all.get(self.parts.frame.first + start);
            let label = first.map(|(_, shown)| shown.label.clone()).unwrap_or_default();
            let label = self.reader.source(label.start, label.end);
            let Some(label) = string(label).filter(|label| label.len() <= LONGEST_LABEL) else { continue };
            let around = self.places.sense(place, &detection.scanner);
            let said = self.run.forms.sense(detection, (around.number, around.keys), &[label.as_str()]);
            let spoken = said.spoken().of_ssn;
            parts.iter_mut().skip(start).take(count).for_each(|part| part.spoken.of_ssn |= spoken);
        }
    }

    /// The first of these values becomes what is shown for the number that they are together,
    /// the others say nothing.
    pub(super) fn replace_parts(&mut self, parts: Vec<Shown>, owner: usize, says: &str) {
        let Some(detection) = &self.plan.detection else { return };
        let text = apply::shown_for(detection, self.run, owner, says);
        if let Some(trace) = &mut self.run.trace {
            for shown in &parts {
                trace.whole(owner, shown.source.clone());
            }
        }
        let mut texts = std::iter::once(text.as_str()).chain(std::iter::repeat(REDACTED));
        for shown in parts {
            let text = shown.literal(|| texts.next().unwrap_or(REDACTED));
            self.parts.instead.push(Instead { range: shown.range, text });
        }
    }
}

impl Parts {
    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    /// Undoes what was noted since there were so many parts and replacements.
    pub(super) fn back_to(&mut self, parts: usize, instead: usize) {
        self.all.truncate(parts);
        self.instead.truncate(instead);
    }

    /// Whether parts from the first on are enough for a number.
    fn may_be_one(&self, first: usize) -> bool {
        let parts = self.all.get(first..).unwrap_or_default();
        parts.len() >= FEWEST && parts.iter().map(|(part, _)| part.length()).sum::<usize>() >= FEWEST_LETTERS
    }

    /// What parts two parts.
    fn end(&mut self) {
        let open = self.all.get(self.frame.first..).and_then(<[_]>::last);
        if open.is_some_and(|(part, _)| !part.is_break()) {
            self.all.push((Part::default(), Shown::nowhere()));
        }
    }

    /// Takes the parts of an object, from `inner` on, for a row of the array that it is in.
    fn add_row(&mut self, inner: usize) {
        let before = self.all.get(self.frame.first..inner).and_then(<[_]>::last);
        if before.is_some_and(|(part, _)| !part.is_break()) {
            self.all.insert(inner, (Part::default(), Shown::nowhere()));
        }
        self.frame.has_rows = true;
    }
}

impl Shown {
    /// What is written there for a text, in a type that the schema allows.
    pub(super) fn literal<'t>(&self, text: impl FnOnce() -> &'t str) -> String {
        if let Some(shape) = self.shape.as_deref().filter(|shape| !shape.allows_string()) {
            return shape.mask().to_string();
        }
        let mut literal = String::new();
        quoted::write(&mut literal, text());
        literal
    }

    fn nowhere() -> Self {
        Self { range: 0..0, source: 0..0, place: 0, label: 0..0, shape: None }
    }
}

/// The output with the parts replaced that are one number together.
pub(super) fn replace<'d>(walk: &mut Walk<'_, '_>, shown: Cow<'d, str>) -> Result<Cow<'d, str>, Blocked> {
    let mut instead = std::mem::take(&mut walk.parts.instead);
    if instead.is_empty() {
        return Ok(shown);
    }
    instead.sort_by_key(|instead| instead.range.start);
    instead.dedup_by_key(|instead| instead.range.start);
    let mut out = String::with_capacity(shown.len());
    let mut copied = 0;
    let mut free = std::mem::take(&mut walk.free).into_iter().peekable();
    for Instead { range, text } in instead {
        while let Some(next) = free.next_if(|free| free.place().start < range.end) {
            // A part that is replaced is free text no more.
            if next.place().start < range.start {
                walk.free.push(next.moved(copied, out.len()));
            }
        }
        out.push_str(shown.get(copied..range.start).ok_or(Blocked::Syntax)?);
        out.push_str(&text);
        copied = range.end;
    }
    walk.free.extend(free.map(|free| free.moved(copied, out.len())));
    out.push_str(shown.get(copied..).ok_or(Blocked::Syntax)?);
    Ok(Cow::Owned(out))
}
