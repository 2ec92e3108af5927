//! A look at the source of JSON that is checked elsewhere: what is broken ends it.

use crate::redact::json::plain_end;

/// The members of an object: their names as written and the source of their values.
pub(super) fn members(object: &str) -> impl Iterator<Item = (&str, &str)> {
    members_in(object.trim_start().strip_prefix('{').unwrap_or_default())
}

pub(super) fn members_in(mut rest: &str) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        let name = value_length(rest).and_then(|length| rest.get(..length))?;
        rest = rest.get(name.len()..)?.trim_start().strip_prefix(':')?;
        let value = rest.get(..value_length(rest)?)?;
        rest = behind(rest, value.len());
        Some((trim(name).strip_prefix('"')?.strip_suffix('"')?, trim(value)))
    })
}

/// Without white space around it, which few have.
fn trim(source: &str) -> &str {
    let is_plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    let bytes = source.as_bytes();
    if is_plain(bytes.first()) && is_plain(bytes.last()) { source } else { source.trim() }
}

/// The sources of the elements of an array.
pub(super) fn elements(array: &str) -> impl Iterator<Item = &str> {
    let mut rest = array.trim_start().strip_prefix('[').unwrap_or_default();
    std::iter::from_fn(move || {
        let value = rest.get(..value_length(rest)?)?;
        rest = behind(rest, value.len());
        Some(value.trim())
    })
}

/// Behind a value and its comma; nothing if there is none.
pub(super) fn behind(rest: &str, length: usize) -> &str {
    rest.get(length..).and_then(|rest| rest.trim_start().strip_prefix(',')).unwrap_or_default()
}

/// The length of the value that begins here, white space before it included. `None` if
/// there is none or the source ends in it.
pub(super) fn value_length(source: &str) -> Option<usize> {
    let bytes = source.as_bytes();
    let (mut depth, mut begun, mut at) = (0_usize, false, 0);
    loop {
        let byte = *bytes.get(at)?;
        match byte {
            b'"' => {
                at = quote_behind(bytes, at + 1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth > 1 => depth -= 1,
            b'}' | b']' if depth == 1 => return Some(at + 1),
            b'}' | b']' | b',' | b':' if depth == 0 => return begun.then_some(at),
            _ => {}
        }
        begun |= !byte.is_ascii_whitespace();
        at += 1;
    }
}

/// Where the quote is that ends the string that goes on here.
fn quote_behind(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at = plain_end(bytes, at);
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The text of a JSON string. None of anything else.
pub(crate) fn string(source: &str) -> Option<String> {
    source.starts_with('"').then(|| serde_json::from_str(source).ok()).flatten()
}

/// The first bytes of a source.
pub(super) fn head(source: &str, reach: usize) -> &str {
    let mut end = source.len().min(reach);
    while !source.is_char_boundary(end) {
        end -= 1;
    }
    source.get(..end).unwrap_or_default()
}
