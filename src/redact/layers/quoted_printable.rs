//! Quoted-printable (RFC 2045 §6.7), as in mail: `=34`, and lines that a `=` continues.

use super::escapes::characters;
use crate::redact::class::Class;
use crate::redact::view::View;

/// A text with its escapes read. None if it has none.
pub(super) fn view(text: &str, class: Class) -> Option<View> {
    if !class.meets(Class::byte(b'=')) {
        return None;
    }
    let mut view: Option<View> = None;
    let (mut from, mut kept) = (0, 0);
    // In a query, `page=34` is no escape.
    let is_query = class.meets(Class::byte(b'?').join(Class::byte(b'&')));
    while let Some(found) = text.get(from..).and_then(|rest| rest.find('=')) {
        let place = from + found;
        let rest = text.get(place..).unwrap_or_default();
        let (says, length) = match soft_break(rest) {
            Some(length) => (Vec::new(), length),
            None if is_query && text.get(..place).is_some_and(ends_name) => (Vec::new(), 0),
            None => escaped(rest),
        };
        from = place + length.max(1);
        if length > 0 {
            let view = view.get_or_insert_with(|| View::with_capacity(text.len()));
            view.keep(text, kept..place);
            for (c, at) in says {
                view.push(c, place + at);
            }
            kept = from;
        }
    }
    let mut view = view?;
    view.keep(text, kept..text.len());
    Some(view.end(text.len()))
}

fn ends_name(head: &str) -> bool {
    head.ends_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | ']'))
}

fn soft_break(rest: &str) -> Option<usize> {
    ["=\r\n", "=\n", "=\r"].into_iter().find(|soft| rest.starts_with(soft)).map(str::len)
}

/// A run of escaped bytes. A control character is none that mail would escape.
fn escaped(rest: &str) -> (Vec<(char, usize)>, usize) {
    let mut bytes = Vec::new();
    while let Some([b'=', high, low]) = rest.as_bytes().get(3 * bytes.len()..).and_then(|rest| rest.get(..3))
    {
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        match (digit(high), digit(low)) {
            (Some(high), Some(low)) if high > 1 || low == 10 || low == 9 => bytes.push(high << 4 | low),
            _ => break,
        }
    }
    let length = 3 * bytes.len();
    (characters(&bytes, 3), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_soft_breaks_are_read() {
        for (text, plain) in [
            ("SSN 5=\r\n36=2D90=2d4399", Some("SSN 536-90-4399")),
            ("=E2=80=93 caf=C3=A9", Some("– café")),
            ("a=b, x = 1, y=11", None),
            ("==", None),
            ("/x?page=34&size=20", None),
            ("/x?page=3=35", Some("/x?page=35")),
        ] {
            assert_eq!(view(text, Class::of(text)).map(|view| view.text).as_deref(), plain, "{text}");
        }
    }
}
