//! JSON documents as no printer would write them: odd escapes, odd numbers, odd space.

use libfuzzer_sys::arbitrary::{Result, Unstructured};

/// Few, so that queries meet them.
const NAMES: [&str; 8] = ["a", "b", "c", "d e", "é", "ssn", "name", "note"];
const NUMBERS: [&str; 12] =
    ["0", "-0", "1", "-1", "2", "1.0", "1.10", "1e2", "1E+2", "-2.5e-3", "12345678901234567890123", "0.10"];
const SPACES: [&str; 4] = ["", " ", "\n", "\t \r"];
const PIECES: [&str; 14] = [
    "",
    "a",
    "\\n",
    "\\u00e9",
    "\\/",
    "é",
    "\\\"",
    "\\\\",
    "\u{1f600}",
    "\\ud83d\\ude00",
    "x y",
    "[",
    "{}",
    "\\u0000",
];

/// A document as text, with the spelling of every string, number and literal in it.
#[derive(Default)]
pub struct Written {
    pub text: String,
    pub scalars: Vec<String>,
}

/// Writes a document of at most `depth` levels.
pub fn write(bytes: &mut Unstructured<'_>, depth: usize) -> Result<Written> {
    let mut written = Written::default();
    value(bytes, depth, &mut written)?;
    Ok(written)
}

fn value(bytes: &mut Unstructured<'_>, depth: usize, out: &mut Written) -> Result<()> {
    let kinds = if depth == 0 { 4 } else { 8 };
    match bytes.int_in_range(0..=kinds)? {
        0 => scalar(out, (*bytes.choose(&["null", "true", "false"])?).to_owned()),
        1 => scalar(out, (*bytes.choose(&NUMBERS)?).to_owned()),
        2..=4 => {
            let spelt = string(bytes)?;
            scalar(out, spelt);
        }
        5 | 6 => container(bytes, depth, out, true)?,
        _ => container(bytes, depth, out, false)?,
    }
    Ok(())
}

fn scalar(out: &mut Written, spelt: String) {
    out.text.push_str(&spelt);
    out.scalars.push(spelt);
}

fn string(bytes: &mut Unstructured<'_>) -> Result<String> {
    let mut spelt = String::from("\"");
    for _ in 0..bytes.int_in_range(0..=3)? {
        spelt.push_str(bytes.choose(&PIECES)?);
    }
    spelt.push('"');
    Ok(spelt)
}

fn container(bytes: &mut Unstructured<'_>, depth: usize, out: &mut Written, object: bool) -> Result<()> {
    let (open, close) = if object { ('{', '}') } else { ('[', ']') };
    let count = bytes.int_in_range(0..=4)?;
    let first = bytes.int_in_range(0..=NAMES.len() - 1)?;
    out.text.push(open);
    for index in 0..count {
        if index > 0 {
            out.text.push(',');
        }
        space(bytes, out)?;
        if object {
            // Names in turn, so that none is met twice.
            out.text.push_str(&format!("\"{}\":", NAMES[(first + index) % NAMES.len()]));
            space(bytes, out)?;
        }
        value(bytes, depth - 1, out)?;
        space(bytes, out)?;
    }
    out.text.push(close);
    Ok(())
}

fn space(bytes: &mut Unstructured<'_>, out: &mut Written) -> Result<()> {
    if bytes.ratio(1, 4)? {
        out.text.push_str(bytes.choose(&SPACES)?);
    }
    Ok(())
}
