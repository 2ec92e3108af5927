//! Where a value ends that no quote ends: before the next field, a delimiter, or the
//! sentence that goes on behind it.

use super::lines::{trim, trim_of};
use super::vocabulary::{is_common_word, is_placeholder};
use std::ops::Range;

/// How a value that is not quoted ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Behind `key:`, up to the end of the line.
    Line,
    /// Behind `key=`: one word, and those behind it that are written like a name.
    Word,
    /// In brackets, up to a comma.
    Member,
}

/// The value in `range`, or `None` where there is only a placeholder or code.
pub(super) fn cut(text: &str, range: Range<usize>, style: Style) -> Option<Range<usize>> {
    let range = trim(text, range);
    let range = trim_of(text, range, |c| matches!(c, '*' | '`' | '_' | ' '));
    let part = text.get(range.clone())?;
    if let Some(inner) = quoted(part) {
        return Some(range.start + 1..range.start + 1 + inner.len());
    }
    let length = match style {
        Style::Line => sentence(until(part, &[";", "|", "<", "\t", "  "])),
        Style::Word => word(part),
        Style::Member => until(part, &[",", ";", "\t"]).len(),
    };
    let range = trim_of(text, range.start..range.start + length, |c| {
        c.is_whitespace() || matches!(c, ',' | ';' | '.' | '*' | '`' | '"' | '\'' | '(' | '{' | '[')
    });
    let value = text.get(range.clone())?;
    (!is_placeholder(value) && !is_call(value)).then_some(range)
}

/// Whether this may be the value of such a key, rather than the rest of a sentence that
/// begins like one: `Given: the dose was halved`.
pub(super) fn is_sound(key: &str, value: &str) -> bool {
    let words = value.split(' ').count();
    if value.starts_with("//") || (is_common_word(key) && words > 3) {
        return false;
    }
    let heading = key.starts_with(char::is_uppercase) && key.contains(char::is_lowercase);
    let most = if key.contains(' ') { 3 } else { 1 };
    !(heading && words > most && begins_as_prose(value))
}

/// Begins in lower case and holds neither a number nor an address.
pub(super) fn begins_as_prose(value: &str) -> bool {
    value.starts_with(char::is_lowercase) && !value.contains(|c: char| c.is_ascii_digit() || c == '@')
}

/// What stands between two like quotes at the start of `part`.
fn quoted(part: &str) -> Option<&str> {
    let quote = part.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let rest = part.get(1..)?;
    rest.get(..rest.find(quote)?).filter(|inner| !inner.is_empty())
}

/// The part before the first of these. One pass: most parts end soon.
fn until<'t>(part: &'t str, ends: &[&str]) -> &'t str {
    let begins = |at: &usize| {
        let rest = part.as_bytes().get(*at..).unwrap_or_default();
        ends.iter().any(|end| rest.starts_with(end.as_bytes()))
    };
    let end = (0..part.len()).find(begins);
    part.get(..end.unwrap_or(part.len())).unwrap_or(part)
}

fn is_call(value: &str) -> bool {
    value.find('(').is_some_and(|open| {
        let name = value.get(..open).unwrap_or_default();
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
    })
}

/// The length of the first word and of the words behind it that a name, a number or a
/// street is made of.
fn word(part: &str) -> usize {
    let ends =
        |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '&' | '|' | ')' | '}' | ']' | '<' | '>' | '"');
    let mut length = part.find(ends).unwrap_or(part.len());
    loop {
        let rest = part.get(length..).unwrap_or_default();
        let Some(next) = rest.strip_prefix(' ') else { return length };
        let end = next.find(ends).unwrap_or(next.len());
        let goes_on = next.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
        if !goes_on || next.get(..end).is_some_and(|word| word.contains(['=', ':'])) {
            return length;
        }
        length += 1 + end;
    }
}

/// The length of the value in front of a sentence: `00483920 presents with pain` ends
/// before two words in lower case, but only if what stands before says enough to be a
/// value: `rue des lilas blancs` has no such end.
fn sentence(part: &str) -> usize {
    let (mut digits, mut capitals, mut mail) = (0, 0, false);
    let mut run = None;
    let mut stop: Option<(usize, usize)> = None;
    for (index, (start, word)) in words(part).enumerate() {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        if !is_particle(bare) {
            let lower = !bare.is_empty() && bare.chars().all(char::is_lowercase);
            if lower && (digits >= 5 || capitals >= 2 || mail) {
                // The sentence began two words ago, behind a full stop, or one word ago.
                let stopped = stop.filter(|(last, _)| last + 2 == index).map(|(_, end)| end);
                if let Some(end) = stopped.or(run) {
                    return end;
                }
            }
            run = lower.then_some(start);
        }
        if word.ends_with('.') && bare.chars().count() >= 3 {
            stop = Some((index, start + word.len()));
        }
        digits += word.bytes().filter(u8::is_ascii_digit).count();
        capitals += usize::from(word.starts_with(char::is_uppercase));
        mail |= word.contains('@');
    }
    part.len()
}

fn words(part: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    part.split(' ').filter_map(move |word| {
        let at = start;
        start += word.len() + 1;
        (!word.is_empty()).then_some((at, word))
    })
}

/// Words in lower case inside names and streets.
fn is_particle(word: &str) -> bool {
    const PARTICLES: [&str; 32] = [
        "de", "la", "las", "los", "le", "les", "van", "der", "den", "von", "zu", "zum", "zur", "am", "an",
        "bin", "al", "el", "da", "das", "do", "dos", "del", "des", "du", "y", "e", "und", "ter", "ten",
        "ibn", "di",
    ];
    PARTICLES.contains(&word)
}

/// The text that JSON escapes stand for; `None` if it has none.
pub(super) fn unescaped(value: &str) -> Option<String> {
    value.contains('\\').then_some(())?;
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match (c, chars.as_str().chars().next()) {
            ('\\', Some('u')) => {
                chars.next();
                let code = chars.as_str().get(..4).and_then(|hex| u32::from_str_radix(hex, 16).ok());
                if let Some(c) = code.and_then(char::from_u32) {
                    out.push(c);
                    chars = chars.as_str().get(4..).unwrap_or_default().chars();
                }
            }
            ('\\', Some('n' | 'r' | 't')) => {
                chars.next();
                out.push(' ');
            }
            ('\\', Some(escaped)) => {
                chars.next();
                out.push(escaped);
            }
            (c, _) => out.push(c),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(style: Style, part: &str, value: Option<&str>) {
        let text = format!("é{part}");
        let found = cut(&text, 2..text.len(), style);
        assert_eq!(found.map(|range| &text[range]), value, "{part}");
    }

    #[test]
    fn a_line_ends_where_a_sentence_begins() {
        for (part, value) in [
            (" Ann Lee", "Ann Lee"),
            ("** Ann Lee", "Ann Lee"),
            (" \"Ann Lee\" of Boston", "Ann Lee"),
            (" 00483920 presents with chest pain", "00483920"),
            (" 00483920, seen today with cough", "00483920"),
            (" Maria de la Cruz reports mild pain", "Maria de la Cruz"),
            (" Ann Halloran. She was seen", "Ann Halloran"),
            (" 536904399. The patient was seen", "536904399"),
            (" 12 Elm Street, Boston, MA 02139", "12 Elm Street, Boston, MA 02139"),
            (" 12 Elm Street. Boston MA", "12 Elm Street. Boston MA"),
            (" 12 rue des lilas blancs", "12 rue des lilas blancs"),
            (" ann lee", "ann lee"),
            (" Ann Lee     Room 5", "Ann Lee"),
            (" 536904399 | next", "536904399"),
            (" Müller, Zoë;", "Müller, Zoë"),
        ] {
            check(Style::Line, part, Some(value));
        }
        for part in [" string", " null;", " getPassword()", "", "  ", " os.getenv(\"X\")"] {
            check(Style::Line, part, None);
        }
    }

    #[test]
    fn a_word_goes_on_while_it_is_a_name() {
        for (part, value) in [
            ("Ann Lee dob=1", "Ann Lee"),
            ("Ann Lee SSN=1", "Ann Lee"),
            ("bob performed a login", "bob"),
            ("12 Elm Road, x", "12 Elm Road"),
            ("'Ann Lee', ssn", "Ann Lee"),
            ("hunter2&next=1", "hunter2"),
        ] {
            check(Style::Word, part, Some(value));
        }
        check(Style::Member, "12 Elm Road, city: x", Some("12 Elm Road"));
    }

    #[test]
    fn escapes_are_read_as_json_reads_them() {
        assert_eq!(unescaped("plain"), None);
        assert_eq!(unescaped(r"536\u002d90\u002d4399").as_deref(), Some("536-90-4399"));
        assert_eq!(unescaped(r#"\"a\/b\n\\"#).as_deref(), Some("\"a/b \\"));
        assert_eq!(unescaped("\\ud83dx\\u00e").as_deref(), Some("d83dx00e"));
    }
}
