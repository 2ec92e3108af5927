//! JSON that was encoded: what its keys say of its values holds there, too.

use super::{Search, merge};
use crate::redact::Blocked;
use crate::redact::detect::{Finding, KeyPath, Scanner, Sense};
use crate::redact::json::{Kind, MAX_DEPTH, Reader};
use std::collections::HashMap;
use std::ops::Range;

/// Whether a text may be an object or an array.
pub(super) fn is_likely(text: &str) -> bool {
    let text = text.trim();
    (text.starts_with('{') && text.ends_with('}')) || (text.starts_with('[') && text.ends_with(']'))
}

/// All that is found in a JSON text. None if it is none; then it is text like any other.
pub(super) fn search(
    search: &mut Search<'_>,
    sense: &Sense,
    text: &str,
    depth: usize,
) -> Option<Vec<Finding>> {
    let reader = Reader::new(text);
    let mut leaves = Leaves { all: Vec::new(), keys: Keys::new(sense), reader };
    leaves.reader.white_space();
    match leaves.value(ROOT, 0).and_then(|()| leaves.reader.end()) {
        Ok(()) => {}
        Err(Blocked::TooDeep | Blocked::TooMany) => {
            search.budget.over = true;
            return Some(Vec::new());
        }
        Err(_) => return None,
    }
    let Leaves { all, mut keys, .. } = leaves;
    let mut found = Vec::new();
    for leaf in all {
        let Some(sense) = keys.sense(leaf.keys, &search.detection.scanner) else { continue };
        let mut inner = Vec::new();
        if leaf.is_name {
            search.searched(&sense.unclaimed(), &leaf.says, depth, &mut inner);
        } else {
            search.searched(sense, &leaf.says, depth, &mut inner);
        }
        found.extend(inner.into_iter().map(|finding| {
            let said = merge::said(&leaf.says, &finding);
            let range = leaf.range.clone();
            Finding { by_pattern: finding.by_pattern, ..Finding::hidden(finding.detector, range, text, said) }
        }));
    }
    let mut all = Vec::new();
    merge::beside(found, &mut all);
    Some(all)
}

/// The keys that lead to values, each path once.
struct Keys {
    all: Vec<(KeyPath, Option<Sense>)>,
    named: HashMap<(usize, Box<str>), usize>,
}

const ROOT: usize = 0;

impl Keys {
    fn new(sense: &Sense) -> Self {
        Self { all: vec![(sense.path().clone(), Some(sense.clone()))], named: HashMap::new() }
    }

    fn member(&mut self, parent: usize, name: &str) -> usize {
        if let Some(known) = self.named.get(&(parent, name.into())) {
            return *known;
        }
        let mut keys = self.all.get(parent).map(|(keys, _)| keys.clone()).unwrap_or_default();
        keys.push(name);
        self.all.push((keys, None));
        self.named.insert((parent, name.into()), self.all.len() - 1);
        self.all.len() - 1
    }

    fn sense(&mut self, index: usize, scanner: &Scanner) -> Option<&Sense> {
        let (keys, sense) = self.all.get_mut(index)?;
        Some(sense.get_or_insert_with(|| scanner.sense(keys)))
    }
}

/// A name, a string or a number.
struct Leaf {
    keys: usize,
    says: String,
    range: Range<usize>,
    is_name: bool,
}

struct Leaves<'t> {
    all: Vec<Leaf>,
    keys: Keys,
    reader: Reader<'t>,
}

impl Leaves<'_> {
    fn value(&mut self, keys: usize, depth: usize) -> Result<(), Blocked> {
        if depth > MAX_DEPTH {
            return Err(Blocked::TooDeep);
        }
        match self.reader.kind()? {
            Kind::Object => self.object(keys, depth),
            Kind::Array => self.array(keys, depth),
            Kind::String => self.string(keys, false).map(drop),
            Kind::Number => {
                let start = self.reader.position();
                let says = self.reader.number()?.to_owned();
                self.leaf(keys, says, start, false);
                Ok(())
            }
            Kind::Literal => self.reader.literal().map(drop),
        }
    }

    fn object(&mut self, keys: usize, depth: usize) -> Result<(), Blocked> {
        self.reader.expect(b'{')?;
        self.reader.white_space();
        if self.reader.take(b'}') {
            return Ok(());
        }
        loop {
            self.reader.white_space();
            let name = self.string(keys, true)?;
            let inner = self.keys.member(keys, &name);
            self.reader.white_space();
            self.reader.expect(b':')?;
            self.reader.white_space();
            self.value(inner, depth + 1)?;
            if self.ends(b'}')? {
                return Ok(());
            }
        }
    }

    fn array(&mut self, keys: usize, depth: usize) -> Result<(), Blocked> {
        self.reader.expect(b'[')?;
        self.reader.white_space();
        if self.reader.take(b']') {
            return Ok(());
        }
        loop {
            self.reader.white_space();
            self.value(keys, depth + 1)?;
            if self.ends(b']')? {
                return Ok(());
            }
        }
    }

    fn ends(&mut self, bracket: u8) -> Result<bool, Blocked> {
        self.reader.white_space();
        if self.reader.take(bracket) {
            return Ok(true);
        }
        self.reader.expect(b',').map(|()| false)
    }

    fn string(&mut self, keys: usize, is_name: bool) -> Result<String, Blocked> {
        let start = self.reader.position();
        let says = self.reader.string()?.decode()?.into_owned();
        self.leaf(keys, says.clone(), start, is_name);
        Ok(says)
    }

    fn leaf(&mut self, keys: usize, says: String, start: usize, is_name: bool) {
        let range = start..self.reader.position();
        self.all.push(Leaf { keys, says, range, is_name });
    }
}
