//! JSON strings as they are written, quotes and all: what they say, without reading them into
//! text first.

use crate::redact::class::Class;

/// Whether a JSON string says exactly a text. One with `\u` escapes is not read and says nothing.
///
/// Text that is JSON itself has a quote every few bytes: no run of plain ones is worth a call.
pub(crate) fn says(quoted: &str, text: &str) -> bool {
    let Some(raw) = quoted.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) else { return false };
    let mut raw = raw.bytes();
    for byte in text.bytes() {
        let said = match raw.next() {
            Some(b'\\') => raw.next().map_or(0, |escape| MEANT[usize::from(escape)]),
            Some(plain) if ESCAPES[usize::from(plain)] == PLAIN => plain,
            _ => return false,
        };
        if said != byte || said == 0 {
            return false;
        }
    }
    raw.next().is_none()
}

/// Writes a text as a JSON string (RFC 8259 §7).
///
/// # Panics
/// Never: an escape of one letter is twice as long as its byte, one of a control character six
/// times.
pub(crate) fn write(out: &mut String, text: &str) {
    out.push('"');
    if text.len() <= SHORT_TEXT && !Class::of_json(text).meets(Class::STOP) {
        out.push_str(text);
        out.push('"');
        return;
    }
    let mut bytes = vec![0; 2 * text.len()];
    let mut at = 0;
    for byte in text.bytes() {
        match ESCAPES[usize::from(byte)] {
            PLAIN => {
                bytes[at] = byte;
                at += 1;
            }
            CONTROL => {
                let digit = |digit: u8| b"0123456789abcdef"[usize::from(digit & 0xf)];
                bytes.resize(bytes.len() + 4, 0);
                let escaped = [b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte)];
                bytes[at..at + escaped.len()].copy_from_slice(&escaped);
                at += escaped.len();
            }
            escape => {
                bytes[at] = b'\\';
                bytes[at + 1] = escape;
                at += 2;
            }
        }
    }
    bytes.truncate(at);
    // Escapes are ASCII and the rest is text: it is UTF-8.
    out.push_str(std::str::from_utf8(&bytes).unwrap_or_default());
    out.push('"');
}

/// Most texts of this many bytes have nothing to escape, and most longer ones have.
const SHORT_TEXT: usize = 128;

/// What stands behind the backslash for a byte.
static ESCAPES: [u8; 256] = {
    let mut escapes = [PLAIN; 256];
    let mut byte = 0;
    while byte < 0x20 {
        escapes[byte] = CONTROL;
        byte += 1;
    }
    let mut at = 0;
    while at < SHORT.len() {
        escapes[SHORT[at].0 as usize] = SHORT[at].1;
        at += 1;
    }
    escapes
};
const PLAIN: u8 = 0;
const CONTROL: u8 = b'u';

/// The byte that an escape means; zero for what is none, or not of one letter.
static MEANT: [u8; 256] = {
    let mut meant = [0; 256];
    let mut at = 0;
    while at < SHORT.len() {
        meant[SHORT[at].1 as usize] = SHORT[at].0;
        at += 1;
    }
    meant[b'/' as usize] = b'/';
    meant
};

/// Bytes with an escape of one letter.
const SHORT: [(u8, u8); 7] =
    [(b'"', b'"'), (b'\\', b'\\'), (8, b'b'), (b'\t', b't'), (b'\n', b'n'), (12, b'f'), (b'\r', b'r')];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    proptest! {
        #[test]
        fn a_text_is_written_as_serde_json_writes_it(text in "[\u{0}-\u{2f}\\\\a-cé\u{7f}😀]{0,40}") {
            let mut out = String::new();
            write(&mut out, &text);
            prop_assert_eq!(&out, &Value::from(text.as_str()).to_string());
            prop_assert!(says(&out, &text) || out.contains("\\u"));
        }

        #[test]
        fn what_a_string_says_is_what_it_decodes_to(
            raw in r#"(\\["\\/bfnrt]|[ab"\\é]){0,8}"#, text in r#"["\\/\x08\x0c\n\r\tabé]{0,8}"#,
        ) {
            let quoted = format!("\"{raw}\"");
            let decoded = serde_json::from_str::<String>(&quoted).ok();
            prop_assert_eq!(says(&quoted, &text), decoded.as_ref() == Some(&text));
            if let Some(decoded) = decoded {
                prop_assert!(says(&quoted, &decoded));
                prop_assert!(!says(&quoted, &(decoded + "a")));
            }
        }
    }

    #[test]
    fn what_is_no_string_says_nothing() {
        assert!(!["", "\"", "a", r#""a"#, r#"a""#].into_iter().any(|quoted| says(quoted, "a")));
        assert!(!says(r#""\u0061""#, "a"));
    }
}
