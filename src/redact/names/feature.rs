//! What is seen of each token of a line, as hashes.

use super::lists::{Known, Lists};
use super::model::Model;
use super::token::{Cap, Token};

/// How many hashes there are for each token.
pub(crate) const FEATURES: usize = 34;

/// A line, seen token by token.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    words: Vec<Word>,
    /// Which tokens may belong to a name.
    asked: Vec<bool>,
}

/// What is seen of a token alone.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    /// Of the word in lower case.
    hash: u32,
    heads: [u32; 2],
    tails: [u32; 3],
    cap: u32,
    case: u32,
    known: Known,
}

/// Stands before the first word and behind the last.
const EDGE: Word = Word { hash: 7, heads: [7; 2], tails: [7; 3], cap: 9, case: 0, known: Known(0) };

const SEED: u32 = 0x811c_9dc5;
const PRIME: u32 = 0x0100_0193;

/// FNV-1a over the letters in lower case, with digits alike, mixed at the end.
pub(crate) fn hash(word: &str) -> u32 {
    Spelt::of(word).hash
}

/// ASCII in lower case, with digits alike.
static LOWER: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        table[byte as usize] = if byte.is_ascii_digit() { b'0' } else { byte.to_ascii_lowercase() };
        byte += 1;
    }
    table
};

fn lower(c: char) -> u32 {
    match c {
        c if c.is_ascii() => u32::from(LOWER[c as usize & 127]),
        '’' => u32::from('\''),
        c => {
            // `é` is read as `e`: lists and texts leave the accent out as often as not.
            let mut base = c;
            let mut first = true;
            unicode_normalization::char::decompose_canonical(c, |part| {
                if std::mem::take(&mut first) {
                    base = part;
                }
            });
            base.to_lowercase().next().map_or(0, u32::from)
        }
    }
}

fn step(hash: u32, unit: u32) -> u32 {
    (hash ^ unit).wrapping_mul(PRIME)
}

#[inline]
pub(crate) fn mix(a: u32, b: u32) -> u32 {
    let mut hash = (a ^ b.rotate_left(15).wrapping_mul(0xcc9e_2d51)).wrapping_mul(0x85eb_ca6b);
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

/// Tokens so close to one that may be a name may belong to it.
const BEFORE: usize = 2;
const BEHIND: usize = 2;

impl Word {
    fn may_be_name(&self, token: &Token) -> bool {
        match token.cap {
            Cap::Lower => self.known.is_rather_name(),
            cap => cap.is_word(),
        }
    }

    fn read(lists: &Lists, text: &str, token: &Token) -> Self {
        let word = text.get(token.start..token.end).unwrap_or_default();
        let spelt = Spelt::of(word);
        let (cap, case) = (token.cap as u32, token.case as u32);
        if !token.cap.is_word() {
            let (heads, tails) = ([spelt.hash; 2], [spelt.hash; 3]);
            return Self { hash: spelt.hash, heads, tails, cap, case, known: Known::default() };
        }
        let Spelt { hash, heads, tails } = spelt;
        Self { hash, heads, tails, cap, case, known: lists.known(hash) }
    }
}

/// The letters of a word, as hashes: all, the first two and three, the last two to four.
struct Spelt {
    hash: u32,
    heads: [u32; 2],
    tails: [u32; 3],
}

impl Spelt {
    fn of(word: &str) -> Self {
        // Nearly all words are ASCII.
        if word.is_ascii() {
            let unit = |byte: &u8| u32::from(LOWER[usize::from(*byte)]);
            Self::read(word.bytes().map(|byte| unit(&byte)), word.bytes().rev().map(|byte| unit(&byte)))
        } else {
            Self::read(word.chars().map(lower), word.chars().rev().map(lower))
        }
    }

    #[inline]
    fn read(units: impl Iterator<Item = u32>, reversed: impl Iterator<Item = u32>) -> Self {
        let (mut heads, mut tails, mut run) = ([0; 2], [0; 3], SEED);
        for (index, unit) in units.enumerate() {
            run = step(run, unit);
            if let Some(head) = index.checked_sub(1).and_then(|index| heads.get_mut(index)) {
                *head = run;
            }
        }
        let hash = mix(run, 0);
        run = SEED;
        for (index, unit) in reversed.take(4).enumerate() {
            run = step(run, unit);
            if let Some(tail) = index.checked_sub(1).and_then(|index| tails.get_mut(index)) {
                *tail = run;
            }
        }
        Self { hash, heads, tails }
    }
}

impl Reader {
    /// Looks at all tokens of a line.
    pub(crate) fn read(&mut self, model: &Model, text: &str, tokens: &[Token]) {
        self.look(&model.lists, text, tokens);
    }

    pub(crate) fn look(&mut self, lists: &Lists, text: &str, tokens: &[Token]) {
        self.words.clear();
        self.words.extend(tokens.iter().map(|token| Word::read(lists, text, token)));
        self.asked.clear();
        self.asked.resize(tokens.len(), false);
        for (index, (word, token)) in self.words.iter().zip(tokens).enumerate() {
            if word.may_be_name(token) {
                let around = index.saturating_sub(BEFORE)..(index + 1 + BEHIND).min(tokens.len());
                self.asked.get_mut(around).unwrap_or_default().fill(true);
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether any token may belong to a name.
    pub(crate) fn asks(&self) -> bool {
        self.asked.contains(&true)
    }

    /// Whether a token may belong to a name. Most words of a text are plain ones in lower
    /// case, and far from any that could be one.
    pub(crate) fn is_in_question(&self, index: usize) -> bool {
        self.asked.get(index).copied().unwrap_or(false)
    }

    /// What is known of the word of a token.
    pub(crate) fn known(&self, index: usize) -> Known {
        self.words.get(index).map_or_else(Known::default, |word| word.known)
    }

    /// What is seen at one token.
    #[inline]
    pub(crate) fn at(&self, index: usize) -> [u32; FEATURES] {
        let get = |index: Option<usize>| index.and_then(|index| self.words.get(index)).unwrap_or(&EDGE);
        let word = get(Some(index));
        let (last, second_last) = (get(index.checked_sub(1)), get(index.checked_sub(2)));
        let (next, second_next) = (get(index.checked_add(1)), get(index.checked_add(2)));
        let cap = word.cap * 4 + word.case;
        let known = word.known.all() * 64 + cap;
        let brief = word.known.brief() * 64 + cap;
        let beside = last.cap * 16 + next.cap;
        let listed = last.known.brief() * 256 + word.known.brief() * 16 + next.known.brief();
        let seen = [
            cap,
            word.hash,
            last.hash,
            next.hash,
            second_last.hash,
            second_next.hash,
            mix(last.hash, word.hash),
            mix(word.hash, next.hash),
            mix(last.hash, second_last.hash),
            mix(next.hash, second_next.hash),
            word.heads[0],
            word.heads[1],
            word.tails[0],
            word.tails[1],
            word.tails[2],
            mix(word.tails[1], cap),
            mix(word.hash, cap),
            known,
            mix(known, beside),
            mix(cap, beside),
            mix(listed, cap),
            mix(listed, beside * 64 + cap),
            mix(last.hash, brief),
            mix(next.hash, brief),
            mix(mix(last.hash, second_last.hash), cap),
            mix(last.hash, next.hash),
            mix(mix(last.hash, next.hash), brief),
            mix(beside, second_last.cap * 16 + second_next.cap),
            mix(last.tails[1], brief),
            mix(next.tails[1], brief),
            mix(last.known.all() * 16 + last.cap, known),
            mix(next.known.all() * 16 + next.cap, known),
            mix(last.known.all() * 16 + last.cap, cap),
            mix(next.known.all() * 16 + next.cap, cap),
        ];
        let mut number = 0u32;
        seen.map(|value| {
            number = number.wrapping_add(0x9e37_79b9);
            (value ^ number).wrapping_mul(0x85eb_ca6b) >> 8
        })
    }
}
