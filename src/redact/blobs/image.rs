//! Images without what is beside the picture: EXIF, XMP, IPTC, comments, text chunks, colour
//! profiles, thumbnails, and whatever follows the end.
//!
//! Only parts that are needed to show the picture are carried over (ISO/IEC 10918-1 annex B,
//! the PNG specification, the WebP container specification); of what is not read to its end
//! nothing is.

use super::magic::Kind;

/// The picture alone. None if the bytes are not such an image, or are cut off.
pub(super) fn stripped(kind: Kind, bytes: &[u8]) -> Option<Vec<u8>> {
    match kind {
        Kind::Jpeg => jpeg(bytes),
        Kind::Png => png(bytes),
        Kind::WebP => webp(bytes),
        _ => None,
    }
}

fn jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.strip_prefix(b"\xff\xd8")?;
    out.extend_from_slice(b"\xff\xd8");
    let mut scanned = false;
    loop {
        // Any number of bytes may fill the space before a marker.
        let fill = rest.iter().take_while(|byte| **byte == 0xff).count();
        let marker = *rest.get(fill)?;
        rest = rest.get(fill + 1..).filter(|_| fill > 0)?;
        if marker == 0xd9 {
            out.extend_from_slice(b"\xff\xd9");
            return scanned.then_some(out);
        }
        let length = usize::from(u16::from_be_bytes(*rest.first_chunk()?));
        let (segment, behind) = rest.split_at_checked(length)?;
        let payload = segment.get(2..)?;
        rest = behind;
        match marker {
            // Its own thumbnail is left out.
            0xe0 if payload.starts_with(b"JFIF\0") && payload.len() >= 12 => {
                out.extend_from_slice(b"\xff\xe0\0\x10");
                out.extend_from_slice(payload.get(..12)?);
                out.extend_from_slice(b"\0\0");
            }
            // How its colours are meant.
            0xee if payload.starts_with(b"Adobe") && payload.len() == 12 => put(&mut out, marker, segment),
            // Tables, frames, restart intervals and scans.
            0xc0..=0xc7 | 0xc9..=0xcf | 0xda | 0xdb | 0xdc | 0xdd => put(&mut out, marker, segment),
            0xc8 | 0xde..=0xff | 0x01..=0xbf => {}
            _ => return None,
        }
        if marker == 0xda {
            scanned = true;
            let length = scan(rest)?;
            out.extend_from_slice(rest.get(..length)?);
            rest = rest.get(length..)?;
        }
    }
}

fn put(out: &mut Vec<u8>, marker: u8, segment: &[u8]) {
    out.extend_from_slice(&[0xff, marker]);
    out.extend_from_slice(segment);
}

/// How long the data of a scan is: up to the next marker that is no restart.
fn scan(rest: &[u8]) -> Option<usize> {
    let ends = |pair: &[u8]| matches!(*pair, [0xff, next] if next != 0 && !(0xd0..=0xd7).contains(&next));
    rest.windows(2).position(ends)
}

fn png(bytes: &[u8]) -> Option<Vec<u8>> {
    const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
    let mut out = SIGNATURE.to_vec();
    let mut rest = bytes.strip_prefix(SIGNATURE)?;
    let (mut first, mut drawn) = (true, false);
    loop {
        let length = usize::try_from(u32::from_be_bytes(*rest.first_chunk()?)).ok()?;
        let (chunk, behind) = rest.split_at_checked(length.checked_add(12)?)?;
        let name = chunk.get(4..8)?;
        rest = behind;
        if first != (name == b"IHDR") {
            return None;
        }
        first = false;
        drawn |= name == b"IDAT";
        if longest(name).is_some_and(|longest| length <= longest) {
            out.extend_from_slice(chunk);
        }
        if name == b"IEND" {
            return drawn.then_some(out);
        }
    }
}

/// How many bytes a chunk may have that is needed for the picture; none for any other.
fn longest(name: &[u8]) -> Option<usize> {
    Some(match name {
        b"IDAT" | b"fdAT" => usize::MAX,
        b"PLTE" => 768,
        b"tRNS" => 256,
        b"cHRM" => 32,
        b"fcTL" => 26,
        b"IHDR" => 13,
        b"pHYs" => 9,
        b"acTL" => 8,
        b"bKGD" => 6,
        b"gAMA" | b"sBIT" => 4,
        b"sRGB" => 1,
        b"IEND" => 0,
        _ => return None,
    })
}

fn webp(bytes: &[u8]) -> Option<Vec<u8>> {
    let size = usize::try_from(u32::from_le_bytes(*bytes.get(4..)?.first_chunk()?)).ok()?;
    let body = bytes.get(8..size.checked_add(8)?)?.strip_prefix(b"WEBP")?;
    let mut out = b"WEBP".to_vec();
    let drawn = webp_chunks(body, &mut out, false)?;
    let size = u32::try_from(out.len()).ok().filter(|_| drawn)?;
    Some([b"RIFF", size.to_le_bytes().as_slice(), &out].concat())
}

/// Carries the chunks over that are the picture, and says whether there are any. A frame of an
/// animation has chunks of its own.
fn webp_chunks(mut rest: &[u8], out: &mut Vec<u8>, in_frame: bool) -> Option<bool> {
    const FRAME: usize = 16;
    const METADATA: u8 = 0x20 | 0x08 | 0x04;
    let mut drawn = false;
    while !rest.is_empty() {
        let name: [u8; 4] = *rest.first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*rest.get(4..)?.first_chunk()?)).ok()?;
        let data = rest.get(8..)?.get(..length)?;
        rest = rest.get(8 + length + length % 2..).unwrap_or_default();
        let mut kept = match &name {
            b"VP8 " | b"VP8L" | b"ALPH" => data.to_vec(),
            b"VP8X" | b"ANIM" if !in_frame && length <= 10 => data.to_vec(),
            b"ANMF" if !in_frame => {
                let mut frame = data.get(..FRAME)?.to_vec();
                drawn |= webp_chunks(data.get(FRAME..)?, &mut frame, true)?;
                frame
            }
            _ => continue,
        };
        if let (b"VP8X", Some(flags)) = (&name, kept.first_mut()) {
            *flags &= !METADATA;
        }
        drawn |= name.starts_with(b"VP8") && name != *b"VP8X";
        out.extend_from_slice(&name);
        out.extend_from_slice(&u32::try_from(kept.len()).ok()?.to_le_bytes());
        let odd = kept.len() % 2 == 1;
        out.append(&mut kept);
        out.extend(odd.then_some(0));
    }
    Some(drawn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &[u8] = b"SSN 536-90-4399";

    fn segment(marker: u8, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
        [&[0xff, marker], &length[..], payload].concat()
    }

    fn chunk(name: &[u8], data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&length[..], name, data, b"\0\0\0\0"].concat()
    }

    fn riff(name: &[u8], data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap().to_le_bytes();
        let pad: &[u8] = if data.len() % 2 == 1 { b"\0" } else { b"" };
        [name, &length[..], data, pad].concat()
    }

    fn webp_of(chunks: &[Vec<u8>]) -> Vec<u8> {
        let body = [b"WEBP".to_vec(), chunks.concat()].concat();
        riff(b"RIFF", &body)
    }

    fn holds(bytes: &[u8]) -> bool {
        bytes.windows(SECRET.len()).any(|window| window == SECRET)
    }

    fn check(kind: Kind, noisy: &[u8], clean: &[u8]) {
        assert!(holds(noisy));
        assert_eq!(stripped(kind, noisy).as_deref(), Some(clean));
        assert_eq!(stripped(kind, clean).as_deref(), Some(clean));
        for cut in 0..clean.len() {
            assert_eq!(stripped(kind, &clean[..cut]), None, "cut at {cut}");
        }
    }

    #[test]
    fn a_jpeg_keeps_its_picture_alone() {
        let (start, end) = (b"\xff\xd8".to_vec(), b"\xff\xd9".to_vec());
        let jfif = segment(0xe0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0");
        let thumbnail = segment(0xe0, &[b"JFIF\0\x01\x02\0\0\x01\0\x01\x05\x01", SECRET].concat());
        let tables = segment(0xdb, &[7; 65]);
        let frame = segment(0xc0, &[8, 0, 1, 0, 1, 1, 1, 0x11, 0]);
        let scan = [segment(0xda, &[1, 1, 0, 0, 63, 0]), b"\x12\xff\0\x34\xff\xd0\x56".to_vec()].concat();
        let noise = [0xe1, 0xe2, 0xed, 0xfe, 0xef].map(|marker| segment(marker, SECRET)).concat();
        let clean = [&start, &jfif, &tables, &frame, &scan, &end].map(Vec::as_slice).concat();
        let noisy = [
            &start,
            &thumbnail,
            &noise,
            &tables,
            &b"\xff\xff".to_vec(),
            &frame[..].to_vec(),
            &scan,
            &noise,
            &end,
            &SECRET.to_vec(),
        ]
        .map(Vec::as_slice)
        .concat();
        check(Kind::Jpeg, &noisy, &clean);
    }

    #[test]
    fn a_png_keeps_its_picture_alone() {
        let signature = b"\x89PNG\r\n\x1a\n".to_vec();
        let (head, data, end) = (chunk(b"IHDR", &[0; 13]), chunk(b"IDAT", b"x\x9c"), chunk(b"IEND", b""));
        let noise = [&b"tEXt"[..], b"iTXt", b"zTXt", b"eXIf", b"iCCP", b"gAMA", b"prVt"];
        let noise = noise.map(|name| chunk(name, SECRET)).concat();
        let clean = [&signature, &head, &data, &end].map(Vec::as_slice).concat();
        let noisy =
            [&signature, &head, &noise, &data, &noise, &end, &SECRET.to_vec()].map(Vec::as_slice).concat();
        check(Kind::Png, &noisy, &clean);
        assert_eq!(stripped(Kind::Png, &[signature, end].concat()), None);
    }

    #[test]
    fn a_webp_keeps_its_picture_alone() {
        let picture = riff(b"VP8L", b"\x2fabc");
        let secret = |name: &[u8]| riff(name, SECRET);
        let head = |flags: u8| riff(b"VP8X", &[flags, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let frame = |chunks: &[Vec<u8>]| riff(b"ANMF", &[vec![0; 16], chunks.concat()].concat());
        let clean = webp_of(&[head(0x12), frame(std::slice::from_ref(&picture)), picture.clone()]);
        let noisy = [
            webp_of(&[
                head(0x3e),
                secret(b"ICCP"),
                frame(&[secret(b"EXIF"), picture.clone()]),
                picture.clone(),
                secret(b"EXIF"),
                secret(b"XMP "),
            ]),
            SECRET.to_vec(),
        ]
        .concat();
        check(Kind::WebP, &noisy, &clean);
    }

    proptest! {
        /// No bytes bring it to a stop, and what it makes it leaves as it is.
        #[test]
        fn what_was_stripped_stays(
            bytes in proptest::collection::vec(any::<u8>(), 0..80),
            at in 0_usize..80,
        ) {
            let begins: [(Kind, &[u8]); 3] =
                [(Kind::Jpeg, b"\xff\xd8\xff"), (Kind::Png, b"\x89PNG\r\n\x1a\n"), (Kind::WebP, b"RIFF\x40\0\0\0WEBP")];
            for (kind, begin) in begins {
                let mut bytes = [begin, &bytes].concat();
                bytes.splice(at.min(bytes.len()).., *b"\xff\xda\0\x02\x01\xff\xd9");
                if let Some(once) = stripped(kind, &bytes) {
                    prop_assert_eq!(stripped(kind, &once), Some(once));
                }
            }
        }
    }
}
