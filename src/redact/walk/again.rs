//! Values that recur in a document, as codings, references and units do by the thousand. One
//! that stands at the place of an earlier one, is the same byte for byte, and was left as it
//! came, is stepped over in one comparison: a string, or an object with all that is in it.
//!
//! Invariant: a value is remembered only if nothing came of it but that it was inspected, and
//! that depends on its place and its source alone. Names that the document teaches later are
//! still looked for in its free text.

use super::Walk;
use super::splice::Free;
use crate::redact::Blocked;
use std::ops::Range;

/// Shorter values are as soon read; longer ones hardly come twice.
const SHORTEST: usize = 4;
const LONGEST: usize = 2_048;
/// So many are told apart at one place.
const MOST: usize = 8;
/// Where so many more values were met for the first time than again, none is looked for.
const UNLUCKY: usize = 64;
/// So many values that are met for the first time does one outweigh that is met again.
const WORTH: usize = 8;

/// Places for which room is kept.
const MOST_PLACES: usize = 1_024;

/// The values of one document, by place.
#[derive(Default)]
pub(crate) struct Again {
    /// For each place, one more than where its values are.
    places: Vec<u32>,
    met: Vec<Met>,
    /// Their free text, from where each begins.
    free: Vec<Free>,
}

/// The values that were met at one place.
#[derive(Default)]
struct Met {
    /// The place's: another may come to have its index.
    number: u64,
    values: [Value; MOST],
    count: usize,
    /// How many were met for the first time, less those that were met again.
    missed: usize,
}

/// A value of which nothing came.
#[derive(Clone, Copy, Default)]
struct Value {
    /// Its first bytes: most others begin otherwise.
    head: u32,
    /// In the source.
    start: u32,
    end: u32,
    /// Beneath it, itself not counted.
    values: u32,
    inspected: u32,
    free: (u32, u32),
    is_container: bool,
}

/// What there was when a value began.
#[derive(Clone, Copy)]
pub(super) struct Begun {
    start: usize,
    values: usize,
    out: usize,
    copied: usize,
    free: usize,
    inspected: u64,
    effects: u64,
}

impl Again {
    /// Ends a document: the next has its room.
    pub(super) fn forget(&mut self) {
        if self.places.capacity() > MOST_PLACES {
            *self = Self::default();
        }
        self.places.clear();
        self.met.clear();
        self.free.clear();
    }

    fn at(&mut self, place: usize, number: u64) -> Option<&mut Met> {
        let at = (*self.places.get(place)? as usize).checked_sub(1)?;
        self.met.get_mut(at).filter(|met| met.number == number)
    }

    fn put(&mut self, place: usize, number: u64, value: Value) {
        if self.places.len() <= place {
            self.places.resize(place + 1, 0);
        }
        let Some(at) = self.places.get_mut(place) else { return };
        if *at == 0 {
            self.met.push(Met { number, ..Met::default() });
            *at = u32::try_from(self.met.len()).unwrap_or_default();
        }
        let met = (*at as usize).checked_sub(1).and_then(|at| self.met.get_mut(at));
        let Some(met) = met else { return };
        if met.number != number {
            *met = Met { number, ..Met::default() };
        }
        if let Some(oldest) = met.values.get_mut(met.count % MOST) {
            *oldest = value;
        }
        met.count += 1;
    }
}

impl Walk<'_, '_> {
    /// Steps over the value that begins here, if it was met at this place. All of it stays.
    #[inline]
    pub(super) fn again(&mut self, place: usize) -> Result<bool, Blocked> {
        let number = self.places.get(place).number();
        match self.again.at(place, number) {
            // Where things are is told of each, and rows of a table have keys of their own.
            Some(met) if met.missed < UNLUCKY && self.told.is_none() && self.given.is_nothing() => {
                self.met_at(place, number)
            }
            _ => Ok(false),
        }
    }

    fn met_at(&mut self, place: usize, number: u64) -> Result<bool, Blocked> {
        let Some(met) = self.again.at(place, number) else { return Ok(false) };
        let (start, reader) = (self.reader.position(), &mut self.reader);
        let head = head(reader.ahead());
        let same = |value: &&Value| {
            value.head == head && reader.takes_again(value.start as usize..value.end as usize)
        };
        let Some(&Value { values, inspected, free, is_container, .. }) =
            met.values.iter().take(met.count).find(same)
        else {
            met.missed += 1;
            return Ok(false);
        };
        met.missed = met.missed.saturating_sub(WORTH);
        self.reader.count(values as usize + 1)?;
        self.inspected += u64::from(inspected);
        self.run.inspected(u64::from(inspected));
        if free.0 < free.1 {
            let at = self.out.len() + start - self.copied;
            let free = self.again.free.get(free.0 as usize..free.1 as usize).unwrap_or_default();
            self.free.extend(free.iter().map(|free| free.moved(0, at)));
        }
        self.pass_parts(if is_container { 0..0 } else { start..self.reader.position() });
        Ok(true)
    }

    /// Begins a value that may be remembered.
    #[inline]
    pub(super) fn begun(&self) -> Begun {
        Begun {
            start: self.reader.position(),
            values: self.reader.counted(),
            out: self.out.len(),
            copied: self.copied,
            free: self.free.len(),
            inspected: self.inspected,
            effects: self.run.effects(),
        }
    }

    /// Remembers the container that ends here, if nothing came of it.
    pub(super) fn ended(&mut self, place: usize, begun: Begun) {
        let is_plain =
            self.run.effects() == begun.effects && (self.out.len(), self.copied) == (begun.out, begun.copied);
        if is_plain {
            let values = self.reader.counted() - begun.values;
            let inspected = self.inspected - begun.inspected;
            self.remember(place, begun.start, (values, inspected, begun.free), true);
        }
    }

    /// Remembers a string or a literal, read since `start`, of which nothing came: neither it nor
    /// others that are one number with it.
    pub(super) fn remember_scalar(&mut self, place: usize, start: usize, free: usize, inspected: bool) {
        self.remember(place, start, (0, u64::from(inspected), free), false);
    }

    fn remember(
        &mut self,
        place: usize,
        start: usize,
        (values, inspected, free): (usize, u64, usize),
        is_container: bool,
    ) {
        let (end, here) = (self.reader.position(), self.places.get(place));
        let number = here.number();
        let fits = (SHORTEST..=LONGEST).contains(&(end - start));
        let is_lucky = self.again.at(place, number).is_none_or(|met| met.missed < UNLUCKY);
        if !fits || !is_lucky || here.links > 0 || self.told.is_some() {
            return;
        }
        let first = self.again.free.len();
        let at = self.out.len() + start - self.copied;
        let rest = self.free.get(free..).unwrap_or_default();
        self.again.free.extend(rest.iter().map(|free| free.moved(at, 0)));
        let short = |number: usize| u32::try_from(number).ok();
        let value = || {
            let free = (short(first)?, short(self.again.free.len())?);
            let inspected = u32::try_from(inspected).ok()?;
            let Range { start, end } = short(start)?..short(end)?;
            let head = head(self.reader.since(start as usize).as_bytes());
            Some(Value { head, start, end, values: short(values)?, inspected, free, is_container })
        };
        if let Some(value) = value() {
            self.again.put(place, number, value);
        }
    }
}

fn head(source: &[u8]) -> u32 {
    source.first_chunk::<SHORTEST>().map_or(0, |head| u32::from_le_bytes(*head))
}

#[cfg(test)]
mod tests {
    use crate::config::builtin;
    use crate::redact::Redactor;
    use crate::redact::plan::Plan;
    use crate::redact::rules::Rules;
    use proptest::prelude::*;
    use serde_json::Value;

    thread_local! {
        /// Each test has one of its own: names that another test met count as inspected there.
        static PLAN: Plan = {
            let rules = Rules::load(&builtin::rules()).unwrap_or_else(|faults| panic!("{faults:?}"));
            Plan::released(rules.detection(&["hipaa-safe-harbor".to_owned()]).unwrap().unwrap())
        };
    }

    /// What is left of a document whose member names were met before, and how many values were
    /// inspected.
    fn filtered(document: &str) -> (Value, u64) {
        PLAN.with(|plan| {
            let _ = once(plan, document);
            once(plan, document)
        })
    }

    fn once(plan: &Plan, document: &str) -> (Value, u64) {
        let mut redactor = Redactor::new(plan, 2026);
        let mut shown = redactor.structure(document.as_bytes()).unwrap().unwrap().into_owned();
        if redactor.must_repeat() {
            shown = redactor.structure(document.as_bytes()).unwrap().unwrap().into_owned();
        }
        (serde_json::from_str(&shown).unwrap(), redactor.report().values_inspected)
    }

    /// The same document, in which no two strings and no two containers are written alike.
    fn unlike(value: &Value, count: &mut usize) -> String {
        *count += 1;
        let blanks = " ".repeat(*count);
        match value {
            Value::String(text) => {
                let bits = *count;
                let letter = |(place, letter): (usize, char)| {
                    if bits >> (place % 16) & 1 == 1 || letter == '"' {
                        format!("\\u{:04x}", u32::from(letter))
                    } else {
                        letter.to_string()
                    }
                };
                format!("\"{}\"", text.chars().enumerate().map(letter).collect::<String>())
            }
            Value::Array(elements) => {
                let elements: Vec<String> = elements.iter().map(|element| unlike(element, count)).collect();
                format!("[{blanks}{}]", elements.join(","))
            }
            Value::Object(members) => {
                let member =
                    |(name, value): (&String, &Value)| format!("\"{name}\":{}", unlike(value, count));
                let members: Vec<String> = members.iter().map(member).collect();
                format!("{{{blanks}{}}}", members.join(","))
            }
            other => other.to_string(),
        }
    }

    fn document() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            prop::sample::select(vec![
                "final",
                "Halloran",
                "Seen by Halloran today",
                "536-90-4399",
                "536",
                "90",
                "4399",
                "SSN",
                "cm",
                "http://loinc.org",
                "vital-signs",
                "4111",
                "1111",
                "Body height",
                "phone",
                "{\"ssn\":\"1\"}",
                "[x",
                "2026-03-05",
                "Ann Lee",
                "550e8400-e29b-41d4-a716-446655440000",
            ])
            .prop_map(Value::from),
            prop::sample::select(vec![1, 90, 4399, 536_904_399]).prop_map(Value::from),
            Just(Value::Bool(true)),
        ];
        let name = prop::sample::select(vec![
            "name", "value", "code", "note", "family", "x", "y", "text", "id", "1",
        ]);
        scalar.prop_recursive(4, 48, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((name.clone(), inner), 0..4).prop_map(|members| Value::Object(
                    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
                )),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn what_recurs_becomes_what_it_became(parts in prop::collection::vec(document(), 1..4), order in prop::collection::vec(0_usize..4, 2..12)) {
            let document: Vec<Value> = order.iter().map(|at| parts[at % parts.len()].clone()).collect();
            let document = Value::from(document);
            let (again, _) = filtered(&document.to_string());
            let (anew, _) = filtered(&unlike(&document, &mut 0));
            prop_assert_eq!(again, anew, "{}", document);
        }
    }

    #[test]
    fn a_value_that_recurs_is_read_once() {
        let one = r#"{"system":"http://loinc.org","code":"ab","display":"Body height"}"#;
        let document = format!("[{}]", vec![one; 1_000].join(","));
        let (shown, inspected) = filtered(&document);
        assert_eq!(shown.to_string(), document);
        assert_eq!(inspected, 3_000);
    }

    /// What stands before a container may say what its parts are.
    #[test]
    fn the_same_parts_behind_another_label_are_read_anew() {
        let parts = r#"["536","90","4399"]"#;
        let document = format!(r#"[["ward",{parts}],["SSN",{parts}],["ward",{parts}]]"#);
        let (shown, _) = filtered(&document);
        assert_eq!(shown[0][1].to_string(), parts);
        assert!(!shown[1].to_string().contains("4399"), "{shown}");
    }
}
