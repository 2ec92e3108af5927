//! Where the strings of a JSON text are in it, escapes and all.

use crate::Fallible;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// By JSON Pointer.
pub(crate) type Leaves<'a> = HashMap<String, Leaf<'a>>;

/// A string as it is written, between its quotes, and where in the text that begins.
pub(crate) struct Leaf<'a> {
    begin: usize,
    written: &'a str,
}

pub(crate) fn of(text: &str) -> Fallible<Leaves<'_>> {
    let mut leaves = Leaves::new();
    gather(text, serde_json::from_str(text)?, String::new(), &mut leaves)?;
    Ok(leaves)
}

fn gather<'a>(text: &str, raw: &'a RawValue, pointer: String, leaves: &mut Leaves<'a>) -> Fallible<()> {
    let raw = raw.get();
    match raw.as_bytes().first() {
        Some(b'{') => {
            for (key, value) in serde_json::from_str::<BTreeMap<Cow<str>, &RawValue>>(raw)? {
                let step = key.replace('~', "~0").replace('/', "~1");
                gather(text, value, format!("{pointer}/{step}"), leaves)?;
            }
        }
        Some(b'[') => {
            for (index, value) in serde_json::from_str::<Vec<&RawValue>>(raw)?.into_iter().enumerate() {
                gather(text, value, format!("{pointer}/{index}"), leaves)?;
            }
        }
        Some(b'"') => {
            let written = &raw[1..raw.len() - 1];
            // Both are parts of the same text.
            let begin = written.as_ptr().addr() - text.as_ptr().addr();
            leaves.insert(pointer, Leaf { begin, written });
        }
        _ => {}
    }
    Ok(())
}

impl Leaf<'_> {
    /// The bytes of the text that stand for a range of the string's code points.
    pub(crate) fn bytes(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        let mut edges = vec![self.begin];
        let mut rest = self.written;
        while let Some(width) = width(rest) {
            rest = rest.get(width..)?;
            edges.push(self.begin + self.written.len() - rest.len());
        }
        Some((*edges.get(start)?, *edges.get(end)?))
    }
}

/// How many bytes the first code point is written in; two escapes for one beyond the first plane.
fn width(written: &str) -> Option<usize> {
    let high = |digits: &str| digits.to_ascii_lowercase().starts_with(['8', '9', 'a', 'b']);
    match (written.chars().next()?, written.get(1..3)) {
        ('\\', Some("ud" | "uD")) if written.get(3..).is_some_and(high) => Some(12),
        ('\\', _) if written.as_bytes().get(1) == Some(&b'u') => Some(6),
        ('\\', _) => Some(2),
        (letter, _) => Some(letter.len_utf8()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_point_is_found_however_it_is_written() {
        let text = r#" {"a/b": [1, "é\u00e9\ud83d\ude00\\\"x", {"~": "😀y"}]} "#;
        let leaves = of(text).unwrap();
        let part = |pointer: &str, start, end| {
            let (start, end) = leaves[pointer].bytes(start, end).unwrap();
            &text[start..end]
        };
        let written: Vec<&str> = (0..6).map(|at| part("/a~1b/1", at, at + 1)).collect();
        assert_eq!(written, ["é", r"\u00e9", r"\ud83d\ude00", r"\\", r#"\""#, "x"]);
        assert_eq!(part("/a~1b/2/~0", 0, 2), "😀y");
        assert!(leaves["/a~1b/2/~0"].bytes(0, 3).is_none());
    }
}
