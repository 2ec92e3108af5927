//! Secrets, the disguises they wear and the documents they stand in.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use serde_json::{Value, json};
use std::sync::LazyLock;

/// A secret that needs no key beside it, and its spelling.
const SECRETS: [&str; 6] = [
    "4111 1111 1111 1111",
    "5555-5555-5555-4444",
    "536-90-4399",
    "SSN 536-90-4399",
    "zoe.quill@example.com",
    "DE89 3704 0044 0532 0130 00",
];

/// With `PLANT_PLAIN` set, only the disguises that are no encodings.
pub static PLAIN_ONLY: LazyLock<bool> = LazyLock::new(|| std::env::var_os("PLANT_PLAIN").is_some());

/// A document with a secret in it.
pub fn plant(bytes: &mut Unstructured<'_>) -> Result<(String, String)> {
    let secret = *bytes.choose(&SECRETS)?;
    let said = disguise(bytes, secret)?;
    let filler = *bytes.choose(&["", "see ", "Zoë 😀: ", "note — ", "id=7; "])?;
    let said = Value::from(format!("{filler}{said}"));
    let mut document = match bytes.int_in_range(0..=4)? {
        0 => said,
        1 => json!({ said.as_str().unwrap_or_default(): 1 }),
        2 => json!(["a", said, "b"]),
        3 => json!({"note": said}),
        _ => json!({"v": {"x": 1, "remark": said, "y": [true]}}),
    };
    // Four levels of JSON in strings are followed; more are refused, which leaks nothing.
    for _ in 0..bytes.int_in_range(0..=3)? {
        document = match bytes.int_in_range(0..=3)? {
            0 => json!({"payload": document.to_string()}),
            1 => json!([document]),
            2 => json!({"a": 1, "b": document, "c": null}),
            _ => json!({"data": {"k": document}, "total": 3}),
        };
    }
    let written = document.to_string();
    let canonical = secret.strip_prefix("SSN ").unwrap_or(secret).to_owned();
    // Escapes in text that is no JSON object or array are an encoding like others.
    let escaped = !(*PLAIN_ONLY && document.is_string()) && bytes.ratio(1, 4)?;
    Ok((if escaped { escape_all(&written) } else { written }, canonical))
}

fn disguise(bytes: &mut Unstructured<'_>, secret: &str) -> Result<String> {
    let kinds = if *PLAIN_ONLY { 4 } else { 10 };
    Ok(match bytes.int_in_range(0..=kinds)? {
        0 => secret.to_owned(),
        1 => shifted(secret, 0xff10),
        2 => shifted(secret, *bytes.choose(&[0x660, 0x6f0, 0x966, 0xe50])?),
        3 => sprinkle(secret, *bytes.choose(&['\u{200b}', '\u{ad}', '\u{2060}', '\u{202e}', '\u{feff}'])?),
        4 => secret.replace('-', "\u{2011}").replace(' ', "\u{a0}"),
        5 => STANDARD.encode(secret),
        6 => URL_SAFE_NO_PAD.encode(secret),
        7 => secret.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        8 => secret.chars().map(|c| format!("&#{};", u32::from(c))).collect(),
        9 => secret.bytes().map(|byte| format!("{byte:02x}")).collect(),
        _ => STANDARD.encode(STANDARD.encode(secret)),
    })
}

/// Digits of another script.
fn shifted(secret: &str, zero: u32) -> String {
    let digit = |c: char| c.to_digit(10).and_then(|value| char::from_u32(zero + value)).unwrap_or(c);
    secret.chars().map(digit).collect()
}

fn sprinkle(secret: &str, unseen: char) -> String {
    secret.chars().flat_map(|c| [c, unseen]).collect()
}

/// Every letter and digit within a string as `\u….`
fn escape_all(json: &str) -> String {
    let (mut out, mut inside, mut escaped) = (String::new(), false, false);
    for c in json.chars() {
        match c {
            _ if escaped => {
                escaped = false;
                out.push(c);
            }
            '"' => {
                inside = !inside;
                out.push(c);
            }
            '\\' => {
                escaped = true;
                out.push(c);
            }
            _ if inside && c.is_ascii_alphanumeric() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => out.push(c),
        }
    }
    out
}
