//! Which detectors a text could concern at all: most concern none, and are let go before
//! any pattern is run on them.

use crate::redact::detect::Detector;
use crate::redact::detect::literals;
use crate::redact::detect::need::{Makeup, Need};
use crate::redact::detect::sense::Sense;
use aho_corasick::{AhoCorasick, MatchKind};

/// Answers kept, by what a text is made of.
const SLOTS: usize = 2_048;

#[derive(Clone, Debug)]
pub(crate) struct Prefilter {
    /// What each detector with a pattern needs.
    needs: Vec<(usize, Need)>,
    /// The words that patterns name and the cues that detectors wait for.
    words: Option<AhoCorasick>,
    /// Whose word each of them is.
    meanings: Vec<Vec<Meaning>>,
    demands: Vec<Demands>,
}

/// What a detector wants said in a text before its pattern is worth running.
#[derive(Clone, Copy, Debug, Default)]
struct Demands {
    word: bool,
    cue: bool,
}

impl Demands {
    fn listens(self) -> bool {
        self.word || self.cue
    }
}

#[derive(Clone, Copy, Debug)]
enum Meaning {
    Word(usize),
    Cue(usize),
}

/// What the prefilter writes on.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    slots: Vec<Slot>,
    /// By detector, the text in which its word or cue was last met.
    words: Vec<u64>,
    cues: Vec<u64>,
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
            self.words.resize(detectors, 0);
            self.cues.resize(detectors, 0);
        } else if self.slots.len() < SLOTS {
            self.slots.resize(SLOTS, Slot::default());
        }
    }
}

impl Prefilter {
    pub(crate) fn new(detectors: &[Detector]) -> Self {
        let mut needs = Vec::new();
        let (mut words, mut meanings) = (Vec::<String>::new(), Vec::<Vec<Meaning>>::new());
        let mut demands = vec![Demands::default(); detectors.len()];
        let mut add = |word: String, meaning: Meaning| {
            let known = words.iter().position(|known| *known == word).unwrap_or(words.len());
            if known == words.len() {
                words.push(word);
                meanings.push(Vec::new());
            }
            if let Some(meanings) = meanings.get_mut(known) {
                meanings.push(meaning);
            }
        };
        for (index, (detector, demands)) in detectors.iter().zip(&mut demands).enumerate() {
            if detector.pattern.is_none() {
                continue;
            }
            needs.push((index, detector.syntax.as_ref().map_or_else(Need::anything, Need::of)));
            let Some(hir) = &detector.syntax else { continue };
            for word in literals::required(hir).unwrap_or_default() {
                demands.word = true;
                add(word, Meaning::Word(index));
            }
            // The automaton knows the two cases of ASCII letters alone.
            if detector.needs_context && detector.cue_words.iter().all(|word| word.is_ascii()) {
                demands.cue = true;
                detector.cue_words.iter().for_each(|word| add(word.to_lowercase(), Meaning::Cue(index)));
            }
        }
        let built = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(true)
            .build(&words)
            .ok();
        // Too many words for one automaton: then no detector waits for one.
        if built.is_none() {
            demands.fill(Demands::default());
        }
        Self { needs, words: built, meanings, demands }
    }

    /// Whether a detector waits for a word or a cue.
    pub(crate) fn listens(&self, detector: usize) -> bool {
        self.demands.get(detector).is_some_and(|demands| demands.listens())
    }

    /// Calls `run` with each detector that the text may concern. `matches` says whether any
    /// pattern matches it, and `may` whether a detector's may; they are asked only if needed.
    #[allow(clippy::too_many_arguments, reason = "one text, and what is asked of it in turn")]
    pub(crate) fn concerned(
        &self,
        sense: &Sense,
        text: &str,
        makeup: Makeup,
        memory: &mut Memory,
        matches: impl Fn() -> bool,
        may: impl Fn(usize) -> bool,
        mut run: impl FnMut(usize),
    ) {
        memory.prepare(self.demands.len());
        let makeup = makeup.rounded();
        let Memory { slots, words, cues, texts } = memory;
        let place = place(&makeup) % slots.len().max(1);
        let Some(slot) = slots.get_mut(place) else {
            // There always is one; without, all would have to look.
            return self.needs.iter().for_each(|(detector, _)| run(*detector));
        };
        if slot.makeup != Some(makeup) {
            self.answer(makeup, slot);
        }
        if slot.concerned.is_empty() || !matches() {
            return;
        }
        let demands = |detector: usize| self.demands.get(detector).copied().unwrap_or_default();
        let listens = |detector: &usize| demands(*detector).listens() && may(*detector);
        if let Some(automaton) = self.words.as_ref().filter(|_| slot.concerned.iter().any(listens)) {
            *texts += 1;
            self.listen(automaton, text, *texts, (words, cues));
        }
        for &detector in slot.concerned.iter().filter(|detector| may(**detector)) {
            let demands = demands(detector);
            let heard = |heard: &[u64]| heard.get(detector) == Some(texts);
            let word = !demands.word || heard(words);
            let cue = !demands.cue || sense.cues(detector) || heard(cues);
            if word && cue {
                run(detector);
            }
        }
    }

    /// Notes whose words are in a text.
    fn listen(
        &self,
        automaton: &AhoCorasick,
        text: &str,
        number: u64,
        (words, cues): (&mut [u64], &mut [u64]),
    ) {
        for found in automaton.find_overlapping_iter(text) {
            for meaning in self.meanings.get(found.pattern().as_usize()).into_iter().flatten() {
                let heard = match *meaning {
                    Meaning::Word(detector) => words.get_mut(detector),
                    Meaning::Cue(detector) => cues.get_mut(detector),
                };
                if let Some(heard) = heard {
                    *heard = number;
                }
            }
        }
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
        ^ ((makeup.bare as u64) << 57);
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 53) as usize % SLOTS
}
