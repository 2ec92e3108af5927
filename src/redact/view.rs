//! Another reading of a text, in which each byte knows the place it came from.

use std::ops::Range;

/// A text read in another way.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    pub(crate) text: String,
    /// For each byte of the reading, where what it was read from begins. Never falls.
    origin: Vec<usize>,
}

impl View {
    /// Room for a text of so many bytes.
    pub(crate) fn with_capacity(length: usize) -> Self {
        Self { text: String::with_capacity(length), origin: Vec::with_capacity(length + 1) }
    }

    /// Reads `c` at a place of the original.
    pub(crate) fn push(&mut self, c: char, place: usize) {
        self.text.push(c);
        self.origin.resize(self.text.len(), place);
    }

    /// Reads another character where the last was read.
    pub(crate) fn replace_last(&mut self, c: char) {
        if self.text.pop().is_some() {
            let place = self.origin.get(self.text.len()).copied().unwrap_or_default();
            self.origin.truncate(self.text.len());
            self.push(c, place);
        }
    }

    /// Takes a part of the original over as it is.
    pub(crate) fn keep(&mut self, original: &str, range: Range<usize>) {
        if let Some(part) = original.get(range.clone()) {
            self.text.push_str(part);
            if part.is_ascii() {
                self.origin.extend(range);
                return;
            }
            let places = part.char_indices().flat_map(|(at, c)| std::iter::repeat_n(at, c.len_utf8()));
            self.origin.extend(places.map(|at| range.start + at));
        }
    }

    /// Ends the reading of an original of so many bytes.
    pub(crate) fn end(mut self, length: usize) -> Self {
        self.origin.push(length);
        self
    }

    /// The bytes of the original that a range of the reading stands for, with what is
    /// passed over inside it and behind its last character.
    pub(crate) fn original(&self, range: &Range<usize>) -> Range<usize> {
        let at = |place: usize| self.origin.get(place).copied();
        let start = at(range.start).unwrap_or_default();
        // A range that ends within one character's expansion takes all of it.
        let last = range.end.checked_sub(1).and_then(at);
        let end = (range.end..self.origin.len()).filter_map(at).find(|&place| Some(place) != last);
        // Where nothing else follows it ends with the original: what marks its end has that place.
        start..end.or_else(|| self.origin.last().copied()).unwrap_or(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_comes_back_to_what_it_was_read_from() {
        let original = "é=3\u{200b}4x";
        let mut view = View::with_capacity(8);
        view.keep(original, 0..2);
        view.push('4', 2);
        view.keep(original, 8..9);
        let view = view.end(original.len());
        assert_eq!(view.text, "é4x");
        assert_eq!(view.original(&(2..3)), 2..8);
        assert_eq!(view.original(&(0..2)), 0..2);
        assert_eq!(view.original(&(0..1)), 0..2);
        assert_eq!(view.original(&(3..4)), 8..9);
        let mut ended = View::with_capacity(8);
        ended.push('4', 2);
        ended.push('\n', original.len());
        assert_eq!(ended.end(original.len()).original(&(0..2)), 2..original.len());
    }
}
