//! Looks for a secret in what came out, as a determined reader would: through every
//! decoding that text can be taken for, alone and one behind another, and then with all
//! that is not a letter or digit taken away.
//!
//! Knows nothing of the engine. The fuzz targets share this file.
#![allow(unreachable_pub, reason = "the fuzz targets, another crate, share this file")]

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;
use std::collections::HashSet;
use std::fmt::Write as _;
use unicode_normalization::UnicodeNormalization;

/// Decodings behind one another.
const DEPTH: usize = 4;
/// Views looked at before the search gives up; far above what a case needs.
const MOST_VIEWS: usize = 4000;
/// Shorter runs of base64 or hex are words like others.
const SHORTEST_RUN: usize = 8;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const ENGINES: [GeneralPurpose; 2] =
    [GeneralPurpose::new(&alphabet::STANDARD, LENIENT), GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT)];

/// Of a number, as many characters as may stand together: a card may show its issuer.
const MOST_TOGETHER: usize = 6;

/// The first of `secrets` that can be read in `output`, and the view it was read in.
pub fn leak(output: &str, secrets: &[String]) -> Option<(String, String)> {
    let secrets: Vec<(Vec<String>, &String)> = secrets.iter().map(|secret| (signs(secret), secret)).collect();
    let (mut seen, mut layer) = (HashSet::from([output.to_owned()]), vec![output.to_owned()]);
    for _ in 0..=DEPTH {
        for view in &layer {
            let bare = plain(view);
            // Markers and counters hold digits of their own, so digits alone, too.
            let digits: String = bare.chars().filter(char::is_ascii_digit).collect();
            for (signs, secret) in &secrets {
                if signs.iter().any(|sign| bare.contains(sign) || (is_number(sign) && digits.contains(sign)))
                {
                    return Some(((*secret).clone(), view.clone()));
                }
            }
        }
        let mut next = Vec::new();
        for view in layer.iter().flat_map(|view| decodings(view)) {
            if seen.len() < MOST_VIEWS && seen.insert(view.clone()) {
                next.push(view);
            }
        }
        layer = next;
    }
    None
}

/// What gives a secret away: itself, or a good part of a number.
fn signs(secret: &str) -> Vec<String> {
    let whole = plain(secret);
    let digits = whole.bytes().filter(u8::is_ascii_digit).count();
    let part = MOST_TOGETHER + 1;
    if whole.len() <= part + 1 || digits * 3 < whole.len() * 2 {
        return vec![whole];
    }
    (0..=whole.len() - part).filter_map(|from| whole.get(from..from + part)).map(str::to_owned).collect()
}

fn is_number(sign: &str) -> bool {
    sign.bytes().all(|byte| byte.is_ascii_digit())
}

/// Letters and digits only, lower-cased, in their plainest spelling.
fn plain(text: &str) -> String {
    text.nfkd()
        .flat_map(char::to_lowercase)
        .filter_map(skeleton)
        .filter(char::is_ascii_alphanumeric)
        .collect()
}

/// Letters that look like Latin ones, and the digits of all scripts that NFKD leaves.
fn skeleton(c: char) -> Option<char> {
    const ALIKE: [(&str, &str); 2] =
        [("авеѕіјкмнорсԁтухһӏԛԝ", "abesijkmhopcdtyxhlqw"), ("αβγειικνορτυχωɑɡı", "abyeiikvoptuxwagi")];
    if c.is_ascii() {
        return Some(c);
    }
    for (from, to) in ALIKE {
        if let Some(place) = from.chars().position(|alike| alike == c) {
            return to.chars().nth(place);
        }
    }
    let zeros = [
        0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0,
        0xf20, 0x1040, 0x17e0, 0x1810,
    ];
    let value =
        zeros.into_iter().find_map(|zero| u32::from(c).checked_sub(zero).filter(|value| *value < 10))?;
    char::from_digit(value, 10)
}

/// Every text that `view` or a part of it decodes to.
fn decodings(view: &str) -> Vec<String> {
    let mut found = vec![escapes(view), percent(view), entities(view), quoted_printable(view), numbers(view)];
    if let Ok(tree) = serde_json::from_str::<Value>(view) {
        found.push(scalars(&tree));
        columns(&tree, &mut found);
    }
    for run in runs(view, |c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=')) {
        let bare = run.trim_end_matches('=');
        // A run may begin or end with letters that are not of it.
        for offset in 0..4.min(bare.len()) {
            for engine in &ENGINES {
                let Some(part) = bare.get(offset..) else { continue };
                if let Ok(bytes) = engine.decode(part) {
                    found.extend(readings(&bytes));
                }
            }
        }
    }
    let without_prefixes = view.replace("0x", "");
    for run in runs(&without_prefixes, |c| c.is_ascii_hexdigit() || matches!(c, ':' | ' ' | ',')) {
        let digits: Vec<char> = run.chars().filter(char::is_ascii_hexdigit).collect();
        for offset in 0..2 {
            let pairs = digits.get(offset..).unwrap_or_default().chunks_exact(2);
            let bytes: Vec<u8> = pairs
                .filter_map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).ok())
                .collect();
            found.extend(readings(&bytes));
        }
    }
    found.retain(|text| text != view && !text.is_empty());
    found
}

/// Long runs of characters of one kind; breaks of lines within a run count as nothing,
/// written out or escaped.
fn runs(view: &str, within: impl Fn(char) -> bool) -> Vec<String> {
    let joined = view.replace("\\r", "").replace("\\n", "");
    let joined: String = joined.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let mut found: Vec<String> = Vec::new();
    for text in [view, joined.as_str()] {
        let parts = text.split(|c: char| !within(c)).filter(|run| run.len() >= SHORTEST_RUN);
        found.extend(parts.map(str::to_owned));
    }
    found
}

/// What bytes may say: UTF-8, UTF-16 of both orders, or any of them compressed.
fn readings(bytes: &[u8]) -> Vec<String> {
    let mut found = vec![printable(String::from_utf8_lossy(bytes).into_owned())];
    for order in [u16::from_le_bytes, u16::from_be_bytes] {
        let units = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok().map(order));
        found.push(printable(char::decode_utf16(units).filter_map(Result::ok).collect()));
    }
    found.extend(inflated(bytes).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
    found.retain(|text| !text.is_empty());
    found
}

/// Noise is not searched further: most of it must be text.
fn printable(text: String) -> String {
    let (mut good, mut all) = (0_usize, 0_usize);
    for c in text.chars() {
        all += 1;
        good +=
            usize::from(c.is_ascii_graphic() || c.is_whitespace() || (c.is_alphanumeric() && !c.is_ascii()));
    }
    if good * 4 >= all * 3 { text } else { String::new() }
}

/// gzip, zlib or bare deflate.
fn inflated(bytes: &[u8]) -> Option<Vec<u8>> {
    const MOST: usize = 1 << 20;
    let body = match bytes {
        [0x1f, 0x8b, 8, 0, _, _, _, _, _, _, body @ ..] => body,
        _ => bytes,
    };
    let plain = miniz_oxide::inflate::decompress_to_vec_with_limit(body, MOST);
    plain.or_else(|_| miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(body, MOST)).ok()
}

/// `\u0041`, pairs of them, `\x41`, `\n` and the like, once.
fn escapes(view: &str) -> String {
    let (mut units, mut rest) = (Vec::<u16>::new(), view);
    while let Some(c) = rest.chars().next() {
        let code = [("\\u", 4), ("\\U", 4), ("\\x", 2)].into_iter().find_map(|(mark, digits)| {
            let hex = rest.strip_prefix(mark)?.get(..digits)?;
            Some((u16::from_str_radix(hex, 16).ok()?, mark.len() + digits))
        });
        let (unit, taken) = match code {
            Some((unit, taken)) => (Some(unit), taken),
            None if c == '\\' && rest.len() > 1 => {
                let after = rest.get(1..).and_then(|rest| rest.chars().next()).unwrap_or(' ');
                let says = match after {
                    'n' | 'r' | 't' | 'f' | 'b' => ' ',
                    other => other,
                };
                units.extend(says.encode_utf16(&mut [0; 2]).iter());
                (None, 1 + after.len_utf8())
            }
            None => {
                units.extend(c.encode_utf16(&mut [0; 2]).iter());
                (None, c.len_utf8())
            }
        };
        units.extend(unit);
        rest = rest.get(taken..).unwrap_or_default();
    }
    String::from_utf16_lossy(&units)
}

fn percent(view: &str) -> String {
    marked_bytes(view, b'%')
}

fn quoted_printable(view: &str) -> String {
    marked_bytes(
        &view.replace("=\r\n", "").replace("=\n", "").replace("=\\r\\n", "").replace("=\\n", ""),
        b'=',
    )
}

/// Bytes written as a mark and two hexadecimal digits.
fn marked_bytes(view: &str, mark: u8) -> String {
    let (mut out, bytes, mut at) = (Vec::with_capacity(view.len()), view.as_bytes(), 0);
    while let Some(byte) = bytes.get(at) {
        let hex = view.get(at + 1..at + 3).filter(|_| *byte == mark);
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(decoded) => {
                out.push(decoded);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn entities(view: &str) -> String {
    const NAMED: [(&str, &str); 12] = [
        ("amp", "&"),
        ("lt", "<"),
        ("gt", ">"),
        ("quot", "\""),
        ("apos", "'"),
        ("nbsp", " "),
        ("commat", "@"),
        ("period", "."),
        ("hyphen", "-"),
        ("dash", "-"),
        ("num", "#"),
        ("shy", ""),
    ];
    let (mut out, mut rest) = (String::with_capacity(view.len()), view);
    while let Some(start) = rest.find('&') {
        out.push_str(rest.get(..start).unwrap_or_default());
        rest = rest.get(start + 1..).unwrap_or_default();
        let body: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '#').collect();
        let code = match body.strip_prefix('#') {
            Some(hex) if hex.starts_with(['x', 'X']) => {
                u32::from_str_radix(hex.get(1..).unwrap_or_default(), 16).ok()
            }
            Some(decimal) => decimal.parse().ok(),
            None => None,
        };
        let named = NAMED.iter().find(|(name, _)| *name == body).map(|(_, says)| (*says).to_owned());
        match code.and_then(char::from_u32).map(String::from).or(named) {
            Some(says) => {
                out.push_str(&says);
                rest = rest.get(body.len()..).unwrap_or_default();
                rest = rest.strip_prefix(';').unwrap_or(rest);
            }
            None => out.push('&'),
        }
    }
    out + rest
}

/// The values of a document one behind another, its member names left out.
fn scalars(tree: &Value) -> String {
    match tree {
        Value::Object(members) => members.values().map(scalars).collect(),
        Value::Array(elements) => elements.iter().map(scalars).collect(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The values that the objects of each array have under one name, one behind another.
fn columns(tree: &Value, found: &mut Vec<String>) {
    match tree {
        Value::Object(members) => members.values().for_each(|value| columns(value, found)),
        Value::Array(elements) => {
            let names: HashSet<&String> =
                elements.iter().filter_map(Value::as_object).flat_map(serde_json::Map::keys).collect();
            for name in names {
                found.push(elements.iter().filter_map(|element| element.get(name)).map(scalars).collect());
            }
            for value in elements {
                columns(value, found);
            }
        }
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

/// Numbers in every other spelling, as integers: `5.36904399e8`.
fn numbers(view: &str) -> String {
    let mut out = String::new();
    for word in view.split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-' | 'e' | 'E'))) {
        let odd = word.contains(['.', 'e', 'E']) && word.len() > SHORTEST_RUN;
        if let Some(number) = word.parse::<f64>().ok().filter(|number| odd && number.abs() < 1e20) {
            let _ = write!(out, "{number:.0} ");
        }
    }
    out
}
