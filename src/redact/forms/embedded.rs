//! JSON amid other text: `Here is the record: {…} done`, log lines that end in an
//! object, several documents one after another.

use crate::redact::literal;
use serde::de::IgnoredAny;
use std::ops::Range;

/// Every byte may be looked at this often. A text of nothing but brackets spends it and
/// the rest is read as prose, with the keys that prose can have.
const LOOKS: usize = 8;

/// The parts of a text that are JSON objects, lists of them, or the same as Python
/// prints them; in order.
pub(crate) fn spans(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut budget = text.len().saturating_mul(LOOKS);
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(open) =
        bytes.get(at..).and_then(|rest| rest.iter().position(|byte| matches!(byte, b'{' | b'[')))
    {
        let open = at + open;
        at = open + 1;
        if !may_begin(bytes, open) {
            continue;
        }
        if budget == 0 {
            break;
        }
        let Some(end) = balanced(bytes, open, &mut budget) else { continue };
        if text.get(open..end).is_some_and(is_document) {
            found.push(open..end);
            at = end;
        }
    }
    found
}

/// An object with members, or a list that begins with an object or a list.
fn may_begin(bytes: &[u8], open: usize) -> bool {
    let mut behind = bytes.iter().skip(open + 1).take(256).filter(|byte| !byte.is_ascii_whitespace());
    match (bytes.get(open), behind.next()) {
        (Some(b'{'), Some(b'"' | b'\'')) => true,
        (Some(b'['), Some(next)) => matches!(next, b'{' | b'[' | b'('),
        _ => false,
    }
}

/// The end of the brackets that open at `open`, strings stepped over.
fn balanced(bytes: &[u8], open: usize, budget: &mut usize) -> Option<usize> {
    let (mut depth, mut quote) = (0_usize, None);
    let mut rest = bytes.iter().enumerate().skip(open);
    while let Some((at, byte)) = rest.next() {
        *budget = budget.checked_sub(1)?;
        match (quote, byte) {
            (Some(_), b'\\') => {
                rest.next();
            }
            (Some(open), byte) if open == *byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, b'{' | b'[' | b'(') => depth += 1,
            (None, b'}' | b']' | b')') => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            (None, _) => {}
        }
    }
    None
}

fn is_document(span: &str) -> bool {
    span.contains('{')
        && (serde_json::from_str::<IgnoredAny>(span).is_ok() || literal::to_json(span).is_some())
}

#[cfg(test)]
mod tests {
    use super::spans;

    fn check(text: &str, wanted: &[&str]) {
        let found: Vec<&str> = spans(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, wanted, "{text}");
    }

    #[test]
    fn documents_are_found_wherever_they_stand() {
        check(r#"Zoë: {"ssn":"1"} done"#, &[r#"{"ssn":"1"}"#]);
        check(r#"{"a":{"b":"}"}}{"a":2}"#, &[r#"{"a":{"b":"}"}}"#, r#"{"a":2}"#]);
        check("row [{'a': 'it\\'s'}] end", &["[{'a': 'it\\'s'}]"]);
        check("INFO {x {\"a\": [1,\n 2]} }", &["{\"a\": [1,\n 2]}"]);
        check("see [1], {y}, {} and [note]", &[]);
        check(r#"{"a": 1, {"b": 2}"#, &[r#"{"b": 2}"#]);
        check(r#"{"a": "unclosed"#, &[]);
    }
}
