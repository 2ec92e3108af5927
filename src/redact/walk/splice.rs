//! What is copied and what is cut off.

use super::Walk;

/// A place to go back to when what follows it does not stay.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    out: usize,
    copied: usize,
    pub(super) source: usize,
}

impl Walk<'_, '_> {
    pub(super) fn mark(&self) -> Mark {
        Mark { out: self.out.len(), copied: self.copied, source: self.reader.position() }
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
        self.copied = mark.copied;
        self.copy(mark.source);
    }

    /// Copies the source as far as `end`.
    pub(super) fn copy(&mut self, end: usize) {
        self.out.push_str(self.reader.source(self.copied, end));
        self.copied = end;
    }
}
