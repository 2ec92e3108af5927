//! Numbered markers: `[US_SSN_1]` wherever one value stood, in structure and in
//! text alike, so that a model can still tell two people apart.

use crate::model::ids::Entity;
use foldhash::fast::RandomState;
use std::collections::HashMap;

/// What stands for a value that says nothing at all.
pub const REDACTED: &str = "[REDACTED]";

/// The markers of one entity.
struct Numbers {
    entity: Entity,
    /// By a value, spelt plainly.
    given: HashMap<Box<[u8]>, usize, RandomState>,
    last: usize,
}

/// The markers of one result. The values live only as long as the result is
/// being filtered.
#[derive(Default)]
pub(crate) struct Markers {
    /// Entities are few.
    numbers: Vec<Numbers>,
    /// Where the entity of the last marker is among them.
    last: usize,
    /// The value at hand, spelt plainly.
    plain: Vec<u8>,
}

impl Markers {
    /// The marker for `value`, the same for every spelling of it that differs only
    /// in case and punctuation. It is none of those that the document came with, which end
    /// with the number `taken`.
    pub(crate) fn mark(&mut self, entity: &Entity, taken: usize, value: &str) -> String {
        self.plain.clear();
        if value.is_ascii() {
            let plain = value.bytes().map(|byte| PLAIN[usize::from(byte)]).filter(|plain| *plain != 0);
            self.plain.extend(plain);
        } else {
            let plain = value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
            self.plain.extend_from_slice(plain.collect::<String>().as_bytes());
        }
        // Most values are of the entity of the value before.
        let is_last = self.numbers.get(self.last).is_some_and(|known| known.entity == *entity);
        if !is_last {
            let known = self.numbers.iter().position(|known| known.entity == *entity);
            self.last = known.unwrap_or(self.numbers.len());
            if known.is_none() {
                self.numbers.push(Numbers { entity: entity.clone(), given: HashMap::default(), last: 0 });
            }
        }
        let Some(numbers) = self.numbers.get_mut(self.last) else { return REDACTED.to_owned() };
        let number = match numbers.given.get(self.plain.as_slice()) {
            Some(number) => *number,
            None => {
                numbers.last = taken.max(numbers.last) + 1;
                numbers.given.insert(self.plain.as_slice().into(), numbers.last);
                numbers.last
            }
        };
        let mut marker = String::with_capacity(entity.as_str().len() + 6);
        marker.push('[');
        marker.push_str(entity.as_str());
        marker.push('_');
        push_number(&mut marker, number);
        marker.push(']');
        marker
    }
}

/// Longer numbers are no marker's.
const LONGEST_NUMBER: usize = 6;

/// The entity and the number of what is spelt as a marker is, between its brackets.
pub(crate) fn parts(word: &str) -> Option<(&str, &str)> {
    let (entity, number) = word.rsplit_once('_')?;
    let is_number =
        (1..=LONGEST_NUMBER).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && Entity::is_well_formed(entity)).then_some((entity, number))
}

/// Letters and digits in lower case; zero for what is neither.
static PLAIN: [u8; 256] = {
    let mut plain = [0; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() {
            plain[byte as usize] = byte.to_ascii_lowercase();
        }
        byte += 1;
    }
    plain
};

fn push_number(text: &mut String, number: usize) {
    if number >= 10 {
        push_number(text, number / 10);
    }
    text.push(char::from(b"0123456789"[number % 10]));
}

/// The last four letters or digits behind four stars. PCI DSS 3.4.1 allows the last
/// four of a card; a value of fewer than eight would show half of itself, so then
/// nothing stays.
pub(crate) fn partial(value: &str) -> String {
    let plain: Vec<char> = value.chars().filter(|c| c.is_alphanumeric()).collect();
    let tail = if plain.len() < 8 { &[] } else { plain.get(plain.len() - 4..).unwrap_or_default() };
    tail.iter().fold(String::from("****"), |mut shown, c| {
        shown.push(*c);
        shown
    })
}

/// The year in a date, unless it tells that someone is over 89 (HIPAA
/// 164.514(b)(2)(i)(C)); then, and where there is no year, `[REDACTED]`.
pub(crate) fn year(value: &str, this_year: u16) -> String {
    let runs = value.split(|c: char| !c.is_ascii_digit());
    let candidates = runs.filter(|run| matches!(run.len(), 4 | 8 | 12 | 14)).filter_map(|run| run.get(..4));
    let mut years = candidates
        .filter_map(|digits| digits.parse::<u16>().ok())
        .filter(|year| (1850..=2150).contains(year));
    match years.next() {
        Some(found) if found.saturating_add(90) > this_year => found.to_string(),
        _ => REDACTED.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_one_marker_whatever_its_spelling() {
        let mut markers = Markers::default();
        let ssn = Entity::new("US_SSN");
        assert_eq!(markers.mark(&ssn, 0, "123-45-6789"), "[US_SSN_1]");
        assert_eq!(markers.mark(&ssn, 0, "987-65-4320"), "[US_SSN_2]");
        assert_eq!(markers.mark(&ssn, 0, "123 45 6789"), "[US_SSN_1]");
        assert_eq!(markers.mark(&Entity::new("PAN"), 0, "4111111111111111"), "[PAN_1]");
        for number in 3..1_234 {
            assert_eq!(markers.mark(&ssn, 0, &format!("x{number}")), format!("[US_SSN_{number}]"));
        }
    }

    #[test]
    fn partial_never_shows_half_of_a_short_value() {
        assert_eq!(partial("4111 1111 1111 1234"), "****1234");
        assert_eq!(partial("1234567"), "****");
        assert_eq!(partial(""), "****");
    }

    #[test]
    fn a_year_stays_unless_it_tells_an_age_over_89() {
        for (date, shown) in [
            ("1980-02-03", "1980"),
            ("03/02/1980", "1980"),
            ("19800203", "1980"),
            ("1980-02-03T10:00:00Z", "1980"),
            ("1937-01-01", "1937"),
            ("1936-12-31", REDACTED),
            ("yesterday", REDACTED),
            ("12345", REDACTED),
        ] {
            assert_eq!(year(date, 2026), shown, "{date}");
        }
    }
}
