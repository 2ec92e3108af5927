//! Cutting a text into lines and words.

/// A piece ends with the line in which it comes to this many tokens, or with so many more.
const PIECE: usize = 64;
const LONGEST_PIECE: usize = 256;

/// How a token is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Cap {
    Lower,
    Capital,
    Upper,
    Initial,
    Mixed,
    Digits,
    Coded,
    Mark,
}

impl Cap {
    /// Whether it is letters alone.
    pub(crate) fn is_word(self) -> bool {
        !matches!(self, Self::Digits | Self::Coded | Self::Mark)
    }
}

/// A word, a number or a mark.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    /// In bytes.
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) cap: Cap,
    /// How its line is written.
    pub(crate) case: Case,
}

impl Token {
    pub(crate) fn text(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// How a line is written: capitals say little where all words have them or none has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Case {
    Mixed,
    Lower,
    Upper,
    Title,
}

impl Case {
    fn of(line: &[Token]) -> Self {
        let (mut lower, mut upper, mut all) = (0, 0, 0);
        for word in line.iter().filter(|token| token.cap.is_word()) {
            lower += usize::from(word.cap == Cap::Lower);
            upper += usize::from(matches!(word.cap, Cap::Upper | Cap::Initial));
            all += 1;
        }
        match () {
            () if lower == all => Self::Lower,
            () if upper * 10 >= all * 8 => Self::Upper,
            () if lower * 10 <= all * 3 && all > 3 => Self::Title,
            () => Self::Mixed,
        }
    }
}

/// Reads the tokens of the piece that begins at `from`: some lines, the end of each a token
/// of its own. Returns where the next begins.
pub(crate) fn piece(text: &str, from: usize, tokens: &mut Vec<Token>) -> usize {
    tokens.clear();
    let (mut line, mut at) = (0, from);
    let bytes = text.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        if byte == b' ' {
            at += 1;
            continue;
        }
        if byte == b'\n' {
            seal(tokens, line);
            if tokens.len() >= PIECE {
                return start + 1;
            }
            tokens.push(Token { start, end: start + 1, cap: Cap::Mark, case: Case::Mixed });
            (at, line) = (start + 1, tokens.len());
            continue;
        }
        let Some(c) = text.get(start..).and_then(|rest| rest.chars().next()) else { break };
        at += c.len_utf8();
        if c.is_whitespace() {
            continue;
        }
        let mut cap = Cap::Mark;
        if c.is_alphanumeric() {
            let mut look = Look::default();
            look.add(c);
            at = look.rest(text, start, at);
            cap = look.cap();
        }
        tokens.push(Token { start, end: at, cap, case: Case::Mixed });
        if tokens.len() >= LONGEST_PIECE {
            break;
        }
    }
    seal(tokens, line);
    at
}

/// Sets the case of the tokens of a line.
fn seal(tokens: &mut [Token], from: usize) {
    let line = tokens.get_mut(from..).unwrap_or_default();
    let case = Case::of(line);
    for token in line {
        token.case = case;
    }
}

/// Whether a mark stands inside a word: an apostrophe, but not that of `'s`.
fn joins(mark: char, behind: &str, word: &str) -> bool {
    let mut next = behind.chars().skip(1);
    let (first, second) = (next.next(), next.next());
    match mark {
        '\'' | '’' => {
            let possessive = matches!(first, Some('s' | 'S')) && !second.is_some_and(char::is_alphanumeric);
            word.chars().count() <= 2 && first.is_some_and(char::is_alphabetic) && !possessive
        }
        // A combining mark is part of its letter.
        '\u{300}'..='\u{36f}' | '_' => true,
        _ => false,
    }
}

/// What has been seen of a word.
#[derive(Default)]
struct Look {
    count: usize,
    upper: usize,
    lower: usize,
    other: usize,
    digits: usize,
    leads: bool,
    coded: bool,
}

impl Look {
    /// Looks at the rest of the word that began at `start`; returns where it ends.
    fn rest(&mut self, text: &str, start: usize, mut at: usize) -> usize {
        loop {
            // Nearly all letters are these, and nearly all words end with these marks.
            let mut ends = text.len() == at;
            for byte in text.as_bytes().get(at..).unwrap_or_default() {
                match byte {
                    b'a'..=b'z' => self.lower += 1,
                    b'A'..=b'Z' => {
                        self.leads |= self.count == 0;
                        self.upper += 1;
                    }
                    b'0'..=b'9' => self.digits += 1,
                    _ => {
                        ends = byte.is_ascii() && !matches!(byte, b'\'' | b'_');
                        break;
                    }
                }
                (self.count, at) = (self.count + 1, at + 1);
            }
            if ends {
                return at;
            }
            let behind = text.get(at..).unwrap_or_default();
            let Some(c) = behind.chars().next() else { return at };
            let word = text.get(start..at).unwrap_or_default();
            if !c.is_alphanumeric() && !joins(c, behind, word) {
                return at;
            }
            self.add(c);
            at += c.len_utf8();
        }
    }

    fn add(&mut self, c: char) {
        if c.is_uppercase() {
            self.leads |= self.count == 0;
            self.upper += 1;
        } else if c.is_lowercase() {
            self.lower += 1;
        } else if c.is_numeric() {
            self.digits += 1;
        } else if c == '_' {
            self.coded = true;
        } else {
            self.other += 1;
        }
        self.count += 1;
    }

    fn cap(&self) -> Cap {
        match (self.digits, self.upper, self.lower) {
            _ if self.coded => Cap::Coded,
            (0, 0, _) => Cap::Lower,
            (0, 1, 0) => Cap::Initial,
            (0, _, 0) => Cap::Upper,
            (0, 1, _) if self.leads => Cap::Capital,
            (0, ..) => Cap::Mixed,
            (_, 0, 0) if self.other == 0 => Cap::Digits,
            _ => Cap::Coded,
        }
    }
}
