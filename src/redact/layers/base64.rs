//! Base64 and base64url (RFC 4648 §4 and §5), with and without padding, in lines or not.

use super::{bytes, inflate};

/// Groups whose decoded bytes are looked at, at once.
const GROUP: usize = 4;

/// The value of each symbol, of either alphabet; NONE for what is none.
static VALUES: [u8; 256] = values();
const NONE: u8 = 0xff;

const fn values() -> [u8; 256] {
    let mut values = [NONE; 256];
    let symbols = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut value = 0;
    while value < 64 {
        #[allow(clippy::cast_possible_truncation, reason = "below 64; `try_from` is not const")]
        let short = value as u8;
        values[symbols[value] as usize] = short;
        value += 1;
    }
    values[b'-' as usize] = 62;
    values[b'_' as usize] = 63;
    values
}

pub(super) fn is_symbol(byte: u8) -> bool {
    VALUES[usize::from(byte)] != NONE
}

/// The bytes of a run that are text or compressed, wherever in it the encoding begins: a
/// letter glued to a run must not hide it.
pub(super) fn decode(run: &str) -> Vec<Vec<u8>> {
    let values = run.bytes().map(|byte| VALUES[usize::from(byte)]).filter(|value| *value != NONE);
    let values: Vec<u8> = values.collect();
    let from = |start: usize| values.get(start..).unwrap_or_default();
    let mut found = Vec::new();
    for start in 0..GROUP {
        let says = bytes::have_text(stream(from(start)));
        let head: Vec<u8> = stream(from(start)).take(3).collect();
        // Where letters are glued to it, what is compressed has to tell itself by a header.
        if says || inflate::has_header(&head) || start == 0 && inflate::is_raw(&decoded(from(start))) {
            found.push(decoded(from(start)));
        }
    }
    found
}

/// The bytes of whole groups.
fn stream(values: &[u8]) -> impl Iterator<Item = u8> + '_ {
    values.chunks(GROUP).flat_map(|group| {
        let at = |place: usize| group.get(place).copied().unwrap_or_default();
        [at(0) << 2 | at(1) >> 4, at(1) << 4 | at(2) >> 2, at(2) << 6 | at(3)]
    })
}

fn decoded(values: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(values.len() / GROUP * 3 + 2);
    let mut groups = values.chunks_exact(GROUP);
    for group in &mut groups {
        if let [a, b, c, d] = *group {
            bytes.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
        }
    }
    match *groups.remainder() {
        [a, b] => bytes.push(a << 2 | b >> 4),
        [a, b, c] => bytes.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2]),
        _ => {}
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_alphabets_and_every_length_are_read() {
        for (run, text) in [
            ("U1NOIDUzNi05MC00Mzk5Pz8+", "SSN 536-90-4399??>"),
            ("U1NOIDUzNi05MC00Mzk5Pz8-", "SSN 536-90-4399??>"),
            ("NTM2OTA0Mzk5MQ==", "5369043991"),
            ("NTM2OTA0Mzk5MTI", "53690439912"),
            ("U1NOIDUz\r\n Ni05MC00Mzk5", "SSN 536-90-4399"),
        ] {
            assert_eq!(decode(run).first().map(Vec::as_slice), Some(text.as_bytes()), "{run}");
        }
        for glued in ["x", "xy", "xyz"] {
            let run = format!("{glued}U1NOIDUzNi05MC00Mzk5");
            assert!(decode(&run).contains(&b"SSN 536-90-4399".to_vec()), "{run}");
        }
    }
}
