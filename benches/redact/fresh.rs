//! Texts of which no value was met before: what a gate reads on a common day, whose automata
//! are built and whose memory of values is of no use.

use crate::{YEAR, plan, rate, time};
use portcullis::redact::Redactor;
use portcullis::redact::rules::Rules;
use std::hint::black_box;

const NOTES: &str = include_str!("../../corpora/clinical-notes/test.jsonl");
const RECORDS: &str = include_str!("../../corpora/health-json/test.jsonl");
/// So many readings, each with other values, before the first that is timed.
const WARM: usize = 6;
const TIMED: usize = 7;

pub(crate) fn texts(rules: &Rules) {
    for (what, corpus, other) in [
        ("clinical notes", NOTES, rotated as fn(&str, usize) -> String),
        ("health records", RECORDS, counted),
    ] {
        let texts: Vec<String> = corpus
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .filter_map(|line| Some(line["text"].as_str()?.to_owned()))
            .collect();
        let readings: Vec<Vec<String>> =
            (1..=WARM + TIMED).map(|round| texts.iter().map(|text| other(text, round)).collect()).collect();
        let (warm, timed) = readings.split_at(WARM);
        let plan = plan(rules, "all");
        let read = |texts: &Vec<String>| {
            for text in texts {
                drop(black_box(Redactor::new(&plan, YEAR).text(black_box(text)).unwrap()));
            }
        };
        let changes = |text: &&String| Redactor::new(&plan, YEAR).text(text).unwrap().as_ref() != Some(*text);
        let changed = warm[0].iter().filter(changes).count();
        assert!(changed * 2 > texts.len(), "{changed} of {} {what} hold something", texts.len());
        warm.iter().for_each(read);
        let copying = time(timed, |texts| drop(black_box(texts.clone())));
        let took = time(timed, read);
        let bytes = timed[0].iter().map(String::len).sum();
        println!(
            "{} {what} of {} bytes, no value met before: {:.1} MB/s, {:.3} % of memcpy",
            texts.len(),
            bytes / texts.len(),
            rate(bytes, took),
            100.0 * copying.as_secs_f64() / took.as_secs_f64()
        );
    }
}

/// The text with its words in another order.
fn rotated(text: &str, round: usize) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let (head, tail) = words.split_at(words.len() * round / (WARM + TIMED + 1));
    [tail, head].concat().join(" ")
}

/// The document with other numbers: every digit that follows a digit is another.
fn counted(text: &str, round: usize) -> String {
    let round = u32::try_from(round).unwrap();
    let mut before = ' ';
    let other = |c: char| {
        let follows = std::mem::replace(&mut before, c).is_ascii_digit();
        let digit = c.to_digit(10).filter(|_| follows).map(|digit| (digit + round) % 10);
        digit.and_then(|digit| char::from_digit(digit, 10)).unwrap_or(c)
    };
    text.chars().map(other).collect()
}
