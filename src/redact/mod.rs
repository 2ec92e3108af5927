//! The redaction engine: what personal data looks like, what a scope releases,
//! and the one walk that turns a result into what may be seen.
//!
//! Read [`plan`] for what is decided, [`walk`] for the pass over a document,
//! [`detect`] for how personal data is recognised, [`tools`] for the rule files.
//!
//! Invariant: pure. No sockets, no clock, no MCP; usable as a library.

mod apply;
pub mod blob;
pub mod blobs;
mod class;
mod clean;
mod columns;
pub mod detect;
mod echo;
mod fit;
mod forms;
mod hidden;
pub(crate) mod json;
mod kept;
mod layers;
mod literal;
pub mod locate;
pub(crate) mod marker;
pub(crate) mod names;
pub mod operator;
mod path;
mod places;
mod plainly;
pub mod plan;
pub mod profile;
pub(crate) mod quoted;
pub mod restore;
pub mod rules;
mod run;
mod settled;
pub mod shape;
mod standing;
mod text;
pub mod tools;
mod transform;
mod view;
mod walk;

use crate::model::ids::RuleId;
use crate::model::strict::StrictFault;
use crate::model::trail::Filtered;
pub use hidden::Hidden;
pub use marker::REDACTED;
pub use path::Path;
use places::Places;
use plan::Plan;
use run::Run;
use std::borrow::Cow;
use std::sync::Arc;
pub use transform::{Numbered, Secrets, Setting, Substitutes};

/// How stand-ins are spelt.
pub mod substitute {
    pub use super::transform::{Mention, NUMBERS, Reference, mentions, pseudonym, token};
}

/// The rule by which a profile would change this value, if one would: for what may not
/// be sent at all.
///
/// # Errors
/// [`Blocked`] when the value cannot be looked at whole.
pub fn finds(detection: &plan::Detection, value: &serde_json::Value) -> Result<Option<RuleId>, Blocked> {
    let plan = Plan::released(detection.clone());
    let mut redactor = Redactor::new(&plan, 0);
    redactor.structure(value.to_string().as_bytes())?;
    let acted = redactor.report().actions.into_iter().find(|action| action.operator != "keep");
    Ok(acted.map(|action| action.rule))
}

/// Why a result cannot be filtered whole, so that none of it may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.reason())]
pub enum Blocked {
    NotUtf8,
    Syntax,
    Duplicate,
    TooDeep,
    TooMany,
    /// Encoded in more layers, or in more bytes, than are decoded.
    Layers,
    /// A look-ahead query failed on this document.
    Query,
}

impl Blocked {
    /// For the audit and for `portcullis redact`. Holds nothing of the document.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NotUtf8 => "not UTF-8",
            Self::Syntax => "not valid JSON",
            Self::Duplicate => "duplicate member name",
            Self::TooDeep => "nested too deeply",
            Self::TooMany => "too many values",
            Self::Layers => "encoded too often or too much",
            Self::Query => "a JSONPath query failed on it",
        }
    }
}

impl From<StrictFault> for Blocked {
    fn from(fault: StrictFault) -> Self {
        match fault {
            StrictFault::Syntax => Self::Syntax,
            StrictFault::Duplicate => Self::Duplicate,
            StrictFault::TooDeep => Self::TooDeep,
            StrictFault::TooMany => Self::TooMany,
        }
    }
}

/// The filtering of one result under one plan. All its parts share numbered
/// markers and the names found in any of them.
pub struct Redactor<'p> {
    plan: &'p Plan,
    run: Run,
    places: Places,
}

impl<'p> Redactor<'p> {
    /// `this_year` serves the age rule of HIPAA 164.514(b)(2)(i)(C). What needs a key
    /// masks ([`Redactor::within`]).
    pub fn new(plan: &'p Plan, this_year: u16) -> Self {
        Self::within(plan, Setting { this_year, ..Setting::default() })
    }

    /// With all that operators may need.
    pub fn within(plan: &'p Plan, setting: Setting) -> Self {
        let (places, kept) = plan.pool.take(plan);
        Self { plan, run: Run::new(setting, kept), places }
    }

    /// Filters a JSON document. `None` when nothing of it is released.
    ///
    /// # Errors
    /// [`Blocked`] when it cannot be filtered whole.
    pub fn structure<'d>(&mut self, document: &'d [u8]) -> Result<Option<Cow<'d, str>>, Blocked> {
        let source = std::str::from_utf8(document).map_err(|_| Blocked::NotUtf8)?;
        self.run.meet(self.plan, source);
        let filtered = walk::filter(self.plan, &mut self.run, &mut self.places, source)?;
        self.seen_whole().map(|()| filtered)
    }

    /// Notes the markers of all that will be filtered, so that no new one takes their numbers.
    pub fn meet(&mut self, source: &str) {
        self.run.meet(self.plan, source);
    }

    /// Filters a text block, which may hold JSON. `None` when nothing is released.
    ///
    /// # Errors
    /// [`Blocked`] when it holds JSON that cannot be filtered whole.
    pub fn text(&mut self, text: &str) -> Result<Option<String>, Blocked> {
        self.run.meet(self.plan, text);
        let filtered = text::filter(self.plan, &mut self.run, &mut self.places, text)?;
        self.seen_whole().map(|()| filtered)
    }

    /// Whether a text block leaves as the structure beside it did if it is byte for byte the
    /// same: a plan may drop text.
    pub fn twins_leave_alike(&self) -> bool {
        self.plan.text != plan::TextMode::Drop
    }

    /// Puts text that no plan releases or withholds, such as a progress message,
    /// through the detectors alone.
    pub fn prose(&mut self, text: &str) -> String {
        self.run.meet(self.plan, text);
        let shown = apply::prose(self.plan, &mut self.run, text);
        if self.seen_whole().is_ok() { shown } else { REDACTED.to_owned() }
    }

    /// What is encoded too deeply, or in too many bytes, was not looked at.
    fn seen_whole(&self) -> Result<(), Blocked> {
        if self.run.budget.is_over() { Err(Blocked::Layers) } else { Ok(()) }
    }

    /// From now on a string that is exactly `value` becomes `shown`, unless a path says
    /// otherwise.
    pub fn instead(&mut self, value: &str, shown: &str) {
        self.run.instead.insert(value.to_owned(), shown.to_owned());
    }

    /// From now on these values become what stands for them, wherever text holds them.
    pub fn hide(&mut self, hidden: Arc<Hidden>) {
        self.run.hidden = Some(hidden);
    }

    /// From now on binary content obeys these rules, also where text holds it.
    pub fn treat(&mut self, blobs: blobs::Blobs) {
        self.run.blobs = Some(blobs);
    }

    /// The rules that binary content obeys.
    pub(crate) fn blobs(&self) -> &blobs::Blobs {
        self.run.blobs.as_ref().unwrap_or(&blobs::Blobs::Drop)
    }

    /// Whether all parts must be filtered once more, because a name was learned
    /// after text had been passed that may hold it, or a column of names was met.
    /// True at most once.
    pub fn must_repeat(&mut self) -> bool {
        self.run.must_repeat(self.plan, self.places.words())
    }

    /// The data subjects met in all parts, as the upstream spells them.
    pub fn subjects(&self) -> impl Iterator<Item = &str> {
        self.run.subjects().iter().map(String::as_str)
    }

    /// What was inspected and what was done, without any value.
    pub fn report(&self) -> Filtered {
        self.run.report(self.plan)
    }
}

impl Drop for Redactor<'_> {
    /// The places judged for this result serve the next.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.plan.pool.put(std::mem::take(&mut self.places), std::mem::take(&mut self.run).kept());
        }
    }
}
