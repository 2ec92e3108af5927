//! Where personal data stands in a text, rather than the text without it.
//!
//! The one walk over a document tells it on its way: each step that changes a value says which
//! bytes of its source are concerned. What stands inside a string of JSON is found at places
//! of what the string says, and then moved to those of its source.

use crate::model::ids::{Entity, RuleId};
use crate::redact::detect::{Detector, Finding};
use crate::redact::json::Quoted;
use crate::redact::places::Places;
use crate::redact::plan::{Detection, Plan};
use crate::redact::run::Run;
use crate::redact::transform::Setting;
use crate::redact::{Blocked, apply, walk};
use std::ops::Range;

/// Personal data in a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Located {
    /// In bytes.
    pub range: Range<usize>,
    pub entity: Entity,
    /// The detector's.
    pub rule: RuleId,
    /// How sure the rule is, from 0 to 1: what a key says above what a check proves above
    /// what a pattern has.
    pub score: f64,
}

/// A part of a source that a detector owns.
#[derive(Clone, Debug)]
struct Spot {
    range: Range<usize>,
    detector: usize,
    by_key: bool,
}

/// What the walk has told so far.
#[derive(Default)]
pub(crate) struct Trace {
    spots: Vec<Spot>,
    /// Strings of the source in which learned names may stand.
    free: Vec<Range<usize>>,
}

/// How much had been told at some moment.
#[derive(Clone, Copy)]
pub(crate) struct Told {
    spots: usize,
    free: usize,
}

impl Trace {
    pub(crate) fn told(&self) -> Told {
        Told { spots: self.spots.len(), free: self.free.len() }
    }

    /// Findings at places of the text that was just looked at.
    pub(crate) fn add(&mut self, findings: &[Finding]) {
        self.spots.extend(findings.iter().map(|finding| Spot {
            range: finding.range.clone(),
            detector: finding.detector,
            by_key: finding.whole && !finding.by_pattern,
        }));
    }

    /// The whole of the text that was just looked at, of this length, by its key.
    pub(crate) fn claimed(&mut self, detector: usize, length: usize) {
        self.spots.push(Spot { range: 0..length, detector, by_key: true });
    }

    /// A part of the source that belongs to a detector as a whole.
    pub(crate) fn whole(&mut self, detector: usize, range: Range<usize>) {
        self.spots.push(Spot { range, detector, by_key: false });
    }

    /// A string of the source, with its quotes, in which a learned name may stand.
    pub(crate) fn free(&mut self, range: Range<usize>) {
        self.free.push(range);
    }

    /// Moves what was told since to where it stands in the source: `quoted` is the string in
    /// which it was found, which begins at `start`.
    pub(crate) fn inside(&mut self, told: Told, start: usize, quoted: &str) {
        self.free.truncate(told.free);
        let map = Map::of(quoted);
        for spot in self.spots.get_mut(told.spots..).unwrap_or_default() {
            spot.range = start + map.at(spot.range.start)..start + map.at(spot.range.end);
        }
    }

    /// Forgets what was told since.
    pub(crate) fn back_to(&mut self, told: Told) {
        self.spots.truncate(told.spots);
        self.free.truncate(told.free);
    }

    /// Moves what was told since by as much as its text is from the beginning of the source.
    pub(crate) fn moved(&mut self, told: Told, by: usize) {
        for spot in self.spots.get_mut(told.spots..).unwrap_or_default() {
            spot.range = spot.range.start + by..spot.range.end + by;
        }
    }

    /// The strings noted since in which learned names are still to be looked for.
    pub(crate) fn take_free(&mut self, told: Told) -> Vec<Range<usize>> {
        self.free.split_off(told.free.min(self.free.len()))
    }

    /// Adds findings in a string of the source that nothing else was found to overlap.
    pub(crate) fn add_free(&mut self, findings: &[Finding], start: usize, quoted: &str) {
        let map = Map::of(quoted);
        for finding in findings {
            let range = start + map.at(finding.range.start)..start + map.at(finding.range.end);
            let taken = |spot: &Spot| spot.range.start < range.end && range.start < spot.range.end;
            if !self.spots.iter().any(taken) {
                self.spots.push(Spot { range, detector: finding.detector, by_key: false });
            }
        }
    }
}

/// From places of what a string says to places of how it is written.
struct Map(Option<Vec<(usize, usize)>>);

impl Map {
    /// Of a string with its quotes, or of a number, which is as it is written.
    fn of(quoted: &str) -> Self {
        let Some(raw) = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
            return Self(Some(Vec::new()));
        };
        if !raw.contains('\\') {
            return Self(None);
        }
        let (mut map, mut said, mut at) = (Vec::new(), 0, 0);
        while let Some(c) = raw.get(at..).and_then(|rest| rest.chars().next()) {
            map.push((said, at + 1));
            let length = if c == '\\' { escape(raw.get(at..).unwrap_or_default()) } else { c.len_utf8() };
            let piece = raw.get(at..at + length).unwrap_or_default();
            let quoted = format!("\"{piece}\"");
            said += Quoted::whole(&quoted).and_then(|piece| Some(piece.decode().ok()?.len())).unwrap_or(0);
            at += length.max(1);
        }
        map.push((said, at + 1));
        Self(Some(map))
    }

    fn at(&self, place: usize) -> usize {
        match &self.0 {
            // Behind the quote.
            None => place + 1,
            Some(map) if map.is_empty() => place,
            Some(map) => {
                let next = map.partition_point(|(said, _)| *said < place);
                map.get(next).or(map.last()).map_or(place, |(_, at)| *at)
            }
        }
    }
}

/// The bytes of the escape that a text begins with; of a surrogate pair both.
fn escape(text: &str) -> usize {
    match text.as_bytes().get(1) {
        Some(b'u') => {
            let unit = text.get(2..6).and_then(|hex| u16::from_str_radix(hex, 16).ok());
            let high = unit.is_some_and(|unit| (0xd800..0xdc00).contains(&unit));
            if high && text.get(6..8) == Some("\\u") { 12 } else { 6 }
        }
        _ => 2,
    }
}

/// Finds personal data in texts. What one text teaches of keys serves the next.
pub struct Locator {
    plan: Plan,
    this_year: u16,
}

impl Locator {
    /// `this_year` serves the age rule of HIPAA 164.514(b)(2)(i)(C).
    pub fn new(detection: Detection, this_year: u16) -> Self {
        Self { plan: Plan::released(detection), this_year }
    }

    /// Reads the detectors' own examples, so that no text after them waits for what is built
    /// when it is first asked.
    pub fn warm(&self) {
        let detectors = self.plan.detection.iter().flat_map(|detection| detection.scanner.detectors());
        // What one of them would be refused for is no matter here.
        detectors.flat_map(|detector| detector.examples.iter()).for_each(|text| drop(self.locate(text)));
    }

    /// Finds personal data in a text: a JSON document, one a line, or prose.
    ///
    /// # Errors
    /// [`Blocked`] when it holds JSON that cannot be looked at whole.
    pub fn locate(&self, text: &str) -> Result<Vec<Located>, Blocked> {
        let plan = &self.plan;
        let (mut places, kept) = plan.pool.take(plan);
        let mut run = Run::new(Setting { this_year: self.this_year, ..Setting::default() }, kept);
        run.meet(plan, text);
        for _ in 0..2 {
            run.trace = Some(Trace::default());
            read(plan, &mut run, &mut places, text)?;
            if run.budget.is_over() {
                return Err(Blocked::Layers);
            }
            if !run.must_repeat(plan, places.words()) {
                break;
            }
        }
        let mut spots = run.trace.take().unwrap_or_default().spots;
        plan.pool.put(places, run.kept());
        spots.sort_by_key(|spot| (spot.range.start, std::cmp::Reverse(spot.range.end)));
        spots.dedup_by(|next, first| next.range == first.range);
        let detectors = plan.detection.iter().flat_map(|detection| detection.scanner.detectors());
        let detectors: Vec<_> = detectors.collect();
        let located = spots.into_iter().filter_map(|spot| {
            let detector = detectors.get(spot.detector)?;
            let score = score(detector, spot.by_key);
            let (entity, rule) = (detector.entity.clone(), detector.id.clone());
            Some(Located { range: spot.range, entity, rule, score })
        });
        Ok(located.collect())
    }
}

fn read(plan: &Plan, run: &mut Run, places: &mut Places, text: &str) -> Result<(), Blocked> {
    let is_json = |text: &str| text.trim_start().starts_with(['{', '[']);
    if is_json(text) {
        let told = told(run);
        match walk::filter(plan, run, places, text) {
            Ok(_) => return Ok(()),
            // Not JSON after all, or several documents.
            Err(Blocked::Syntax) => back_to(run, told),
            Err(bound) => return Err(bound),
        }
        let lines = text.split_inclusive('\n').filter(|line| !line.trim().is_empty());
        if lines.clone().count() > 1 && lines.clone().all(is_json) {
            for line in lines {
                let (told, by) = (self::told(run), line.as_ptr().addr() - text.as_ptr().addr());
                if walk::filter(plan, run, places, line) == Err(Blocked::Syntax) {
                    back_to(run, told);
                    apply::prose(plan, run, line);
                }
                if let Some(trace) = &mut run.trace {
                    trace.moved(told, by);
                }
            }
            return Ok(());
        }
    }
    apply::prose(plan, run, text);
    Ok(())
}

fn told(run: &Run) -> Told {
    run.trace.as_ref().map_or(Told { spots: 0, free: 0 }, Trace::told)
}

fn back_to(run: &mut Run, told: Told) {
    if let Some(trace) = &mut run.trace {
        trace.back_to(told);
    }
}

fn score(detector: &Detector, by_key: bool) -> f64 {
    if detector.model.is_some() {
        return 0.7;
    }
    match (by_key, detector.proves, detector.needs_context) {
        (true, ..) => 0.95,
        (false, true, _) => 0.99,
        (false, false, true) => 0.85,
        (false, false, false) => 0.9,
    }
}
