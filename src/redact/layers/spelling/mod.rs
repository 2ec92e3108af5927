//! Numbers that are written as no detector's pattern writes them: split by other marks,
//! glued to letters, spelt one digit at a time or in words, with letters for digits, in
//! scientific notation.
//!
//! Such a spelling alone says little, so it is tried against what is hard to meet by chance:
//! a card's issuer and Luhn digit, an IBAN's two check digits, an SSN's shape with a cue.
//! What passes is written plainly in a reading of the text, and the detectors decide there:
//! by their cues, by the keys, and by the vetoes of the keys.

mod chain;
mod group;
mod iban;
mod scientific;
mod shape;

use super::{Search, merge};
use crate::redact::class::Class;
use crate::redact::detect::{Finding, Sense};
use crate::redact::view::View;
use std::ops::Range;

/// Digits of the shortest number that is looked for.
const FEWEST_DIGITS: usize = 9;

/// A part of a text, written plainly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plain {
    pub(super) range: Range<usize>,
    pub(super) says: String,
    pub(super) trust: Trust,
}

/// What has to speak for a number that is spelt oddly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// Any detector that its check confirms.
    Checked,
    /// A check that proves, or a cue.
    Proven,
}

/// Adds the numbers of a text that are spelt oddly.
pub(super) fn search(
    search: &mut Search<'_>,
    sense: &Sense,
    (text, class, digits): (&str, Class, usize),
    found: &mut Vec<Finding>,
) {
    for plains in plains(text, class, digits) {
        let (view, places) = written(text, &plains);
        let mut inner = Vec::new();
        let class = Class::of(&view.text);
        search.detection.scanner.scan_for_numbers(sense, &view.text, class, search.scratch, &mut inner);
        inner.retain(|finding| search.acts(finding) && holds(search, &view.text, &places, finding));
        merge::mapped(text, &view, inner, found);
    }
}

/// The readings of a text: parts that do not overlap, in order.
fn plains(text: &str, class: Class, digits: usize) -> impl Iterator<Item = Vec<Plain>> {
    const LETTERS: Class = Class::UPPER.join(Class::LOWER);
    let letters = class.meets(LETTERS);
    let if_likely = |likely: bool, read: fn(&str) -> Vec<Plain>| if likely { read(text) } else { Vec::new() };
    let many = digits >= FEWEST_DIGITS;
    [
        if_likely(many, chain::split),
        if_likely(many && (letters || class.meets(Class::byte(b'.'))), scientific::numbers),
        if_likely(digits >= iban::FEWEST_DIGITS && letters, iban::split),
        if_likely(digits >= chain::FEWEST_TRUE_DIGITS && letters, chain::with_letters),
        if_likely(letters && chain::may_have_words(text, class), chain::in_words),
    ]
    .into_iter()
    .filter(|plains| !plains.is_empty())
}

/// The text with those parts written plainly, each standing alone, and where they are in it.
fn written(text: &str, plains: &[Plain]) -> (View, Vec<(Range<usize>, Trust)>) {
    let mut view = View::with_capacity(text.len());
    let (mut kept, mut places) = (0, Vec::new());
    for plain in plains {
        view.keep(text, kept..plain.range.start);
        view.push(' ', plain.range.start);
        let start = view.text.len();
        plain.says.chars().for_each(|c| view.push(c, plain.range.start));
        places.push((start..view.text.len(), plain.trust));
        view.push(' ', plain.range.end);
        kept = plain.range.end;
    }
    view.keep(text, kept..text.len());
    (view.end(text.len()), places)
}

/// Whether a finding is one of the parts, and enough speaks for it.
fn holds(search: &Search<'_>, text: &str, places: &[(Range<usize>, Trust)], finding: &Finding) -> bool {
    // A key that claims the value claimed it before, as it stands.
    let Some(detector) = search.detection.scanner.detectors().get(finding.detector) else { return false };
    let next = places.partition_point(|(place, _)| place.end <= finding.range.start);
    let Some((place, trust)) = places.get(next).filter(|_| finding.by_pattern) else { return false };
    let inside = place.start <= finding.range.start && finding.range.end <= place.end;
    let check = detector.check.filter(|_| inside);
    let sound = check.is_some_and(|check| text.get(finding.range.clone()).is_some_and(check));
    match trust {
        Trust::Checked => sound || check.is_some() && detector.needs_context,
        Trust::Proven => sound && detector.proves || check.is_some() && detector.needs_context,
    }
}
