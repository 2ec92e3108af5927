//! A plan: what one tool's result may say to a caller with certain scopes.

use crate::model::ids::{Entity, RuleId};
use crate::redact::detect::{Detector, Scanner};
use crate::redact::names::Kind;
use crate::redact::operator::Operator;
use crate::redact::path::{Hop, Path};
use crate::redact::places::Pool;
use crate::redact::shape::Shape;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;

/// What a path of a plan stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// The node and all beneath it may be seen.
    Release,
    /// The redaction with this index applies to the node and all beneath it.
    Redact(usize),
    /// The value names a data subject; it feeds the disclosure budget.
    Subject,
}

/// What becomes of text that is not JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextMode {
    /// JSON in text is filtered like the structure. Other text is one opaque value:
    /// it is shown, through the detectors, only if the whole document is released.
    #[default]
    Same,
    /// Other text is shown through the detectors.
    Detect,
    /// No text is shown.
    Drop,
}

/// A redaction by path.
#[derive(Clone, Debug)]
pub struct Redaction {
    pub id: RuleId,
    pub operator: Operator,
    /// What the value is: markers and stand-ins are named after it.
    pub entity: Entity,
}

/// The detectors of a plan and what is done with what they find.
#[derive(Clone)]
pub struct Detection {
    pub(crate) scanner: Arc<Scanner>,
    pub(crate) operators: Arc<HashMap<Entity, Operator>>,
    /// The operator of each detector of the scanner.
    by_detector: Arc<[Operator]>,
    /// For plans that release everything through these detectors, which are all alike.
    pool: Arc<Pool>,
}

impl Detection {
    /// A detector whose entity has no operator masks.
    pub fn new(scanner: Scanner, operators: HashMap<Entity, Operator>) -> Self {
        let of = |entity: &Entity| operators.get(entity).copied().unwrap_or(Operator::Mask);
        let by_detector = scanner.detectors().iter().map(|detector| of(&detector.entity)).collect();
        Self { scanner: Arc::new(scanner), operators: Arc::new(operators), by_detector, pool: Arc::default() }
    }

    /// What is done with what a detector finds.
    pub(crate) fn operator(&self, detector: usize) -> Operator {
        self.by_detector.get(detector).copied().unwrap_or(Operator::Mask)
    }

    /// The detector of persons in free text, if what it finds is not kept.
    pub(crate) fn of_persons(&self) -> Option<usize> {
        let persons = |detector: &Detector| detector.model == Some(Kind::Person);
        let index = self.scanner.detectors().iter().position(persons)?;
        (self.operator(index) != Operator::Keep).then_some(index)
    }
}

/// Everything that filtering one result needs. Immutable, shared; dear to make and cheap to
/// use again, since it remembers the places it has judged.
#[derive(Clone)]
pub struct Plan {
    pub(crate) queries: Vec<(Arc<[Hop]>, Tag)>,
    pub(crate) releases_root: bool,
    pub(crate) redactions: Vec<Redaction>,
    pub(crate) detection: Option<Detection>,
    pub(crate) text: TextMode,
    pub(crate) shape: Option<Arc<Shape>>,
    pub(crate) pool: Arc<Pool>,
}

/// The parts a plan is made of.
#[derive(Default)]
pub struct Parts {
    /// The paths that the caller's scopes release.
    pub release: Vec<Path>,
    pub redact: Vec<(Path, Redaction)>,
    pub subject: Option<Path>,
    pub detection: Option<Detection>,
    pub text: TextMode,
    /// From the tool's `outputSchema`.
    pub shape: Option<Arc<Shape>>,
}

impl Plan {
    pub fn new(parts: Parts) -> Self {
        // Text of no structure has no paths, so a plan that redacts by path cannot show it.
        let releases_root = parts.release.iter().any(Path::selects_root) && parts.redact.is_empty();
        let mut tagged: Vec<(Path, Tag)> =
            parts.release.into_iter().map(|path| (path, Tag::Release)).collect();
        let mut redactions = Vec::new();
        for (path, redaction) in parts.redact {
            tagged.push((path, Tag::Redact(redactions.len())));
            redactions.push(redaction);
        }
        tagged.extend(parts.subject.map(|path| (path, Tag::Subject)));
        let queries = tagged.into_iter().map(|(path, tag)| (Arc::clone(path.hops()), tag)).collect();
        Self {
            queries,
            releases_root,
            redactions,
            detection: parts.detection,
            text: parts.text,
            shape: parts.shape,
            pool: Arc::default(),
        }
    }

    /// Everything is released, through the detectors if there are any.
    pub fn everything(detection: Option<Detection>) -> Self {
        let pool = detection.as_ref().map(|detection| Arc::clone(&detection.pool));
        let release = vec![Path::root()];
        let plan = Self::new(Parts { release, detection, text: TextMode::Detect, ..Parts::default() });
        Self { pool: pool.unwrap_or_default(), ..plan }
    }

    /// Everything is released and only `detection` applies.
    pub fn released(detection: Detection) -> Self {
        Self::everything(Some(detection))
    }

    /// The detectors of the plan.
    pub fn detection(&self) -> Option<&Detection> {
        self.detection.as_ref()
    }

    /// Of two redactions that cover one value, the one that shows less.
    pub(crate) fn stricter(&self, held: Option<usize>, other: usize) -> usize {
        let Some(held) = held else { return other };
        let shows = |index: usize| self.redactions.get(index).map(|redaction| redaction.operator.shows());
        if shows(other) < shows(held) { other } else { held }
    }
}
