//! The places of a document, such as `$.patients[*].ssn`, each judged once: what is
//! released there, how it is redacted, which detectors its keys call for.
//!
//! The places are the states of an automaton that is built while documents are read: the
//! first `ssn` of a result pays for its place, the next thousand step to it. They are kept
//! between results of one plan, and hold member names only that no detector took for
//! personal data.
//!
//! Invariant: a place depends on the plan and on the way to it, never on another value.

mod labelled;
mod place;
mod pool;

use crate::redact::class::Class;
use crate::redact::detect::{KeyPath, Scanner, Sense};
use crate::redact::forms::siblings::Role;
use crate::redact::layers::scattered::Part;
use crate::redact::plan::Plan;
pub(crate) use labelled::Labelled;
pub(crate) use place::Step;
use place::{Children, Member, Place, advance, judge};
pub(crate) use pool::Pool;
use std::collections::HashSet;

/// Places kept; beyond them a place is judged anew each time it is met.
const MOST: usize = 8_192;

/// A place as the detectors see it.
#[derive(Clone, Copy)]
pub(crate) struct Sensed<'p> {
    /// No other place has had it.
    pub(crate) number: u64,
    pub(crate) keys: &'p KeyPath,
    pub(crate) sense: &'p Sense,
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
    /// Places under keys that are values of this result, and room for such.
    labelled: Vec<usize>,
    room: Vec<usize>,
}

/// The place of a child, and the count to go back to ([`Places::forget`]) once the child
/// has been read, if its place is not remembered.
pub(crate) struct Entered {
    pub(crate) place: usize,
    pub(crate) forget: Option<usize>,
    /// What it may be to its siblings.
    pub(crate) role: Role,
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

    /// What the detectors make of the keys that lead here.
    pub(crate) fn sense(&mut self, place: usize, scanner: &Scanner) -> Sensed<'_> {
        let Place { sense, keys, number, .. } = &mut self.all[place];
        Sensed { number: *number, sense: sense.get_or_insert_with(|| scanner.sense(keys)), keys }
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

    /// The place of the known member `hint` of objects at `place`, if its name is `taken` next
    /// and nothing has to be tried, and whether it is the first such member of the object.
    #[inline]
    pub(crate) fn expected(
        &mut self,
        place: usize,
        hint: usize,
        object: u64,
        taken: impl FnOnce(&str) -> bool,
    ) -> Option<(Entered, bool)> {
        let place = &mut self.all[place];
        let member = place.members.get_mut(hint)?;
        let child = member.children.untried.filter(|_| place.trials.is_empty())?;
        if member.quoted.is_empty() || !taken(&member.quoted) {
            return None;
        }
        let seen = std::mem::replace(&mut member.seen, object);
        Some((Entered { place: child, forget: None, role: member.role }, seen != object))
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
        let quoted = if plain { format!("\"{name}\":").into() } else { Box::default() };
        place.members.push(Member {
            name: name.into(),
            quoted,
            seen: 0,
            role: Role::of(name),
            children: Children::default(),
        });
        place.named.insert(name.into(), place.members.len() - 1);
        Some(place.members.len() - 1)
    }

    /// The words of all member names that were ever known.
    pub(crate) fn words(&self) -> &HashSet<Box<str>> {
        &self.words
    }

    /// The place of a known member whose value passed these trials.
    pub(crate) fn member(&mut self, plan: &Plan, place: usize, member: usize, passed: &[bool]) -> Entered {
        let entry = &self.all[place].members[member];
        let role = entry.role;
        if let Some(child) = entry.children.get(passed) {
            return Entered { place: child, forget: None, role };
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
        Entered { forget: None, ..fresh }
    }

    /// The place of an element that passed these trials.
    pub(crate) fn element(&mut self, plan: &Plan, place: usize, passed: &[bool]) -> Entered {
        if let Some(child) = self.all[place].elements.get(passed) {
            return Entered { place: child, forget: None, role: Role::default() };
        }
        let full = self.all[place].elements.is_full();
        let fresh = self.fresh(plan, place, Step::Element, passed);
        if full {
            return fresh;
        }
        self.all[place].elements.put(passed, fresh.place);
        Entered { forget: None, ..fresh }
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
        let links = match step {
            Step::Member(name) if is_group(name) => parent.links.saturating_add(1),
            Step::Member(_) => 0,
            Step::Element => parent.links,
        };
        let above = Place {
            links,
            released: parent.released,
            redaction: parent.redaction,
            shape: shape.cloned(),
            required,
            keys,
            ..Place::default()
        };
        let child = judge(plan, states, &above);
        let role = if let Step::Member(name) = step { Role::of(name) } else { Role::default() };
        Entered { place: self.add(child), forget: Some(count), role }
    }

    /// The place that was entered, under keys that this value alone is given. It is not
    /// remembered: they are values too, and may be personal data.
    pub(crate) fn named(&mut self, entered: &Entered, keys: KeyPath, sense: Sense) -> Entered {
        let count = self.all.len();
        let named = self.all[entered.place].named(keys, sense);
        Entered { place: self.add(named), forget: entered.forget.or(Some(count)), role: entered.role }
    }

    /// Forgets the places made since there were `count`. None older leads to them.
    pub(crate) fn forget(&mut self, count: usize) {
        self.all.truncate(count);
        while self.labelled.last().is_some_and(|place| *place >= count) {
            self.labelled.pop();
        }
    }
}

/// Whether a name may be a group of a number: short, and of digits or with some.
fn is_group(name: &str) -> bool {
    name.bytes().any(|byte| byte.is_ascii_digit()) && Part::of(name).is_some()
}
