//! Which type bytes are of, by how they begin, and whether a declared type is that one.

use super::policy::essence;
use crate::redact::blob::Inside;

/// A kind of file that is known by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Jpeg,
    Png,
    WebP,
    Gif,
    Tiff,
    Pdf,
    Zip,
    Ole,
    Gzip,
    Wav,
    Ogg,
    Flac,
    Mp3,
    /// MP4, QuickTime, HEIF and AVIF.
    IsoMedia,
    Matroska,
    Sqlite,
    Dicom,
    Program,
}

/// How files begin, at which byte. One that may begin like another stands behind it.
const BEGIN: [(Kind, usize, &[u8]); 27] = [
    (Kind::Jpeg, 0, b"\xff\xd8\xff"),
    (Kind::Png, 0, b"\x89PNG\r\n\x1a\n"),
    (Kind::WebP, 8, b"WEBP"),
    (Kind::Wav, 8, b"WAVE"),
    (Kind::Gif, 0, b"GIF87a"),
    (Kind::Gif, 0, b"GIF89a"),
    (Kind::Tiff, 0, b"II*\0"),
    (Kind::Tiff, 0, b"MM\0*"),
    (Kind::Pdf, 0, b"%PDF-"),
    (Kind::Zip, 0, b"PK\x03\x04"),
    (Kind::Zip, 0, b"PK\x05\x06"),
    (Kind::Ole, 0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    (Kind::Gzip, 0, b"\x1f\x8b\x08"),
    (Kind::Ogg, 0, b"OggS"),
    (Kind::Flac, 0, b"fLaC"),
    (Kind::Mp3, 0, b"ID3"),
    (Kind::Mp3, 0, b"\xff\xfb"),
    (Kind::Mp3, 0, b"\xff\xf3"),
    (Kind::Mp3, 0, b"\xff\xf2"),
    (Kind::Mp3, 0, b"\xff\xfa"),
    (Kind::IsoMedia, 4, b"ftyp"),
    (Kind::Matroska, 0, b"\x1a\x45\xdf\xa3"),
    (Kind::Sqlite, 0, b"SQLite format 3\0"),
    (Kind::Dicom, 128, b"DICM"),
    (Kind::Program, 0, b"\x7fELF"),
    (Kind::Program, 0, b"MZ\x90\0"),
    (Kind::Program, 0, b"\xca\xfe\xba\xbe"),
];

/// The types that files of a kind are declared as: whole, or up to a mark that ends a family.
const NAMES: [(Kind, &[&str]); 18] = [
    (Kind::Jpeg, &["image/jpeg", "image/jpg", "image/pjpeg"]),
    (Kind::Png, &["image/png", "image/apng", "image/x-png"]),
    (Kind::WebP, &["image/webp"]),
    (Kind::Gif, &["image/gif"]),
    (Kind::Tiff, &["image/tiff", "image/dng"]),
    (Kind::Pdf, &["application/pdf", "application/x-pdf"]),
    (
        Kind::Zip,
        &[
            "application/zip",
            "application/x-zip-compressed",
            "application/epub+zip",
            "application/java-archive",
            "application/vnd.openxmlformats-officedocument.",
            "application/vnd.oasis.opendocument.",
        ],
    ),
    (Kind::Ole, &["application/msword", "application/vnd.ms-", "application/x-ole-storage"]),
    (Kind::Gzip, &["application/gzip", "application/x-gzip"]),
    (Kind::Wav, &["audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"]),
    (Kind::Ogg, &["audio/ogg", "audio/opus", "audio/vorbis", "video/ogg", "application/ogg"]),
    (Kind::Flac, &["audio/flac", "audio/x-flac"]),
    (Kind::Mp3, &["audio/mpeg", "audio/mp3"]),
    (
        Kind::IsoMedia,
        &[
            "audio/mp4",
            "audio/m4a",
            "audio/x-m4a",
            "video/mp4",
            "video/quicktime",
            "image/heic",
            "image/heif",
            "image/avif",
        ],
    ),
    (Kind::Matroska, &["audio/webm", "video/webm", "video/x-matroska"]),
    (Kind::Sqlite, &["application/vnd.sqlite3", "application/x-sqlite3"]),
    (Kind::Dicom, &["application/dicom"]),
    (Kind::Program, &["application/x-executable", "application/vnd.microsoft.portable-executable"]),
];

/// Types beside `text/…` that are text.
const TEXTS: [&str; 7] = [
    "application/json",
    "application/xml",
    "application/javascript",
    "application/x-ndjson",
    "application/yaml",
    "application/x-yaml",
    "application/sql",
];

impl Kind {
    /// Whether all that is beside the picture is taken away.
    pub(super) fn is_stripped(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::WebP)
    }

    pub(super) fn is_image(self) -> bool {
        self.is_stripped() || matches!(self, Self::Gif | Self::Tiff)
    }

    fn is_named(self, essence: &str) -> bool {
        let names = NAMES.iter().filter(|(kind, _)| *kind == self).flat_map(|(_, names)| *names);
        names.into_iter().any(|name| match name.strip_suffix(['.', '-']) {
            Some(_) => essence.starts_with(name),
            None => essence == *name,
        })
    }
}

pub(super) fn kind(bytes: &[u8]) -> Option<Kind> {
    let begins = |at: usize, magic: &[u8]| bytes.get(at..).is_some_and(|rest| rest.starts_with(magic));
    let found = BEGIN.iter().find(|(_, at, magic)| begins(*at, magic) && (*at != 8 || begins(0, b"RIFF")));
    found.map(|(kind, ..)| *kind)
}

pub(super) fn is_image(declared: Option<&str>) -> bool {
    declared.is_some_and(|declared| essence(declared).starts_with("image/"))
}

/// Whether bytes may be of the type that they are declared as. Of a type that is not known
/// here, they must at least be of no other that is.
pub(super) fn agrees(declared: Option<&str>, kind: Option<Kind>, inside: &Inside) -> bool {
    let Some(essence) = declared.map(essence) else { return false };
    if essence.starts_with("text/")
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
        || TEXTS.contains(&essence.as_str())
    {
        return kind.is_none() && *inside != Inside::Binary;
    }
    if let Some(kind) = kind {
        return kind.is_named(&essence);
    }
    let known = NAMES.iter().any(|(kind, _)| kind.is_named(&essence));
    !known && !essence.starts_with("image/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_first_bytes() {
        assert_eq!(kind(b"RIFF\x24\0\0\0WEBPVP8 "), Some(Kind::WebP));
        assert_eq!(kind(b"\0\0\0\0\0\0\0\0WEBP"), None);
        assert_eq!(kind(b"\0\0\0\x18ftypmp42"), Some(Kind::IsoMedia));
        assert_eq!(kind(b"water lilies"), None);
        assert_eq!(kind(b""), None);
        let office = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        assert!(agrees(Some(office), Some(Kind::Zip), &Inside::Binary));
        assert!(agrees(Some("image/svg+xml"), None, &Inside::Text("<svg/>".into())));
        assert!(!agrees(Some("text/html"), Some(Kind::Pdf), &Inside::Text("%PDF-".into())));
        assert!(!agrees(Some("image/bmp"), None, &Inside::Binary));
    }
}
