//! What is copied and what is cut off.

use super::Walk;
use crate::redact::clean::Rest;
use std::ops::Range;

/// A place to go back to when what follows it does not stay.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    out: usize,
    copied: usize,
    pub(super) source: usize,
    free: usize,
    parts: usize,
    instead: usize,
}

/// Free text, in which a name could stand that is found elsewhere in the document.
///
/// There are very many of these. What does not fit is out of every text, and blocks.
#[derive(Clone, Copy)]
pub(crate) struct Free {
    start: u32,
    end: u32,
    known: u32,
}

impl Free {
    /// From one place to another in the output that the walk makes, with its quotes; `known`
    /// is its number among the values that are remembered.
    pub(super) fn new(start: usize, end: usize, known: Option<usize>) -> Self {
        let short = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self { start: short(start), end: short(end), known: known.map_or(u32::MAX, short) }
    }

    pub(super) fn place(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The same where what stood at a place of the output stands at another.
    pub(super) fn moved(self, from: usize, to: usize) -> Self {
        let at = |place: u32| (place as usize + to).saturating_sub(from);
        Self { known: self.known, ..Self::new(at(self.start), at(self.end), None) }
    }

    pub(super) fn known(&self) -> Option<usize> {
        (self.known != u32::MAX).then_some(self.known as usize)
    }
}

impl Walk<'_, '_> {
    pub(super) fn mark(&self) -> Mark {
        Mark {
            out: self.out.len(),
            copied: self.copied,
            source: self.reader.position(),
            free: self.free.len(),
            parts: self.parts.count(),
            instead: self.parts.instead.len(),
        }
    }

    /// Marks the comma before a member or element, if it is not the first, and reads it.
    pub(super) fn separator(&mut self, first: bool) -> Mark {
        let mark = self.mark();
        if !first {
            self.reader.take(b',');
        }
        mark
    }

    /// Where all before a child was cut off, its comma is too.
    pub(super) fn begin(&mut self, mark: Mark, first: bool, written: bool) {
        if !first && !written {
            self.copy(mark.source);
            self.copied = mark.source + 1;
        }
    }

    /// Undoes what was written since, so that the output ends before the mark.
    pub(super) fn back_to(&mut self, mark: Mark) {
        self.out.truncate(mark.out);
        self.free.truncate(mark.free);
        self.parts.back_to(mark.parts, mark.instead);
        self.copied = mark.copied;
        self.copy(mark.source);
    }

    /// Notes what is left of a string that was read since `start` and stays as it is.
    pub(super) fn free(&mut self, start: usize, rest: Rest) {
        let known = match rest {
            Rest::Closed => return,
            Rest::Free => None,
            Rest::Known(known) => Some(known),
        };
        let at = self.out.len() + start - self.copied;
        self.free.push(Free::new(at, at + self.reader.position() - start, known));
        self.trace_free(start);
    }

    /// Tells, where that is asked, that learned names may stand in a string read since `start`.
    pub(super) fn trace_free(&mut self, start: usize) {
        if let Some(trace) = &mut self.run.trace {
            trace.free(start..self.reader.position());
        }
    }

    /// Copies the source as far as `end`.
    pub(super) fn copy(&mut self, end: usize) {
        if self.out.capacity() == 0 {
            self.out.reserve(self.reader.length());
        }
        self.out.push_str(self.reader.source(self.copied, end));
        self.copied = end;
    }
}
