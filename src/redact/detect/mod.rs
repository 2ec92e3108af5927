//! What personal data looks like: detectors, written as data.
//!
//! A detector finds values in two ways. By key: under `ssn` or `name.family` the
//! whole value is personal data whatever its shape, since a mistyped SSN is still
//! somebody's. By pattern: a shape, confirmed by a checksum and by words nearby.
//! Checksums and context serve precision; they never take away what a key says.

mod alone;
pub(crate) mod check;
mod choose;
mod coarse;
mod confusable;
pub(crate) mod fold;
mod keys;
mod literals;
mod named;
mod narrow;
mod need;
mod outline;
mod pattern;
mod prefilter;
mod rule;
mod scan;
mod sense;
mod set;
mod shadow;
mod spoken;
mod stretch;
mod uuid;
mod worded;
mod words;

use crate::model::fault::SourceFault;
use crate::model::ids::{Entity, RuleId};
use crate::redact::rules::Source;
pub use keys::KeyPath;
pub use rule::Detector;
pub use scan::Scanner;
pub(crate) use scan::Scratch;
pub(crate) use sense::{Sense, Spoken, Told};
use std::collections::BTreeSet;
use std::ops::Range;

/// One piece of personal data in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Bytes of the text that was scanned.
    pub range: Range<usize>,
    /// The detector, as the scanner counts them.
    pub(crate) detector: usize,
    /// The finding is all of the text.
    pub whole: bool,
    /// Found by its shape rather than by the key it stands under.
    pub by_pattern: bool,
    /// The value, where the text spells it in a hidden way.
    pub(crate) said: Option<Box<str>>,
}

impl Finding {
    fn by_key(detector: usize, text: &str) -> Self {
        Self { range: 0..text.len(), detector, whole: true, by_pattern: false, said: None }
    }

    pub(crate) fn by_pattern(detector: usize, range: Range<usize>, text: &str) -> Self {
        Self { whole: is_whole(text, &range), range, detector, by_pattern: true, said: None }
    }

    /// A value that `text` spells in a hidden way.
    pub(crate) fn hidden(detector: usize, range: Range<usize>, text: &str, said: Box<str>) -> Self {
        Self { said: Some(said), ..Self::by_pattern(detector, range, text) }
    }

    /// Makes the finding cover `range` too.
    pub(crate) fn grow(&mut self, text: &str, range: &Range<usize>) {
        self.range = self.range.start.min(range.start)..self.range.end.max(range.end);
        self.whole = is_whole(text, &self.range);
    }
}

fn is_whole(text: &str, range: &Range<usize>) -> bool {
    range.len() >= text.trim().len()
}

/// All detectors, each proven by its own examples.
#[derive(Clone, Debug, Default)]
pub struct Detectors {
    all: Vec<Detector>,
}

impl Detectors {
    /// Reads rule files and runs every example in them that the tests of the release have not.
    ///
    /// # Errors
    /// Every fault of every file, with its place: a detector that does not do what
    /// its examples say is not loaded, and neither are the others.
    pub fn load<'s>(sources: impl IntoIterator<Item = &'s Source>) -> Result<Self, Vec<SourceFault>> {
        let (mut all, mut faults) = (Vec::<Detector>::new(), Vec::new());
        for source in sources {
            match rule::read(source) {
                Ok(detector) => match all.iter().find(|other| other.id == detector.id) {
                    Some(other) => {
                        let (id, taken) = (&detector.id, &other.file);
                        let message =
                            format!("{taken} has the id `{id}` already: give the rule one of its own");
                        faults.push(SourceFault::whole(&source.file, message));
                    }
                    None => all.push(detector),
                },
                Err(found) => faults.extend(found),
            }
        }
        all.sort_by(|a, b| a.id.cmp(&b.id));
        if faults.is_empty() { Ok(Self { all }) } else { Err(faults) }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Detector> {
        self.all.iter()
    }

    /// Compiles every pattern that no text has asked for yet, so that none waits for it.
    pub(crate) fn compile(&self) {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        std::thread::scope(|scope| {
            for part in self.all.chunks(self.all.len().div_ceil(threads).max(1)) {
                scope.spawn(|| part.iter().for_each(Detector::compile));
            }
        });
    }

    /// A scanner with one detector alone.
    pub fn scanner_of(&self, id: &RuleId) -> Scanner {
        Scanner::new(self.all.iter().filter(|detector| detector.id == *id).cloned().collect())
    }

    /// Every entity that some detector finds.
    pub fn entities(&self) -> BTreeSet<Entity> {
        self.all.iter().map(|detector| detector.entity.clone()).collect()
    }

    /// A scanner with the detectors of the entities that `wanted` accepts.
    pub fn scanner(&self, wanted: impl Fn(&Entity) -> bool) -> Scanner {
        Scanner::new(self.all.iter().filter(|detector| wanted(&detector.entity)).cloned().collect())
    }
}
