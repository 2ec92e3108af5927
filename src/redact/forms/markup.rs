//! XML and HTML: a text stands under its elements, an attribute under its name, a table
//! cell under its heading. Well-formedness is not asked for: what is broken is read as
//! far as it goes, and the whole is scanned as prose besides.

use super::Emit;
use super::claims::LONGEST_KEY;
use super::label;
use super::lines::{trim, trim_of};
use super::source::Source;
use super::value::{self, Style};
use super::vocabulary::{alias, is_bare_name, tells_of_a_person};
use std::ops::Range;

const MOST_ELEMENTS: usize = 64;
const MOST_COLUMNS: usize = 4096;

pub(super) fn read(text: &str, emit: Emit<'_>) {
    let mut reader =
        Reader { source: Source { text }, emit, open: Vec::new(), label: None, grid: Grid::default() };
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find('<')).map(|found| at + found) {
        reader.characters(at..start);
        at = reader.markup(start);
    }
    reader.characters(at..text.len());
    while let Some(element) = reader.open.pop() {
        reader.leave(&element);
    }
}

struct Reader<'t, 'e> {
    source: Source<'t>,
    emit: Emit<'e>,
    open: Vec<Element>,
    /// A text that names the next one: `<dt>SSN</dt><dd>…</dd>`, `<b>SSN:</b> …`.
    label: Option<Range<usize>>,
    grid: Grid,
}

struct Element {
    name: Range<usize>,
    /// Attributes that say more than the name: `<field name="ssn">`.
    named: Vec<Range<usize>>,
    /// Of its children: the bare names, and whether one tells of a person.
    names: Vec<Range<usize>>,
    personal: bool,
}

/// The name and the value.
type Attribute = (Range<usize>, Range<usize>);

/// The headings of the HTML table at hand.
#[derive(Default)]
struct Grid {
    headings: Vec<Option<Range<usize>>>,
    row: usize,
    column: usize,
    person: bool,
}

impl Reader<'_, '_> {
    /// Reads what begins with this `<` and returns the place behind it.
    fn markup(&mut self, start: usize) -> usize {
        let rest = self.source.text.get(start..).unwrap_or_default();
        if let Some(step) = ["<!--", "<![CDATA["].iter().find(|mark| rest.starts_with(**mark)) {
            // What they hold is read like the rest.
            return start + step.len();
        }
        let second = rest.chars().nth(1);
        match second {
            Some('/') => self.closing(start),
            Some(c) if c.is_alphabetic() || c == '_' => self.opening(start),
            _ => start + 1,
        }
    }

    fn closing(&mut self, start: usize) -> usize {
        let name = self.name(start + 2);
        let wanted = self.source.get(&name);
        if let Some(found) = self.open.iter().rposition(|element| self.source.get(&element.name) == wanted) {
            while self.open.len() > found {
                let Some(element) = self.open.pop() else { return start + 1 };
                self.leave(&element);
            }
        }
        let end = self.source.text.get(name.end..).and_then(|rest| rest.find(['<', '>']));
        end.map_or(self.source.text.len(), |end| {
            name.end + end + usize::from(self.source.byte(name.end + end) == b'>')
        })
    }

    fn leave(&mut self, element: &Element) {
        if element.personal {
            element.names.iter().for_each(|range| (self.emit)(&["person", "name"], range.clone()));
        }
    }

    fn opening(&mut self, start: usize) -> usize {
        let name = self.name(start + 1);
        let (attributes, end, empty) = self.attributes(name.end);
        let named: Vec<Range<usize>> = attributes
            .iter()
            .filter(|(key, value)| is_naming(self.source.get(key)) && label::is_key(self.source.get(value)))
            .map(|(_, value)| value.clone())
            .take(4)
            .collect();
        for (key, value) in &attributes {
            self.attribute(&name, key, value, &named);
        }
        if attributes.iter().any(|(_, value)| self.source.get(value) == SSN_ROOT) {
            // CDA: the root of an id says whose register it is from.
            for (_, value) in
                attributes.iter().filter(|(key, _)| self.source.text.get(key.clone()) == Some("extension"))
            {
                (self.emit)(&["ssn"], value.clone());
            }
        }
        self.enter(&name);
        if !empty && !is_void(self.source.get(&name)) && self.open.len() < MOST_ELEMENTS {
            self.open.push(Element { name, named, names: Vec::new(), personal: false });
        }
        end
    }

    fn attribute(
        &mut self,
        element: &Range<usize>,
        key: &Range<usize>,
        value: &Range<usize>,
        named: &[Range<usize>],
    ) {
        let text = self.source.text;
        let name = self.source.get(element);
        let outer = self.open.last().map(|open| local(self.source.get(&open.name)));
        let key = local(self.source.get(key));
        match outer {
            Some(outer) => (self.emit)(&[outer, name, key], value.clone()),
            None => (self.emit)(&[name, key], value.clone()),
        }
        if matches!(key, "value" | "content" | "val" | "data" | "text") {
            for named in named.iter().filter_map(|named| text.get(named.clone())).chain(alias(name)) {
                (self.emit)(&[named], value.clone());
            }
            self.note_child(name, value);
        }
    }

    /// A text between two tags.
    fn characters(&mut self, range: Range<usize>) {
        let range = trim_of(self.source.text, range, |c| c.is_whitespace() || c == ':');
        let end =
            ["]]>", "-->"].iter().find_map(|mark| Some(self.source.get(&range).strip_suffix(mark)?.len()));
        let range = trim(self.source.text, range.start..end.map_or(range.end, |length| range.start + length));
        if range.is_empty() {
            return;
        }
        let text = self.source.text;
        let names =
            self.open.iter().rev().take(super::OUTER_KEYS + 1).map(|open| local(self.source.get(&open.name)));
        let mut keys: Vec<&str> = names.collect();
        keys.reverse();
        if !keys.is_empty() {
            (self.emit)(&keys, range.clone());
        }
        let last = keys.last().copied().unwrap_or_default();
        if let Some(key) = alias(last) {
            (self.emit)(&[key], range.clone());
        }
        if last == "Id" && keys.iter().any(|key| key.ends_with("Acct")) {
            (self.emit)(&["account_number"], range.clone());
        }
        let named = self.open.last().map(|open| open.named.clone()).unwrap_or_default();
        named.into_iter().filter_map(|key| text.get(key)).for_each(|key| (self.emit)(&[key], range.clone()));
        self.labelled(&range);
        self.cell(last, &range);
        if let Some(element) = self.open.pop() {
            self.note_child(last, &range);
            self.open.push(element);
        }
        let is_label = matches!(last, "th" | "dt" | "td" | "b" | "strong" | "label" | "key" | "h4" | "h5")
            || self.source.text.get(range.end..).is_some_and(|rest| rest.starts_with(':'));
        self.label = (is_label && label::is_key(self.source.get(&range))).then_some(range);
    }

    /// The value that the text before named.
    fn labelled(&mut self, range: &Range<usize>) {
        let Some(key) = self.label.take().and_then(|label| self.source.text.get(label)) else { return };
        if let Some(range) = value::cut(self.source.text, range.clone(), Style::Line)
            && value::is_sound(key, self.source.get(&range))
        {
            (self.emit)(&[key], range);
        }
    }

    /// Tells the element around that it has such a child.
    fn note_child(&mut self, name: &str, value: &Range<usize>) {
        let Some(around) = self.open.last_mut() else { return };
        around.personal |= tells_of_a_person(name);
        if is_bare_name(name) {
            around.names.push(value.clone());
        }
    }

    // -- tables --------------------------------------------------------------------

    fn enter(&mut self, name: &Range<usize>) {
        match self.source.get(name) {
            "table" => self.grid = Grid::default(),
            "tr" => {
                self.grid.row += 1;
                self.grid.column = 0;
                self.label = None;
            }
            "td" | "th" => self.grid.column += 1,
            _ => {}
        }
    }

    fn cell(&mut self, element: &str, range: &Range<usize>) {
        let inside =
            self.open.iter().rev().take(4).any(|open| matches!(self.source.get(&open.name), "td" | "th"));
        let Some(column) = self.grid.column.checked_sub(1).filter(|_| inside) else { return };
        let heading =
            self.grid.headings.get(column).cloned().flatten().and_then(|range| self.source.text.get(range));
        if let Some(key) = heading.filter(|_| element != "th") {
            let keys: &[&str] =
                if self.grid.person && is_bare_name(key) { &["person", "name"] } else { &[key] };
            (self.emit)(keys, range.clone());
        }
        if (element == "th" || self.grid.row == 1)
            && label::is_key(self.source.get(range))
            && column < MOST_COLUMNS
        {
            self.grid.person |= tells_of_a_person(self.source.get(range));
            self.grid.headings.resize(self.grid.headings.len().max(column + 1), None);
            if let Some(heading) = self.grid.headings.get_mut(column) {
                *heading = Some(range.clone());
            }
        }
    }

    // -- tags ----------------------------------------------------------------------

    fn name(&self, start: usize) -> Range<usize> {
        let rest = self.source.text.get(start..).unwrap_or_default();
        let length = rest.find(|c: char| c.is_whitespace() || matches!(c, '/' | '>' | '<' | '='));
        start..start + length.unwrap_or(rest.len())
    }

    /// The attributes behind a tag's name, the place behind the tag, and whether it
    /// closes itself. A `<` ends a tag that nothing else ends.
    fn attributes(&self, start: usize) -> (Vec<Attribute>, usize, bool) {
        let (mut found, mut at) = (Vec::new(), start);
        loop {
            while self.source.byte(at).is_ascii_whitespace()
                || (self.source.byte(at) == b'/' && self.source.byte(at + 1) != b'>')
            {
                at += 1;
            }
            match self.source.byte(at) {
                b'>' => return (found, at + 1, false),
                b'/' => return (found, at + 2, true),
                b'<' => return (found, at, false),
                _ if at >= self.source.text.len() => return (found, self.source.text.len(), false),
                _ => {}
            }
            let key = self.name(at);
            at = key.end.max(at + 1);
            if self.source.byte(at) == b'=' {
                let value = self.attribute_value(at + 1);
                at = value.end + usize::from(matches!(self.source.byte(value.end), b'"' | b'\''));
                found.push((key, value));
            }
        }
    }

    fn attribute_value(&self, at: usize) -> Range<usize> {
        let rest = self.source.text.get(at..).unwrap_or_default();
        let skipped = rest.len() - rest.trim_start().len();
        let (start, rest) = (at + skipped, rest.trim_start());
        if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            let inner = rest.get(1..).unwrap_or_default();
            return start + 1..start + 1 + inner.find(quote).unwrap_or(inner.len());
        }
        let length = rest.find(|c: char| c.is_whitespace() || matches!(c, '>' | '<')).unwrap_or(rest.len());
        let closes = rest.get(..length).is_some_and(|value| value.ends_with('/'));
        start..start + length - usize::from(closes)
    }
}

/// HL7's OID for the numbers of the Social Security Administration.
const SSN_ROOT: &str = "2.16.840.1.113883.4.1";

/// The name without its namespace prefix. It is asked for again for each text beneath, so a
/// name that is too long to be a key is left as it is.
fn local(name: &str) -> &str {
    if name.len() > LONGEST_KEY { name } else { name.rsplit(':').next().unwrap_or(name) }
}

fn is_naming(attribute: &str) -> bool {
    const NAMES: [&str; 14] = [
        "name",
        "key",
        "id",
        "field",
        "label",
        "class",
        "itemprop",
        "property",
        "code",
        "displayname",
        "title",
        "data-label",
        "data-field",
        "data-key",
    ];
    NAMES.iter().any(|name| attribute.eq_ignore_ascii_case(name))
}

/// HTML elements that have no end tag.
fn is_void(name: &str) -> bool {
    matches!(
        name,
        "br" | "hr" | "img" | "input" | "meta" | "link" | "col" | "wbr" | "area" | "base" | "source"
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::parts;

    fn check(text: &str, wanted: &[(&str, &str)]) {
        let found = parts(super::read, text);
        for (path, value) in wanted {
            assert!(
                found.iter().any(|(known, part)| known == path && part == value),
                "{path}={value} in {text}: {found:?}"
            );
        }
    }

    #[test]
    fn text_stands_under_its_elements_and_attributes_under_their_names() {
        check("<é><x:Dbtr><x:Nm>Ann</x:Nm></x:Dbtr></é>", &[("é.Dbtr.Nm", "Ann")]);
        check("<a><a><b>1</b></a>2</a>", &[("a.a.b", "1"), ("a", "2")]);
        check(
            "<row ssn=\"1 > 0\" dob='2' sex=F/>",
            &[("row.ssn", "1 > 0"), ("row.dob", "2"), ("row.sex", "F")],
        );
        check("<f name=\"ssn\">1</f>", &[("ssn", "1"), ("f", "1")]);
        check("<p><name>1</name><x/><dob>2</dob></p>", &[("person.name", "1"), ("p.dob", "2")]);
        check("<a><![CDATA[1]]></a><!-- <b>2</b> -->", &[("a", "1"), ("b", "2")]);
    }

    #[test]
    fn what_is_broken_is_read_as_far_as_it_goes() {
        check("<a>1</b><c>2", &[("a", "1"), ("a.c", "2")]);
        check("<a b=\"1<c>2", &[("a.b", "1<c>2")]);
        check("<a <b>1</b>", &[("a.b", "1")]);
        check("</x></y><a>1</a>", &[("a", "1")]);
        for text in ["<", "<a", "</", "<!--", "1 < 2", "<a b", "<a b=", "<a b='", "<>"] {
            assert!(parts(super::read, text).len() <= 1, "{text}");
        }
    }

    #[test]
    fn cells_stand_under_headings_and_beside_labels() {
        let table = "<table><tr><th>name<th>ssn</tr><tr><td>Ann</td><td>1</td></tr></table>";
        check(table, &[("person.name", "Ann"), ("ssn", "1")]);
        check("<tr><td>ssn</td><td>1</td></tr>", &[("ssn", "1")]);
        check("<p><b>SSN:</b> 1</p>Ward: <i>West</i>", &[("SSN", "1")]);
    }
}
