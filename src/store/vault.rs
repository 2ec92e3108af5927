//! What pseudonyms and tokens stand for, and for whom.
//!
//! A pseudonym is a random number: nothing about the value can be worked out from it
//! (HIPAA 164.514(c)). A token is the value itself under AES-256-GCM-SIV, bound to the
//! lineage and the entity; it outlives a restart. Both are good for their lineage alone and
//! for a time.

use crate::jose::sha256;
use crate::model::ids::{Entity, Lineage};
use crate::model::sensitive::Sensitive;
use crate::redact::Substitutes;
use crate::redact::substitute::{self, Mention, NUMBERS, Reference};
use crate::store::lock;
use crate::store::seals::Seals;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The longest value that is kept; a longer one is no name or number.
const LONGEST: usize = 512;
/// Numbers tried before no more pseudonyms are given.
const MOST_TRIES: usize = 64;
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Bounds of the vault.
#[derive(Clone, Copy, Debug)]
pub struct Keeping {
    /// How long a stand-in is good after it was last given.
    pub life: Duration,
    /// Pseudonyms of one lineage. Beyond it values are masked.
    pub most: usize,
}

/// All pseudonyms of this gate.
pub struct Vault {
    seals: Arc<Seals>,
    keeping: Keeping,
    random: SystemRandom,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// No number is given twice, whoever has it.
    entries: HashMap<u32, Entry>,
    numbers: HashMap<Lineage, HashMap<Vec<u8>, u32>>,
    swept: Duration,
}

struct Entry {
    lineage: Lineage,
    entity: Entity,
    value: Sensitive<String>,
    given: Duration,
}

/// The vault as one lineage uses it, at one moment.
pub struct Deposit {
    vault: Arc<Vault>,
    lineage: Lineage,
    now: Duration,
}

impl Vault {
    pub fn new(seals: Arc<Seals>, keeping: Keeping) -> Self {
        Self { seals, keeping, random: SystemRandom::new(), known: Mutex::default() }
    }

    pub fn of(self: &Arc<Self>, lineage: &Lineage, now: Duration) -> Deposit {
        Deposit { vault: self.clone(), lineage: lineage.clone(), now }
    }

    /// Forgets all pseudonyms of a lineage.
    pub fn forget(&self, lineage: &Lineage) {
        let mut known = lock(&self.known);
        for number in known.numbers.remove(lineage).into_iter().flat_map(HashMap::into_values) {
            known.entries.remove(&number);
        }
    }

    fn unused(&self, known: &Known) -> Option<u32> {
        let numbers = NUMBERS.end - NUMBERS.start;
        let mut numbers = std::iter::repeat_with(|| {
            let mut bytes = [0; 8];
            self.random.fill(&mut bytes).ok()?;
            let drawn = u32::try_from(u64::from_le_bytes(bytes) % u64::from(numbers)).ok()?;
            Some(NUMBERS.start + drawn)
        });
        numbers.by_ref().take(MOST_TRIES).flatten().find(|number| !known.entries.contains_key(number))
    }
}

impl Known {
    /// Lets go of what has expired.
    fn sweep(&mut self, now: Duration, life: Duration) {
        if now.saturating_sub(self.swept) < SWEEP_EVERY {
            return;
        }
        self.swept = now;
        self.entries.retain(|_, entry| now.saturating_sub(entry.given) < life);
        let entries = &self.entries;
        self.numbers.retain(|_, numbers| {
            numbers.retain(|_, number| entries.contains_key(number));
            !numbers.is_empty()
        });
    }
}

impl Deposit {
    /// What a stand-in stands for. None for one that this lineage was not given, or not of
    /// late.
    pub fn open(&self, mention: &Mention<'_>) -> Option<String> {
        match mention.reference {
            Reference::Number(number) => {
                let known = lock(&self.vault.known);
                let entry = known.entries.get(&number)?;
                let own = entry.lineage == self.lineage && entry.entity.as_str() == mention.entity;
                let fresh = self.now.saturating_sub(entry.given) < self.vault.keeping.life;
                (own && fresh).then(|| entry.value.expose().clone())
            }
            Reference::Sealed(sealed) => {
                // A dash behind a token is a letter of its alphabet, too.
                let shorter = sealed.trim_end_matches(['-', '_']);
                let seals = &self.vault.seals;
                let bound = self.bound(&mention.entity);
                let opened = seals.open_for(&bound, sealed).or_else(|| seals.open_for(&bound, shorter))?;
                let (until, value) = opened.split_once('\u{1f}')?;
                (until.parse::<u64>().ok()? > self.now.as_secs()).then(|| value.to_owned())
            }
        }
    }

    fn bound(&self, entity: &str) -> String {
        format!("token\u{1f}{}\u{1f}{entity}", self.lineage)
    }
}

impl Substitutes for Deposit {
    fn pseudonym(&self, entity: &Entity, value: &str) -> Option<String> {
        if value.len() > LONGEST {
            return None;
        }
        let digest = sha256(format!("{entity}\u{1f}{value}").as_bytes());
        let mut known = lock(&self.vault.known);
        known.sweep(self.now, self.vault.keeping.life);
        let of_lineage = known.numbers.get(&self.lineage);
        let number = match of_lineage.and_then(|numbers| numbers.get(&digest)).copied() {
            Some(number) => number,
            None if of_lineage.map_or(0, HashMap::len) >= self.vault.keeping.most => return None,
            None => {
                let number = self.vault.unused(&known)?;
                known.numbers.entry(self.lineage.clone()).or_default().insert(digest, number);
                number
            }
        };
        let fresh = || Entry {
            lineage: self.lineage.clone(),
            entity: entity.clone(),
            value: Sensitive::new(value.to_owned()),
            given: self.now,
        };
        known.entries.entry(number).or_insert_with(fresh).given = self.now;
        Some(substitute::pseudonym(entity, number))
    }

    /// The same for an hour, or for as long as stand-ins live if that is less, so that equal
    /// values can be told; and good for so much longer.
    fn token(&self, entity: &Entity, value: &str) -> Option<String> {
        const LONGEST_STEP: u64 = 3600;
        if value.len() > LONGEST {
            return None;
        }
        let life = self.vault.keeping.life.as_secs();
        let step = life.clamp(1, LONGEST_STEP);
        let until = (self.now.as_secs() + life) / step * step + step;
        let text = format!("{until}\u{1f}{value}");
        let sealed = self.vault.seals.seal_for(&self.bound(entity.as_str()), &text)?;
        Some(substitute::token(entity, &sealed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(most: usize) -> Arc<Vault> {
        let folder = std::env::temp_dir().join(crate::jose::random_id());
        let seals = Arc::new(Seals::open(&folder).unwrap());
        std::fs::remove_dir_all(folder).unwrap();
        Arc::new(Vault::new(seals, Keeping { life: Duration::from_secs(100), most }))
    }

    fn open(deposit: &Deposit, text: &str) -> Option<String> {
        deposit.open(&substitute::mentions(text)[0])
    }

    #[test]
    fn a_stand_in_opens_for_its_lineage_and_entity_and_for_a_time() {
        let vault = vault(10);
        let at = |who: &str, second| vault.of(&Lineage::new(who), Duration::from_secs(second));
        let (person, ssn) = (Entity::new("PERSON"), Entity::new("US_SSN"));
        let me = at("me", 1_000);
        let pseudonym = me.pseudonym(&person, "Amara Okafor").unwrap();
        assert_eq!(me.pseudonym(&person, "Amara Okafor"), Some(pseudonym.clone()));
        assert_ne!(me.pseudonym(&ssn, "Amara Okafor"), Some(pseudonym.clone()));
        assert_ne!(at("you", 1_000).pseudonym(&person, "Amara Okafor"), Some(pseudonym.clone()));
        let token = me.token(&person, "Amara Okafor").unwrap();
        for stand_in in [&pseudonym, &token] {
            assert_eq!(open(&me, stand_in).as_deref(), Some("Amara Okafor"));
            assert_eq!(open(&at("you", 1_000), stand_in), None);
            assert_eq!(open(&me, &stand_in.replace("PERSON", "US_SSN")), None);
            assert_eq!(open(&at("me", 8_000), stand_in), None);
        }
        assert_eq!(open(&me, &format!("{token}--")).as_deref(), Some("Amara Okafor"));
        at("me", 1_050).pseudonym(&person, "Amara Okafor").unwrap();
        assert!(open(&at("me", 1_140), &pseudonym).is_some(), "given anew, good anew");
        vault.forget(&Lineage::new("me"));
        assert_eq!(open(&me, &pseudonym), None);
        assert!(at("you", 1_000).pseudonym(&person, "Amara Okafor").is_some());
    }

    #[test]
    fn bounds_hold_and_time_makes_room() {
        let vault = vault(2);
        let at = |second| vault.of(&Lineage::new("me"), Duration::from_secs(second));
        let person = Entity::new("PERSON");
        assert!(at(1_000).pseudonym(&person, "one").is_some());
        assert!(at(1_000).pseudonym(&person, "two").is_some());
        assert_eq!(at(1_000).pseudonym(&person, "three"), None);
        assert_eq!(at(1_000).pseudonym(&person, &"x".repeat(LONGEST + 1)), None);
        assert!(at(1_200).pseudonym(&person, "three").is_some());
        assert_eq!(lock(&vault.known).entries.len(), 1);
    }
}
