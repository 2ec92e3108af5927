//! Lines, whatever ends them: HL7 v2 ends its segments with a bare carriage return.

use std::ops::Range;

/// The byte ranges of the lines of a text, without their ends, blank ones included.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = Some(0);
    std::iter::from_fn(move || {
        let from = start?;
        let rest = text.get(from..)?;
        let Some(length) = rest.find(['\n', '\r']) else {
            start = None;
            return Some(from..text.len());
        };
        let end = from + length;
        let pair = text.get(end..).is_some_and(|rest| rest.starts_with("\r\n"));
        start = Some(end + 1 + usize::from(pair));
        Some(from..end)
    })
}

/// The range without white space at its ends.
pub(super) fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    trim_of(text, range, char::is_whitespace)
}

/// The range without such characters at its ends.
pub(super) fn trim_of(text: &str, range: Range<usize>, cut: impl Fn(char) -> bool) -> Range<usize> {
    let part = text.get(range.clone()).unwrap_or_default();
    let kept = part.trim_start_matches(&cut);
    let start = range.start + (part.len() - kept.len());
    start..start + kept.trim_end_matches(&cut).len()
}

/// A line of nothing but strokes, as tables and blocks are ruled with.
pub(super) fn is_rule(line: &str) -> bool {
    line.bytes().filter(|byte| matches!(byte, b'-' | b'=' | b'_' | b'~' | b'*')).count() >= 3
        && line.chars().all(|c| {
            matches!(c, '-' | '=' | '_' | '~' | '*' | '+' | '|' | ':' | ' ' | '\t' | '─' | '┼' | '│')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_end_ends_a_line() {
        let text = "ä\nb\r\nc\rd\n\ne";
        let found: Vec<&str> = lines(text).map(|range| &text[range]).collect();
        assert_eq!(found, ["ä", "b", "c", "d", "", "e"]);
        assert_eq!(lines("").count(), 1);
    }

    #[test]
    fn ends_are_trimmed_by_characters_not_bytes() {
        let text = "\u{a0} é \u{3000}x";
        assert_eq!(&text[trim(text, 0..text.len() - 1)], "é");
        assert_eq!(&text[trim_of(text, 0..text.len(), |c| c != 'x')], "x");
    }

    #[test]
    fn strokes_are_not_words() {
        for (line, rule) in [
            ("---", true),
            ("|---|:--:|", true),
            ("-----+------", true),
            ("+----+----+", true),
            ("- -", false),
            ("--x--", false),
            ("", false),
        ] {
            assert_eq!(is_rule(line), rule, "{line}");
        }
    }
}
