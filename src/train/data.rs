//! Annotated texts: `{"id", "text", "spans": [[start, end, TYPE]]}` a line, in code points.

use super::slots::Slots;
use crate::model::chance::Chance;
use crate::redact::names::decode::{OTHER, OUTSIDE, PERSON, PLACE, Tag};
use crate::redact::names::feature;
use crate::redact::names::token::Token;
use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// How many of a hundred names are exchanged.
const RENAMED: usize = 30;

/// One line of a file.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) spans: Vec<(usize, usize, String)>,
}

/// Which records of a file are trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    All,
    /// Those of half of the templates.
    Half,
    /// The first four fifths.
    Most,
}

/// A text with what its parts are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Example {
    pub(crate) text: String,
    /// In order.
    pub(crate) spans: Vec<Span>,
}

/// A part of a text, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: String,
}

/// The tags that may stand at a token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowed(u8);

impl Allowed {
    pub(crate) fn holds(self, tag: Tag) -> bool {
        self.0 >> tag & 1 == 1
    }
}

impl Example {
    pub(crate) fn allowed(&self, token: &Token) -> Allowed {
        let span = self.spans.iter().find(|span| span.start < token.end && token.start < span.end);
        let Some(span) = span else { return Allowed(1 << OUTSIDE) };
        let inside = Tag::from(token.start > span.start);
        Allowed(match span.kind.as_str() {
            "PERSON" => 1 << (PERSON + inside),
            "LOC" => 1 << (PLACE + inside),
            "ORG" => 1 << (OTHER + inside),
            // Something that has a name, but no person.
            "OTHER" => 1 << (PLACE + inside) | 1 << (OTHER + inside),
            _ => 1 << OUTSIDE,
        })
    }

    /// The text with other people in it, now and then: what is learned is where names stand.
    pub(crate) fn renamed(&self, slots: &mut Slots<'_>, chance: &mut Chance) -> Self {
        let (mut out, mut cursor) = (Self::default(), 0);
        for span in &self.spans {
            let Some(before) = self.text.get(cursor..span.start) else { return self.clone() };
            out.text.push_str(before);
            let old = self.text.get(span.start..span.end).unwrap_or_default();
            let start = out.text.len();
            let is_name = span.kind == "PERSON" && old.starts_with(char::is_uppercase);
            let new = match old.split(' ').count() {
                count @ 1..=3 if is_name && chance.below(100) < RENAMED => {
                    if count == 1 {
                        slots.one_name(chance)
                    } else {
                        slots.full_name(chance)
                    }
                }
                _ => None,
            };
            out.text.push_str(new.as_deref().unwrap_or(old));
            out.spans.push(Span { start, end: out.text.len(), kind: span.kind.clone() });
            cursor = span.end;
        }
        out.text.push_str(self.text.get(cursor..).unwrap_or_default());
        out
    }

    /// The text as it is, or in capitals or without, now and then.
    pub(crate) fn in_some_case(mut self, chance: &mut Chance) -> Self {
        match chance.below(20) {
            0 | 1 => self.text.make_ascii_uppercase(),
            2 | 3 => self.text.make_ascii_lowercase(),
            // Names in capitals amid a text that is not.
            4 => {
                for span in &self.spans {
                    if let Some(part) = self.text.get_mut(span.start..span.end) {
                        part.make_ascii_uppercase();
                    }
                }
            }
            _ => {}
        }
        self
    }

    pub(crate) fn record(self, id: String) -> Record {
        let point = |byte: usize| self.text.get(..byte).map_or(0, |before| before.chars().count());
        let spans = self.spans.iter().map(|span| (point(span.start), point(span.end), span.kind.clone()));
        Record { id, spans: spans.collect(), text: self.text }
    }
}

impl Record {
    pub(crate) fn example(&self) -> Example {
        let mut at: Vec<usize> = self.text.char_indices().map(|(at, _)| at).collect();
        at.push(self.text.len());
        let byte = |point: usize| at.get(point).copied().unwrap_or(self.text.len());
        let span = |(start, end, kind): &(usize, usize, String)| Span {
            start: byte(*start),
            end: byte(*end),
            kind: kind.clone(),
        };
        let mut spans: Vec<Span> = self.spans.iter().map(span).collect();
        spans.sort_by_key(|span| span.start);
        Example { text: self.text.clone(), spans }
    }

    /// The text without what was put in.
    fn template(&self) -> u32 {
        let example = self.example();
        let (mut out, mut cursor) = (String::new(), 0);
        for span in &example.spans {
            out.push_str(self.text.get(cursor..span.start).unwrap_or_default());
            out.push('#');
            cursor = span.end;
        }
        out.push_str(self.text.get(cursor..).unwrap_or_default());
        feature::hash(&out)
    }
}

pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<Record>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| serde_json::from_str(line).context("a record")).collect()
}

/// What is trained on, and what is not.
pub(crate) fn split(records: Vec<Record>, part: Part) -> (Vec<Record>, Vec<Record>) {
    let most = records.len() * 4 / 5;
    let mut number = 0;
    records.into_iter().partition(|record| {
        number += 1;
        match part {
            Part::All => true,
            Part::Half => record.template() % 2 == 0,
            Part::Most => number <= most,
        }
    })
}

pub(crate) fn write(path: &Path, records: &[Record]) -> anyhow::Result<()> {
    let lines: Result<Vec<String>, _> = records.iter().map(serde_json::to_string).collect();
    std::fs::write(path, lines?.join("\n") + "\n").with_context(|| format!("write {}", path.display()))
}
