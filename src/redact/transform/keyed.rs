//! What needs the deployment's key: hashes, format-preserving encryption, moved dates.

use super::general;
use crate::model::ids::Entity;
use aes::Aes256;
use aws_lc_rs::hmac;
use chrono::{Datelike, TimeDelta};
use fpe::ff1::{FF1, FlexibleNumeralString};

/// A domain smaller than this can be searched (NIST SP 800-38G Rev. 1 §5.1: a million).
const FEWEST_DIGITS: usize = 6;
const FEWEST_ALPHANUMERICS: usize = 4;
/// Longer runs are no account numbers.
const MOST_CHARACTERS: usize = 64;
/// Dates move by up to half a year either way.
const MOST_DAYS: u64 = 182;

/// The key of a deployment, and the lineage whose dates are moved alike.
pub struct Secrets {
    mac: hmac::Key,
    digits: FF1<Aes256>,
    alphanumerics: FF1<Aes256>,
    days: TimeDelta,
    /// Of the lineage.
    surrogates: hmac::Key,
}

impl Secrets {
    /// `key` is the deployment's own and long; `lineage` is whom results are for. None if the
    /// cipher takes no such key.
    pub fn new(key: &[u8], lineage: &str) -> Option<Self> {
        let root = hmac::Key::new(hmac::HMAC_SHA256, key);
        let part = |purpose: &str| hmac::sign(&root, purpose.as_bytes());
        let cipher = part("fpe");
        let tag = part(&format!("shift\u{1f}{lineage}"));
        let number = tag.as_ref().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte));
        let days = i64::try_from(1 + number % MOST_DAYS).ok()?;
        let days = if number >> 63 == 0 { days } else { -days };
        Some(Self {
            mac: hmac::Key::new(hmac::HMAC_SHA256, part("hash").as_ref()),
            digits: FF1::new(cipher.as_ref(), 10).ok()?,
            alphanumerics: FF1::new(cipher.as_ref(), 36).ok()?,
            days: TimeDelta::days(days),
            surrogates: hmac::Key::new(
                hmac::HMAC_SHA256,
                part(&format!("surrogate\u{1f}{lineage}")).as_ref(),
            ),
        })
    }

    /// 128 bits of a keyed hash. Spellings that differ in case and punctuation hash alike.
    pub(super) fn hash(&self, entity: &Entity, value: &str) -> String {
        let tag = hmac::sign(&self.mac, plain(entity, value).as_bytes());
        let hex = tag.as_ref().iter().take(16).map(|byte| format!("{byte:02x}"));
        format!("hash:{}", hex.collect::<String>())
    }

    /// What decides on a surrogate: of one lineage, and the same for spellings that hash alike.
    pub(super) fn draw(&self, entity: &Entity, value: &str, again: u8) -> [u8; 32] {
        let text = format!("{}\u{1f}{again}", plain(entity, value));
        let tag = hmac::sign(&self.surrogates, text.as_bytes());
        tag.as_ref().first_chunk().copied().unwrap_or_default()
    }

    /// The same number of digits, or of letters and digits where there are both; what stands
    /// between them stays.
    pub(super) fn encrypt(&self, entity: &Entity, value: &str) -> Option<String> {
        let plain: Vec<u16> =
            value.chars().filter(char::is_ascii_alphanumeric).map(numeral).collect::<Option<_>>()?;
        let only_digits = plain.iter().all(|numeral| *numeral < 10);
        let (cipher, fewest) = if only_digits {
            (&self.digits, FEWEST_DIGITS)
        } else {
            (&self.alphanumerics, FEWEST_ALPHANUMERICS)
        };
        // A letter beyond ASCII would stay as it is.
        let odd = value.chars().any(|c| !c.is_ascii() && c.is_alphanumeric());
        if odd || !(fewest..=MOST_CHARACTERS).contains(&plain.len()) {
            return None;
        }
        let encrypted =
            cipher.encrypt(entity.as_str().as_bytes(), &FlexibleNumeralString::from(plain)).ok()?;
        let mut numerals = Vec::<u16>::from(encrypted).into_iter();
        let upper = value.bytes().any(|byte| byte.is_ascii_uppercase());
        let mut encrypted = value.chars().map(|c| {
            if c.is_ascii_alphanumeric() {
                let digit = char::from_digit(u32::from(numerals.next()?), 36)?;
                Some(if upper { digit.to_ascii_uppercase() } else { digit })
            } else {
                Some(c)
            }
        });
        encrypted.by_ref().collect()
    }

    /// The date that begins the text, moved; the time behind it stays. None where it tells
    /// that someone is over 89.
    pub(super) fn shift(&self, text: &str, this_year: u16) -> Option<String> {
        let (date, form, rest) = general::date(text)?;
        if date.year() + 90 <= i32::from(this_year) {
            return None;
        }
        let moved = date.checked_add_signed(self.days)?;
        Some(format!("{}{rest}", moved.format(form)))
    }
}

/// What is hashed of a value: its letters and digits, under its entity.
fn plain(entity: &Entity, value: &str) -> String {
    let plain = value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    entity.as_str().chars().chain(std::iter::once('\u{1f}')).chain(plain).collect()
}

fn numeral(c: char) -> Option<u16> {
    u16::try_from(c.to_digit(36)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(lineage: &str) -> Secrets {
        Secrets::new(b"a key of thirty-two bytes or more", lineage).unwrap()
    }

    #[test]
    fn a_hash_is_the_values_own_whatever_its_spelling() {
        let (ssn, pan) = (Entity::new("US_SSN"), Entity::new("PAN"));
        let one = secrets("a").hash(&ssn, "536-90-4399");
        assert_eq!(one.len(), 5 + 32);
        assert_eq!(one, secrets("b").hash(&ssn, "536904399"));
        assert_ne!(one, secrets("a").hash(&pan, "536904399"));
        assert_ne!(
            one,
            Secrets::new(b"another key of thirty-two bytes!!", "a").unwrap().hash(&ssn, "536904399")
        );
    }

    #[test]
    fn encryption_keeps_the_format_and_hides_the_digits() {
        let account = Entity::new("BANK_ACCOUNT");
        for value in ["4111 1111 1111 1111", "536-90-4399", "AB12-9981", "ab129981", "123456"] {
            let encrypted = secrets("a").encrypt(&account, value).unwrap();
            assert_eq!(encrypted.len(), value.len());
            assert_ne!(encrypted, value);
            for (new, old) in encrypted.chars().zip(value.chars()) {
                assert_eq!(new.is_ascii_alphanumeric(), old.is_ascii_alphanumeric(), "{encrypted}");
            }
            assert_eq!(secrets("b").encrypt(&account, value), Some(encrypted));
        }
        for value in ["12345", "a1", "", "Zoë 123456", "--"] {
            assert_eq!(secrets("a").encrypt(&account, value), None, "{value}");
        }
    }

    #[test]
    fn dates_move_together() {
        let moved = |text: &str| secrets("a").shift(text, 2026);
        let (first, second) = (moved("2024-03-01T10:00:00Z").unwrap(), moved("20240311").unwrap());
        assert!(first.ends_with("T10:00:00Z") && !first.starts_with("2024-03-01"));
        let day = |text: &str| general::date(text).unwrap().0;
        assert_eq!(day(&second) - day(&first), TimeDelta::days(10));
        assert_ne!(moved("2024-03-01"), secrets("b").shift("2024-03-01", 2026));
        assert_eq!(moved("1931-01-01"), None);
        assert_eq!(moved("03/04/2024"), None);
    }
}
