//! Hidden spellings of personal data inside one string: encoded, compressed, written with
//! escapes, split or spelt out. What a model can read, a detector has to.
//!
//! A text is read again in every way that its bytes allow ([`escapes`], [`blocks`]), and
//! what comes out is searched as the text itself was, and read again. Each finding goes back
//! to the bytes that were given: to those that spell it, or to the whole encoded run. What
//! is clean in every reading keeps its bytes.
//!
//! Invariant: over a bound a result is blocked, never passed ([`Budget`]).

mod base32;
mod base64;
mod blocks;
mod bytes;
mod escapes;
mod hex;
mod inflate;
mod json;
mod merge;
mod named;
mod quoted_printable;
pub(crate) mod scattered;
mod smuggled;
mod spelling;
mod tags;

use crate::redact::class::Class;
use crate::redact::detect::fold::fold;
use crate::redact::detect::{Finding, Scratch, Sense};
use crate::redact::operator::Operator;
use crate::redact::plainly::{self, Uuid};
use crate::redact::plan::Detection;
use crate::redact::run::Run;
use crate::redact::view::View;
use std::ops::Range;

/// Layers that are decoded.
const DEEPEST: usize = 4;
/// Bytes that are decoded in one result, all layers together.
const MOST_BYTES: usize = 1 << 25;
/// Nothing that is looked for is shorter, however it is spelt.
const SHORTEST: usize = 9;

/// What may still be decoded in a result.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    spent: usize,
    over: bool,
}

impl Budget {
    /// Whether a bound was met: then the result is not seen whole.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    /// The same result is filtered once more.
    pub(crate) fn renew(&mut self) {
        self.spent = 0;
    }

    fn spend(&mut self, bytes: usize) -> bool {
        self.spent = self.spent.saturating_add(bytes);
        self.over |= self.spent > MOST_BYTES;
        !self.over
    }
}

/// Adds what is hidden in a text to what was found in it.
pub(crate) fn find(
    detection: &Detection,
    run: &mut Run,
    sense: &Sense,
    (text, class): (&str, Class),
    findings: &mut Vec<Finding>,
) {
    if text.len() < SHORTEST
        || matches!(findings.as_slice(), [only] if only.whole)
        || Uuid::of(text).is_some_and(hide_nothing)
    {
        return;
    }
    let mut search = Search { detection, scratch: &mut run.scratch, budget: &mut run.budget };
    search.readings(sense, (text, class), 0, findings);
}

/// Whether nothing is spelt by the bytes of a UUID that stands by itself.
pub(crate) fn hide_nothing(uuid: Uuid<'_>) -> bool {
    uuid.by_itself().is_some_and(|uuid| !hex::uuid_may_say(uuid))
}

/// A search for what is hidden.
struct Search<'s> {
    detection: &'s Detection,
    scratch: &'s mut Scratch,
    budget: &'s mut Budget,
}

impl Search<'_> {
    /// All that is found in a text that was decoded.
    fn decoded(&mut self, sense: &Sense, text: &str, depth: usize) -> Vec<Finding> {
        let mut found = Vec::new();
        if text.len() < SHORTEST {
            return found;
        }
        if depth > DEEPEST {
            self.budget.over = true;
        }
        if !self.budget.spend(text.len()) {
            return found;
        }
        if json::is_likely(text)
            && let Some(found) = json::search(self, sense, text, depth)
        {
            return found;
        }
        self.searched(sense, text, depth, &mut found);
        found
    }

    /// A text as it stands, and in its other readings.
    fn searched(&mut self, sense: &Sense, text: &str, depth: usize, found: &mut Vec<Finding>) {
        let class = Class::of(text);
        self.detection.scanner.scan(sense, text, class, self.scratch, found);
        found.retain(|finding| self.acts(finding));
        if text.len() >= SHORTEST && !matches!(found.as_slice(), [only] if only.whole) {
            self.readings(sense, (text, class), depth, found);
        }
    }

    /// What is shown may be hidden.
    fn acts(&self, finding: &Finding) -> bool {
        self.detection.operator(finding.detector) != Operator::Keep
    }

    fn readings(
        &mut self,
        sense: &Sense,
        (text, class): (&str, Class),
        depth: usize,
        found: &mut Vec<Finding>,
    ) {
        if !class.meets(Class::WIDE) {
            return self.plain(sense, (text, class), depth, found);
        }
        let folded = self.scratch.folded.take().unwrap_or_else(|| fold(text));
        for view in smuggled::views(text) {
            self.view(sense, text, &view, depth, found);
        }
        let mut inner = Vec::new();
        self.plain(sense, (&folded.text, Class::of(&folded.text)), depth, &mut inner);
        merge::mapped(text, &folded, inner, found);
    }

    fn plain(&mut self, sense: &Sense, (text, class): (&str, Class), depth: usize, found: &mut Vec<Finding>) {
        for view in escapes::views(text, class).chain(quoted_printable::view(text, class)) {
            self.view(sense, text, &view, depth, found);
        }
        if plainly::is_timestamp(text) {
            return;
        }
        let mut hidden = Vec::new();
        let digits = if class.meets(Class::DIGIT) { count_digits(text) } else { 0 };
        let is_identifier = plainly::is_identifier(text);
        for block in blocks::in_text(text, class, digits, is_identifier) {
            self.block(sense, text, &block, depth, &mut hidden);
        }
        if !is_identifier {
            tags::search(self, sense, (text, class, digits), &mut hidden);
            spelling::search(self, sense, (text, class, digits), &mut hidden);
        }
        merge::add(text, hidden, found);
    }

    /// Searches another reading of a text.
    fn view(&mut self, sense: &Sense, text: &str, view: &View, depth: usize, found: &mut Vec<Finding>) {
        let inner = self.decoded(sense, &view.text, depth + 1);
        merge::mapped(text, view, inner, found);
    }

    /// Searches what an encoded run says. All of the run is found, once for each value,
    /// or the part of it that spells the value where marks part it from others.
    fn block(
        &mut self,
        sense: &Sense,
        text: &str,
        block: &blocks::Block,
        depth: usize,
        found: &mut Vec<Finding>,
    ) {
        let mut values: Vec<Value> = Vec::new();
        let mut looked = 0;
        for reading in block.readings(self.budget) {
            for finding in self.decoded(sense, &reading.text, depth + 1) {
                let said = merge::said(&reading.text, &finding);
                looked += 1;
                // Each look is a pass over the run.
                let range = if looked > 2 * MOST_VALUES {
                    block.range.clone()
                } else {
                    block.spells(text, &reading, &finding.range)
                };
                let value = Value { detector: finding.detector, by_pattern: finding.by_pattern, range, said };
                if values.len() > MOST_VALUES {
                    break;
                }
                if !values.contains(&value) {
                    values.push(value);
                }
            }
        }
        if values.len() > MOST_VALUES {
            // All of it goes, whatever else it says.
            values.truncate(MOST_VALUES);
            for value in &mut values {
                value.range = block.range.clone();
            }
        }
        values.sort_by_key(|value| value.range.start);
        let mut values = values.into_iter().peekable();
        while let Some(first) = values.next() {
            let mut range = first.range.clone();
            let mut behind: Vec<Value> = Vec::new();
            while let Some(next) = values.next_if(|next| next.range.start < range.end) {
                range.end = range.end.max(next.range.end);
                let is_like = |value: &Value| value.detector == next.detector && value.said == next.said;
                if !is_like(&first) && !behind.iter().any(is_like) {
                    behind.push(next);
                }
            }
            // What is spelt by the same bytes stands behind the first.
            let end = range.end;
            found.push(first.found(text, range));
            found.extend(behind.into_iter().map(|value| value.found(text, end..end)));
        }
    }
}

/// A value that an encoded run says, and the bytes that spell it.
#[derive(PartialEq, Eq)]
struct Value {
    detector: usize,
    by_pattern: bool,
    range: Range<usize>,
    said: Box<str>,
}

impl Value {
    fn found(self, text: &str, range: Range<usize>) -> Finding {
        Finding { by_pattern: self.by_pattern, ..Finding::hidden(self.detector, range, text, self.said) }
    }
}

/// How many bytes are digits. So many are counted in a byte that no count overflows.
fn count_digits(text: &str) -> usize {
    let count = |bytes: &[u8]| bytes.iter().map(|byte| u8::from(byte.is_ascii_digit())).sum::<u8>();
    text.as_bytes().chunks(usize::from(u8::MAX)).map(|bytes| usize::from(count(bytes))).sum()
}

/// Values of one encoded run that get a marker each.
const MOST_VALUES: usize = 16;
