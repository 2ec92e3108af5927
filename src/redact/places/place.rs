//! One place: what is decided of every value there, and how it is decided.

use crate::redact::detect::{KeyPath, Sense};
use crate::redact::forms::siblings::Role;
use crate::redact::path::{Choice, Hop, Trial};
use crate::redact::plan::{Plan, Tag};
use crate::redact::shape::Shape;
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::sync::Arc;

/// Outcomes of trials told apart after one step; an upstream may try to bring about more.
const MOST_OUTCOMES: usize = 64;

/// A query that is still alive at a place, and how many of its segments have matched.
pub(super) type State = (usize, usize);

/// One step from a container to a member or element.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'n> {
    Member(&'n str),
    Element,
}

/// What is decided of every value at one place.
#[allow(clippy::struct_excessive_bools, reason = "verdicts that hold beside each other")]
#[derive(Debug, Default)]
pub(crate) struct Place {
    pub(super) number: u64,
    pub(super) states: Vec<State>,
    /// What is tried on each child: the query, its segment and the selector in that.
    pub(super) trials: Vec<(usize, usize, usize)>,
    pub(crate) released: bool,
    /// The redaction with this index applies.
    pub(crate) redaction: Option<usize>,
    pub(crate) subject: bool,
    /// Nothing at or below can be released or counted.
    pub(crate) dead: bool,
    /// The schema requires the member of its object.
    pub(crate) required: bool,
    /// So many of the last names that lead here are groups of a number, perhaps.
    pub(crate) links: u8,
    pub(crate) shape: Option<Arc<Shape>>,
    pub(crate) keys: KeyPath,
    pub(super) sense: Option<Sense>,
    /// JSON written inside a string here.
    pub(super) inside: Option<usize>,
    pub(super) elements: Children,
    pub(super) members: Vec<Member>,
    pub(super) named: HashMap<Box<str>, usize, RandomState>,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: Box<str>,
    /// As objects have it that have no white space. Empty if it needs escapes in JSON.
    pub(super) quoted: Box<str>,
    /// The object in which the name was last met.
    pub(super) seen: u64,
    pub(super) role: Role,
    pub(super) children: Children,
}

/// The places a step leads to, by the trials that the child passed.
#[derive(Debug, Default)]
pub(super) struct Children {
    /// Where nothing is tried, which is nearly everywhere.
    pub(super) untried: Option<usize>,
    tried: Vec<(Vec<bool>, usize)>,
}

impl Children {
    pub(super) fn get(&self, passed: &[bool]) -> Option<usize> {
        if passed.is_empty() {
            return self.untried;
        }
        self.tried.iter().find(|(outcome, _)| outcome == passed).map(|(_, place)| *place)
    }

    pub(super) fn is_full(&self) -> bool {
        self.tried.len() >= MOST_OUTCOMES
    }

    pub(super) fn put(&mut self, passed: &[bool], place: usize) {
        if passed.is_empty() {
            self.untried = Some(place);
        } else {
            self.tried.push((passed.to_vec(), place));
        }
    }
}

impl Place {
    /// No other place has had it.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The same place, where the keys say more.
    pub(super) fn named(&self, keys: KeyPath, sense: Sense) -> Self {
        Self {
            states: self.states.clone(),
            trials: self.trials.clone(),
            released: self.released,
            redaction: self.redaction,
            subject: self.subject,
            dead: self.dead,
            required: self.required,
            shape: self.shape.clone(),
            keys,
            sense: Some(sense),
            ..Self::default()
        }
    }

    pub(crate) fn trials<'q>(&self, plan: &'q Plan) -> impl Iterator<Item = &'q Trial> {
        self.trials.iter().filter_map(|&(query, hop, selector)| {
            match plan.queries.get(query)?.0.get(hop)?.selectors.get(selector)? {
                Choice::Tested(trial) => Some(trial),
                Choice::Name(_) | Choice::Any => None,
            }
        })
    }

    pub(crate) fn has_trials(&self) -> bool {
        !self.trials.is_empty()
    }
}

/// The queries alive after a step.
pub(super) fn advance(plan: &Plan, parent: &Place, step: Step<'_>, passed: &[bool]) -> Vec<State> {
    let mut states: Vec<State> = Vec::new();
    let mut add = |state: State| {
        if !states.contains(&state) {
            states.push(state);
        }
    };
    for &(query, position) in &parent.states {
        let Some(hop) = hop(plan, (query, position)) else { continue };
        if hop.descend {
            add((query, position));
        }
        let selects = |(selector, choice): (usize, &Choice)| match (choice, step) {
            (Choice::Any, _) => true,
            (Choice::Name(name), Step::Member(member)) => name == member,
            (Choice::Name(_), Step::Element) => false,
            (Choice::Tested(_), _) => {
                let trial = parent.trials.iter().position(|trial| *trial == (query, position, selector));
                trial.and_then(|trial| passed.get(trial)).is_some_and(|passed| *passed)
            }
        };
        if hop.selectors.iter().enumerate().any(selects) {
            add((query, position + 1));
        }
    }
    states
}

/// Decides on a place, given the queries alive there and what is so from above.
pub(super) fn judge(plan: &Plan, states: Vec<State>, above: &Place) -> Place {
    let mut place = Place {
        released: above.released,
        redaction: above.redaction,
        required: above.required,
        links: above.links,
        shape: above.shape.clone(),
        keys: above.keys.clone(),
        dead: true,
        ..Place::default()
    };
    for &(query, position) in &states {
        let Some((hops, tag)) = plan.queries.get(query) else { continue };
        place.dead &= matches!(tag, Tag::Redact(_));
        match hops.get(position) {
            None => match tag {
                Tag::Release => place.released = true,
                Tag::Redact(index) => place.redaction = Some(plan.stricter(place.redaction, *index)),
                Tag::Subject => place.subject = true,
            },
            Some(hop) => {
                let tested = hop.selectors.iter().enumerate();
                let tested = tested.filter(|(_, choice)| matches!(choice, Choice::Tested(_)));
                place.trials.extend(tested.map(|(selector, _)| (query, position, selector)));
            }
        }
    }
    place.dead &= !place.released;
    place.states = states;
    place
}

fn hop(plan: &Plan, (query, position): State) -> Option<&Hop> {
    plan.queries.get(query)?.0.get(position)
}
