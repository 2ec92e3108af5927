//! The places of a document, such as `$.patients[*].ssn`, each judged once: what is
//! released there, how it is redacted, which detectors its keys call for.
//!
//! The places are the states of an automaton that is built while documents are read: the
//! first `ssn` of a result pays for its place, the next thousand step to it. They are kept
//! between results of one plan, and hold member names only that no detector took for
//! personal data.
//!
//! Invariant: a place depends on the plan and on the way to it, never on another value.

use crate::redact::class::Class;
use crate::redact::detect::{KeyPath, Scanner, Scratch, Sense};
use crate::redact::path::{Choice, Hop, Trial};
use crate::redact::plan::{Plan, Tag};
use crate::redact::shape::Shape;
use foldhash::fast::RandomState;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Places kept; beyond them a place is judged anew each time it is met.
const MOST: usize = 8_192;
/// Outcomes of trials told apart after one step; an upstream may try to bring about more.
const MOST_OUTCOMES: usize = 64;
/// Automata kept by a plan, about one for each thread that filters at once.
const MOST_KEPT: usize = 8;

/// A query that is still alive at a place, and how many of its segments have matched.
type State = (usize, usize);

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
    number: u64,
    states: Vec<State>,
    /// What is tried on each child: the query, its segment and the selector in that.
    trials: Vec<(usize, usize, usize)>,
    pub(crate) released: bool,
    /// The redaction with this index applies.
    pub(crate) redaction: Option<usize>,
    pub(crate) subject: bool,
    /// Nothing at or below can be released or counted.
    pub(crate) dead: bool,
    /// The schema requires the member of its object.
    pub(crate) required: bool,
    pub(crate) shape: Option<Arc<Shape>>,
    pub(crate) keys: KeyPath,
    sense: Option<Sense>,
    /// JSON written inside a string here.
    inside: Option<usize>,
    elements: Children,
    members: Vec<Member>,
    named: HashMap<Box<str>, usize, RandomState>,
}

#[derive(Debug)]
struct Member {
    name: Box<str>,
    /// It needs no escapes in JSON.
    plain: bool,
    /// The object in which the name was last met.
    seen: u64,
    children: Children,
}

/// The places a step leads to, by the trials that the child passed.
#[derive(Debug, Default)]
struct Children {
    /// Where nothing is tried, which is nearly everywhere.
    untried: Option<usize>,
    tried: Vec<(Vec<bool>, usize)>,
}

impl Children {
    fn get(&self, passed: &[bool]) -> Option<usize> {
        if passed.is_empty() {
            return self.untried;
        }
        self.tried.iter().find(|(outcome, _)| outcome == passed).map(|(_, place)| *place)
    }

    fn is_full(&self) -> bool {
        self.tried.len() >= MOST_OUTCOMES
    }

    fn put(&mut self, passed: &[bool], place: usize) {
        if passed.is_empty() {
            self.untried = Some(place);
        } else {
            self.tried.push((passed.to_vec(), place));
        }
    }
}

/// All places met so far.
#[derive(Debug, Default)]
pub(crate) struct Places {
    all: Vec<Place>,
    /// How many were ever made.
    made: u64,
    /// How many objects were ever begun.
    objects: u64,
    /// The words that known member names are made of.
    words: HashSet<Box<str>>,
}

/// The place of a child, and the count to go back to ([`Places::forget`]) once the child
/// has been read, if its place is not remembered.
pub(crate) struct Entered {
    pub(crate) place: usize,
    pub(crate) forget: Option<usize>,
}

/// The root of every document.
pub(crate) const ROOT: usize = 0;

impl Places {
    pub(crate) fn new(plan: &Plan) -> Self {
        let states = (0..plan.queries.len()).map(|query| (query, 0)).collect();
        let parent = Place { shape: plan.shape.clone(), ..Place::default() };
        let root = judge(plan, states, &parent);
        let mut places = Self::default();
        places.add(root);
        places
    }

    /// # Panics
    /// Never: every index that is handed out is below the length until [`Places::forget`].
    pub(crate) fn get(&self, place: usize) -> &Place {
        &self.all[place]
    }

    /// What the detectors make of the keys that lead here, and a number that no other place
    /// has had.
    pub(crate) fn sense(&mut self, place: usize, scanner: &Scanner) -> (u64, &Sense) {
        let Place { sense, keys, number, .. } = &mut self.all[place];
        (*number, sense.get_or_insert_with(|| scanner.sense(keys)))
    }

    fn add(&mut self, mut place: Place) -> usize {
        self.made += 1;
        place.number = self.made;
        self.all.push(place);
        self.all.len() - 1
    }

    /// A number for an object that begins, by which names given twice in it are known.
    pub(crate) fn begin(&mut self) -> u64 {
        self.objects += 1;
        self.objects
    }

    /// The name of the known member `hint` of objects at `place`, if it needs no escapes.
    pub(crate) fn plain_name(&self, place: usize, hint: usize) -> Option<&str> {
        self.all[place].members.get(hint).filter(|member| member.plain).map(|member| &*member.name)
    }

    /// The known member `name` of objects at `place`; `hint` is where it is if objects are
    /// alike. None if the name is not known.
    pub(crate) fn known(&self, place: usize, hint: usize, name: &str) -> Option<usize> {
        let place = &self.all[place];
        match place.members.get(hint) {
            Some(member) if *member.name == *name => Some(hint),
            _ => place.named.get(name).copied(),
        }
    }

    /// Notes that `member` was met in an object. False if it was met in it before.
    pub(crate) fn meet(&mut self, place: usize, member: usize, object: u64) -> bool {
        let seen = self.all[place].members.get_mut(member).map(|member| &mut member.seen);
        seen.is_none_or(|seen| std::mem::replace(seen, object) != object)
    }

    /// Makes a clean member name known, while there is room.
    pub(crate) fn learn(&mut self, place: usize, name: &str) -> Option<usize> {
        if self.all.len() >= MOST {
            return None;
        }
        for word in name.split(|c: char| !c.is_alphanumeric()) {
            if !self.words.contains(word) {
                self.words.insert(word.into());
            }
        }
        let place = &mut self.all[place];
        let plain = !Class::of_json(name).meets(Class::STOP);
        place.members.push(Member { name: name.into(), plain, seen: 0, children: Children::default() });
        place.named.insert(name.into(), place.members.len() - 1);
        Some(place.members.len() - 1)
    }

    /// The words of all member names that were ever known.
    pub(crate) fn words(&self) -> &HashSet<Box<str>> {
        &self.words
    }

    /// The place of a known member whose value passed these trials.
    pub(crate) fn member(&mut self, plan: &Plan, place: usize, member: usize, passed: &[bool]) -> Entered {
        let Some(entry) = self.all[place].members.get(member) else {
            return self.fresh(plan, place, Step::Element, passed);
        };
        if let Some(child) = entry.children.get(passed) {
            return Entered { place: child, forget: None };
        }
        let full = entry.children.is_full();
        let name = entry.name.clone();
        let fresh = self.fresh(plan, place, Step::Member(&name), passed);
        if full {
            return fresh;
        }
        if let Some(entry) = self.all[place].members.get_mut(member) {
            entry.children.put(passed, fresh.place);
        }
        Entered { place: fresh.place, forget: None }
    }

    /// The place of an element that passed these trials.
    pub(crate) fn element(&mut self, plan: &Plan, place: usize, passed: &[bool]) -> Entered {
        if let Some(child) = self.all[place].elements.get(passed) {
            return Entered { place: child, forget: None };
        }
        let full = self.all[place].elements.is_full();
        let fresh = self.fresh(plan, place, Step::Element, passed);
        if full {
            return fresh;
        }
        self.all[place].elements.put(passed, fresh.place);
        Entered { place: fresh.place, forget: None }
    }

    /// JSON inside a released string: all of it is released, under the same keys.
    pub(crate) fn inside(&mut self, place: usize) -> usize {
        if let Some(inside) = self.all[place].inside {
            return inside;
        }
        let keys = self.all[place].keys.clone();
        let inside = self.add(Place { released: true, keys, ..Place::default() });
        self.all[place].inside = Some(inside);
        inside
    }

    /// A place that is not remembered, unless the caller does.
    pub(crate) fn fresh(&mut self, plan: &Plan, place: usize, step: Step<'_>, passed: &[bool]) -> Entered {
        let count = self.all.len();
        let parent = &self.all[place];
        let states = advance(plan, parent, step, passed);
        let (shape, required) = match step {
            Step::Member(name) => (
                parent.shape.as_ref().and_then(|shape| shape.member(name)),
                parent.shape.as_ref().is_some_and(|shape| shape.requires(name)),
            ),
            Step::Element => (parent.shape.as_ref().and_then(|shape| shape.element()), false),
        };
        let mut keys = parent.keys.clone();
        if let Step::Member(name) = step {
            keys.push(name);
        }
        let above = Place {
            released: parent.released,
            redaction: parent.redaction,
            shape: shape.cloned(),
            required,
            keys,
            ..Place::default()
        };
        let child = judge(plan, states, &above);
        Entered { place: self.add(child), forget: Some(count) }
    }

    /// Forgets the places made since there were `count`. None older leads to them.
    pub(crate) fn forget(&mut self, count: usize) {
        self.all.truncate(count);
    }
}

impl Place {
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
fn advance(plan: &Plan, parent: &Place, step: Step<'_>, passed: &[bool]) -> Vec<State> {
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
fn judge(plan: &Plan, states: Vec<State>, above: &Place) -> Place {
    let mut place = Place {
        released: above.released,
        redaction: above.redaction,
        required: above.required,
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

/// The automata of a plan that no one is using, each with what its scanner wrote on.
#[derive(Debug, Default)]
pub(crate) struct Pool(Mutex<Vec<(Places, Scratch)>>);

impl Pool {
    pub(crate) fn take(&self, plan: &Plan) -> (Places, Scratch) {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        kept.unwrap_or_else(|| (Places::new(plan), Scratch::default()))
    }

    /// A large automaton begins again: the names that made it large may be of one result
    /// only, and many plans keep some.
    pub(crate) fn put(&self, places: Places, scratch: Scratch) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST_KEPT && places.all.len() < MOST / 8 {
            kept.push((places, scratch));
        }
    }
}
