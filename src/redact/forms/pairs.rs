//! `Key: value` lines, `key=value` pairs, nested blocks by indentation, sections, and
//! what programs print of their objects: `Patient(name='Ann', ssn='…')`, `{ssn: 5}`.
//!
//! One pass, line by line. A value ends at the latest where the next key begins, so no
//! byte belongs to two values.

use super::Emit;
use super::frames::{Frames, Kind};
use super::label;
use super::lines::{is_rule, lines, trim, trim_of};
use super::source::{Source, is_space};
use super::value::{self, Style};
use super::vocabulary::{is_bare_name, is_common_word, tells_of_a_person};
use std::ops::Range;

/// A line without a key under a key is a value only if it is as short as one.
const WORDS_OF_AN_ITEM: usize = 8;
const LONGEST_SCALAR: usize = 64;

pub(super) fn read(text: &str, emit: Emit<'_>) {
    if !text.contains([':', '=']) {
        return;
    }
    let mut reader = Reader {
        source: Source { text },
        emit,
        frames: Frames::default(),
        pending: None,
        opened: None,
        names: Vec::new(),
        personal: false,
    };
    lines(text).for_each(|line| reader.line(line));
    reader.end_block();
}

struct Reader<'t, 'e> {
    source: Source<'t>,
    emit: Emit<'e>,
    frames: Frames,
    pending: Option<Pending>,
    /// The key of the line before, if it ended with its key.
    opened: Option<Range<usize>>,
    /// Values of a bare `name` in this block, and whether it is a person's.
    names: Vec<Range<usize>>,
    personal: bool,
}

/// A key whose value has begun.
#[derive(Clone)]
struct Pending {
    key: Range<usize>,
    /// The key of this key on the same line: `patient: name=Ann`.
    outer: Option<Range<usize>>,
    start: usize,
    style: Style,
    /// The key was quoted, or a delimiter stands before it.
    sure: bool,
}

/// The scan of one line.
struct Line {
    at: usize,
    end: usize,
    floor: usize,
    floor_delimits: bool,
    found: bool,
    /// Quotes that no second one follows on this line.
    unclosed: Vec<u8>,
}

impl Reader<'_, '_> {
    fn line(&mut self, range: Range<usize>) {
        let line = self.source.get(&range);
        if line.trim().is_empty() || is_rule(line) {
            return self.end_block();
        }
        let marks = |c: char| c.is_whitespace() || matches!(c, '-' | '*' | '>' | '#' | '+' | '•');
        let body = trim_of(self.source.text, range.clone(), marks).start;
        if self.section(&trim(self.source.text, range.clone())) {
            return;
        }
        let indent = body - range.start;
        self.frames.dedent(indent);
        let opened = self.opened.take();
        let mut line = Line {
            at: body,
            end: range.end,
            floor: body,
            floor_delimits: true,
            found: false,
            unclosed: Vec::new(),
        };
        while line.at < line.end {
            self.step(&mut line);
        }
        self.end_line(&line, indent);
        if !line.found {
            self.item(trim(self.source.text, body..range.end), opened);
        }
    }

    fn step(&mut self, line: &mut Line) {
        match self.source.byte(line.at) {
            b'\\' => line.at += 2,
            quote @ (b'"' | b'\'' | b'`') => self.quote(line, quote),
            sign @ (b':' | b'=') => self.separator(line, sign),
            b'{' => self.open(line, b'}'),
            b'[' => self.open(line, b']'),
            b'(' => self.open(line, b')'),
            close @ (b'}' | b']' | b')') => self.close(line, close),
            b',' | b';' if self.frames.in_list() => {
                self.settle(line.at);
                line.at += 1;
            }
            _ => line.at += 1,
        }
    }

    /// A quoted key, or the quoted value of the key before.
    fn quote(&mut self, line: &mut Line, quote: u8) {
        let start = line.at + 1;
        line.at = start;
        if line.unclosed.contains(&quote) || !self.source.opens_a_quote(start - 1) {
            return;
        }
        let Some(close) = self.source.closing(start..line.end, quote) else {
            line.unclosed.push(quote);
            return;
        };
        let after = self.source.skip_spaces(close + 1, line.end);
        let value_start = self.pending.as_ref().map(|pending| pending.start);
        if let Some(length) =
            self.source.sign(after).filter(|_| label::is_key(self.source.get(&(start..close))))
        {
            self.begin(line, start..close, start - 1, after + length, Style::Line, true);
        } else if value_start.is_some_and(|from| self.source.is_blank(from..start - 1)) {
            if let Some(pending) = self.pending.take() {
                self.value(&pending, start..close);
            }
            (line.at, line.floor, line.floor_delimits) = (close + 1, close + 1, true);
        }
    }

    fn separator(&mut self, line: &mut Line, sign: u8) {
        let at = line.at;
        let Some(length) = self.source.sign(at) else {
            line.at += self.source.run_of(at, line.end);
            return;
        };
        let value = self.pending.as_ref().map_or(0, |pending| pending.start);
        // Behind another value only the last word is sure to belong to the key.
        let delimits = line.floor_delimits && (self.pending.is_none() || value < line.floor);
        let label = label::before(self.source.text, line.floor.max(value), delimits, at);
        let Some(mut label) = label else {
            line.at += length;
            return;
        };
        let spaced = self.source.byte(at.saturating_sub(1)) == b' ';
        let style = if sign == b'=' && !spaced { Style::Word } else { Style::Line };
        if style == Style::Word {
            // `export PASSWORD=x`: only what touches the sign is the key.
            let last = label::endings(self.source.text, &label.range).last();
            label.range = last.filter(|key| label::is_key(self.source.get(key))).unwrap_or(label.range);
        }
        let (start, sure) = (label.range.start, label.delimited || style == Style::Word);
        self.begin(line, label.range, start, at + length, style, sure);
    }

    /// Begins the value of `key`, which ends the value before it.
    fn begin(
        &mut self,
        line: &mut Line,
        key: Range<usize>,
        limit: usize,
        start: usize,
        style: Style,
        sure: bool,
    ) {
        let mut outer = None;
        if let Some(pending) = &self.pending {
            if self.source.is_blank(pending.start..limit) {
                outer = self.pending.take().map(|pending| pending.key);
            } else {
                self.settle(limit);
            }
        }
        // Looked at again for each quote and bracket, so what is blank is stepped over once.
        let start = trim_of(self.source.text, start..line.end, is_space).start;
        let style = if self.frames.in_list() && style == Style::Line { Style::Member } else { style };
        self.pending = Some(Pending { key, outer, start, style, sure });
        (line.at, line.floor, line.floor_delimits, line.found) = (start, start, true, true);
    }

    fn open(&mut self, line: &mut Line, close: u8) {
        let at = line.at;
        let name = self.source.word_before(line.floor, at);
        let mut key = None;
        if let Some(pending) = &self.pending {
            let between = trim(self.source.text, pending.start..at);
            if between.is_empty() || (close == b')' && between == name) {
                key = Some(pending.key.clone());
                let scalar = close == b')' && !between.is_empty() && is_scalar(self.source.get(&name));
                if scalar && self.scalar(line) {
                    return;
                }
                // `Ann(F)` may be a name; a call of a function is not.
                if self.source.get(&between).starts_with(char::is_uppercase) {
                    self.settle(at);
                }
                self.pending = None;
            }
        } else if close == b')' && !name.is_empty() {
            key = Some(name.clone());
        }
        let list = close != b')' || key.is_some();
        self.frames.push(key, Kind::Bracket { close, list });
        (line.at, line.floor, line.floor_delimits) = (at + 1, at + 1, true);
    }

    /// `date(1980, 2, 3)`: what is in the brackets is one value.
    fn scalar(&mut self, line: &mut Line) -> bool {
        let bytes = line.at..line.end.min(line.at + LONGEST_SCALAR);
        let Some(length) = bytes.clone().position(|at| self.source.byte(at) == b')') else { return false };
        let Some(pending) = self.pending.take() else { return false };
        let inner =
            trim_of(self.source.text, line.at + 1..line.at + length, |c| matches!(c, ' ' | '"' | '\''));
        self.value(&pending, inner);
        line.at += length + 1;
        (line.floor, line.floor_delimits) = (line.at, true);
        true
    }

    fn close(&mut self, line: &mut Line, close: u8) {
        if self.frames.in_list() {
            self.settle(line.at);
        }
        self.frames.close(close);
        line.at += 1;
        if self.pending.is_none() {
            (line.floor, line.floor_delimits) = (line.at, true);
        }
    }

    /// The value of the key before ends here.
    fn settle(&mut self, limit: usize) {
        let Some(pending) = self.pending.take() else { return };
        if let Some(range) = value::cut(self.source.text, pending.start..limit, pending.style)
            && self.is_sound(&pending, &range)
        {
            self.value(&pending, range);
        }
    }

    /// Whether a value that nothing encloses is no running text.
    fn is_sound(&self, pending: &Pending, range: &Range<usize>) -> bool {
        let (key, value) = (self.source.get(&pending.key), self.source.get(range));
        if self.frames.in_list() {
            return !value.starts_with("//");
        }
        value::is_sound(key, value) && (pending.sure || !value::begins_as_prose(value))
    }

    fn end_line(&mut self, line: &Line, indent: usize) {
        let Some(pending) = self.pending.take() else { return };
        if !self.source.is_blank(pending.start..line.end) {
            self.pending = Some(pending);
            return self.settle(line.end);
        }
        self.opened = Some(pending.key.clone());
        self.frames.push(Some(pending.key), Kind::Indent(indent));
    }

    /// A line without a key, under a key: `owners:` and then `- Ann Lee`.
    fn item(&mut self, range: Range<usize>, opened: Option<Range<usize>>) {
        let words = self.source.get(&range).split_whitespace().count();
        let Some(key) = self.frames.innermost().or(opened) else { return };
        if words <= WORDS_OF_AN_ITEM && !(is_common_word(self.source.get(&key)) && words > 3) {
            let range = trim_of(self.source.text, range, |c| matches!(c, ',' | '"' | '\'' | ';' | ' '));
            let key = self.source.get(&key);
            (self.emit)(&[key], range);
        }
    }

    fn section(&mut self, range: &Range<usize>) -> bool {
        let name = self.source.get(range).strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let is_name = |name: &str| label::is_key(name) && !name.contains([',', '"', '\'', ':', '=', '[']);
        if self.frames.in_list() || !name.is_some_and(is_name) {
            return false;
        }
        self.end_block();
        self.frames.push(Some(range.start + 1..range.end - 1), Kind::Section);
        true
    }

    fn value(&mut self, pending: &Pending, range: Range<usize>) {
        let text = self.source.text;
        let key = text.get(pending.key.clone()).unwrap_or_default();
        let mut keys: Vec<&str> =
            self.frames.keys().filter_map(|key| text.get(key)).take(super::OUTER_KEYS).collect();
        keys.reverse();
        keys.extend(pending.outer.clone().and_then(|outer| text.get(outer)));
        keys.push(key);
        (self.emit)(&keys, range.clone());
        if pending.style == Style::Line && key.contains(' ') {
            for ending in label::endings(text, &pending.key).filter_map(|ending| text.get(ending)) {
                if !is_common_word(ending) {
                    (self.emit)(&[ending], range.clone());
                }
            }
        }
        self.personal |= tells_of_a_person(key);
        if is_bare_name(key) {
            self.names.push(range);
        }
    }

    fn end_block(&mut self) {
        if self.personal {
            for range in self.names.drain(..) {
                (self.emit)(&["person", "name"], range);
            }
        }
        self.frames.clear();
        self.names.clear();
        (self.personal, self.opened, self.pending) = (false, None, None);
    }
}

/// Types whose printed form is a call around one value.
fn is_scalar(name: &str) -> bool {
    const NAMES: [&str; 8] =
        ["date", "datetime", "timestamp", "decimal", "uuid", "isodate", "objectid", "str"];
    let last = name.rsplit('.').next().unwrap_or_default();
    NAMES.iter().any(|known| last.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::super::tests::parts;

    fn check(text: &str, wanted: &[(&str, &str)]) {
        let found = parts(super::read, text);
        let found: Vec<(&str, &str)> =
            found.iter().map(|(path, part)| (path.as_str(), part.as_str())).collect();
        assert_eq!(found, wanted, "{text:?}");
    }

    #[test]
    fn values_stand_under_their_keys() {
        check("é SSN: 1-2", &[("é SSN", "1-2"), ("SSN", "1-2")]);
        check("name: é\nssn: 12", &[("name", "é"), ("ssn", "12"), ("person.name", "é")]);
        check("aa=1 bb=Ann Lee cc=x", &[("aa", "1"), ("bb", "Ann Lee"), ("cc", "x")]);
        check("aa:\n  bb: 1\n  cc:\n    - 2\ndd: 3", &[("aa.bb", "1"), ("cc", "2"), ("dd", "3")]);
        check("[aa]\nbb = 1\n[cc]\ndd = 2", &[("aa.bb", "1"), ("cc.dd", "2")]);
        check(
            "Aa(bb='1', cc=Dd(ee=\"2\"), ff=3)",
            &[("Aa.bb", "1"), ("Aa.cc", "Dd"), ("Aa.cc.ee", "2"), ("Aa.ff", "3")],
        );
        check("{\"aa\": {'bb': date(1980, 2)}, cc: 1}", &[("aa.bb", "1980, 2"), ("cc", "1")]);
        check("aa: bb=1", &[("aa.bb", "1")]);
    }

    #[test]
    fn no_value_is_in_two_keys_and_none_in_a_sentence() {
        check("Aa: Bb Cc: Dd", &[("Aa", "Bb"), ("Cc", "Dd")]);
        for text in
            ["10:30", "a::b", "https://x.y/z", "x == y", "Given: the dose was halved", "aa: string", "k:"]
        {
            check(text, &[]);
        }
    }

    #[test]
    fn brackets_beyond_the_bound_add_no_key_and_lose_no_value() {
        let text = format!("{}aa: 1{}\nbb: 2", "xx: {".repeat(99), "}".repeat(99));
        let found = parts(super::read, &text);
        assert_eq!(found.first().map(|(_, value)| value.as_str()), Some("1"));
        assert_eq!(found.last(), Some(&("bb".to_owned(), "2".to_owned())));
    }
}
