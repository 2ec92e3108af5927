//! Text that is not JSON and yet says what its parts are: tables, `key: value` lines,
//! `key=value` pairs, markup, segments of HL7 v2 and X12, rows of SQL.
//!
//! Each form is a pure function that cuts a text into values, each with the keys it
//! stands under, so that a cell of the column `ssn` is claimed like a member `ssn`. A
//! form only adds findings: the whole text is scanned as prose besides, so whatever a
//! form reads wrongly is still seen.
//!
//! Invariant: linear time on every input, and exact byte ranges of the text given.

mod claims;
mod embedded;
mod frames;
mod label;
pub(crate) mod labels;
mod lines;
mod markup;
mod members;
mod pairs;
pub(crate) mod rows;
mod segments;
pub(crate) mod siblings;
mod source;
mod sql;
mod table;
mod value;
mod vocabulary;

use crate::redact::class::Class;
pub(crate) use claims::{Forms, names};
pub(crate) use embedded::spans as embedded_json;
pub(crate) use members::string;
use std::ops::Range;

/// Takes the keys from the outermost in, as written, and the bytes of the value.
type Emit<'e> = &'e mut dyn FnMut(&[&str], Range<usize>);

/// Outer keys handed on with a value; no rule names a longer path.
const OUTER_KEYS: usize = 3;

/// Whether a text of such bytes may give keys to its parts. Most values are short and end
/// here.
pub(crate) fn may_have_keys(class: Class) -> bool {
    const LETTERS: Class = Class::LOWER.join(Class::UPPER).join(Class::WIDE);
    const MARKS: Class = Class::CONTROL
        .join(Class::byte(b':'))
        .join(Class::byte(b'='))
        .join(Class::byte(b'|'))
        .join(Class::byte(b'<'))
        .join(Class::byte(b'~'));
    class.meets(LETTERS) && (class.meets(MARKS) || may_be_sql(class))
}

/// Whether a text has both the brackets and the quotes of an `INSERT`.
fn may_be_sql(class: Class) -> bool {
    class.meets(Class::byte(b'(')) && class.meets(Class::byte(b'\'')) && class.meets(Class::byte(b','))
}

fn read(text: &str, emit: Emit<'_>) {
    if text.contains('<') {
        markup::read(text, emit);
    }
    if text.contains(['\n', '\r']) {
        table::read(text, emit);
    }
    if text.contains(['|', '~']) {
        segments::read(text, emit);
    }
    if text.contains('(') {
        sql::read(text, emit);
    }
    pairs::read(text, emit);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The path and the value of every part that a form reads out of a text.
    pub(super) fn parts(read: fn(&str, Emit<'_>), text: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        read(text, &mut |keys, range| found.push((keys.join("."), text[range].to_owned())));
        found
    }

    type Maker = Box<dyn Fn(usize) -> String>;

    /// Eight times the text may take 24 times as long, with a margin for a busy machine;
    /// what is quadratic takes 64 times as long.
    #[test]
    fn the_work_grows_with_the_text_and_not_faster() {
        let columns = |n: usize| format!("{}\n{}", "ssn,".repeat(n / 8), "1,".repeat(n / 8));
        let repeated = [
            "<",
            "|",
            "{",
            ",",
            "[",
            "(",
            ":",
            "=",
            "\"",
            "'",
            "`",
            "a:",
            "a=",
            "<a ",
            "<a b=\"",
            "</a>",
            "<!--",
            "\\\"",
            "{\"",
            "[{",
            "a|b\n",
            "a,\"\n",
            "a,b\n",
            "k: \n",
            "(a:date(",
            "a\n  b:\n",
            "~",
            "NM1*",
            "a:  \"",
            "x ",
            "- ",
            "\n",
            "PID|",
            "<td>",
            "<b>k:",
            ")=(",
            "(a)=(",
            "values (",
            "(a) values (",
            ")values",
            "(a)values",
            "(a,b) values (1,2),",
        ];
        let one_key = ["k: *", "k=", "k:\t", "k:   x", "\"", "{\"a\":'", "a,\""];
        let name = |n: usize| format!("<{}>{}", "k".repeat(n / 2), "x<b>y</b>".repeat(n / 20));
        let mut makers: Vec<(String, Maker)> =
            vec![("columns".into(), Box::new(columns)), ("a long name".into(), Box::new(name))];
        for unit in repeated {
            makers.push((unit.into(), Box::new(move |n| unit.repeat(n / unit.len()))));
            for head in one_key {
                makers.push((
                    format!("{head} {unit}"),
                    Box::new(move |n| {
                        format!("{head}{}{}", " ".repeat(n / 2), unit.repeat(n / 2 / unit.len()))
                    }),
                ));
            }
        }
        for (name, make) in makers {
            let time = |n: usize| {
                let text = make(n);
                let start = std::time::Instant::now();
                let mut count = 0_usize;
                read(&text, &mut |_, range| count += range.len());
                embedded_json(&text);
                assert!(count <= text.len() * 64, "{name}: {count} bytes are handed on of {n}");
                start.elapsed()
            };
            let size = 1 << 12;
            let by_length = || time(size * 8) < time(size) * 24 + std::time::Duration::from_millis(150);
            assert!((0..3).any(|_| by_length()), "{name}");
        }
    }
}
