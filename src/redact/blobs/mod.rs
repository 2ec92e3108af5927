//! What becomes of binary content: images, audio, files. It cannot be read as a model or its
//! user will read it, so it passes only by the rules' word, under the type that it is.
//!
//! Invariant: what passes is of the type that it is declared as, and an image that passes holds
//! nothing beside its picture.

mod image;
mod magic;
mod policy;
mod uri;

use crate::redact::blob::{self, Inside};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
pub use policy::{Blobs, Treatment};
pub(crate) use uri::{is_likely, without};

/// What becomes of one blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    Withheld,
    /// It is text, to be looked at; what changes may be written in its place.
    Text(String),
    /// It may be text, to be looked at; if anything changes, it is withheld.
    Perhaps(String),
    /// It passes: as it is, or as other base64.
    Binary(Option<String>),
}

impl Blobs {
    /// What becomes of base64 that is declared to be of a MIME type.
    pub fn treat(&self, declared: Option<&str>, blob: &str) -> Fate {
        let treatment = self.of(declared);
        if treatment == Treatment::Drop {
            return Fate::Withheld;
        }
        let Some(bytes) = blob::decode(blob) else { return Fate::Withheld };
        let kind = magic::kind(&bytes);
        let inside = blob::of(bytes.clone());
        if *self != Self::Pass && !magic::agrees(declared, kind, &inside) {
            return Fate::Withheld;
        }
        let is_image =
            |kind: &magic::Kind| kind.is_image() || treatment == Treatment::Keep && magic::is_image(declared);
        match (treatment, inside) {
            // Of what is compressed or drawn, letters say nothing of what is seen.
            (_, Inside::Text(text)) if kind.is_none() => Fate::Text(text),
            (Treatment::Text, _) => Fate::Withheld,
            (_, Inside::Perhaps(text)) if kind.is_none() => Fate::Perhaps(text),
            (_, inside) => match kind {
                Some(kind) if kind.is_stripped() => match image::stripped(kind, &bytes) {
                    Some(stripped) if stripped == bytes => Fate::Binary(None),
                    Some(stripped) => Fate::Binary(Some(STANDARD.encode(stripped))),
                    None => Fate::Withheld,
                },
                // Its metadata would pass unseen.
                Some(kind) if is_image(&kind) && *self != Self::Pass => Fate::Withheld,
                _ => match inside {
                    Inside::Text(text) | Inside::Perhaps(text) => Fate::Perhaps(text),
                    Inside::Binary => Fate::Binary(None),
                },
            },
        }
    }
}

/// What stands in the place of withheld content of a MIME type.
pub(crate) fn words(declared: Option<&str>) -> &'static str {
    match declared.map(policy::essence).as_deref().and_then(|essence| essence.split_once('/')) {
        Some(("image", _)) => "[image withheld]",
        Some(("audio", _)) => "[audio withheld]",
        _ => "[binary resource withheld]",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blobs(rules: &str) -> Blobs {
        serde_json::from_str(rules).unwrap()
    }

    #[test]
    fn what_is_declared_must_be_so() {
        let rules = blobs(r#"{"image/*": "keep", "text/*": "text", "application/*": "keep"}"#);
        let of = |declared: Option<&str>, bytes: &[u8]| rules.treat(declared, &STANDARD.encode(bytes));
        let pdf = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n\0";
        assert_eq!(of(Some("application/pdf"), pdf), Fate::Binary(None));
        assert_eq!(of(Some("text/plain; charset=utf-8"), b"SSN"), Fate::Text("SSN".into()));
        assert_eq!(of(Some("application/octet-stream"), b"SSN"), Fate::Text("SSN".into()));
        assert_eq!(of(Some("application/x-thing"), b"\xff\0\x02"), Fate::Binary(None));
        for (declared, bytes) in [
            (Some("image/png"), &pdf[..]),
            (Some("application/pdf"), b"\x89PNG\r\n\x1a\n\0"),
            (Some("application/x-thing"), b"MZ\x90\0\x03\0"),
            (Some("application/pdf"), b"SSN 536-90-4399"),
            (Some("image/png"), b"SSN 536-90-4399"),
            (Some("image/heic"), b"\0\0\0\x18ftypheic\0\0\0\0"),
            (Some("image/gif"), b"GIF89a\x01\0"),
            (Some("text/plain"), b"\xff\0\x02"),
            (Some("text/plain"), pdf),
            (Some("audio/wav"), b"RIFF\0\0\0\0WAVE"),
            (None, pdf),
        ] {
            assert_eq!(of(declared, bytes), Fate::Withheld, "{declared:?}");
        }
    }

    #[test]
    fn nothing_passes_unless_the_rules_say_so() {
        assert_eq!(Blobs::Drop.treat(Some("text/plain"), "U1NO"), Fate::Withheld);
        assert_eq!(Blobs::Pass.treat(None, "U1NO"), Fate::Text("SSN".into()));
        assert_eq!(Blobs::Pass.treat(None, "AAH/"), Fate::Binary(None));
        assert_eq!(Blobs::Pass.treat(None, "no base64!"), Fate::Withheld);
        assert_eq!(words(Some("Image/PNG")), "[image withheld]");
        assert_eq!(words(None), "[binary resource withheld]");
    }
}
