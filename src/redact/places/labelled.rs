//! Places under the keys that labels say, remembered as long as those keys are: they are values,
//! and may be personal data.

use super::place::Place;
use super::{Entered, Places};
use crate::redact::detect::{KeyPath, Sense};
use crate::redact::forms::labels::Labels;
use foldhash::fast::RandomState;
use std::collections::HashMap;

/// Places that are remembered; beyond them a place is judged anew for each value.
const MOST: usize = 1_024;

/// By the numbers of the place around, of the place as it is without labels, and of the row
/// of labels: the place, if the labels say anything.
#[derive(Default)]
pub(crate) struct Labelled(HashMap<(u64, u64, u32), Option<usize>, RandomState>);

impl Labelled {
    fn key(places: &Places, around: usize, entered: &Entered, row: u32) -> (u64, u64, u32) {
        (places.get(around).number, places.get(entered.place).number, row)
    }

    /// Where a value is that such labels name. None if that is not known.
    pub(crate) fn find(
        &self,
        places: &Places,
        around: usize,
        entered: &Entered,
        row: u32,
    ) -> Option<Option<usize>> {
        self.0.get(&Self::key(places, around, entered, row)).copied()
    }

    /// Whether there is room for one more, and what is entered will be met again.
    pub(crate) fn takes(&self, entered: &Entered) -> bool {
        entered.forget.is_none() && self.0.len() < MOST
    }

    pub(crate) fn add(
        &mut self,
        places: &Places,
        around: usize,
        entered: &Entered,
        row: u32,
        place: Option<usize>,
    ) {
        self.0.insert(Self::key(places, around, entered, row), place);
    }

    /// Ends a result: what labels say that are not kept is known no more.
    pub(crate) fn end(&mut self, labels: &Labels) {
        if self.0.len() > MOST / 2 {
            self.0.clear();
        } else {
            self.0.retain(|(_, _, row), _| labels.lasts(*row));
        }
    }
}

impl Places {
    /// The place that was entered, under keys that the labels around it say. Nothing may be
    /// beneath it, and unless it `lasts` it is there until the result ends.
    pub(crate) fn labelled(
        &mut self,
        entered: &Entered,
        (keys, sense): (KeyPath, Sense),
        lasts: bool,
    ) -> usize {
        let named = self.all[entered.place].named(keys, sense);
        if lasts {
            return self.add(named);
        }
        let place = match self.room.pop() {
            Some(place) => {
                self.made += 1;
                self.all[place] = Place { number: self.made, ..named };
                place
            }
            None => self.add(named),
        };
        self.labelled.push(place);
        place
    }

    /// Ends a result: the keys that its values were are known no more.
    pub(crate) fn end(&mut self) {
        for place in self.labelled.drain(..) {
            self.all[place] = Place::default();
            self.room.push(place);
        }
    }
}
