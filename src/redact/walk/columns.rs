//! One number of which each object of an array has a part, all under one key:
//! `[{"x": "4111"}, {"x": "1111"}, {"x": "1111"}, {"x": "1111"}]`.
//!
//! Columns of short numbers are common. One is a card only if it is nothing else, its issuer
//! is a great one and its Luhn digit holds, and the objects have no other member or the keys
//! say that it is a card. It is an SSN only if the keys say so, and an IBAN if its check digits
//! hold.

use super::Walk;
use super::parts::Shown;
use crate::redact::apply;
use crate::redact::detect::Spoken;
use crate::redact::layers::scattered::{self, Part};

/// Parts of one array that are looked at together, and of a longer array so many once more
/// with the next: the rows of the longest number.
const MOST: usize = 384;
const KEPT: usize = 176;
/// Columns that are looked at.
const MOST_COLUMNS: usize = 8;

impl Walk<'_, '_> {
    /// Makes room once the rows of an array are many. Its keys are those of `place`.
    pub(super) fn overflow_columns(&mut self, place: usize) {
        let first = self.parts.frame.first;
        if self.parts.all.len() - first >= MOST {
            self.join_columns(place);
            self.parts.all.drain(first..self.parts.all.len() - KEPT);
        }
    }

    /// Whether parts of one column are one number.
    pub(super) fn join_columns(&mut self, place: usize) -> bool {
        let Some(detection) = &self.plan.detection else { return false };
        let spoken = self.places.sense(place, &detection.scanner).sense.spoken();
        let window = self.parts.all.get(self.parts.frame.first..).unwrap_or_default();
        let mut columns: Vec<usize> = Vec::new();
        for (part, shown) in window {
            let begins = !part.is_break() && part.begins_column(spoken);
            if begins && columns.len() < MOST_COLUMNS && !columns.contains(&shown.place) {
                columns.push(shown.place);
            }
        }
        let mut values = Vec::new();
        for column in columns {
            let cells = window.iter().filter(|(part, shown)| shown.place == column && !part.is_break());
            let (parts, cells): (Vec<Part>, Vec<&Shown>) = cells.map(|(part, shown)| (*part, shown)).unzip();
            // The place of a cell may be forgotten by now: what its keys say is in its part.
            let is_end = parts.iter().any(|part| part.spoken.is_end);
            let named = spoken.of_card || parts.iter().any(|part| part.spoken.of_card);
            let parts: Vec<Part> = parts.into_iter().map(Part::without_cues).collect();
            let named = named && !is_end;
            for joined in scattered::joined(&parts, Spoken { of_card: false, ..spoken }) {
                let cells = cells.get(joined.parts.clone()).unwrap_or_default();
                let is_card = joined.says.bytes().all(|byte| byte.is_ascii_digit());
                let alone = || cells.iter().all(|cell| self.is_only_member(cell));
                if (!is_card || named || alone())
                    && let Some(owner) = apply::owner(detection, &joined)
                {
                    let cells: Vec<Shown> = cells.iter().map(|cell| (*cell).clone()).collect();
                    values.push((cells, owner, joined.says));
                }
            }
        }
        let found = !values.is_empty();
        for (cells, owner, says) in values {
            self.replace_parts(cells, owner, &says);
        }
        found
    }

    /// Whether a value is the only one of its object.
    fn is_only_member(&self, shown: &Shown) -> bool {
        let before = self.reader.source(0, shown.source.start).trim_end();
        let name = before.strip_suffix(':').and_then(|before| before.trim_end().strip_suffix('"'));
        let first = name
            .and_then(|name| name.rsplit_once('"'))
            .is_some_and(|(before, _)| before.trim_end().ends_with('{'));
        first && self.reader.source(shown.source.end, self.reader.length()).trim_start().starts_with('}')
    }
}

#[cfg(test)]
mod tests {
    use crate::config::builtin;
    use crate::redact::Redactor;
    use crate::redact::plan::Plan;
    use crate::redact::rules::Rules;

    /// A member name that is itself a card is not remembered, nor is its place.
    #[test]
    fn cells_of_places_that_are_forgotten_are_still_a_column() {
        let rules = Rules::load(&builtin::rules()).unwrap_or_else(|faults| panic!("{faults:?}"));
        let plan = Plan::released(rules.detection(&["pci-dss".to_owned()]).unwrap().unwrap());
        let rows = ["5500", "0000", "0000", "0004"].map(|cell| format!(r#"{{"4111111111111111":"{cell}"}}"#));
        let document = format!("[{}]", rows.join(","));
        let shown = Redactor::new(&plan, 2026).structure(document.as_bytes()).unwrap().unwrap().into_owned();
        assert!(!shown.contains("4111") && !shown.contains("5500"), "{shown}");
    }
}
