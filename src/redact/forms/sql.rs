//! What SQL says in text: the rows of an `INSERT`, and the key that a database complains of
//! (`Key (last_name)=(…) already exists`).

use super::Emit;
use super::lines::trim_of;
use std::ops::Range;

/// Columns and values are read so far.
const LONGEST_LIST: usize = 1 << 14;
const MOST_COLUMNS: usize = 256;

pub(super) fn read(text: &str, emit: Emit<'_>) {
    inserts(text, emit);
    keys(text, emit);
}

/// `INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y')`.
fn inserts(text: &str, emit: Emit<'_>) {
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| find_word(rest, "values")) {
        let word = at + found;
        at = word + "values".len();
        let Some(columns) = columns(text, word) else { continue };
        loop {
            let (values, end) = match list(text, at) {
                Ok(list) => list,
                // What was read in vain is not read again.
                Err(read) => {
                    at = (read..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(read);
                    break;
                }
            };
            for (column, value) in columns.iter().zip(values) {
                if let Some(name) = text.get(column.clone()) {
                    emit(&[name], value);
                }
            }
            at = end;
            let rest = text.get(at..).unwrap_or_default();
            if !rest.trim_start().starts_with(',') {
                break;
            }
            at += rest.len() - rest.trim_start().len() + 1;
        }
    }
}

/// The next place of a word in any case, which stands for itself.
fn find_word(text: &str, word: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let starts = memchr::memchr2_iter(b'v', b'V', bytes);
    starts.into_iter().find(|start| {
        let end = start + word.len();
        let same = bytes.get(*start..end).is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()));
        same && !is_word(bytes.get(end))
            && !is_word(start.checked_sub(1).and_then(|before| bytes.get(before)))
    })
}

/// The names between the brackets that end before `VALUES`.
fn columns(text: &str, before: usize) -> Option<Vec<Range<usize>>> {
    let head = text.get(..before)?.trim_end();
    let close = head.len().checked_sub(1).filter(|_| head.ends_with(')'))?;
    let from = close.saturating_sub(LONGEST_LIST);
    let open = memchr::memrchr2(b'(', b')', head.as_bytes().get(from..close)?)? + from;
    if head.as_bytes().get(open) != Some(&b'(') {
        return None;
    }
    let names = head.get(open + 1..close)?;
    let mut start = open + 1;
    let names = names.split(',').map(|name| {
        let range = start..start + name.len();
        start = range.end + 1;
        trim_of(text, range, |c| c.is_whitespace() || matches!(c, '"' | '`' | '[' | ']'))
    });
    let names: Vec<Range<usize>> = names.take(MOST_COLUMNS).collect();
    names.iter().all(|name| !name.is_empty()).then_some(names)
}

/// The values between the brackets that begin behind `from`, and where those end. A quote
/// within a quoted value is doubled.
///
/// # Errors
/// Where reading stopped, if they do not end.
fn list(text: &str, from: usize) -> Result<(Vec<Range<usize>>, usize), usize> {
    let rest = text.get(from..).ok_or(from)?;
    let open = from + rest.len() - rest.trim_start().len();
    let bytes = text.as_bytes();
    if bytes.get(open) != Some(&b'(') {
        return Err(from);
    }
    let (mut values, mut start, mut quoted, mut deep) = (Vec::new(), open + 1, false, 0_usize);
    let limit = text.len().min(open + LONGEST_LIST);
    for at in open + 1..limit {
        match bytes.get(at).ok_or(limit)? {
            b'\'' => quoted = !quoted,
            _ if quoted => {}
            b'(' => deep += 1,
            b')' if deep > 0 => deep -= 1,
            byte @ (b',' | b')') if deep == 0 => {
                values.push(trim_of(text, start..at, |c| c.is_whitespace() || c == '\''));
                start = at + 1;
                if *byte == b')' {
                    return Ok((values, at + 1));
                }
            }
            _ => {}
        }
    }
    Err(limit)
}

/// `(a, b)=(1, x)`.
fn keys(text: &str, emit: Emit<'_>) {
    const JOINT: &str = ")=(";
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find(JOINT)) {
        let (close, open) = (at + found, at + found + JOINT.len());
        let head = text.get(at..close).unwrap_or_default();
        let tail = text.get(open..).unwrap_or_default();
        at = open;
        let (Some(begin), Some(end)) = (head.rfind('('), tail.find(')')) else { continue };
        let names = head.get(begin + 1..).unwrap_or_default().split(", ");
        let mut start = open;
        for (name, value) in names.zip(tail.get(..end).unwrap_or_default().split(", ")) {
            emit(&[name], start..start + value.len());
            start += value.len() + 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::parts;

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn rows_of_an_insert_stand_under_its_columns() {
        let text = "INSERT INTO p (ward, \"last_name\") VALUES ('5B', 'O''Neil, x'), (NULL,concat('a','b'))\n values (1)";
        let found = parts(super::read, text);
        let expected = [
            pair("ward", "5B"),
            pair("last_name", "O''Neil, x"),
            pair("ward", "NULL"),
            pair("last_name", "concat('a','b')"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_violated_key_names_its_columns() {
        let text = "Key (last_name, ssn)=(Quillfeather, 536904399) already exists. f(a)=(b";
        assert_eq!(parts(super::read, text), [pair("last_name", "Quillfeather"), pair("ssn", "536904399")]);
    }

    #[test]
    fn prose_is_no_sql() {
        for text in ["Its values (as we know) matter.", "values", "a (b) values", "(x)=y", "Évalues (1)"] {
            assert_eq!(parts(super::read, text), [], "{text}");
        }
    }
}
