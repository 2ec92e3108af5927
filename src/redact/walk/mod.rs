//! The one pass over a document: read, decide, splice.
//!
//! What is released unchanged is copied in one piece with all that stands beside it, as the
//! upstream wrote it. What turns out not to be released is cut off, with the comma before it.
//!
//! Invariant: a value stays in the output only through [`Walk::scalar`], and a member name
//! only through `Walk::place_of`.

mod again;
mod columns;
mod echo;
mod links;
mod member;
mod parts;
mod scalar;
mod siblings;
mod splice;
mod trial;

use crate::redact::Blocked;
use crate::redact::detect::Finding;
use crate::redact::json::{Kind, MAX_DEPTH, Reader};
use crate::redact::locate::{Told, Trace};
use crate::redact::operator::Operator;
use crate::redact::path::Trial;
use crate::redact::places::{Entered, Places, ROOT};
use crate::redact::plan::Plan;
use crate::redact::run::Run;
use crate::redact::transform::Outcome;
pub(crate) use again::Again;
use member::Names;
use parts::Parts;
use siblings::{Given, Siblings};
use splice::{Free, Mark};
use std::borrow::Cow;

/// Filters one JSON document. `None` when nothing of it is released.
///
/// # Errors
/// [`Blocked`] when the document cannot be filtered whole; then none of it may pass.
pub(crate) fn filter<'d>(
    plan: &Plan,
    run: &mut Run,
    places: &mut Places,
    document: &'d str,
) -> Result<Option<Cow<'d, str>>, Blocked> {
    if plan.detection.is_some() {
        run.clean.expect(document.len());
    }
    at(plan, run, places, ROOT, Reader::new(document))
}

fn at<'d>(
    plan: &Plan,
    run: &mut Run,
    places: &mut Places,
    place: usize,
    mut reader: Reader<'d>,
) -> Result<Option<Cow<'d, str>>, Blocked> {
    reader.white_space();
    let start = reader.position();
    let told = run.trace.as_ref().map(Trace::told);
    let again = std::mem::take(&mut run.again);
    let mut walk = Walk {
        plan,
        run,
        places,
        reader,
        out: String::new(),
        copied: start,
        findings: Vec::new(),
        given: Given::Nothing,
        passed: Vec::new(),
        free: Vec::new(),
        parts: Parts::default(),
        again,
        inspected: 0,
        told,
    };
    let kept = walk.value(place, 0)?;
    let end = walk.reader.position();
    walk.reader.end()?;
    if !kept {
        return Ok(None);
    }
    let untouched = walk.out.is_empty() && walk.copied == start;
    let shown = if untouched {
        Cow::Borrowed(walk.reader.source(start, end))
    } else {
        walk.copy(end);
        Cow::Owned(std::mem::take(&mut walk.out))
    };
    let shown = parts::replace(&mut walk, shown)?;
    let shown = echo::replace(&mut walk, &shown)?.map_or(shown, Cow::Owned);
    walk.again.forget();
    walk.run.again = walk.again;
    Ok(Some(shown))
}

struct Walk<'w, 'd> {
    plan: &'w Plan,
    run: &'w mut Run,
    places: &'w mut Places,
    reader: Reader<'d>,
    /// What leaves, as far as the source has been copied.
    out: String,
    copied: usize,
    findings: Vec<Finding>,
    /// The keys of the value that is read next, if it is a table or a row.
    given: Given,
    passed: Vec<bool>,
    free: Vec<Free>,
    parts: Parts,
    /// The values of this document that may recur.
    again: Again,
    /// Values that detectors were asked about.
    inspected: u64,
    /// What was told of places before.
    told: Option<Told>,
}

impl Walk<'_, '_> {
    /// Reads one value and says whether any of it stays.
    #[allow(clippy::inline_always, reason = "a call for each value is measured")]
    #[inline(always)]
    fn value(&mut self, place: usize, depth: usize) -> Result<bool, Blocked> {
        let kind = self.reader.kind()?;
        if !matches!(kind, Kind::Object | Kind::Array) {
            if !self.given.is_nothing() {
                self.given = Given::Nothing;
            }
            return self.scalar(kind, place);
        }
        self.container(kind, place, depth)
    }

    fn container(&mut self, kind: Kind, place: usize, depth: usize) -> Result<bool, Blocked> {
        let given = std::mem::take(&mut self.given);
        if depth >= MAX_DEPTH {
            return Err(Blocked::TooDeep);
        }
        let here = self.places.get(place);
        let (redaction, subject) = (here.redaction, here.subject);
        let may_recur = given.is_nothing();
        let begun = self.begun();
        let mark = if redaction.is_some() || subject { Some(self.mark()) } else { None };
        let outer = self.enter_parts(kind == Kind::Array);
        let kept =
            if kind == Kind::Object { self.object(place, depth)? } else { self.array(place, depth, given)? };
        let is_alone = self.leave_parts(outer, place);
        let Some(mark) = mark else {
            if may_recur && is_alone && kept {
                self.ended(place, begun);
            }
            return Ok(kept);
        };
        if subject {
            self.run.subject(self.reader.since(mark.source));
        }
        let Some((index, redaction)) = redaction.and_then(|at| Some((at, self.plan.redactions.get(at)?)))
        else {
            return Ok(kept);
        };
        match redaction.operator {
            Operator::Drop | Operator::Null if kept => {
                self.run.redacted(index);
                self.back_to(mark);
                self.copied = self.reader.position();
                Ok(redaction.operator == Operator::Null && self.write(&Outcome::Null, place))
            }
            // The others were applied to each scalar beneath.
            _ => Ok(kept),
        }
    }

    fn object(&mut self, place: usize, depth: usize) -> Result<bool, Blocked> {
        self.reader.expect(b'{')?;
        let mut names = Names { object: self.places.begin(), hint: 0, odd: None };
        let expects = !self.run.echo.is_settled();
        let mut kept = self.places.get(place).released;
        let mut written = false;
        let mut siblings = Siblings::default();
        let mut first = true;
        loop {
            let mark = self.separator(first);
            self.reader.white_space();
            if first && self.reader.take(b'}') {
                break;
            }
            self.begin(mark, first, written);
            let name = self.reader.position();
            let expected = if expects { self.expected(place, &mut names)? } else { None };
            let mut entered = match expected {
                Some(entered) => entered,
                None => self.place_of(place, &mut names, depth)?,
            };
            let start = self.reader.position();
            if self.places.get(entered.place).links > 0 {
                self.link(entered.place, name, depth);
            }
            if entered.role.asks() {
                entered = self.beside(place, entered, &mut siblings);
            }
            let stays = self.child(&entered, mark, depth)?;
            if entered.role.answers() {
                siblings.note(entered.role, start, self.reader.position());
            }
            kept |= stays.shown;
            written |= stays.written;
            if self.ends(b'}')? {
                break;
            }
            first = false;
        }
        Ok(kept)
    }

    fn array(&mut self, place: usize, depth: usize, given: Given) -> Result<bool, Blocked> {
        let given = self.or_header(given);
        self.reader.expect(b'[')?;
        let mut kept = self.places.get(place).released;
        let mut written = false;
        let mut length = None;
        for index in 0.. {
            let mark = self.separator(index == 0);
            self.reader.white_space();
            if index == 0 && self.reader.take(b']') {
                break;
            }
            self.begin(mark, index == 0, written);
            self.passed.clear();
            if self.places.get(place).has_trials() {
                if length.is_none() && self.places.get(place).trials(self.plan).any(Trial::needs_length) {
                    length = Some(self.count(depth)?);
                }
                self.try_child(place, Some((index, length.unwrap_or(usize::MAX))), depth)?;
            }
            let child = self.places.element(self.plan, place, &self.passed);
            let child = if given.is_nothing() { child } else { self.cell(place, child, &given, index) };
            let stays = self.child(&child, mark, depth)?;
            kept |= stays.shown;
            written |= stays.written;
            if self.ends(b']')? {
                break;
            }
        }
        Ok(kept)
    }

    /// Reads the bracket that ends a container, if it does not go on with a comma.
    fn ends(&mut self, bracket: u8) -> Result<bool, Blocked> {
        match self.reader.peek() {
            Some(b',') => Ok(false),
            Some(byte) if byte == bracket => {
                self.reader.take(bracket);
                Ok(true)
            }
            _ => Err(Blocked::Syntax),
        }
    }

    /// Reads a member's or an element's value and cuts it off, from its comma on, unless it
    /// stays or its schema requires it.
    #[allow(clippy::inline_always, reason = "a call for each value is measured")]
    #[inline(always)]
    fn child(&mut self, entered: &Entered, mark: Mark, depth: usize) -> Result<Stays, Blocked> {
        if entered.forget.is_none() && self.again(entered.place)? {
            self.reader.white_space();
            return Ok(Stays { shown: true, written: true });
        }
        let stays = self.settle(entered.place, mark, depth);
        // Also when the document turns out to be none: a name that is personal data does not
        // outlive its result.
        if let Some(count) = entered.forget {
            self.places.forget(count);
        }
        stays
    }

    #[allow(clippy::inline_always, reason = "a call for each value is measured")]
    #[inline(always)]
    fn settle(&mut self, place: usize, mark: Mark, depth: usize) -> Result<Stays, Blocked> {
        let here = self.places.get(place);
        let (dead, required) = (here.dead, here.required);
        let value = if required { Some(self.mark()) } else { None };
        let shown = if dead {
            self.run.withheld();
            self.reader.skip(MAX_DEPTH - depth - 1)?;
            false
        } else {
            self.value(place, depth + 1)?
        };
        if let Some(value) = value.filter(|_| !shown) {
            self.back_to(value);
            self.copied = self.reader.position();
            let mask = self
                .places
                .get(place)
                .shape
                .as_ref()
                .map_or_else(|| super::REDACTED.into(), |shape| shape.mask());
            self.out.push_str(&mask.to_string());
        }
        self.reader.white_space();
        if !shown && !required {
            self.back_to(mark);
            self.copied = self.reader.position();
        }
        Ok(Stays { shown, written: shown || required })
    }
}

/// What becomes of a child.
#[derive(Clone, Copy)]
struct Stays {
    /// Some of it may be seen.
    shown: bool,
    /// It has a place in the output, if only as a mask.
    written: bool,
}
