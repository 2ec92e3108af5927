//! A strict JSON reader over bytes that hands out spans instead of values, so
//! that what is released unchanged can be copied as the upstream wrote it.
//!
//! Invariant: what may reach the output is read byte by byte and checked whole. What
//! cannot is stepped over by its brackets and quotes alone ([`Reader::skip`]).

use crate::redact::Blocked;
use crate::redact::class::{self, Class};
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

/// A string as it stands in the source, between its quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quoted<'a> {
    raw: &'a str,
    class: Class,
    escaped: bool,
}

impl<'a> Quoted<'a> {
    /// What the string says, borrowed when it has no escapes.
    ///
    /// # Errors
    /// [`Blocked::Syntax`] for an escape that JSON does not know.
    pub(crate) fn decode(self) -> Result<(Cow<'a, str>, Class), Blocked> {
        if !self.escaped {
            return Ok((Cow::Borrowed(self.raw), self.class));
        }
        // Escapes are rare; serde_json checks them, lone surrogates included.
        let text: String = serde_json::from_str(&format!("\"{}\"", self.raw)).map_err(|_| Blocked::Syntax)?;
        let class = Class::of(&text);
        Ok((Cow::Owned(text), class))
    }
}

#[derive(Clone)]
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

    /// The source between two places.
    pub(crate) fn source(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// The source from `start` to the reader's position.
    pub(crate) fn since(&self, start: usize) -> &'a str {
        self.source(start, self.position)
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

    /// Reads a string, and what kinds of byte it is made of on the way.
    pub(crate) fn string(&mut self) -> Result<Quoted<'a>, Blocked> {
        self.expect(b'"')?;
        let start = self.position;
        let (mut class, mut escaped) = (Class::default(), false);
        loop {
            class = class.join(self.plain_run());
            let byte = self.peek().ok_or(Blocked::Syntax)?;
            let kind = class::OF[usize::from(byte)];
            if !kind.meets(Class::STOP) {
                class = class.join(kind);
                self.position += 1;
            } else if byte == b'"' {
                break;
            } else if byte == b'\\' {
                escaped = true;
                self.position += 2;
            } else {
                return Err(Blocked::Syntax);
            }
        }
        let raw = self.text.get(start..self.position).ok_or(Blocked::Syntax)?;
        self.position += 1;
        Ok(Quoted { raw, class, escaped })
    }

    /// Steps over plain bytes of a string, eight at a time, and says what they are.
    fn plain_run(&mut self) -> Class {
        let rest = self.text.as_bytes().get(self.position..).unwrap_or_default();
        let (eights, _) = rest.as_chunks::<8>();
        let mut all = Class::default();
        for eight in eights {
            let class =
                eight.iter().fold(Class::default(), |all, byte| all.join(class::OF[usize::from(*byte)]));
            if class.meets(Class::STOP) {
                break;
            }
            all = all.join(class);
            self.position += 8;
        }
        all
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
        self.position += 1;
        loop {
            let rest = self.text.as_bytes().get(self.position..).ok_or(Blocked::Syntax)?;
            let found = memchr::memchr2(b'"', b'\\', rest).ok_or(Blocked::Syntax)?;
            let escape = rest.get(found) == Some(&b'\\');
            self.position += found + 1 + usize::from(escape);
            if !escape {
                return Ok(());
            }
        }
    }

    /// Demands that nothing but white space is left.
    pub(crate) fn end(&mut self) -> Result<(), Blocked> {
        self.white_space();
        if self.position == self.text.len() { Ok(()) } else { Err(Blocked::Syntax) }
    }
}
