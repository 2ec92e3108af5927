//! What a tool's rules say of binary content, by MIME type.

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Unexpected, Visitor};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What becomes of images, audio and embedded binary resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Blobs {
    #[default]
    Drop,
    /// All of it passes, whatever it is declared as; text in it is looked at.
    Pass,
    /// By MIME type, the most specific pattern first; what none names is dropped.
    ByType(Arc<[(String, Treatment)]>),
}

/// What becomes of content of one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    Drop,
    /// It passes; an image without its metadata, text through the detectors.
    Keep,
    /// It is text, and passes through the detectors, or it is dropped.
    Text,
}

impl Blobs {
    /// What becomes of content that is declared to be of this type.
    pub fn of(&self, declared: Option<&str>) -> Treatment {
        let rules = match self {
            Self::Drop => return Treatment::Drop,
            Self::Pass => return Treatment::Keep,
            Self::ByType(rules) => rules,
        };
        let Some(essence) = declared.map(essence) else { return Treatment::Drop };
        let found = rules.iter().find(|(pattern, _)| matches(pattern, &essence));
        found.map_or(Treatment::Drop, |(_, treatment)| *treatment)
    }

    /// For `portcullis check --explain`.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Drop => "dropped".to_owned(),
            Self::Pass => "passed".to_owned(),
            Self::ByType(rules) => {
                let each = rules.iter().map(|(pattern, treatment)| format!("{pattern} {}", treatment.name()));
                each.chain(["all others dropped".to_owned()]).collect::<Vec<_>>().join(", ")
            }
        }
    }
}

impl Treatment {
    fn name(self) -> &'static str {
        match self {
            Self::Drop => "dropped",
            Self::Keep => "kept",
            Self::Text => "read as text",
        }
    }
}

/// A MIME type without its parameters, in small letters (RFC 2045 §5.1).
pub(super) fn essence(declared: &str) -> String {
    declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn matches(pattern: &str, essence: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some("*/") => essence.contains('/'),
        Some(head) => essence.starts_with(head),
        None => pattern == essence,
    }
}

/// How little a pattern says: a type, a family of types, any.
fn width(pattern: &str) -> u8 {
    match pattern.strip_suffix('*') {
        Some("*/") => 2,
        Some(_) => 1,
        None => 0,
    }
}

fn is_pattern(pattern: &str) -> bool {
    let is_token = |token: &str| {
        let odd = |byte: u8| !(byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte));
        !token.is_empty() && !token.bytes().any(odd)
    };
    match pattern.split_once('/') {
        Some(("*", "*")) => true,
        Some((family, "*")) => is_token(family),
        Some((family, kind)) => is_token(family) && is_token(kind),
        None => false,
    }
}

impl<'de> Deserialize<'de> for Treatment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match &*Cow::<str>::deserialize(deserializer)? {
            "drop" => Ok(Self::Drop),
            "keep" => Ok(Self::Keep),
            "text" => Ok(Self::Text),
            "extract" => Err(D::Error::custom(
                "this build cannot `extract` text from documents: `drop` or `keep` them",
            )),
            word => Err(D::Error::unknown_variant(word, &["drop", "keep", "text"])),
        }
    }
}

/// By hand: a word, or a treatment for each pattern.
impl<'de> Deserialize<'de> for Blobs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Blobs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`drop`, `pass`, or what becomes of each MIME type, such as `image/*: keep`")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Blobs, E> {
                match word {
                    "drop" => Ok(Blobs::Drop),
                    "pass" => Ok(Blobs::Pass),
                    word => Err(E::invalid_value(Unexpected::Str(word), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, types: A) -> Result<Blobs, A::Error> {
                let types: BTreeMap<String, Treatment> =
                    Deserialize::deserialize(MapAccessDeserializer::new(types))?;
                if let Some(odd) = types.keys().find(|pattern| !is_pattern(pattern)) {
                    let expects = "a MIME type without parameters, `image/*` or `*/*`";
                    return Err(A::Error::invalid_value(Unexpected::Str(odd), &expects));
                }
                let mut rules: Vec<(String, Treatment)> =
                    types.into_iter().map(|(pattern, how)| (pattern.to_ascii_lowercase(), how)).collect();
                rules.sort_by_key(|(pattern, _)| width(pattern));
                Ok(Blobs::ByType(rules.into()))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rules: &str) -> Result<Blobs, String> {
        serde_json::from_str(rules).map_err(|why| why.to_string())
    }

    #[test]
    fn the_most_specific_pattern_rules() {
        let blobs =
            read(r#"{"*/*": "keep", "image/*": "drop", "image/PNG": "keep", "text/*": "text"}"#).unwrap();
        for (declared, treatment) in [
            (Some("image/png"), Treatment::Keep),
            (Some("IMAGE/jpeg"), Treatment::Drop),
            (Some("text/csv; charset=utf-8"), Treatment::Text),
            (Some("application/pdf"), Treatment::Keep),
            (Some("png"), Treatment::Drop),
            (None, Treatment::Drop),
        ] {
            assert_eq!(blobs.of(declared), treatment, "{declared:?}");
        }
        assert_eq!(read(r#""pass""#).unwrap(), Blobs::Pass);
        assert_eq!(read("{}").unwrap().of(Some("text/plain")), Treatment::Drop);
    }

    #[test]
    fn what_is_no_rule_is_not_loaded() {
        for (rules, why) in [
            (r#"{"image": "keep"}"#, "a MIME type without parameters"),
            (r#"{"*/png": "keep"}"#, "a MIME type without parameters"),
            (r#"{"text/plain;charset=utf-8": "keep"}"#, "a MIME type without parameters"),
            (r#"{"image/png": "pass"}"#, "unknown variant `pass`"),
            (r#"{"application/pdf": "extract"}"#, "cannot `extract` text"),
            (r#""keep""#, "`drop`, `pass`, or"),
        ] {
            assert!(read(rules).unwrap_err().contains(why), "{rules}: {:?}", read(rules));
        }
    }
}
