//! Binary content inside text: `data:image/png;base64,…` (RFC 2397), in a value, in Markdown,
//! in HTML. Data that is text is left to those who look for it in any base64.

use super::{Blobs, Fate, words};
use crate::redact::blob::{self, Inside};
use std::borrow::Cow;
use std::ops::Range;

/// The shortest text that is looked at, and the longest head of a URI.
const SHORTEST: usize = 32;
const LONGEST_HEAD: usize = 256;

/// Whether a text may hold such a URI.
#[inline]
pub(crate) fn is_likely(text: &str) -> bool {
    text.len() >= SHORTEST && schemes(text).next().is_some()
}

/// The text with the binary content in it treated by the rules.
pub(crate) fn without<'t>(blobs: &Blobs, text: Cow<'t, str>) -> Cow<'t, str> {
    if !is_likely(&text) {
        return text;
    }
    let (mut out, mut copied) = (String::new(), 0);
    for start in schemes(&text) {
        if start < copied {
            continue;
        }
        let Some((head, data)) = parts(&text, start) else { continue };
        let source = text.get(data.clone()).unwrap_or_default();
        let plain = percent_encoding::percent_decode_str(source).decode_utf8_lossy();
        if matches!(blob::inside(&plain), Some(Inside::Text(_))) {
            continue;
        }
        let declared = text.get(head.clone()).map(str::trim).filter(|declared| !declared.is_empty());
        let (kept, shown) = match blobs.treat(declared, &plain) {
            Fate::Binary(None) => continue,
            Fate::Binary(Some(stripped)) => (data.start, Cow::Owned(stripped)),
            // What may be text was told above to be none.
            Fate::Withheld | Fate::Text(_) | Fate::Perhaps(_) => (start, Cow::Borrowed(words(declared))),
        };
        out.push_str(text.get(copied..kept).unwrap_or_default());
        out.push_str(&shown);
        copied = data.end;
    }
    if copied == 0 {
        return text;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// Where `data:` begins, in letters of either size.
fn schemes(text: &str) -> impl Iterator<Item = usize> + '_ {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b':', bytes).filter_map(|colon| {
        let start = colon.checked_sub(4)?;
        bytes.get(start..colon)?.eq_ignore_ascii_case(b"data").then_some(start)
    })
}

/// Where the type and its data are, if base64 stands there.
fn parts(text: &str, start: usize) -> Option<(Range<usize>, Range<usize>)> {
    let from = start + "data:".len();
    let mut end = (from + LONGEST_HEAD).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let head = text.get(from..end)?.split_once(',')?.0;
    let (declared, coding) = head.rsplit_once(';')?;
    if !coding.trim().eq_ignore_ascii_case("base64") {
        return None;
    }
    let data = from + head.len() + 1;
    let is_data = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_=%\r\n".contains(byte);
    let length = text.as_bytes().get(data..)?.iter().take_while(|byte| is_data(byte)).count();
    let length = text.get(data..data + length)?.trim_end().len();
    (length > 0).then_some((from..from + declared.len(), data..data + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_content_in_text_is_treated_by_the_rules() {
        let gif = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
        let without = |blobs: &Blobs, text: &str| without(blobs, Cow::Borrowed(text)).into_owned();
        for (text, shown) in [
            (format!("see ![x](data:image/gif;base64,{gif}) there"), "see ![x]([image withheld]) there"),
            (format!("<img src=\"DATA:image/GIF;x=y;BASE64,{gif}\">"), "<img src=\"[image withheld]\">"),
            (
                format!("data:;base64,{gif} and data:audio/ogg;base64,{gif}"),
                "[binary resource withheld] and [audio withheld]",
            ),
            (
                format!("data:image/gif;base64,{}", gif.replace('/', "%2F").replace('G', "G\n")),
                "[image withheld]",
            ),
        ] {
            assert_eq!(without(&Blobs::Drop, &text), shown);
        }
        for text in [
            "data:text/plain;base64,d2F0ZXIgbGlsaWVz and more",
            "data:image/svg+xml,%3Csvg%20width=%2210%22%3E%3C/svg%3E",
            "the data: of 2026, base64, and more of it in the table",
        ] {
            assert_eq!(without(&Blobs::Drop, text), text);
        }
        let text = format!("data:image/gif;base64,{gif}");
        assert_eq!(without(&Blobs::Pass, &text), text);
    }
}
