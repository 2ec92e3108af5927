//! How well predicted spans meet gold ones.
//!
//! A prediction meets a gold span of the same type if they share at least half of what they
//! cover together, best pairs first, each used once. Masking asks less and more: whether every
//! letter and digit of a gold span lies under some prediction, whatever its type.

use super::record::{Record, Span};
use std::collections::{BTreeMap, BTreeSet};

/// Types that are neither asked for nor held against a prediction.
pub(super) const LEFT_OUT: [&str; 5] = ["TITLE", "NRP", "AGE", "OTHER", "ORG"];
/// So are secrets, save where the gold spans have some: most corpora do not annotate them.
const SECRET: &str = "SECRET";

/// Counts of one type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) met: u64,
    pub(super) false_alarms: u64,
    pub(super) missed: u64,
    /// Gold spans that no letter or digit shows of.
    pub(super) masked: u64,
}

/// What was counted over all records.
#[derive(Clone, Debug, Default)]
pub(super) struct Measure {
    pub(super) types: BTreeMap<String, Tally>,
    /// Letters and digits of gold spans, and those of them that are covered.
    pub(super) gold: u64,
    pub(super) covered: u64,
    /// Letters and digits under predictions, and those of them that are gold.
    pub(super) predicted: u64,
    pub(super) rightly: u64,
    /// Records without gold spans, and predictions in them.
    pub(super) clean_records: u64,
    pub(super) clean_spans: u64,
}

impl Tally {
    pub(super) fn precision(self) -> f64 {
        share(self.met, self.met + self.false_alarms)
    }

    pub(super) fn recall(self) -> f64 {
        share(self.met, self.met + self.missed)
    }

    /// With `beta` 2, recall weighs four times as much as precision.
    pub(super) fn f(self, beta: f64) -> f64 {
        let (precision, recall, weight) = (self.precision(), self.recall(), beta * beta);
        let below = weight * precision + recall;
        if below == 0.0 { 0.0 } else { (1.0 + weight) * precision * recall / below }
    }

    pub(super) fn masked_share(self) -> f64 {
        share(self.masked, self.met + self.missed)
    }
}

impl Measure {
    /// All types together.
    pub(super) fn micro(&self) -> Tally {
        self.types.values().fold(Tally::default(), |sum, tally| Tally {
            met: sum.met + tally.met,
            false_alarms: sum.false_alarms + tally.false_alarms,
            missed: sum.missed + tally.missed,
            masked: sum.masked + tally.masked,
        })
    }

    pub(super) fn character_precision(&self) -> f64 {
        share(self.rightly, self.predicted)
    }

    /// The share of gold letters and digits that still show.
    pub(super) fn leak(&self) -> f64 {
        1.0 - share(self.covered, self.gold)
    }

    /// Counts one record. `types` are those that the gold spans of all records have.
    pub(super) fn add(&mut self, record: &Record, predicted: &[Span], types: &BTreeSet<String>) {
        let letters: Vec<bool> = record.text.chars().map(char::is_alphanumeric).collect();
        let (gold, ignored): (Vec<&Span>, Vec<&Span>) =
            record.spans.iter().partition(|span| types.contains(&span.kind));
        let meets = |span: &Span, others: &[&Span]| others.iter().any(|other| span.overlaps(other));
        let counted = predicted.iter().filter(|span| types.contains(&span.kind));
        let counted: Vec<&Span> =
            counted.filter(|span| !meets(span, &ignored) || meets(span, &gold)).collect();
        if record.spans.is_empty() {
            self.clean_records += 1;
            self.clean_spans += u64::try_from(predicted.len()).unwrap_or(u64::MAX);
        }
        self.pair(&gold, &counted);
        let left_out = |kind: &str| LEFT_OUT.contains(&kind) || kind == SECRET && !types.contains(SECRET);
        let covering: Vec<&Span> = predicted.iter().filter(|span| !left_out(&span.kind)).collect();
        let (under, is_gold, is_ignored) =
            (covered(&letters, &covering), covered(&letters, &gold), covered(&letters, &ignored));
        for (at, _) in letters.iter().enumerate().filter(|(_, letter)| **letter) {
            self.gold += u64::from(is_gold[at]);
            self.covered += u64::from(is_gold[at] && under[at]);
            self.predicted += u64::from(under[at] && !is_ignored[at]);
            self.rightly += u64::from(under[at] && !is_ignored[at] && is_gold[at]);
        }
        for span in gold {
            let hidden = (span.start..span.end.min(letters.len())).all(|at| !letters[at] || under[at]);
            self.types.entry(span.kind.clone()).or_default().masked += u64::from(hidden);
        }
    }

    fn pair(&mut self, gold: &[&Span], predicted: &[&Span]) {
        let mut pairs = Vec::new();
        for (p, prediction) in predicted.iter().enumerate() {
            for (g, wanted) in gold.iter().enumerate() {
                let together = prediction.together(wanted);
                if prediction.kind == wanted.kind && together >= 0.5 {
                    pairs.push((together, p, g));
                }
            }
        }
        pairs.sort_by(|one, other| other.0.total_cmp(&one.0).then((one.1, one.2).cmp(&(other.1, other.2))));
        let (mut met_by, mut met) = (BTreeSet::new(), BTreeSet::new());
        for (_, p, g) in pairs {
            if !met_by.contains(&p) && !met.contains(&g) {
                met_by.insert(p);
                met.insert(g);
            }
        }
        for (p, prediction) in predicted.iter().enumerate() {
            let tally = self.types.entry(prediction.kind.clone()).or_default();
            tally.met += u64::from(met_by.contains(&p));
            tally.false_alarms += u64::from(!met_by.contains(&p));
        }
        for (g, wanted) in gold.iter().enumerate() {
            self.types.entry(wanted.kind.clone()).or_default().missed += u64::from(!met.contains(&g));
        }
    }
}

fn covered(letters: &[bool], spans: &[&Span]) -> Vec<bool> {
    let mut under = vec![false; letters.len()];
    for span in spans {
        let (start, end) = (span.start.min(letters.len()), span.end.min(letters.len()));
        under.get_mut(start..end).unwrap_or_default().fill(true);
    }
    under
}

#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: usize, end: usize, kind: &str) -> Span {
        Span { start, end, kind: kind.to_owned() }
    }

    fn measured(text: &str, gold: &[Span], predicted: &[Span]) -> Measure {
        let record = Record { id: 1.into(), text: text.to_owned(), spans: gold.to_vec() };
        let types = gold.iter().map(|span| span.kind.clone()).filter(|kind| kind != "ORG").collect();
        let mut measure = Measure::default();
        measure.add(&record, predicted, &types);
        measure
    }

    #[test]
    fn half_of_what_both_cover_is_enough_and_each_counts_once() {
        let gold = [span(0, 4, "PERSON"), span(5, 9, "PERSON")];
        let predicted =
            [span(0, 8, "PERSON"), span(5, 9, "PERSON"), span(5, 8, "PERSON"), span(0, 4, "DATE")];
        let measure = measured("abcd efgh", &gold, &predicted);
        let person = measure.types["PERSON"];
        assert_eq!((person.met, person.false_alarms, person.missed, person.masked), (2, 1, 0, 2));
        assert!(!measure.types.contains_key("DATE"), "a type that is not asked for");
        assert!((measure.character_precision() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_shows_leaks_and_what_is_left_out_counts_for_nothing() {
        let gold = [span(0, 9, "PERSON"), span(10, 14, "ORG")];
        let measure = measured("Zoë-Anne X Acme", &gold, &[span(0, 3, "PERSON"), span(10, 14, "PERSON")]);
        let person = measure.types["PERSON"];
        assert_eq!((person.met, person.false_alarms, person.missed, person.masked), (0, 1, 1, 0));
        assert_eq!((measure.gold, measure.covered, measure.predicted, measure.rightly), (7, 3, 3, 3));
        assert_eq!((measure.clean_records, person.f(1.0)), (0, 0.0));
    }
}
