//! What lies around a key: indented blocks, sections, brackets.

use std::ops::Range;

/// Blocks and brackets within each other; deeper ones add no key.
const MOST: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Lines further in than this belong to the key.
    Indent(usize),
    /// `[section]`
    Section,
    /// In a list a comma ends a value.
    Bracket { close: u8, list: bool },
}

struct Frame {
    key: Option<Range<usize>>,
    kind: Kind,
}

#[derive(Default)]
pub(super) struct Frames {
    open: Vec<Frame>,
    /// Brackets opened beyond [`MOST`].
    excess: usize,
}

impl Frames {
    pub(super) fn push(&mut self, key: Option<Range<usize>>, kind: Kind) {
        if self.open.len() < MOST {
            self.open.push(Frame { key, kind });
        } else if matches!(kind, Kind::Bracket { .. }) {
            self.excess += 1;
        }
    }

    /// Leaves the blocks that a line with this indentation does not belong to.
    pub(super) fn dedent(&mut self, indent: usize) {
        while matches!(self.open.last(), Some(Frame { kind: Kind::Indent(outer), .. }) if *outer >= indent) {
            self.open.pop();
        }
    }

    /// Leaves the innermost bracket that `close` closes. False if none is open.
    pub(super) fn close(&mut self, close: u8) -> bool {
        if self.excess > 0 {
            self.excess -= 1;
            return true;
        }
        let opened = |frame: &Frame| matches!(frame.kind, Kind::Bracket { close: ends, .. } if ends == close);
        let open = self.open.iter().rposition(opened);
        open.inspect(|open| self.open.truncate(*open)).is_some()
    }

    /// Whether the innermost bracket is a list, an object or a call.
    pub(super) fn in_list(&self) -> bool {
        let brackets = self.open.iter().rev().filter_map(|frame| match frame.kind {
            Kind::Bracket { list, .. } => Some(list),
            Kind::Indent(_) | Kind::Section => None,
        });
        self.excess > 0 || brackets.take(1).any(|list| list)
    }

    /// The keys around, from the innermost out.
    pub(super) fn keys(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.open.iter().rev().filter_map(|frame| frame.key.clone())
    }

    /// The key of the innermost, if it has one.
    pub(super) fn innermost(&self) -> Option<Range<usize>> {
        self.open.last().and_then(|frame| frame.key.clone())
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bracket_closes_what_was_opened_in_it() {
        let mut frames = Frames::default();
        frames.push(Some(0..1), Kind::Bracket { close: b'}', list: true });
        frames.push(Some(1..2), Kind::Indent(2));
        frames.dedent(4);
        assert_eq!(frames.keys().collect::<Vec<_>>(), [1..2, 0..1]);
        assert!(!frames.close(b')') && frames.in_list());
        assert!(frames.close(b'}') && !frames.in_list());
        assert_eq!(frames.innermost(), None);
    }

    #[test]
    fn brackets_beyond_the_bound_are_counted() {
        let mut frames = Frames::default();
        for _ in 0..MOST + 3 {
            frames.push(None, Kind::Bracket { close: b']', list: true });
        }
        for _ in 0..MOST + 3 {
            assert!(frames.close(b']'));
        }
        assert!(!frames.close(b']'));
    }
}
