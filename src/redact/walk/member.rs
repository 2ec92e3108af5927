//! The names of an object's members: read, held against those that are known, each once.

use super::Walk;
use crate::redact::Blocked;
use crate::redact::clean::Rest;
use crate::redact::places::{Entered, Step};
use foldhash::fast::RandomState;
use std::collections::HashSet;

/// The names of the object being read.
pub(super) struct Names {
    /// Its number, by which known names tell that they were met in it.
    pub(super) object: u64,
    /// Where the next name is among the known ones, if objects are alike.
    pub(super) hint: usize,
    /// Names that are not known.
    pub(super) odd: Option<HashSet<String, RandomState>>,
}

impl Walk<'_, '_> {
    /// The place of the next member, if its name is the one that objects which are alike have
    /// here; that and the colon behind it are read then.
    #[inline]
    pub(super) fn expected(&mut self, place: usize, names: &mut Names) -> Result<Option<Entered>, Blocked> {
        let reader = &mut self.reader;
        let takes = |quoted: &str| reader.take_name(quoted);
        let Some((entered, is_new)) = self.places.expected(place, names.hint, names.object, takes) else {
            return Ok(None);
        };
        if !is_new {
            return Err(Blocked::Duplicate);
        }
        names.hint += 1;
        self.reader.white_space();
        Ok(Some(entered))
    }

    /// Reads a member's name and the colon behind it, and finds the place of its value. A
    /// name that is itself personal data is replaced, and its place is not remembered.
    pub(super) fn place_of(
        &mut self,
        place: usize,
        names: &mut Names,
        depth: usize,
    ) -> Result<Entered, Blocked> {
        let start = self.reader.position();
        let name = self.reader.string()?.decode()?;
        let end = self.reader.position();
        let known = self.places.known(place, names.hint, &name);
        // It was clean by itself, and may have been learned for a person's name since.
        let known = known.filter(|_| !self.run.echo.is_in(&name));
        let known = known.or_else(|| {
            let clean = self.name(place, &name, start, end);
            let known = if clean { self.places.learn(place, &name) } else { None };
            if clean && known.is_none() {
                self.free(start, Rest::Free);
            }
            known
        });
        match known {
            Some(member) => names.hint = member + 1,
            None if !names.odd.get_or_insert_default().insert(name.to_string()) => {
                return Err(Blocked::Duplicate);
            }
            None => {}
        }
        self.reader.white_space();
        self.reader.expect(b':')?;
        self.reader.white_space();
        self.enter(place, known, &name, names.object, depth)
    }

    /// The place of the value that begins here, by the name of its member.
    fn enter(
        &mut self,
        place: usize,
        known: Option<usize>,
        name: &str,
        object: u64,
        depth: usize,
    ) -> Result<Entered, Blocked> {
        if known.is_some_and(|member| !self.places.meet(place, member, object)) {
            return Err(Blocked::Duplicate);
        }
        self.passed.clear();
        if self.places.get(place).has_trials() {
            self.try_child(place, None, depth)?;
        }
        Ok(match known {
            Some(member) => self.places.member(self.plan, place, member, &self.passed),
            None => self.places.fresh(self.plan, place, Step::Member(name), &self.passed),
        })
    }
}
