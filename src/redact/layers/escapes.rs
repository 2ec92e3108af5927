//! Escapes of single characters: percent-encoding (RFC 3986 §2.1, and `%u0034`), HTML
//! character references, and the backslash escapes of JSON, C, Python and Markdown. They
//! are read together, so that a value may be spelt with some of each.

use super::named::named;
use crate::redact::class::Class;
use crate::redact::view::View;

const MARKS: Class = Class::byte(b'%').join(Class::byte(b'&')).join(Class::byte(b'\\'));
/// Digits of a number in a character reference, leading zeros and all.
const MOST_DIGITS: usize = 12;
const LONGEST_NAME: usize = 8;
/// Bytes of blanks that may part two escapes, and how many escapes are so parted where blanks
/// are no part of what is said.
const WIDEST_BLANK: usize = 4;
const FEWEST_PARTED: usize = 4;

/// A text with its escapes read, if it has any; and with the blanks between them passed over,
/// if blanks part them, as in `&#53 &#51 &#54`.
pub(super) fn views(text: &str, class: Class) -> impl Iterator<Item = View> {
    let read = if class.meets(MARKS) { view(text, Blanks::Kept) } else { None };
    let (view, parted) = read.unzip();
    let joined =
        parted.filter(|parted| *parted >= FEWEST_PARTED).and_then(|_| self::view(text, Blanks::Gone));
    view.into_iter().chain(joined.map(|(view, _)| view))
}

/// What becomes of blanks between two escapes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blanks {
    Kept,
    Gone,
}

/// A text with its escapes read, and how many of them are parted from the one before by
/// blanks alone.
fn view(text: &str, blanks: Blanks) -> Option<(View, usize)> {
    let mut view: Option<View> = None;
    let (mut from, mut kept, mut parted) = (0, 0, 0);
    while let Some(found) = text.get(from..).and_then(|rest| rest.find(['%', '&', '\\'])) {
        let place = from + found;
        let rest = text.get(place..).unwrap_or_default();
        let Some(escape) = read(rest) else {
            from = place + 1;
            continue;
        };
        let is_first = view.is_none();
        let view = view.get_or_insert_with(|| View::with_capacity(text.len()));
        let between = text.get(kept..place).unwrap_or_default();
        let is_parted = !is_first && (1..=WIDEST_BLANK).contains(&between.len()) && is_blank(between);
        parted += usize::from(is_parted);
        if !is_parted || blanks == Blanks::Kept {
            view.keep(text, kept..place);
        }
        for (c, at) in escape.says {
            view.push(c, place + at);
        }
        from = place + escape.length;
        kept = from;
    }
    let mut view = view?;
    view.keep(text, kept..text.len());
    Some((view.end(text.len()), parted))
}

/// What may stand between two characters that are written as escapes.
fn is_blank(between: &str) -> bool {
    between.bytes().all(|byte| byte.is_ascii_whitespace() || matches!(byte, b',' | b';'))
}

/// Characters, each with its place in the escape, and the length of all.
struct Escape {
    says: Vec<(char, usize)>,
    length: usize,
}

impl Escape {
    fn one(c: char, length: usize) -> Self {
        Self { says: vec![(c, 0)], length }
    }
}

fn read(rest: &str) -> Option<Escape> {
    match rest.as_bytes().first()? {
        b'%' => percent(rest),
        b'&' => reference(rest),
        _ => backslash(rest),
    }
}

/// A run of percent-encoded bytes, as UTF-8 where it is that and else as Latin-1.
fn percent(rest: &str) -> Option<Escape> {
    if let Some(unit) = rest.strip_prefix("%u").and_then(|rest| hex(rest, 4)) {
        return Some(Escape::one(char::from_u32(unit)?, 6));
    }
    let mut bytes = Vec::new();
    while let Some(byte) = rest.get(3 * bytes.len()..).and_then(|rest| rest.strip_prefix('%')) {
        match hex(byte, 2).and_then(|byte| u8::try_from(byte).ok()) {
            Some(byte) => bytes.push(byte),
            None => break,
        }
    }
    (!bytes.is_empty()).then(|| Escape { says: characters(&bytes, 3), length: 3 * bytes.len() })
}

/// The characters of bytes, each of which was written in so many.
pub(super) fn characters(bytes: &[u8], width: usize) -> Vec<(char, usize)> {
    let mut says = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            says.push((c, at * width));
            at += c.len_utf8();
        }
        for byte in chunk.invalid() {
            says.push((char::from(*byte), at * width));
            at += 1;
        }
    }
    says
}

/// `&#52;`, `&#x34;` and `&nbsp;`; the semicolon may be missing behind a number.
fn reference(rest: &str) -> Option<Escape> {
    let body = rest.get(1..)?;
    if let Some(number) = body.strip_prefix('#') {
        let (radix, number) = match number.strip_prefix(['x', 'X']) {
            Some(number) => (16, number),
            None => (10, number),
        };
        let digits = number.bytes().take(MOST_DIGITS).take_while(|byte| char::from(*byte).is_digit(radix));
        let digits = digits.count();
        let value = u32::from_str_radix(number.get(..digits)?, radix).ok()?;
        let length = 2 + usize::from(radix == 16) + digits;
        let closed = rest.as_bytes().get(length) == Some(&b';');
        return Some(Escape::one(char::from_u32(value)?, length + usize::from(closed)));
    }
    let name = body.bytes().take(LONGEST_NAME).take_while(u8::is_ascii_alphanumeric).count();
    let closed = body.as_bytes().get(name) == Some(&b';');
    let c = named(body.get(..name)?).filter(|_| closed)?;
    Some(Escape::one(c, name + 2))
}

fn backslash(rest: &str) -> Option<Escape> {
    let body = rest.get(1..)?;
    let (c, length) = match body.chars().next()? {
        'u' if body.starts_with("u{") => {
            let digits = body.bytes().skip(2).take(MOST_DIGITS).take_while(u8::is_ascii_hexdigit).count();
            let closed = body.as_bytes().get(2 + digits) == Some(&b'}');
            (char::from_u32(hex(body.get(2..)?, digits)?).filter(|_| closed)?, 4 + digits)
        }
        'u' => unicode(rest)?,
        'U' => (char::from_u32(hex(body.get(1..)?, 8)?)?, 10),
        'x' => (char::from_u32(hex(body.get(1..)?, 2)?)?, 4),
        '0'..='3' => (octal(body)?, 4),
        'n' => ('\n', 2),
        'r' => ('\r', 2),
        't' => ('\t', 2),
        c if c.is_ascii_punctuation() => (c, 2),
        _ => return None,
    };
    Some(Escape::one(c, length))
}

/// `\u0034`, or two that are a surrogate pair.
fn unicode(rest: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let unit = rest.get(at..)?.strip_prefix("\\u").and_then(|rest| hex(rest, 4))?;
        u16::try_from(unit).ok()
    };
    let first = unit(0)?;
    if let Ok(c) = char::from_u32(u32::from(first)).ok_or(()) {
        return Some((c, 6));
    }
    let c = char::decode_utf16([first, unit(6)?]).next()?.ok()?;
    Some((c, 12))
}

fn octal(body: &str) -> Option<char> {
    let digits = body.get(..3).filter(|digits| digits.bytes().all(|byte| matches!(byte, b'0'..=b'7')))?;
    char::from_u32(u32::from_str_radix(digits, 8).ok()?)
}

/// The number that exactly so many hexadecimal digits spell.
fn hex(text: &str, digits: usize) -> Option<u32> {
    let digits = text.get(..digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        views(text, Class::of(text)).next().map(|view| view.text)
    }

    #[test]
    fn blanks_between_escapes_are_read_and_passed_over() {
        for (text, plain) in [
            ("a &#53 &#51 &#54 &#45 &#57 b", "a 536-9 b"),
            ("&#x35; &#x33; &#x36; &#32; &#x39; &#x30;", "536 90"),
            (r"\u0035, \u0033, \u0036, \u002d, \u0039", "536-9"),
            ("%35 %33\n%36 %2D  %39 x", "536-9 x"),
        ] {
            let all: Vec<String> = views(text, Class::of(text)).map(|view| view.text).collect();
            assert_eq!(all.len(), 2, "{text}");
            assert_eq!(all.last().map(String::as_str), Some(plain), "{text}");
        }
        assert_eq!(views("&lt; &gt; &amp; x", Class::of("&;")).count(), 1);
    }

    #[test]
    fn every_escape_is_read() {
        for (text, plain) in [
            ("%34%31 is 41%", "41 is 41%"),
            ("caf%C3%A9 caf%E9 %u0034", "café café 4"),
            ("&#52;&#x34;&#X34;&#0000052;&#52 &nbsp;&shy;", "4444\u{34} \u{20}\u{ad}"),
            (r"\u0034\u{34}\U00000034\x34\064", "44444"),
            (r"\ud83d\ude00\n\t536\-90\/1\\", "😀\n\t536-90/1\\"),
            ("4%31&#49;\\u0031", "4111"),
            ("é%34ü", "é4ü"),
        ] {
            assert_eq!(read(text).as_deref(), Some(plain), "{text}");
        }
        for text in
            ["100% of & all", "AT&T; R&D", r"a\qb", "%zz%4", "&#;&#x;&copy;", r"\ud83d", "&#99999999999;"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_range_maps_back_to_its_escapes() {
        let text = "é a%20%34%31é &#52; z";
        let view = views(text, Class::of(text)).next().unwrap();
        assert_eq!(view.text, "é a 41é 4 z");
        let range = |part: &str| {
            let start = view.text.find(part).unwrap();
            &text[view.original(&(start..start + part.len()))]
        };
        assert_eq!(range("41"), "%34%31");
        assert_eq!(range("4 z"), "&#52; z");
        assert_eq!(range("1é"), "%31é");
    }
}
