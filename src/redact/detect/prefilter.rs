//! Which detectors a text could concern at all: most concern none, and are let go before
//! any pattern is run on them.

use crate::redact::detect::Detector;
use crate::redact::detect::need::{Makeup, Need};
use crate::redact::detect::sense::Sense;
use crate::redact::detect::words::Words;

/// Answers kept, by what a text is made of.
const SLOTS: usize = 2_048;

#[derive(Clone, Debug)]
pub(crate) struct Prefilter {
    /// What each detector with a pattern needs.
    needs: Vec<(usize, Need)>,
    /// The cues that detectors wait for.
    cues: Option<Words>,
    /// By detector, whether it waits for one.
    waits: Vec<bool>,
}

/// What the prefilter writes on.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    slots: Vec<Slot>,
    /// By detector, the text in which its cue was last met.
    heard: Vec<u64>,
    texts: u64,
}

#[derive(Clone, Debug, Default)]
struct Slot {
    makeup: Option<Makeup>,
    /// Detectors whose need is met.
    concerned: Vec<usize>,
}

impl Memory {
    /// Memory that serves one text, as in the examples of a rule, has one slot.
    fn prepare(&mut self, detectors: usize) {
        if self.slots.is_empty() {
            self.slots.resize(1, Slot::default());
            self.heard.resize(detectors, 0);
        } else if self.slots.len() < SLOTS {
            self.slots.resize(SLOTS, Slot::default());
        }
    }
}

impl Prefilter {
    pub(crate) fn new(detectors: &[Detector]) -> Self {
        let mut needs = Vec::new();
        let mut cues = Vec::new();
        let mut waits = vec![false; detectors.len()];
        for (index, (detector, waits)) in detectors.iter().zip(&mut waits).enumerate() {
            let Some(pattern) = &detector.pattern else { continue };
            needs.push((index, pattern.need().clone()));
            // The automaton knows the two cases of ASCII letters alone.
            if !detector.needs_context || !detector.cue_words.iter().all(|word| word.is_ascii()) {
                continue;
            }
            *waits = true;
            cues.extend(detector.cue_words.iter().map(|word| (index, word.as_str())));
        }
        let cues = Words::new(cues);
        // Too many words for one automaton: then no detector waits for one.
        if cues.is_none() {
            waits.fill(false);
        }
        Self { needs, cues, waits }
    }

    /// Calls `run` with each detector that the text may concern. `matches` says whether a
    /// detector's pattern may match it; it is asked only if its need is met.
    pub(crate) fn concerned(
        &self,
        sense: &Sense,
        text: &str,
        makeup: Makeup,
        memory: &mut Memory,
        mut matches: impl FnMut(usize) -> bool,
        mut run: impl FnMut(usize),
    ) {
        memory.prepare(self.waits.len());
        let makeup = makeup.rounded();
        let Memory { slots, heard, texts } = memory;
        let place = place(&makeup) % slots.len().max(1);
        let Some(slot) = slots.get_mut(place) else {
            // There always is one; without, all would have to look.
            return self.needs.iter().for_each(|(detector, _)| run(*detector));
        };
        if slot.makeup != Some(makeup) {
            self.answer(makeup, slot);
        }
        let mut listened = false;
        for &detector in &slot.concerned {
            if !matches(detector) {
                continue;
            }
            if self.waits.get(detector) == Some(&true) && !sense.cues(detector) {
                if !std::mem::replace(&mut listened, true) {
                    *texts += 1;
                    self.listen(text, *texts, heard);
                }
                if heard.get(detector) != Some(texts) {
                    continue;
                }
            }
            run(detector);
        }
    }

    /// Notes whose cues are in a text.
    fn listen(&self, text: &str, number: u64, heard: &mut [u64]) {
        let Some(cues) = &self.cues else { return };
        cues.listen(text, |detector| {
            if let Some(heard) = heard.get_mut(detector) {
                *heard = number;
            }
        });
    }

    fn answer(&self, makeup: Makeup, slot: &mut Slot) {
        slot.makeup = Some(makeup);
        slot.concerned.clear();
        slot.concerned
            .extend(self.needs.iter().filter(|(_, need)| need.is_met(&makeup)).map(|(index, _)| *index));
    }
}

/// Where the answer for a text is kept; a text made of something else may displace it.
fn place(makeup: &Makeup) -> usize {
    let mixed = makeup.class.bits()
        ^ ((makeup.length as u64) << 40)
        ^ ((makeup.digits as u64) << 50)
        ^ ((makeup.bare as u64) << 57)
        ^ ((makeup.run as u64) << 32);
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 53) as usize % SLOTS
}
