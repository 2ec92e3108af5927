//! Keys that values have from what stands beside them: `{"name": "ssn", "value": "…"}`,
//! rows beside their columns, under a header row, or of a name and its value.
//!
//! What such keys say is added to what the member name says, and never takes from it.

use super::Walk;
use crate::redact::detect::{KeyPath, Sense, Told};
use crate::redact::forms::labels::{self, Row};
use crate::redact::forms::names;
use crate::redact::forms::rows::{Pairs, header};
use crate::redact::forms::siblings::{
    MOST_LABELS, REACH, Role, behind_value, columns, columns_behind, person_behind,
};
use crate::redact::places::Entered;
use std::ops::Range;
use std::rc::Rc;

/// The keys of the columns of a table.
type Columns = Rc<[String]>;

/// The keys that a value is given by what stands around it.
#[derive(Clone, Default)]
pub(super) enum Given {
    #[default]
    Nothing,
    /// It is a list of rows, of which so many are headers.
    Rows(Columns, usize, Pairs),
    /// It is a row, whose first cell may name the second.
    Cells(Columns, Option<String>),
}

impl Given {
    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }
}

/// The members of an object so far that may say what the others are.
#[derive(Default)]
pub(super) struct Siblings {
    labels: [Range<usize>; MOST_LABELS],
    count: usize,
    columns: Option<Range<usize>>,
    /// The labels that were read, each once however many values there are.
    row: Row,
    read: usize,
    /// From where labels were last looked for behind a value.
    looked: Option<usize>,
    /// The columns, once some rows asked for them, and how often they were looked for.
    table: Option<Columns>,
    tables: usize,
    /// A member was such as only persons have.
    personal: bool,
}

/// Lists of rows in one object for which columns are looked for.
const MOST_TABLES: usize = 8;

impl Siblings {
    /// Notes a member by the place of its value in the source.
    pub(super) fn note(&mut self, role: Role, start: usize, end: usize) {
        if role.is(Role::NAMES)
            && let Some(label) = self.labels.get_mut(self.count)
        {
            *label = start..end;
            self.count += 1;
        }
        self.personal |= role.is(Role::PERSONAL);
        if role.is(Role::COLUMNS) && self.columns.is_none() {
            self.columns = Some(start..end);
        }
    }
}

impl<'d> Walk<'_, 'd> {
    /// The place of the member's value that begins here, under the keys that its siblings give
    /// it in the object at `place`.
    pub(super) fn beside(&mut self, place: usize, entered: Entered, siblings: &mut Siblings) -> Entered {
        if self.plan.detection.is_none() || self.places.get(entered.place).dead {
            return entered;
        }
        if entered.role.is(Role::ROWS) && self.begins_rows() {
            self.given = self.rows(siblings);
        }
        if entered.role.is(Role::NAME)
            && self.begins_scalar()
            && (siblings.personal || person_behind(self.rest()))
        {
            return self.under_labels(place, entered, &Row::Known(labels::SOMEBODY));
        }
        if !entered.role.is(Role::VALUE) {
            return entered;
        }
        self.read_labels(siblings);
        self.under_labels(place, entered, &siblings.row)
    }

    fn read_labels(&mut self, siblings: &mut Siblings) {
        let Some(detection) = &self.plan.detection else { return };
        let told = |key: &str| {
            let mut names = names(key);
            let (first, last) = (names.next().unwrap_or_default(), names.last());
            match detection.scanner.told(last.unwrap_or(first)) {
                // A word in a path of others is none by itself.
                Told::ByWords if last.is_some() => Told::Otherwise,
                told => told,
            }
        };
        for label in siblings.labels.iter().take(siblings.count).skip(siblings.read) {
            let label = self.reader.source(label.start, label.end).trim_end();
            self.run.labels.add(&mut siblings.row, label, &told);
        }
        siblings.read = siblings.count;
        // What one look saw serves the values after it for half its reach.
        let here = self.reader.position();
        if siblings.looked.is_none_or(|looked| here.saturating_sub(looked) > REACH / 2)
            && let Some(behind) = behind_value(self.rest())
        {
            siblings.looked = Some(here);
            behind.for_each(|label| self.run.labels.add(&mut siblings.row, label, &told));
        }
    }

    /// The place of an element, under the key of its column if it is a cell.
    pub(super) fn cell(&mut self, place: usize, entered: Entered, given: &Given, index: usize) -> Entered {
        match given {
            Given::Nothing => {}
            Given::Rows(columns, headers, pairs) => {
                let is_row = index >= *headers;
                let row = || Given::Cells(Rc::clone(columns), pairs.key(self.rest()));
                self.given = if is_row { row() } else { Given::Nothing };
            }
            Given::Cells(columns, name) => {
                let column = columns.get(index).filter(|key| !key.is_empty());
                return match (column, name.as_ref().filter(|_| index == 1)) {
                    (None, None) => entered,
                    (Some(key), None) | (None, Some(key)) => {
                        self.under(place, entered, std::slice::from_ref(key))
                    }
                    (Some(column), Some(name)) => self.under(place, entered, &[column.clone(), name.clone()]),
                };
            }
        }
        entered
    }

    /// What the rows of the array that begins here are given: the columns that it was given or
    /// its first row is, and what the first cell of each row says.
    pub(super) fn or_header(&self, given: Given) -> Given {
        let Some(detection) = &self.plan.detection else { return given };
        if matches!(given, Given::Cells(..)) || !self.begins_rows() {
            return given;
        }
        let knows =
            |key: &str| names(key).last().is_some_and(|name| detection.scanner.told(name) != Told::Nothing);
        let pairs = Pairs::of(self.rest(), knows);
        match given {
            Given::Rows(columns, headers, _) => Given::Rows(columns, headers, pairs),
            given => match header(self.rest()).filter(|_| !pairs.from_first) {
                Some(columns) => Given::Rows(columns.into(), 1, pairs),
                None if pairs.named => Given::Rows([].into(), 0, pairs),
                None => given,
            },
        }
    }

    fn rows(&self, siblings: &mut Siblings) -> Given {
        if siblings.table.is_none() && siblings.tables < MOST_TABLES {
            siblings.tables += 1;
            let before = siblings.columns.clone();
            let before = before.and_then(|list| columns(self.reader.source(list.start, list.end)));
            siblings.table = before.or_else(|| columns_behind(self.rest())).map(Rc::from);
        }
        siblings.table.clone().map_or(Given::Nothing, |columns| Given::Rows(columns, 0, Pairs::default()))
    }

    /// Whether an array of arrays begins here.
    fn begins_rows(&self) -> bool {
        match self.reader.ahead() {
            [b'[', b'[', ..] => true,
            [b'[', next, ..] if !next.is_ascii_whitespace() => false,
            _ => self.rest().strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with('[')),
        }
    }

    /// Whether what begins here has nothing beneath it: no container, and no string that may
    /// be JSON.
    fn begins_scalar(&self) -> bool {
        match self.reader.ahead() {
            [b'"', next, ..] => !matches!(next, b'{' | b'[' | b'\\') && !next.is_ascii_whitespace(),
            [b'{' | b'[', ..] => false,
            _ => true,
        }
    }

    fn rest(&self) -> &'d str {
        self.reader.source(self.reader.position(), self.reader.length())
    }

    /// The place under the keys that a row of labels says. One that nothing will be beneath is
    /// remembered while the result is filtered.
    fn under_labels(&mut self, place: usize, entered: Entered, row: &Row) -> Entered {
        let Row::Known(number) = *row else { return self.under(place, entered, &self.run.labels.keys(row)) };
        if number == labels::NONE {
            return entered;
        }
        let known = self.run.labelled.find(self.places, place, &entered, number);
        match known {
            Some(None) => return entered,
            Some(Some(labelled)) if self.begins_scalar() => return Entered { place: labelled, ..entered },
            _ => {}
        }
        let keys = self.run.labels.keys(row);
        let named = self.sense_under(place, &entered, &keys);
        let remembers = known.is_none() && self.run.labelled.takes(&entered);
        match named {
            Some((path, sense)) if remembers && self.begins_scalar() => {
                let labelled = self.places.labelled(&entered, (path, sense), self.run.labels.lasts(number));
                self.run.labelled.add(self.places, place, &entered, number, Some(labelled));
                Entered { place: labelled, ..entered }
            }
            Some((path, sense)) => self.places.named(&entered, path, sense),
            None => {
                if remembers {
                    self.run.labelled.add(self.places, place, &entered, number, None);
                }
                entered
            }
        }
    }

    fn under(&mut self, place: usize, entered: Entered, keys: &[String]) -> Entered {
        match self.sense_under(place, &entered, keys) {
            Some((path, sense)) => self.places.named(&entered, path, sense),
            None => entered,
        }
    }

    /// What the keys of a place say with others. None if those say nothing.
    fn sense_under(&mut self, place: usize, entered: &Entered, keys: &[String]) -> Option<(KeyPath, Sense)> {
        let detection = self.plan.detection.as_ref()?;
        let mut named = None;
        for key in keys {
            let around = self.places.sense(place, &detection.scanner);
            let said = self.run.forms.sense(detection, (around.number, around.keys), &[key.as_str()]);
            if said.says_nothing() {
                continue;
            }
            let mut path = around.keys.clone();
            names(key).for_each(|name| path.push(name));
            let mut own = || self.places.sense(entered.place, &detection.scanner).sense.clone();
            let (_, sense) = named.get_or_insert_with(|| (path, own()));
            sense.join(&said);
        }
        named
    }
}
