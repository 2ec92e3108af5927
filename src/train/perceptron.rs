//! The weights while they are learned.

use super::data::{Allowed, Example};
use crate::redact::names::decode::{Lattice, TAGS, Tag};
use crate::redact::names::feature::Reader;
use crate::redact::names::lists::Lists;
use crate::redact::names::model::{ROW, ROWS};
use crate::redact::names::token::{self, Token};

/// Of a hundred thousand weights this many are cut off at the greatest that fits.
const CUT: usize = 2;
/// Weights that moved less than once on average are chance.
const LEAST: f64 = 1.0;
/// The greatest weight there is: that of the greatest root.
const GREATEST: f64 = 127.0 * 127.0;

#[derive(Debug)]
pub(crate) struct Perceptron {
    lists: Lists,
    /// The lists as they are written.
    pub(crate) listed: Vec<(u32, u16)>,
    weights: Vec<[i32; TAGS]>,
    /// What has to be taken off for the average, by how long each weight has been there.
    owed: Vec<[i64; TAGS]>,
    steps: [[i32; TAGS]; TAGS],
    steps_owed: [[i64; TAGS]; TAGS],
    clock: i64,
    reader: Reader,
    lattice: Lattice,
}

impl Perceptron {
    pub(crate) fn new(listed: Vec<(u32, u16)>) -> Self {
        Self {
            lists: Lists::new(listed.clone()),
            listed,
            weights: vec![[0; TAGS]; ROWS],
            owed: vec![[0; TAGS]; ROWS],
            steps: [[0; TAGS]; TAGS],
            steps_owed: [[0; TAGS]; TAGS],
            clock: 1,
            reader: Reader::default(),
            lattice: Lattice::default(),
        }
    }

    /// Tags each line of a text and mends what is wrong.
    pub(crate) fn learn(&mut self, example: &Example) {
        let (mut cursor, mut tokens) = (0, Vec::new());
        while cursor < example.text.len() {
            cursor = token::piece(&example.text, cursor, &mut tokens);
            if !tokens.is_empty() {
                self.learn_line(example, &tokens);
            }
        }
    }

    fn learn_line(&mut self, example: &Example, tokens: &[Token]) {
        self.clock += 1;
        self.reader.look(&self.lists, &example.text, tokens);
        let weights = &self.weights;
        self.lattice.score(&self.reader, |features| {
            let mut sum = [0; TAGS];
            for row in features.iter().filter_map(|feature| weights.get(*feature as usize % ROWS)) {
                sum.iter_mut().zip(row).for_each(|(sum, weight)| *sum += weight);
            }
            sum
        });
        let (mut said, mut right) = (Vec::new(), Vec::new());
        self.lattice.best(&self.steps, |_, _| true, &mut said);
        let allowed: Vec<Allowed> = tokens.iter().map(|token| example.allowed(token)).collect();
        let reader = &self.reader;
        // What is not looked at is outside, whatever it is said to be.
        let fits = |index: usize, tag: Tag| {
            !reader.is_in_question(index) && tag == 0
                || allowed.get(index).is_none_or(|allowed| allowed.holds(tag))
        };
        if said.iter().enumerate().all(|(index, tag)| fits(index, *tag)) {
            return;
        }
        self.lattice.best(&self.steps, fits, &mut right);
        self.mend(&said, &right);
    }

    fn mend(&mut self, said: &[Tag], right: &[Tag]) {
        let (mut said_before, mut right_before) = (0, 0);
        for (index, (said, right)) in said.iter().zip(right).enumerate() {
            if said != right {
                for feature in self.reader.at(index) {
                    self.change(feature, *right, 1);
                    self.change(feature, *said, -1);
                }
            }
            if (said_before, said) != (right_before, right) {
                self.change_step(right_before, *right, 1);
                self.change_step(said_before, *said, -1);
            }
            (said_before, right_before) = (*said, *right);
        }
    }

    fn change(&mut self, feature: u32, tag: Tag, by: i32) {
        let (row, tag) = (feature as usize % ROWS, usize::from(tag));
        if let Some(weight) = self.weights.get_mut(row).and_then(|row| row.get_mut(tag)) {
            *weight += by;
        }
        if let Some(owed) = self.owed.get_mut(row).and_then(|row| row.get_mut(tag)) {
            *owed += i64::from(by) * self.clock;
        }
    }

    fn change_step(&mut self, before: Tag, tag: Tag, by: i32) {
        let (before, tag) = (usize::from(before), usize::from(tag));
        if let Some(weight) = self.steps.get_mut(before).and_then(|row| row.get_mut(tag)) {
            *weight += by;
        }
        if let Some(owed) = self.steps_owed.get_mut(before).and_then(|row| row.get_mut(tag)) {
            *owed += i64::from(by) * self.clock;
        }
    }

    /// The average of all weights there have been, as the roots of small numbers.
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "clamped before")]
    pub(crate) fn averaged(&self) -> ([[i32; TAGS]; TAGS], Vec<[i8; ROW]>) {
        let average = |weight: i32, owed: i64| f64::from(weight) - owed as f64 / self.clock as f64;
        let rows = || self.weights.iter().zip(&self.owed);
        let mut sizes: Vec<f64> = rows()
            .flat_map(|(row, owed)| row.iter().zip(owed))
            .map(|(weight, owed)| average(*weight, *owed).abs())
            .filter(|size| *size > 0.01)
            .collect();
        sizes.sort_by(f64::total_cmp);
        let cut = sizes.len().saturating_sub(1 + sizes.len() * CUT / 100_000);
        let scale = GREATEST / sizes.get(cut).copied().unwrap_or(1.0).max(0.1);
        let small = |value: f64| {
            let value = if value.abs() < LEAST { 0.0 } else { value };
            let root = (value * scale).abs().sqrt().round().min(127.0);
            root.copysign(value) as i8
        };
        let table = rows().map(|(row, owed)| {
            let mut out = [0; ROW];
            for (out, (weight, owed)) in out.iter_mut().zip(row.iter().zip(owed)) {
                *out = small(average(*weight, *owed));
            }
            out
        });
        let mut steps = [[0; TAGS]; TAGS];
        let each = self.steps.iter().flatten().zip(self.steps_owed.iter().flatten());
        for (out, (weight, owed)) in steps.iter_mut().flatten().zip(each) {
            *out = (average(*weight, *owed) * scale).round() as i32;
        }
        (steps, table.collect())
    }
}
