//! One spelling for what reads alike, so that a rule is written once.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use unicode_normalization::UnicodeNormalization;

/// Encodings are undone this many layers deep.
const LAYERS: usize = 2;
/// Only this much of a text is decoded and read again.
const MOST: usize = 64 << 10;
/// Shorter runs are words, not encodings.
const SHORTEST_RUN: usize = 16;

/// The readings of a text: itself, and what its encoded parts decode to.
pub(super) fn readings(text: &str) -> Vec<String> {
    let mut readings = vec![plain(text)];
    let mut layer = vec![head(text).to_owned()];
    for _ in 0..LAYERS {
        let decoded: Vec<String> = layer.iter().flat_map(|text| decodings(text)).collect();
        readings.extend(decoded.iter().map(|text| plain(text)));
        layer = decoded;
    }
    let spaced: Vec<String> = readings.iter().filter_map(|text| joined_letters(text)).collect();
    readings.extend(spaced);
    readings
}

/// Compatibility forms, invisible characters, look-alike letters, case, white space.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_invisible(*c)).map(look_alike).flat_map(char::to_lowercase) {
        let c = if c.is_alphanumeric()
            || matches!(c, '\'' | '.' | '<' | '>' | '|' | '[' | ']' | '/' | ':' | '#')
        {
            c
        } else {
            ' '
        };
        if c != ' ' || !out.ends_with(' ') {
            out.push(c);
        }
    }
    out
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0100}'..='\u{e01ef}' | '*' | '_' | '`' | '~')
}

/// Letters of other alphabets that look Latin, and Unicode tag characters.
fn look_alike(c: char) -> char {
    const FROM: &str = "аеорсухіјѕԁһӏвкмнтгпАЕОРСУХІЈЅВКМНТοανικρτυχεωηΑΒΕΖΗΙΚΜΝΟΡΤΥΧıɡ’";
    const TO: &str = "aeopcyxijsdhlbkmhtrnaeopcyxijsbkmhtoavikptuxewnabezhikmnoptyxig'";
    if let Some(tag) = u32::from(c).checked_sub(0xe0000).and_then(char::from_u32).filter(char::is_ascii) {
        return tag;
    }
    FROM.chars().zip(TO.chars()).find(|(from, _)| *from == c).map_or(c, |(_, to)| to)
}

fn decodings(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if text.contains('%') {
        found.extend(percent(text));
    }
    if text.contains('&') {
        found.extend(entities(text));
    }
    if text.contains("\\u") || text.contains("\\x") {
        found.extend(serde_json::from_str::<String>(&format!("\"{}\"", text.replace('"', " "))).ok());
    }
    let runs = text
        .split(|c: char| !(c.is_ascii_alphanumeric() || "+/-_".contains(c)))
        .filter(|run| run.len() >= SHORTEST_RUN);
    for run in runs {
        let bytes = hex(run)
            .or_else(|| STANDARD_NO_PAD.decode(run).ok())
            .or_else(|| URL_SAFE_NO_PAD.decode(run).ok());
        found.extend(bytes.and_then(|bytes| String::from_utf8(bytes).ok()).filter(|text| readable(text)));
    }
    found
}

fn readable(text: &str) -> bool {
    let encoded = text.len() >= SHORTEST_RUN
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte));
    encoded || text.contains(' ') && !text.chars().any(|c| c.is_control() && !c.is_whitespace())
}

fn percent(text: &str) -> Option<String> {
    let decoded: Vec<u8> = url::form_urlencoded::parse(text.replace(['&', '='], " ").as_bytes())
        .flat_map(|(name, _)| name.into_owned().into_bytes())
        .collect();
    String::from_utf8(decoded).ok().filter(|decoded| decoded != text)
}

/// Numeric character references; the named ones hide no letters.
fn entities(text: &str) -> Option<String> {
    let mut parts = text.split("&#");
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let (code, rest) = part.split_once(';')?;
        let number = match code.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => code.parse().ok()?,
        };
        out.push(char::from_u32(number)?);
        out.push_str(rest);
    }
    (out != text).then_some(out)
}

fn hex(run: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = run
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    digits.chunks(2).map(|pair| if let [high, low] = pair { Some(high << 4 | low) } else { None }).collect()
}

/// `i g n o r e   y o u r` and `i.g.n.o.r.e`: single letters joined into words.
fn joined_letters(text: &str) -> Option<String> {
    let tokens: Vec<&str> = text.split([' ', '.']).filter(|token| !token.is_empty()).collect();
    let single = tokens.iter().filter(|token| token.chars().count() == 1).count();
    (single >= 10 && single * 10 >= tokens.len() * 8).then(|| tokens.concat())
}

fn head(text: &str) -> &str {
    let mut end = text.len().min(MOST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
