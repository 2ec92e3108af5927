//! What is remembered while one result is filtered: markers, counters, and the
//! names already seen in it.

use crate::model::ids::Entity;
use crate::model::trail::{Action, Filtered};
use crate::redact::blobs::Blobs;
use crate::redact::clean::Clean;
use crate::redact::columns::Columns;
use crate::redact::detect::Scratch;
use crate::redact::echo::Echo;
use crate::redact::forms::Forms;
use crate::redact::forms::labels::Labels;
use crate::redact::hidden::Hidden;
use crate::redact::layers::Budget;
use crate::redact::locate::Trace;
use crate::redact::marker::Markers;
use crate::redact::places::Labelled;
use crate::redact::plan::{Detection, Plan};
use crate::redact::transform::Setting;
use crate::redact::walk::Again;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// The state of one result. It holds values, so it never outlives the result and
/// has no `Debug`.
#[derive(Default)]
pub(crate) struct Run {
    pub(crate) echo: Echo,
    pub(crate) nesting: usize,
    pub(crate) setting: Setting,
    /// Strings whose fate was settled elsewhere in the result.
    pub(crate) instead: HashMap<String, String>,
    /// Where things are found, for whom that is asked.
    pub(crate) trace: Option<Trace>,
    /// Values that the caller may not see although nothing about them tells.
    pub(crate) hidden: Option<Arc<Hidden>>,
    /// What becomes of binary content in text. None where none is looked for.
    pub(crate) blobs: Option<Blobs>,
    pub(crate) clean: Clean,
    /// Room for values that recur.
    pub(crate) again: Again,
    /// What looks like names under keys that say nothing of it.
    pub(crate) columns: Columns,
    pub(crate) scratch: Scratch,
    pub(crate) forms: Forms,
    pub(crate) labels: Labels,
    /// Places under the keys that labels say.
    pub(crate) labelled: Labelled,
    /// What may still be decoded.
    pub(crate) budget: Budget,
    markers: Markers,
    counts: Counts,
    effects: u64,
    subjects: BTreeSet<String>,
}

/// What is handed from one result to the next.
#[derive(Default)]
pub(crate) struct Kept {
    scratch: Scratch,
    clean: Clean,
    echo: Echo,
    again: Again,
    labels: Labels,
    labelled: Labelled,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Kept")
    }
}

#[derive(Default)]
struct Counts {
    inspected: u64,
    withheld: u64,
    /// By detector and by redaction of the plan.
    found: Vec<u64>,
    redacted: Vec<u64>,
}

impl Run {
    pub(crate) fn new(setting: Setting, kept: Kept) -> Self {
        let Kept { scratch, clean, echo, again, labels, labelled } = kept;
        Self { echo, setting, clean, again, scratch, labels, labelled, ..Self::default() }
    }

    /// What serves the next result of the plan, without any value of this one.
    pub(crate) fn kept(self) -> Kept {
        let Self { scratch, clean, echo, again, labels, labelled, .. } = self;
        let mut kept = Kept { scratch, clean, echo, again, labels, labelled };
        kept.scratch.forget();
        kept.clean.forget();
        kept.echo.forget();
        kept.labels.end();
        kept.labelled.end(&kept.labels);
        kept
    }

    pub(crate) fn inspected(&mut self, values: u64) {
        self.counts.inspected += values;
    }

    /// Notes that something comes of a value beyond what it becomes itself.
    pub(crate) fn affects(&mut self) {
        self.effects += 1;
    }

    /// How often something came of a value.
    pub(crate) fn effects(&self) -> u64 {
        self.effects
    }

    pub(crate) fn withheld(&mut self) {
        self.affects();
        self.counts.withheld += 1;
    }

    /// Counts what a detector found and was acted on.
    pub(crate) fn found(&mut self, detector: usize) {
        self.affects();
        count(&mut self.counts.found, detector);
    }

    /// Counts a redaction by path.
    pub(crate) fn redacted(&mut self, redaction: usize) {
        self.affects();
        count(&mut self.counts.redacted, redaction);
    }

    /// Notes the markers that a document comes with.
    pub(crate) fn meet(&mut self, plan: &Plan, document: &str) {
        if let Some(detection) = &plan.detection {
            self.scratch.standing.read(detection.scanner.detectors(), document);
        }
    }

    pub(crate) fn mark(&mut self, entity: &Entity, value: &str) -> String {
        self.markers.mark(entity, self.scratch.standing.of(entity.as_str()), value)
    }

    /// Notes whose data this is. The value is hashed before it is kept anywhere.
    pub(crate) fn subject(&mut self, value: &str) {
        self.affects();
        if !self.subjects.contains(value) {
            self.subjects.insert(value.to_owned());
        }
    }

    pub(crate) fn subjects(&self) -> &BTreeSet<String> {
        &self.subjects
    }

    /// Whether a name was learned after a part had been shown that holds it, or stands in a
    /// member name, of the words that those are made of; what columns of names teach is learned
    /// now. If so the counters start again and the result must be filtered once more; markers
    /// keep their numbers. True at most once.
    pub(crate) fn must_repeat(&mut self, plan: &Plan, names: &HashSet<Box<str>>) -> bool {
        if !self.columns.is_empty() {
            let persons = plan.detection.as_ref().and_then(Detection::of_persons);
            self.columns.teach(persons, &mut self.echo);
        }
        let repeat = self.echo.settle(names);
        if repeat {
            self.counts = Counts::default();
            self.budget.renew();
        }
        repeat
    }

    pub(crate) fn report(&self, plan: &Plan) -> Filtered {
        Filtered {
            values_inspected: self.counts.inspected,
            withheld: self.counts.withheld,
            subjects: self.subjects.len(),
            actions: self.by_path(plan).chain(self.by_detector(plan)).collect(),
            ..Filtered::default()
        }
    }

    fn by_path<'r>(&'r self, plan: &'r Plan) -> impl Iterator<Item = Action> + 'r {
        let counted = plan.redactions.iter().zip(&self.counts.redacted).filter(|(_, count)| **count > 0);
        counted.map(|(redaction, count)| Action {
            rule: redaction.id.clone(),
            entity: None,
            operator: redaction.operator.name(),
            count: *count,
        })
    }

    fn by_detector<'r>(&'r self, plan: &'r Plan) -> impl Iterator<Item = Action> + 'r {
        plan.detection.iter().flat_map(|detection| {
            let detectors = detection.scanner.detectors().iter().zip(&self.counts.found).enumerate();
            detectors.filter(|(_, (_, count))| **count > 0).map(|(index, (detector, count))| Action {
                rule: detector.id.clone(),
                entity: Some(detector.entity.clone()),
                operator: detection.operator(index).name(),
                count: *count,
            })
        })
    }
}

fn count(counts: &mut Vec<u64>, index: usize) {
    if counts.len() <= index {
        counts.resize(index + 1, 0);
    }
    if let Some(count) = counts.get_mut(index) {
        *count += 1;
    }
}
