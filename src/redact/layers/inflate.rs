//! gzip (RFC 1952), zlib (RFC 1950) and deflate (RFC 1951).
//!
//! What is compressed may grow a thousandfold: over [`MOST`] bytes a result is blocked.

use super::{Budget, SHORTEST, bytes};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// Bytes that one stream may hold.
const MOST: usize = 1 << 23;
/// Raw deflate has no header to be known by; what is shorter holds nothing.
const SHORTEST_RAW: usize = 12;
/// Enough to see whether raw deflate is text.
const TASTE: usize = 256;

/// Whether bytes begin as gzip or zlib.
pub(super) fn has_header(bytes: &[u8]) -> bool {
    match *bytes {
        [0x1f, 0x8b, 8, ..] => true,
        [method, flags, ..] => {
            method & 0x8f == 8 && (u32::from(method) << 8 | u32::from(flags)) % 31 == 0 && flags & 0x20 == 0
        }
        _ => false,
    }
}

/// Whether bytes are deflated text, without a header.
pub(super) fn is_raw(bytes: &[u8]) -> bool {
    // Text is a deflate stream now and then, of nothing.
    if bytes.len() < SHORTEST_RAW || !begins_block(bytes) || bytes::have_text(bytes.iter().copied()) {
        return false;
    }
    let (_, out) = stream(bytes, TASTE);
    // By chance a few bytes of text come out now and then, but nothing else with them.
    bytes::have_text(out.iter().copied()) && out.is_ascii()
}

/// Whether a deflate block may begin here (RFC 1951 §3.2.3), which few random bytes do.
fn begins_block(bytes: &[u8]) -> bool {
    let Some(head) = bytes.first_chunk::<12>() else { return false };
    let bits = head.iter().rev().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let field = |from: u32, count: u32| bits >> from & ((1 << count) - 1);
    match field(1, 2) {
        0 => field(8, 16) == !field(24, 16) & 0xffff,
        // Short text is one block; what is longer gets codes of its own.
        1 => field(0, 1) == 1,
        2 => {
            // The lengths of the code length codes make up a whole code.
            let lengths = u32::try_from(field(13, 4)).unwrap_or_default() + 4;
            let lengths = (0..lengths).map(|index| field(17 + 3 * index, 3)).filter(|length| *length > 0);
            field(3, 5) <= 29 && field(8, 5) <= 29 && lengths.map(|length| 128 >> length).sum::<u32>() == 128
        }
        _ => false,
    }
}

/// What compressed bytes hold, as far as they can be read. None if they are not compressed.
pub(super) fn inflated(bytes: &[u8], budget: &mut Budget) -> Option<Vec<u8>> {
    let body = match *bytes {
        [0x1f, 0x8b, 8, flags, ..] => bytes.get(header(bytes, flags)?..)?,
        _ if has_header(bytes) => bytes.get(2..)?,
        _ if is_raw(bytes) => bytes,
        _ => return None,
    };
    let (status, out) = stream(body, MOST);
    if status == TINFLStatus::HasMoreOutput || !budget.spend(out.len()) {
        budget.over = true;
    }
    (out.len() >= SHORTEST).then_some(out)
}

/// The length of a gzip header (RFC 1952 §2.3).
fn header(bytes: &[u8], flags: u8) -> Option<usize> {
    const CRC: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    let mut length = 10;
    if flags & EXTRA != 0 {
        let [low, high] = *bytes.get(length..)?.first_chunk::<2>()?;
        length += 2 + usize::from(u16::from_le_bytes([low, high]));
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            length += bytes.get(length..)?.iter().position(|byte| *byte == 0)? + 1;
        }
    }
    Some(length + if flags & CRC == 0 { 0 } else { 2 })
}

/// At most `most` bytes of a deflate stream.
fn stream(bytes: &[u8], most: usize) -> (TINFLStatus, Vec<u8>) {
    let mut inflater = Box::<DecompressorOxide>::default();
    let (mut out, mut read, mut written) =
        (vec![0; most.min(bytes.len().saturating_mul(4).max(TASTE))], 0, 0);
    loop {
        let rest = bytes.get(read..).unwrap_or_default();
        let (status, took, made) =
            decompress(&mut inflater, rest, &mut out, written, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF);
        read += took;
        written += made;
        if status != TINFLStatus::HasMoreOutput || out.len() >= most {
            out.truncate(written);
            return (status, out);
        }
        out.resize(out.len().saturating_mul(2).min(most), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};

    #[test]
    fn every_container_is_opened() {
        let text = b"SSN 536-90-4399, SSN 536-90-4399, SSN 536-90-4399";
        let raw = compress_to_vec(text, 6);
        let mut gzip = vec![0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3];
        gzip.extend_from_slice(b"name\0");
        gzip.extend_from_slice(&raw);
        for bytes in [raw, gzip.clone(), compress_to_vec_zlib(text, 9)] {
            assert_eq!(inflated(&bytes, &mut Budget::default()).as_deref(), Some(text.as_slice()));
        }
        gzip.truncate(gzip.len() - 4);
        let part = inflated(&gzip, &mut Budget::default()).unwrap_or_default();
        assert!(part.starts_with(b"SSN 536-90"), "a stream cut short is read as far as it goes");
    }

    #[test]
    fn a_bomb_is_over_the_bound() {
        let bomb = compress_to_vec_zlib(&vec![b'a'; MOST + 1], 9);
        let mut budget = Budget::default();
        inflated(&bomb, &mut budget);
        assert!(budget.is_over());
        let mut budget = Budget::default();
        inflated(&compress_to_vec_zlib(&vec![b'a'; MOST], 9), &mut budget);
        assert!(!budget.is_over());
    }
}
