//! Numbers that tags and comments of HTML or XML cut into pieces: on the screen they are
//! whole. Only what is hard to meet by chance is taken together.

use super::{Search, merge};
use crate::redact::class::Class;
use crate::redact::detect::{Finding, Sense};
use crate::redact::view::View;

/// Digits of the shortest card number.
const FEWEST_DIGITS: usize = 12;
/// A tag that is longer is text.
const LONGEST_TAG: usize = 256;

/// Adds the numbers that a text holds once its tags are left out.
pub(super) fn search(
    search: &mut Search<'_>,
    sense: &Sense,
    (text, class, digits): (&str, Class, usize),
    found: &mut Vec<Finding>,
) {
    let tags = Class::byte(b'<');
    if digits < FEWEST_DIGITS || !class.meets(tags) || !class.meets(Class::byte(b'>')) {
        return;
    }
    let Some(view) = without_tags(text) else { return };
    let mut inner = Vec::new();
    search.detection.scanner.scan(sense, &view.text, Class::of(&view.text), search.scratch, &mut inner);
    inner.retain(|finding| search.acts(finding) && is_proven(search, &view.text, finding));
    merge::mapped(text, &view, inner, found);
}

fn is_proven(search: &Search<'_>, text: &str, finding: &Finding) -> bool {
    let detector = search.detection.scanner.detectors().get(finding.detector);
    let check =
        detector.filter(|detector| detector.proves && finding.by_pattern).and_then(|known| known.check);
    check.is_some_and(|check| text.get(finding.range.clone()).is_some_and(check))
}

/// The text without what stands between `<` and `>`; None if nothing does.
fn without_tags(text: &str) -> Option<View> {
    let mut view = View::with_capacity(text.len());
    let (mut kept, mut at) = (0, 0);
    while let Some(open) = text.get(at..).and_then(|rest| rest.find('<')).map(|found| at + found) {
        let mut end = text.len().min(open + LONGEST_TAG);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let tag = text.get(open..end).unwrap_or_default();
        let close = if tag.starts_with("<!--") { tag.find("-->").map(|at| at + 2) } else { tag.find('>') };
        at = open + 1;
        if let Some(close) = close {
            view.keep(text, kept..open);
            kept = open + close + 1;
            at = kept;
        }
    }
    (kept > 0).then(|| {
        view.keep(text, kept..text.len());
        view.end(text.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_comments_are_left_out_and_places_kept() {
        let text = "é<b>41</b><i\nx=\"1\">11</i><!-- > 5 -->1 < 2";
        let view = without_tags(text).unwrap();
        assert_eq!(view.text, "é41111 < 2");
        assert_eq!(&text[view.original(&(2..7))], "41</b><i\nx=\"1\">11</i><!-- > 5 -->1");
        assert!(without_tags("a < b").is_none());
    }
}
