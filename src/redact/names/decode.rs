//! The best sequence of tags for a line.

use super::Kind;
use super::feature::{FEATURES, Reader};

/// How many tags there are.
pub(crate) const TAGS: usize = 7;

/// Outside any name, or the beginning or the inside of a person's, a place's, or of
/// something else that has a name.
pub(crate) type Tag = u8;
pub(crate) const OUTSIDE: Tag = 0;
pub(crate) const PERSON: Tag = 1;
pub(crate) const PLACE: Tag = 3;
#[cfg(feature = "train")]
pub(crate) const OTHER: Tag = 5;

const NEVER: i32 = i32::MIN / 4;
const OUTSIDE_ONLY: [i32; TAGS] = [0, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER];

/// Scores of each tag at each token.
#[derive(Debug, Default)]
pub(crate) struct Lattice {
    pub(crate) scores: Vec<[i32; TAGS]>,
    came_from: Vec<[Tag; TAGS]>,
}

/// The inside of a name follows its beginning or its inside alone.
pub(crate) fn follows(before: Tag, tag: Tag) -> bool {
    tag == OUTSIDE || tag % 2 == 1 || before == tag || before + 1 == tag
}

impl Lattice {
    /// Scores the tokens that may belong to a name; the others are outside.
    pub(crate) fn score(&mut self, reader: &Reader, sum: impl Fn([u32; FEATURES]) -> [i32; TAGS]) {
        self.scores.clear();
        let score = |index| if reader.is_in_question(index) { sum(reader.at(index)) } else { OUTSIDE_ONLY };
        self.scores.extend((0..reader.len()).map(score));
    }

    /// By how much a tag at a token is likelier than none, its neighbours left aside.
    pub(crate) fn margin(&self, index: usize, tag: Tag) -> i32 {
        self.scores.get(index).map_or(0, |scores| {
            let score = |tag: Tag| scores.get(usize::from(tag)).copied().unwrap_or(NEVER);
            score(tag).saturating_sub(score(OUTSIDE))
        })
    }

    /// The best path on which every tag is allowed at its token.
    pub(crate) fn best(
        &mut self,
        steps: &[[i32; TAGS]; TAGS],
        allowed: impl Fn(usize, Tag) -> bool,
        tags: &mut Vec<Tag>,
    ) {
        let Self { scores, came_from } = self;
        let steps = lawful(steps);
        came_from.clear();
        // As if the piece stood behind something outside.
        let mut sums = [NEVER; TAGS];
        sums[0] = 0;
        for (index, score) in scores.iter().enumerate() {
            let (mut next, mut from) = ([NEVER; TAGS], [OUTSIDE; TAGS]);
            if *score == OUTSIDE_ONLY {
                for (before, (sum, steps)) in (OUTSIDE..).zip(sums.iter().zip(&steps)) {
                    if sum + steps[0] > next[0] {
                        (next[0], from[0]) = (sum + steps[0], before);
                    }
                }
            } else {
                // Without a branch, so that all tags are compared at once.
                for (before, (sum, steps)) in (OUTSIDE..).zip(sums.iter().zip(&steps)) {
                    for ((next, from), step) in next.iter_mut().zip(&mut from).zip(steps) {
                        let better = sum + step > *next;
                        *next = if better { sum + step } else { *next };
                        *from = if better { before } else { *from };
                    }
                }
                for (tag, (next, score)) in (OUTSIDE..).zip(next.iter_mut().zip(score)) {
                    let stays = *score > NEVER && allowed(index, tag);
                    *next = if stays { (*next + score).max(NEVER) } else { NEVER };
                }
            }
            came_from.push(from);
            sums = next;
        }
        tags.clear();
        let last = (OUTSIDE..).zip(sums).max_by_key(|(tag, sum)| (*sum, std::cmp::Reverse(*tag)));
        let mut tag = last.map_or(OUTSIDE, |(tag, _)| tag);
        for from in came_from.iter().rev() {
            tags.push(tag);
            tag = from.get(usize::from(tag)).copied().unwrap_or(OUTSIDE);
        }
        tags.reverse();
    }
}

/// The steps, with none from a tag to one that cannot follow it.
fn lawful(steps: &[[i32; TAGS]; TAGS]) -> [[i32; TAGS]; TAGS] {
    let mut lawful = *steps;
    for (before, steps) in (OUTSIDE..).zip(&mut lawful) {
        let unlawful = (OUTSIDE..).zip(steps).filter(|(tag, _)| !follows(before, *tag));
        unlawful.for_each(|(_, step)| *step = NEVER);
    }
    lawful
}

/// Calls `found` with the first and the last token of each person and place.
pub(crate) fn spans(tags: &[Tag], mut found: impl FnMut(usize, usize, Kind)) {
    for (first, tag) in tags.iter().enumerate() {
        let kind = match *tag {
            PERSON => Kind::Person,
            PLACE => Kind::Place,
            _ => continue,
        };
        let inside = tags.iter().skip(first + 1).take_while(|next| **next == tag + 1).count();
        found(first, first + inside, kind);
    }
}
