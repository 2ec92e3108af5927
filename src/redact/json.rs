//! A strict JSON reader over bytes that hands out spans instead of values, so
//! that what is released unchanged can be copied as the upstream wrote it.
//!
//! Invariant: every byte is read once and in order; nothing is skipped unchecked.

use crate::redact::Blocked;
use std::borrow::Cow;

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

pub(crate) struct Reader<'a> {
    text: &'a str,
    position: usize,
    nodes: usize,
}

impl<'a> Reader<'a> {
    /// # Errors
    /// [`Blocked::NotUtf8`] when the bytes are not UTF-8.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Blocked> {
        let text = std::str::from_utf8(bytes).map_err(|_| Blocked::NotUtf8)?;
        Ok(Self { text, position: 0, nodes: 0 })
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// The source from `start` to the reader's position.
    pub(crate) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.position).unwrap_or_default()
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

    /// Says what value begins here and counts it against [`MAX_NODES`].
    pub(crate) fn kind(&mut self) -> Result<Kind, Blocked> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(Blocked::TooMany);
        }
        match self.peek() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f' | b'n') => Ok(Kind::Literal),
            _ => Err(Blocked::Syntax),
        }
    }

    /// Reads a string and returns what it says, borrowed when it has no escapes.
    pub(crate) fn string(&mut self) -> Result<Cow<'a, str>, Blocked> {
        let start = self.position;
        self.expect(b'"')?;
        let mut escaped = false;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.position += 2;
                }
                Some(0x20..) => self.position += 1,
                _ => return Err(Blocked::Syntax),
            }
        }
        self.position += 1;
        if !escaped {
            let inner = self.text.get(start + 1..self.position - 1);
            return inner.map(Cow::Borrowed).ok_or(Blocked::Syntax);
        }
        // Escapes are rare; serde_json checks them, lone surrogates included.
        serde_json::from_str::<String>(self.since(start)).map(Cow::Owned).map_err(|_| Blocked::Syntax)
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

    /// Demands that nothing but white space is left.
    pub(crate) fn end(&mut self) -> Result<(), Blocked> {
        self.white_space();
        if self.position == self.text.len() { Ok(()) } else { Err(Blocked::Syntax) }
    }
}

/// The member names of one object, to find a name given twice.
#[derive(Default)]
pub(crate) struct Names<'a> {
    few: Vec<Cow<'a, str>>,
    many: std::collections::HashSet<Cow<'a, str>>,
}

impl<'a> Names<'a> {
    const FEW: usize = 16;

    pub(crate) fn is_empty(&self) -> bool {
        self.few.is_empty()
    }

    /// # Errors
    /// [`Blocked::Duplicate`]: one parser keeps the first, another the last, and
    /// the value filtered would not be the value read.
    pub(crate) fn add(&mut self, name: Cow<'a, str>) -> Result<(), Blocked> {
        if self.few.len() < Self::FEW {
            if self.few.contains(&name) {
                return Err(Blocked::Duplicate);
            }
            self.few.push(name);
            return Ok(());
        }
        if self.many.is_empty() {
            self.many.extend(self.few.iter().cloned());
        }
        if self.many.insert(name) { Ok(()) } else { Err(Blocked::Duplicate) }
    }
}
