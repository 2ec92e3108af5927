//! Short values that stand side by side in one container, and what is written for those
//! that are one number together.

use super::Walk;
use super::scalar::quote;
use crate::redact::Blocked;
use crate::redact::apply;
use crate::redact::layers::scattered::{self, Part};
use crate::redact::marker::REDACTED;
use crate::redact::shape::Shape;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// So many are looked at together, and of a longer list so many once more with the next.
const MOST: usize = 128;
const KEPT: usize = 32;
/// Parts that may be one number.
const FEWEST: usize = 3;
/// Parts of an inner array that are looked at with those of the outer.
const MOST_INNER: usize = 8;

/// The short values that were read, of all containers that are open.
#[derive(Default)]
pub(super) struct Parts {
    all: Vec<(Part, Shown)>,
    /// Where those of the innermost container begin.
    first: usize,
    /// What becomes of those that are one number together, in order.
    pub(super) instead: Vec<Instead>,
}

/// Where a value is in the output that the walk makes.
struct Shown {
    range: Range<usize>,
    /// And in the source.
    source: Range<usize>,
    shape: Option<Arc<Shape>>,
}

/// A part of the output and what is to stand there.
pub(super) struct Instead {
    range: Range<usize>,
    text: String,
}

impl Walk<'_, '_> {
    /// Begins a container; what is returned ends it.
    pub(super) fn enter_parts(&mut self) -> usize {
        std::mem::replace(&mut self.parts.first, self.parts.all.len())
    }

    /// Ends a container.
    pub(super) fn leave_parts(&mut self, outer: usize, place: usize, is_array: bool) {
        let inner = self.parts.first;
        let found = self.parts.all.len() >= inner + FEWEST && self.join_parts(place);
        self.parts.first = outer;
        let bubbles = is_array && !found && (1..=MOST_INNER).contains(&(self.parts.all.len() - inner));
        if !bubbles {
            self.parts.all.truncate(inner);
            self.part_ends();
        }
    }

    /// Notes a value that was read since `start` and stays as it is.
    pub(super) fn part(&mut self, place: usize, text: &str, start: usize) {
        let Some(detection) = self.plan.detection.as_ref() else { return };
        let Some(mut part) = Part::of(text) else { return self.part_ends() };
        let shape = self.places.get(place).shape.clone();
        let sense = self.places.sense(place, &detection.scanner).sense;
        part.spoken = sense.spoken();
        let at = self.out.len() + start - self.copied;
        let range = at..at + self.reader.position() - start;
        let source = start..self.reader.position();
        self.parts.all.push((part, Shown { range, source, shape }));
        if self.parts.all.len() - self.parts.first >= MOST {
            self.join_parts(place);
            self.parts.all.drain(self.parts.first..self.parts.first + MOST - KEPT);
        }
    }

    /// Notes a value that is no part of another.
    pub(super) fn part_ends(&mut self) {
        let open = self.parts.all.get(self.parts.first..).and_then(<[_]>::last);
        if open.is_some_and(|(part, _)| !part.is_break()) {
            self.parts.all.push((Part::default(), Shown { range: 0..0, source: 0..0, shape: None }));
        }
    }

    /// Whether parts of the innermost container are one number, whose keys are those of `place`.
    fn join_parts(&mut self, place: usize) -> bool {
        let Some(detection) = &self.plan.detection else { return false };
        let window = self.parts.all.get(self.parts.first..).unwrap_or_default();
        let parts: Vec<Part> = window.iter().map(|(part, _)| *part).collect();
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
        for (range, owner, says) in &values {
            let text = apply::shown_for(detection, self.run, *owner, says);
            if let Some(trace) = &mut self.run.trace {
                for source in self.parts.sources(range.clone()) {
                    trace.whole(*owner, source);
                }
            }
            self.parts.replace(range.clone(), &text);
        }
        !values.is_empty()
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

    /// Where parts of the innermost container are in the source.
    fn sources(&self, range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let parts = self.all.get(self.first..).and_then(|open| open.get(range)).unwrap_or_default();
        parts.iter().filter(|(part, _)| !part.is_break()).map(|(_, shown)| shown.source.clone())
    }

    /// The first part becomes what is shown for the number, the others say nothing.
    fn replace(&mut self, range: Range<usize>, text: &str) {
        let parts = self.all.get(self.first..).and_then(|open| open.get(range)).unwrap_or_default();
        let mut texts = std::iter::once(text).chain(std::iter::repeat(REDACTED));
        for (part, shown) in parts {
            if part.is_break() {
                continue;
            }
            let mut literal = String::new();
            match shown.shape.as_deref().filter(|shape| !shape.allows_string()) {
                Some(shape) => literal.push_str(&shape.mask().to_string()),
                None => quote(&mut literal, texts.next().unwrap_or(REDACTED)),
            }
            self.instead.push(Instead { range: shown.range.clone(), text: literal });
        }
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
