//! One number whose groups are the names of members, each within the one before:
//! `{"4111": {"1111": {"1111": {"1111": 1}}}}`.

use super::Walk;
use super::parts::{Instead, Shown};
use crate::redact::apply;
use crate::redact::forms::string;
use crate::redact::layers::scattered::{self, Part};

/// Names of the longest number, one for each digit.
const MOST: usize = 19;
/// Names, with the value behind them, that may be one number.
const FEWEST: usize = 2;

/// A name that may be a group of a number.
pub(super) struct Link {
    part: Part,
    shown: Shown,
    depth: usize,
}

impl Walk<'_, '_> {
    /// Notes the name, written at `start` of the source, that leads to `place` from the
    /// container at this depth.
    pub(super) fn link(&mut self, place: usize, start: usize, depth: usize) {
        self.run.affects();
        while self.parts.names.last().is_some_and(|link| link.depth >= depth) {
            self.parts.names.pop();
        }
        let name = self.reader.since(start).trim_end().strip_suffix(':').unwrap_or_default().trim_end();
        let part = string(name).and_then(|name| Part::of(&name));
        let (Some(part), Some(_)) = (part, start.checked_sub(self.copied)) else {
            // It was replaced, and joins no others.
            return self.parts.names.clear();
        };
        let shown = self.shown(start..start + name.len());
        self.parts.names.push(Link { part, shown, depth });
        self.join_names(place, None);
    }

    /// Looks at a value together with the names that lead to it.
    pub(super) fn link_to(&mut self, place: usize, value: (Part, Shown)) {
        self.join_names(place, Some(value));
    }

    fn join_names(&mut self, place: usize, value: Option<(Part, Shown)>) {
        let Some(detection) = &self.plan.detection else { return };
        let links = usize::from(self.places.get(place).links).min(MOST);
        let first = self.parts.names.len().saturating_sub(links);
        let names = self.parts.names.get(first..).unwrap_or_default();
        let mut parts: Vec<Part> = names.iter().map(|link| link.part).collect();
        parts.extend(value.iter().map(|(part, _)| *part));
        if parts.len() < FEWEST {
            return;
        }
        let spoken = self.places.sense(place, &detection.scanner).sense.spoken();
        let mut all = scattered::joined(&parts, spoken).into_iter();
        let Some(joined) = all.find(|joined| joined.parts.end == parts.len()) else { return };
        let Some(owner) = apply::owner(detection, &joined) else { return };
        let shown = names.iter().map(|link| link.shown.clone()).chain(value.map(|(_, shown)| shown));
        let shown: Vec<Shown> = shown.skip(joined.parts.start).collect();
        let text = apply::shown_for(detection, self.run, owner, &joined.says);
        for shown in shown {
            // The same for all: members of one object keep names that differ.
            let text = shown.literal(|| &text);
            if let Some(trace) = &mut self.run.trace {
                trace.whole(owner, shown.source);
            }
            self.parts.instead.push(Instead { range: shown.range, text });
        }
    }
}
