//! A strict JSON reader over bytes that hands out spans instead of values, so
//! that what is released unchanged can be copied as the upstream wrote it.
//!
//! Invariant: what may reach the output is read byte by byte and checked whole. What
//! cannot is stepped over by its brackets and quotes alone ([`Reader::skip`]).

use crate::redact::Blocked;
use std::borrow::Cow;
use std::ops::Range;

/// Nesting allowed in a result.
pub(crate) const MAX_DEPTH: usize = 64;
/// Values and member names allowed in a result.
pub(crate) const MAX_NODES: usize = 1_000_000;

/// What begins at the reader's position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    Number,
    Literal,
}

/// A string as it stands in the source, between its quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quoted<'a> {
    raw: &'a str,
    escaped: bool,
}

impl<'a> Quoted<'a> {
    /// A string with its quotes, as a reader or a writer of JSON left it.
    pub(crate) fn whole(quoted: &'a str) -> Option<Self> {
        let raw = quoted.strip_prefix('"')?.strip_suffix('"')?;
        Some(Self { raw, escaped: memchr::memchr(b'\\', raw.as_bytes()).is_some() })
    }

    /// What the string says, if it has no escapes.
    #[inline]
    pub(crate) fn plain(self) -> Option<&'a str> {
        (!self.escaped).then_some(self.raw)
    }

    /// What the string says, borrowed when it has no escapes.
    ///
    /// # Errors
    /// [`Blocked::Syntax`] for an escape that JSON does not know.
    pub(crate) fn decode(self) -> Result<Cow<'a, str>, Blocked> {
        if !self.escaped {
            return Ok(Cow::Borrowed(self.raw));
        }
        // Escapes are rare; serde_json checks them, lone surrogates included.
        let text = serde_json::from_str(&format!("\"{}\"", self.raw)).map_err(|_| Blocked::Syntax)?;
        Ok(Cow::Owned(text))
    }
}

#[derive(Clone)]
pub(crate) struct Reader<'a> {
    text: &'a str,
    position: usize,
    nodes: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, position: 0, nodes: 0 }
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Of the whole source, in bytes.
    pub(crate) fn length(&self) -> usize {
        self.text.len()
    }

    /// The source between two places.
    pub(crate) fn source(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// The source from `start` to the reader's position.
    pub(crate) fn since(&self, start: usize) -> &'a str {
        self.source(start, self.position)
    }

    /// The bytes from the reader's position on.
    pub(crate) fn ahead(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.position..).unwrap_or_default()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    pub(crate) fn white_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.position += 1;
        }
    }

    /// Steps over `byte` if it is next.
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let next = self.peek() == Some(byte);
        self.position += usize::from(next);
        next
    }

    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), Blocked> {
        if self.take(byte) { Ok(()) } else { Err(Blocked::Syntax) }
    }

    /// How many values were counted against [`MAX_NODES`].
    pub(crate) fn counted(&self) -> usize {
        self.nodes
    }

    /// Counts values that were stepped over as a whole.
    pub(crate) fn count(&mut self, values: usize) -> Result<(), Blocked> {
        self.nodes += values;
        if self.nodes > MAX_NODES { Err(Blocked::TooMany) } else { Ok(()) }
    }

    /// Says what value begins here and counts it against [`MAX_NODES`].
    pub(crate) fn kind(&mut self) -> Result<Kind, Blocked> {
        self.count(1)?;
        match self.peek() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f' | b'n') => Ok(Kind::Literal),
            _ => Err(Blocked::Syntax),
        }
    }

    /// Reads a string.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Quoted<'a>, Blocked> {
        self.expect(b'"')?;
        let bytes = self.text.as_bytes();
        let (start, mut escaped) = (self.position, false);
        let mut at = start;
        loop {
            at = plain_end(bytes, at);
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    at += 2;
                }
                _ => return Err(Blocked::Syntax),
            }
        }
        let raw = self.text.get(start..at).ok_or(Blocked::Syntax)?;
        self.position = at + 1;
        Ok(Quoted { raw, escaped })
    }

    /// Steps over a name with its quotes and its colon, if it is next.
    #[inline]
    pub(crate) fn take_name(&mut self, quoted: &str) -> bool {
        let next = self.ahead().get(..quoted.len()).is_some_and(|ahead| same(ahead, quoted.as_bytes()));
        self.position += if next { quoted.len() } else { 0 };
        next
    }

    /// Steps over what stood at an earlier place of the source, if it is next.
    pub(crate) fn takes_again(&mut self, earlier: Range<usize>) -> bool {
        let earlier = self.text.as_bytes().get(earlier).unwrap_or_default();
        let next = self.ahead().get(..earlier.len()).is_some_and(|ahead| same(ahead, earlier));
        self.position += if next { earlier.len() } else { 0 };
        next
    }

    /// Reads a number and returns its literal (RFC 8259 §6).
    pub(crate) fn number(&mut self) -> Result<&'a str, Blocked> {
        let start = self.position;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        match self.peek() {
            None | Some(b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r') => Ok(self.since(start)),
            Some(_) => Err(Blocked::Syntax),
        }
    }

    fn digits(&mut self) -> Result<(), Blocked> {
        let start = self.position;
        while let Some(b'0'..=b'9') = self.peek() {
            self.position += 1;
        }
        if self.position > start { Ok(()) } else { Err(Blocked::Syntax) }
    }

    /// Reads `true`, `false` or `null`.
    pub(crate) fn literal(&mut self) -> Result<&'a str, Blocked> {
        let rest = self.text.get(self.position..).unwrap_or_default();
        let word = ["true", "false", "null"].into_iter().find(|word| rest.starts_with(word));
        let word = word.ok_or(Blocked::Syntax)?;
        self.position += word.len();
        Ok(word)
    }

    /// Steps over the value that begins here, nested at most `depth` deep, of which nothing
    /// is looked at. Where its brackets and quotes do not fit, it is no JSON; what else is
    /// wrong with it stays unsaid, since none of it is shown.
    pub(crate) fn skip(&mut self, depth: usize) -> Result<(), Blocked> {
        // One bit a level, set for an array. `MAX_DEPTH` levels fit one word.
        let (mut levels, mut open) = (0_u64, 0_usize);
        loop {
            match self.peek().ok_or(Blocked::Syntax)? {
                b'"' => self.skip_string()?,
                bracket @ (b'{' | b'[') => {
                    if open >= depth {
                        return Err(Blocked::TooDeep);
                    }
                    levels = levels << 1 | u64::from(bracket == b'[');
                    open += 1;
                    self.position += 1;
                }
                bracket @ (b'}' | b']') => {
                    if open == 0 || (levels & 1 == 1) != (bracket == b']') {
                        return Err(Blocked::Syntax);
                    }
                    levels >>= 1;
                    open -= 1;
                    self.position += 1;
                }
                b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' if open > 0 => self.position += 1,
                b'-' | b'0'..=b'9' => drop(self.number()?),
                b't' | b'f' | b'n' => drop(self.literal()?),
                _ => return Err(Blocked::Syntax),
            }
            if open == 0 {
                return Ok(());
            }
        }
    }

    fn skip_string(&mut self) -> Result<(), Blocked> {
        let bytes = self.text.as_bytes();
        let mut at = self.position + 1;
        loop {
            at = plain_end(bytes, at);
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => at += 2,
                // A control character that should have been escaped.
                Some(_) => at += 1,
                None => return Err(Blocked::Syntax),
            }
        }
        self.position = at + 1;
        Ok(())
    }

    /// Demands that nothing but white space is left.
    pub(crate) fn end(&mut self) -> Result<(), Blocked> {
        self.white_space();
        if self.position == self.text.len() { Ok(()) } else { Err(Blocked::Syntax) }
    }
}

/// Whether two slices of one length are the same. Names are short: most are two words.
#[inline]
fn same(one: &[u8], other: &[u8]) -> bool {
    let ends = |bytes: &[u8]| {
        let ends = (bytes.first_chunk::<8>()?, bytes.last_chunk::<8>()?);
        Some((u64::from_le_bytes(*ends.0), u64::from_le_bytes(*ends.1)))
    };
    match (ends(one), ends(other)) {
        (Some(one), Some(other)) if one != other => false,
        _ if (8..=16).contains(&one.len()) => true,
        _ => one == other,
    }
}

/// Where the first byte is, from a place on, that is not plain in a JSON string: a quote, a
/// backslash or a control character. Eight bytes at a time, each a lane of one word.
pub(crate) fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = ONES << 7;
    // Sets the high bit of each lane below `bound`; above the first such lane, of others too.
    let below = |word: u64, bound: u64| word.wrapping_sub(ONES * bound) & !word & HIGHS;
    while let Some(lanes) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*lanes);
        let quote = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
        let stops = quote | backslash | below(word, 0x20);
        if stops != 0 {
            return at + (stops.trailing_zeros() >> 3) as usize;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|byte| *byte >= 0x20 && *byte != b'"' && *byte != b'\\') {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_at_every_byte() {
        let name = b"abcdefghijklmnopqrstuvwxyz";
        for length in 0..name.len() {
            let one = &name[..length];
            assert!(same(one, one));
            for place in 0..length {
                let mut other = one.to_vec();
                other[place] ^= 1;
                assert!(!same(one, &other), "{place} of {length}");
            }
        }
    }

    #[test]
    fn the_first_byte_that_is_not_plain_ends_the_run() {
        for stop in [b'"', b'\\', 0, 0x1f, b'\n'] {
            for place in 0..40 {
                let mut bytes = "é~ !#[]zé\u{7f}".repeat(4).into_bytes();
                bytes.truncate(41);
                bytes[place] = stop;
                bytes[40] = b'"';
                assert_eq!(plain_end(&bytes, 0), place, "{stop} at {place}");
                assert_eq!(plain_end(&bytes, place + 1), 40, "{stop} at {place}");
            }
        }
        assert_eq!(plain_end(b"abc", 0), 3);
    }
}
