//! The one pass over a document: read, decide, splice.
//!
//! Values are copied to the output as they are read, and what turns out not to be
//! released is cut off again. So what is released unchanged leaves in the
//! upstream's own bytes: member order, number spelling, escapes, white space.
//!
//! Invariant: a value reaches the output only through [`Walk::scalar`], and a
//! member name only through [`Walk::name`].

use crate::redact::Blocked;
use crate::redact::apply::{self, Outcome};
use crate::redact::detect::{Finding, KeyPath};
use crate::redact::json::{Kind, MAX_DEPTH, Names, Reader};
use crate::redact::operator::Operator;
use crate::redact::path::{Automaton, Front, Step};
use crate::redact::plan::{Plan, Tag};
use crate::redact::run::Run;
use crate::redact::shape::Shape;
use serde_json::Value;
use std::ops::Range;

/// Filters one JSON document. `None` when nothing of it is released.
///
/// # Errors
/// [`Blocked`] when the document cannot be filtered whole; then none of it may pass.
pub(crate) fn filter(
    plan: &Plan,
    run: &mut Run,
    keys: &mut KeyPath,
    document: &[u8],
) -> Result<Option<Vec<u8>>, Blocked> {
    let located = locate(plan, document)?;
    let front = Front::new(located.as_ref().unwrap_or(&plan.automaton));
    let root = Node { states: front.root(), shape: plan.shape.as_ref(), ..Node::default() };
    let out = Vec::with_capacity(document.len());
    let mut walk = Walk { plan, run, keys, reader: Reader::new(document)?, front, out, findings: Vec::new() };
    walk.reader.white_space();
    let kept = walk.value(root)?;
    walk.reader.end()?;
    Ok(kept.then_some(walk.out))
}

/// The automaton with the locations that look-ahead queries select in this document.
fn locate(plan: &Plan, document: &[u8]) -> Result<Option<Automaton<Tag>>, Blocked> {
    if plan.lookahead.is_empty() {
        return Ok(None);
    }
    let tree = crate::model::strict::parse(document)?;
    let mut automaton = plan.automaton.clone();
    for (path, tag) in &plan.lookahead {
        automaton.extend(path.locate(&tree)?.into_iter().map(|path| (path, *tag)));
    }
    Ok(Some(automaton))
}

struct Walk<'a> {
    plan: &'a Plan,
    run: &'a mut Run,
    keys: &'a mut KeyPath,
    reader: Reader<'a>,
    front: Front<'a, Tag>,
    out: Vec<u8>,
    /// Scratch, kept between values.
    findings: Vec<Finding>,
}

/// Where the walk stands.
#[derive(Clone, Default)]
struct Node<'s> {
    states: Range<usize>,
    released: bool,
    redaction: Option<usize>,
    shape: Option<&'s Shape>,
    depth: usize,
}

impl<'a> Walk<'a> {
    /// Reads one value and says whether any of it stays.
    fn value(&mut self, mut node: Node<'a>) -> Result<bool, Blocked> {
        let mut subject = false;
        for tag in self.front.accepted(node.states.clone()) {
            match tag {
                Tag::Release => node.released = true,
                Tag::Redact(index) => node.redaction = Some(self.plan.stricter(node.redaction, index)),
                Tag::Subject => subject = true,
            }
        }
        let (start, restart) = (self.reader.position(), self.out.len());
        let kept = match self.reader.kind()? {
            Kind::Object => self.object(&node)?,
            Kind::Array => self.array(&node)?,
            kind @ (Kind::String | Kind::Number | Kind::Literal) => return self.scalar(kind, &node, subject),
        };
        if subject {
            self.run.subject(self.reader.since(start));
        }
        let Some(redaction) = node.redaction.and_then(|index| self.plan.redactions.get(index)) else {
            return Ok(kept);
        };
        match redaction.operator {
            Operator::Drop | Operator::Null if kept => {
                self.run.acted(&redaction.id, None, redaction.operator);
                self.out.truncate(restart);
                Ok(redaction.operator == Operator::Null && self.write(&Outcome::Null, &node))
            }
            // The others were applied to each scalar beneath.
            _ => Ok(kept),
        }
    }

    fn object(&mut self, node: &Node<'a>) -> Result<bool, Blocked> {
        let restart = self.open(b'{', node)?;
        let (mut kept, mut members) = (node.released, 0);
        let mut names = Names::default();
        loop {
            let start = self.reader.position();
            self.reader.white_space();
            if members == 0 && self.closes(b'}', start, names.is_empty()) {
                break;
            }
            let mark = self.separate(members);
            let (name, raw) = (self.reader.string()?, self.reader.since(start));
            names.add(name.clone())?;
            self.name(&name, raw);
            let colon = self.reader.position();
            self.reader.white_space();
            self.reader.expect(b':')?;
            self.reader.white_space();
            self.copy(colon);
            let states = self.front.enter(node.states.clone(), Step::Member(&name));
            self.keys.push(&name);
            let shape = node.shape.and_then(|shape| shape.member(&name));
            let stays = self.value(node.child(states.clone(), shape));
            self.keys.pop();
            self.front.leave(states);
            let required = node.shape.is_some_and(|shape| shape.requires(&name));
            let stays = stays?;
            kept |= stays;
            members += self.settle(mark, stays, required.then_some(shape));
            if self.reader.take(b'}') {
                break;
            }
            self.reader.expect(b',')?;
        }
        self.shut(b'}', restart, kept);
        Ok(kept)
    }

    fn array(&mut self, node: &Node<'a>) -> Result<bool, Blocked> {
        let restart = self.open(b'[', node)?;
        let (mut kept, mut elements) = (node.released, 0);
        for index in 0.. {
            let start = self.reader.position();
            self.reader.white_space();
            if elements == 0 && self.closes(b']', start, index == 0) {
                break;
            }
            let mark = self.separate(elements);
            self.copy(start);
            let states = self.front.enter(node.states.clone(), Step::Element(index));
            let shape = node.shape.and_then(Shape::element);
            let stays = self.value(node.child(states.clone(), shape))?;
            self.front.leave(states);
            kept |= stays;
            elements += self.settle(mark, stays, None);
            if self.reader.take(b']') {
                break;
            }
            self.reader.expect(b',')?;
        }
        self.shut(b']', restart, kept);
        Ok(kept)
    }

    /// Decides on a string, number, boolean or null.
    fn scalar(&mut self, kind: Kind, node: &Node<'a>, subject: bool) -> Result<bool, Blocked> {
        let start = self.reader.position();
        let text = match kind {
            Kind::String => self.reader.string()?,
            Kind::Number => self.reader.number()?.into(),
            _ => self.reader.literal()?.into(),
        };
        if subject {
            self.run.subject(&text);
        }
        if !node.released {
            self.run.withheld();
            return Ok(false);
        }
        let outcome = match node.redaction.and_then(|index| self.plan.redactions.get(index)) {
            Some(redaction) => apply::by_path(self.run, redaction, &text),
            None if kind == Kind::Literal => Outcome::Same,
            None if self.run.instead.contains_key(&*text) => apply::as_elsewhere(self.run, &text),
            None => apply::by_detectors(self.plan, self.run, self.keys, kind, &text, &mut self.findings)?,
        };
        match outcome {
            Outcome::Same => {
                self.copy(start);
                Ok(true)
            }
            changed => Ok(self.write(&changed, node)),
        }
    }

    /// Writes a changed value in a type that the schema allows here.
    fn write(&mut self, outcome: &Outcome, node: &Node<'a>) -> bool {
        let allowed = |allows: fn(&Shape) -> bool| node.shape.is_none_or(allows);
        let value = match outcome {
            Outcome::Same | Outcome::Drop => return false,
            Outcome::Null if allowed(Shape::allows_null) => Value::Null,
            Outcome::Text(text) if allowed(Shape::allows_string) => Value::String(text.clone()),
            Outcome::Null | Outcome::Text(_) => node.shape.map_or(Value::Null, Shape::mask),
        };
        self.out.extend_from_slice(value.to_string().as_bytes());
        true
    }

    /// Writes a member's name, replaced when the name itself is personal data.
    fn name(&mut self, name: &str, raw: &str) {
        match apply::member_name(self.plan, self.run, self.keys, name, &mut self.findings) {
            None => self.out.extend_from_slice(raw.as_bytes()),
            Some(marker) => self.out.extend_from_slice(Value::String(marker).to_string().as_bytes()),
        }
    }

    // -- the punctuation around members and elements ------------------------------

    fn open(&mut self, bracket: u8, node: &Node<'a>) -> Result<usize, Blocked> {
        if node.depth >= MAX_DEPTH {
            return Err(Blocked::TooDeep);
        }
        self.reader.expect(bracket)?;
        self.out.push(bracket);
        Ok(self.out.len() - 1)
    }

    /// An empty container keeps its white space.
    fn closes(&mut self, bracket: u8, start: usize, empty: bool) -> bool {
        let gap = self.reader.since(start);
        let closes = empty && self.reader.take(bracket);
        if closes {
            self.out.extend_from_slice(gap.as_bytes());
        }
        closes
    }

    fn separate(&mut self, written: usize) -> usize {
        let mark = self.out.len();
        if written > 0 {
            self.out.push(b',');
        }
        mark
    }

    /// Keeps a member with the white space behind it, masks it if the schema
    /// requires it, or cuts it off. Returns how many were written: one or none.
    fn settle(&mut self, mark: usize, stays: bool, required: Option<Option<&Shape>>) -> usize {
        let tail = self.reader.position();
        self.reader.white_space();
        match (stays, required) {
            (true, _) => self.copy(tail),
            (false, Some(shape)) => {
                let mask = shape.map_or_else(|| Value::String(super::REDACTED.into()), Shape::mask);
                self.out.extend_from_slice(mask.to_string().as_bytes());
            }
            (false, None) => {
                self.out.truncate(mark);
                return 0;
            }
        }
        1
    }

    fn shut(&mut self, bracket: u8, restart: usize, kept: bool) {
        self.out.push(bracket);
        if !kept {
            self.out.truncate(restart);
        }
    }

    fn copy(&mut self, start: usize) {
        self.out.extend_from_slice(self.reader.since(start).as_bytes());
    }
}

impl<'s> Node<'s> {
    fn child(&self, states: Range<usize>, shape: Option<&'s Shape>) -> Self {
        Self { states, shape, depth: self.depth + 1, ..self.clone() }
    }
}
