//! Tables: CSV, TSV, Markdown, what database shells print, columns parted by spaces.
//! A line of short words, over a line of as many cells, is a header.

use super::Emit;
use super::label;
use super::lines::{is_rule, lines, trim, trim_of};
use super::vocabulary::{is_bare_name, tells_of_a_person};
use std::ops::Range;

/// Quoted cells may go on over line ends, but not for longer than this.
const LONGEST_RECORD: usize = 1 << 14;
/// Nor those of a header. Every line may be one, and is looked at as one.
const LONGEST_HEADER: usize = 256;

/// How much of a record is read.
#[derive(Clone, Copy)]
struct Bounds {
    bytes: usize,
    cells: usize,
}

const WHOLE: Bounds = Bounds { bytes: LONGEST_RECORD, cells: usize::MAX };

pub(super) fn read(text: &str, emit: Emit<'_>) {
    let lines: Vec<Range<usize>> = lines(text).collect();
    let mut at = 0;
    while at < lines.len() {
        let found = PARTED_BY.into_iter().find_map(|parted| {
            let table = Table::begins(text, &lines, at, parted)?;
            Some(table.read(&lines, emit))
        });
        at = found.unwrap_or(at + 1);
    }
}

/// What parts the cells of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parted {
    Stroke,
    Tab,
    Comma,
    Semicolon,
    Gap,
}

const PARTED_BY: [Parted; 5] = [Parted::Stroke, Parted::Tab, Parted::Comma, Parted::Semicolon, Parted::Gap];

struct Table<'t> {
    text: &'t str,
    parted: Parted,
    header: Vec<Range<usize>>,
    /// The first line behind the header.
    first: usize,
    person: bool,
}

impl<'t> Table<'t> {
    fn begins(text: &'t str, lines: &[Range<usize>], at: usize, parted: Parted) -> Option<Self> {
        let (header, next) = row(text, lines, at, parted, Bounds { bytes: LONGEST_HEADER, ..WHOLE })?;
        let keys = header.iter().filter(|cell| text.get((*cell).clone()).is_some_and(is_heading)).count();
        if header.len() < 2 || keys * 2 < header.len() {
            return None;
        }
        let first = without_rules(text, lines, next);
        let (cells, _) = row(text, lines, first, parted, Bounds { cells: header.len() + 1, ..WHOLE })?;
        // Rows may be ragged, but then the header must look like nothing else.
        let surely = || header.iter().filter_map(|cell| text.get(cell.clone())).all(is_identifier);
        if cells.len() != header.len() && !surely() {
            return None;
        }
        let person = header.iter().filter_map(|cell| text.get(cell.clone())).any(tells_of_a_person);
        Some(Self { text, parted, header, first, person })
    }

    /// Hands on the cells and returns the line behind the table.
    fn read(&self, lines: &[Range<usize>], emit: Emit<'_>) -> usize {
        let two = self.header.len() == 2;
        if two {
            self.named_by_the_first(&self.header, emit);
        }
        let mut at = self.first;
        while let Some((cells, next)) = row(self.text, lines, at, self.parted, WHOLE) {
            self.under_headings(&cells, 0, emit);
            if let Some(more) = cells.len().checked_sub(self.header.len()).filter(|more| *more > 0) {
                // A delimiter within a cell moves those behind it: read from the end as well.
                self.under_headings(cells.get(more..).unwrap_or_default(), 0, emit);
            } else if cells.len() < self.header.len() {
                self.under_headings(&cells, self.header.len() - cells.len(), emit);
            }
            if two {
                self.named_by_the_first(&cells, emit);
            }
            at = without_rules(self.text, lines, next);
        }
        at
    }

    fn under_headings(&self, cells: &[Range<usize>], skip: usize, emit: Emit<'_>) {
        for (heading, cell) in self.header.iter().skip(skip).zip(cells) {
            let Some(key) = self.text.get(heading.clone()).filter(|key| key.len() <= LONGEST_HEADING) else {
                continue;
            };
            let keys: &[&str] = if self.person && is_bare_name(key) { &["person", "name"] } else { &[key] };
            emit(keys, cell.clone());
        }
    }

    /// Two columns may be a list of fields and their values.
    fn named_by_the_first(&self, cells: &[Range<usize>], emit: Emit<'_>) {
        if let [key, value] = cells
            && let Some(key) = self.text.get(key.clone()).filter(|key| is_heading(key))
        {
            emit(&[key], value.clone());
        }
    }
}

const LONGEST_HEADING: usize = 64;

fn is_heading(cell: &str) -> bool {
    let cell = cell.trim_matches(['*', '`', '#', ' ']);
    cell.len() <= LONGEST_HEADING && label::is_key(cell) && cell.split_whitespace().count() <= 5
}

fn is_identifier(cell: &str) -> bool {
    is_heading(cell) && !cell.contains(' ')
}

fn without_rules(text: &str, lines: &[Range<usize>], mut at: usize) -> usize {
    while lines.get(at).and_then(|line| text.get(line.clone())).is_some_and(is_rule) {
        at += 1;
    }
    at
}

/// The cells of the row that begins on this line, and the line behind it. `None` if
/// nothing parts it.
fn row(
    text: &str,
    lines: &[Range<usize>],
    at: usize,
    parted: Parted,
    bounds: Bounds,
) -> Option<(Vec<Range<usize>>, usize)> {
    let line = lines.get(at)?.clone();
    let part = text.get(line.clone())?;
    let (cells, end) = match parted {
        Parted::Stroke => (strokes(text, line.clone()), line.end),
        Parted::Gap => (gaps(text, line.clone()), line.end),
        Parted::Tab | Parted::Comma | Parted::Semicolon => {
            let delimiter = match parted {
                Parted::Tab => b'\t',
                Parted::Comma => b',',
                _ => b';',
            };
            if !part.as_bytes().contains(&delimiter) {
                return None;
            }
            record(text, line.clone(), delimiter, bounds)
        }
    };
    let behind = lines.get(at..)?.iter().take_while(|line| line.start <= end).count();
    (cells.len() > 1).then_some((cells, at + behind.max(1)))
}

fn strokes(text: &str, line: Range<usize>) -> Vec<Range<usize>> {
    let line = trim(text, line);
    let part = text.get(line.clone()).unwrap_or_default();
    let Some(first) = part.find(['|', '│']) else { return Vec::new() };
    let outer = |c: char| matches!(c, '|' | '│');
    let start =
        if first == 0 { line.start + part.chars().next().map_or(0, char::len_utf8) } else { line.start };
    let last = part.char_indices().next_back().filter(|(at, c)| outer(*c) && line.start + at > start);
    let end = last.map_or(line.end, |(at, _)| line.start + at);
    split(text, start..end.max(start), outer)
}

fn split(text: &str, range: Range<usize>, by: impl Fn(char) -> bool) -> Vec<Range<usize>> {
    let part = text.get(range.clone()).unwrap_or_default();
    let mut start = range.start;
    let mut cells = Vec::new();
    for (at, c) in part.char_indices().filter(|(_, c)| by(*c)) {
        cells.push(cell(text, start..range.start + at));
        start = range.start + at + c.len_utf8();
    }
    cells.push(cell(text, start..range.end));
    cells
}

fn cell(text: &str, range: Range<usize>) -> Range<usize> {
    trim_of(text, range, |c| c.is_whitespace() || matches!(c, '*' | '`' | '"'))
}

/// Columns parted by two spaces or more.
fn gaps(text: &str, line: Range<usize>) -> Vec<Range<usize>> {
    let line = trim(text, line);
    let part = text.get(line.clone()).unwrap_or_default();
    let (mut cells, mut start) = (Vec::new(), line.start);
    for (gap, _) in part.match_indices("  ") {
        let range = trim(text, start.min(line.start + gap)..line.start + gap);
        if !range.is_empty() {
            cells.push(range);
        }
        start = line.start + gap + 2;
    }
    cells.push(trim(text, start.min(line.end)..line.end));
    cells
}

/// One record as RFC 4180 has it, and where it ends: a quoted cell may hold delimiters
/// and line ends.
fn record(text: &str, line: Range<usize>, delimiter: u8, bounds: Bounds) -> (Vec<Range<usize>>, usize) {
    let bytes = text.as_bytes();
    let byte = |at: usize| bytes.get(at).copied();
    let limit = text.len().min(line.start + bounds.bytes).max(line.end);
    let (mut cells, mut start, mut at, mut end) = (Vec::new(), line.start, line.start, line.end);
    while at < end {
        if byte(at) == Some(b'"') && text.get(start..at).is_some_and(|before| before.trim().is_empty()) {
            if let Some(close) = closing(bytes, at + 1, limit) {
                if close >= end {
                    let rest = bytes.get(close..).unwrap_or_default();
                    let length =
                        rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
                    end = close + length;
                }
                at = close + 1;
                continue;
            }
        } else if byte(at) == Some(delimiter) {
            cells.push(cell(text, start..at));
            start = at + 1;
            if cells.len() >= bounds.cells {
                return (cells, end);
            }
        }
        at += 1;
    }
    cells.push(cell(text, start.min(end)..end));
    (cells, end)
}

/// The quote that ends a cell: two in a row are one in it.
fn closing(bytes: &[u8], from: usize, limit: usize) -> Option<usize> {
    let mut at = from;
    while let Some(next) = memchr::memchr(b'"', bytes.get(at..limit)?) {
        at += next;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::tests::parts;

    fn check(text: &str, wanted: &[(&str, &str)]) {
        let found = parts(super::read, text);
        for (key, value) in wanted {
            assert!(
                found.iter().any(|(path, part)| path == key && part == value),
                "{key}={value} in {text:?}: {found:?}"
            );
        }
    }

    #[test]
    fn a_cell_stands_under_its_heading() {
        for text in [
            "name,ssn\nAnn Lee,536904399",
            "Zoë says:\n\nname,ssn\r\nAnn Lee,536904399\r\n",
            "name\tssn\nAnn Lee\t536904399",
            "name;ssn\n\"Ann Lee\";\"536904399\"",
            "| name | ssn |\n|------|:---:|\n| Ann Lee | 536904399 |",
            " name    | ssn\n---------+----\n Ann Lee | 536904399\n(1 row)",
            "+---------+-----------+\n| name    | ssn       |\n+---------+-----------+\n| Ann Lee | 536904399 |\n+---------+-----------+",
            "name     ssn\nAnn Lee  536904399",
        ] {
            check(text, &[("person.name", "Ann Lee"), ("ssn", "536904399")]);
        }
        check("item,ssn,name\nx,1,Ann\ny,2,Bob", &[("ssn", "2"), ("person.name", "Bob")]);
        check("name,price\nKettle,20\n", &[("name", "Kettle"), ("price", "20")]);
    }

    #[test]
    fn quoted_cells_hold_delimiters_and_line_ends() {
        let text = "name,note,ssn\n\"Lee, Ann\",\"two\nlines, \"\"quoted\"\"\",536904399\nBo,\"\",1";
        check(text, &[("person.name", "Lee, Ann"), ("ssn", "536904399"), ("ssn", "1")]);
    }

    #[test]
    fn a_row_with_a_stray_delimiter_is_read_from_both_ends() {
        check("ssn,name,dob\n536904399,Lee, Ann,1980-02-03", &[("ssn", "536904399"), ("dob", "1980-02-03")]);
    }

    #[test]
    fn two_columns_may_be_fields_and_values() {
        check("| Field | Value |\n|---|---|\n| SSN | 536904399 |", &[("SSN", "536904399")]);
        check(
            "-[ RECORD 1 ]--\nname | Ann Lee\nssn  | 536904399\n",
            &[("ssn", "536904399"), ("name", "Ann Lee")],
        );
    }

    #[test]
    fn quotes_that_open_on_every_line_are_read_a_little_at_a_time() {
        let line = "`3x;\"\n{\"iban \n";
        let header = super::Bounds { bytes: super::LONGEST_HEADER, ..super::WHOLE };
        let (cells, end) = super::record(&line.repeat(10_000), 0..4, b';', header);
        assert!(cells.len() < 64 && end < 2 * super::LONGEST_HEADER, "{} cells, to {end}", cells.len());
    }

    #[test]
    fn prose_is_no_table() {
        for text in ["Dear Ann, hello\nWe met.", "a|b", "one\ntwo", "10, 20\n30, 40", "\n\n\n"] {
            assert_eq!(parts(super::read, text), [], "{text:?}");
        }
    }
}
