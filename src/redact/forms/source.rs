//! A text by its bytes: what the readers of pairs and of markup ask about a place in it.

use std::ops::Range;

#[derive(Clone, Copy)]
pub(super) struct Source<'t> {
    pub(super) text: &'t str,
}

impl<'t> Source<'t> {
    pub(super) fn get(&self, range: &Range<usize>) -> &'t str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    pub(super) fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or_default()
    }

    pub(super) fn is_blank(&self, range: Range<usize>) -> bool {
        self.get(&range).chars().all(is_space)
    }

    pub(super) fn skip_spaces(&self, from: usize, end: usize) -> usize {
        (from..end).find(|&at| self.byte(at) != b' ').unwrap_or(end)
    }

    /// The length of the `:`, `=`, `=>` or `:=` at this place, if it parts a key from a
    /// value.
    pub(super) fn sign(&self, at: usize) -> Option<usize> {
        let (before, next) = (self.byte(at.wrapping_sub(1)), self.byte(at + 1));
        match self.byte(at) {
            b':' if before == b':' || next == b':' => None,
            b':' if self.text.get(at + 1..).is_some_and(|rest| rest.starts_with("//")) => None,
            b':' => Some(if next == b'=' { 2 } else { 1 }),
            b'=' if next == b'=' || matches!(before, b'=' | b'<' | b'>' | b'!' | b'+' | b'*' | b'~') => None,
            b'=' => Some(if next == b'>' { 2 } else { 1 }),
            _ => None,
        }
    }

    /// How many equal signs follow each other here.
    pub(super) fn run_of(&self, at: usize, end: usize) -> usize {
        let sign = self.byte(at);
        (at..end).take_while(|&next| self.byte(next) == sign).count().max(1)
    }

    /// An apostrophe inside a word opens nothing; `u'…'` and `b'…'` do.
    pub(super) fn opens_a_quote(&self, at: usize) -> bool {
        let alone = |at: usize| !self.byte(at).is_ascii_alphanumeric() && self.byte(at) < 0x80;
        at == 0
            || alone(at - 1)
            || (matches!(self.byte(at - 1), b'u' | b'b' | b'r') && (at == 1 || alone(at - 2)))
    }

    pub(super) fn closing(&self, range: Range<usize>, quote: u8) -> Option<usize> {
        let mut at = range.start;
        while at < range.end {
            match self.byte(at) {
                b'\\' => at += 1,
                byte if byte == quote => return Some(at),
                _ => {}
            }
            at += 1;
        }
        None
    }

    /// The identifier that touches `at`.
    pub(super) fn word_before(&self, floor: usize, at: usize) -> Range<usize> {
        let name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
        let floor = floor.max(at.saturating_sub(64));
        let start = (floor..at).rev().take_while(|&place| name(self.byte(place))).last();
        start.unwrap_or(at)..at
    }
}

/// White space and the emphasis around a key.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '*'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_part_keys_from_values() {
        for (text, length) in [
            ("a: b", Some(1)),
            ("a=b", Some(1)),
            ("a=>b", Some(2)),
            ("a:=b", Some(2)),
            ("a==b", None),
            ("a!=b", None),
            ("a<=b", None),
            ("a::b", None),
            ("a://b", None),
        ] {
            let source = Source { text };
            let at = text.find([':', '=']).unwrap();
            assert_eq!(source.sign(at), length, "{text}");
        }
        assert_eq!(Source { text: "==" }.sign(1), None);
    }

    #[test]
    fn apostrophes_are_no_quotes() {
        for (text, opens) in
            [("'a'", true), ("it's", false), ("u'a'", true), (" b'a'", true), ("Zoë's", false)]
        {
            let at = text.find('\'').unwrap();
            assert_eq!(Source { text }.opens_a_quote(at), opens, "{text}");
        }
        assert_eq!(Source { text: "a\\'b'" }.closing(0..5, b'\''), Some(4));
    }
}
