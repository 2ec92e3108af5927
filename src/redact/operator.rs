//! What happens to a value that must not pass as it is.

use crate::redact::transform::SURROGATES;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, de};
use std::fmt;

/// An operator, as rules and profiles name it. One that cannot make sense of a value masks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// The value passes. Named in a profile, it records a decision to keep.
    Keep,
    /// The member or element is removed; in text, the matched words are.
    Drop,
    /// A value of the same JSON type that says nothing (`"[REDACTED]"`, `0`, `false`).
    Mask,
    /// The last four characters stay. For a card number this is within PCI DSS 3.4.1.
    Partial,
    /// A numbered marker, the same for the same value all through one result: `[US_SSN_1]`.
    Replace,
    /// A stand-in that is the same in every result of one lineage, and that a later argument
    /// may carry where a rule restores it: `PERSON_4821937`.
    Pseudonym,
    /// A value of the same kind that is nobody's (`Greta Hazelbrook`, `(212) 555-0142`), the
    /// same in every result of one lineage; several values may become one, so that it is never
    /// exchanged again.
    Surrogate,
    /// As a pseudonym, but the value itself, encrypted for one lineage and entity: it survives a
    /// restart, and is longer.
    Token,
    /// A keyed hash (HMAC-SHA-256), the same for the same value in every result of a
    /// deployment: for joining, never for reversing.
    Hash,
    /// Format-preserving encryption (NIST SP 800-38G, FF1): digits become other digits.
    Fpe,
    /// A date is moved by a number of days that is one lineage's own.
    Shift,
    /// A date is generalised to its year (HIPAA 164.514(b)(2)(i)(C)).
    Year,
    /// A date of birth or an age becomes a band of ten years; from 90 on one band (same rule).
    Age,
    /// A US postal code keeps its first three digits, or none where too few people live
    /// (HIPAA 164.514(b)(2)(i)(B)).
    Zip3,
    /// A number is rounded to a multiple: `{ round: 1000 }`.
    Round(u32),
    /// JSON `null`.
    Null,
}

impl Operator {
    pub fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Drop => "drop",
            Self::Mask => "mask",
            Self::Partial => "partial",
            Self::Replace => "replace",
            Self::Pseudonym => "pseudonym",
            Self::Surrogate => "surrogate",
            Self::Token => "token",
            Self::Hash => "hash",
            Self::Fpe => "fpe",
            Self::Shift => "shift",
            Self::Year => "year",
            Self::Age => "age",
            Self::Zip3 => "zip3",
            Self::Round(_) => "round",
            Self::Null => "null",
        }
    }

    /// Whether what stands for the value can be exchanged for it again.
    pub(crate) fn is_reversible(self) -> bool {
        matches!(self, Self::Pseudonym | Self::Token)
    }

    /// How much of the value an operator shows, least first.
    pub(crate) fn shows(self) -> u8 {
        match self {
            Self::Drop => 0,
            Self::Null => 1,
            Self::Mask => 2,
            Self::Replace => 3,
            Self::Surrogate => 4,
            Self::Pseudonym => 5,
            Self::Token => 6,
            Self::Hash => 7,
            Self::Fpe => 8,
            Self::Age => 9,
            Self::Year => 10,
            Self::Zip3 => 11,
            Self::Round(_) => 12,
            Self::Shift => 13,
            Self::Partial => 14,
            Self::Keep => 15,
        }
    }
}

/// Security codes, PINs and track data.
const CARD_SECURITY: &str = "CARD_SECURITY";
/// Primary account numbers.
pub(crate) const PAN: &str = "PAN";

/// Why an operator may not be used on an entity, if it may not. `None` is a value of which no
/// rule says what it is.
pub(crate) fn forbidden(entity: Option<&str>, operator: Operator) -> Option<String> {
    let kept = !matches!(operator, Operator::Drop | Operator::Null);
    if entity == Some(CARD_SECURITY) && kept {
        return Some(
            "PCI DSS 3.3.1: nothing of CARD_SECURITY may be kept: write `drop` or `null`".to_owned(),
        );
    }
    // It would mask, and be told of as a surrogate.
    if operator != Operator::Surrogate || entity.is_some_and(|entity| SURROGATES.contains(&entity)) {
        return None;
    }
    let instead = match entity {
        None => "say which of them the value is, such as `entity: PERSON`, or write another operator",
        Some(entity) if entity.contains("DATE") => "write `shift`, which moves a date, or another operator",
        Some(_) => "write `pseudonym`, `replace` or another operator",
    };
    Some(format!("`surrogate` makes values of {} alone: {instead}", SURROGATES.join(", ")))
}

const WORDS: [Operator; 15] = [
    Operator::Keep,
    Operator::Drop,
    Operator::Mask,
    Operator::Partial,
    Operator::Replace,
    Operator::Pseudonym,
    Operator::Surrogate,
    Operator::Token,
    Operator::Hash,
    Operator::Fpe,
    Operator::Shift,
    Operator::Year,
    Operator::Age,
    Operator::Zip3,
    Operator::Null,
];

/// All that may stand in an operator's place, for whoever wrote something else there.
const TAKEN: [&str; 16] = [
    "keep",
    "drop",
    "mask",
    "partial",
    "replace",
    "pseudonym",
    "surrogate",
    "token",
    "hash",
    "fpe",
    "shift",
    "year",
    "age",
    "zip3",
    "null",
    "{ round: 1000 }",
];

/// A word, or `{ round: N }`.
impl<'de> Deserialize<'de> for Operator {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct WithMeasure {
            round: u32,
        }
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Operator;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "one of {}", TAKEN.join(", "))
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Operator, E> {
                let known = WORDS.into_iter().find(|operator| operator.name() == word);
                known.ok_or_else(|| E::unknown_variant(word, &TAKEN))
            }

            /// YAML's own `null` is the operator of that name.
            fn visit_unit<E: de::Error>(self) -> Result<Operator, E> {
                Ok(Operator::Null)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Operator, A::Error> {
                let WithMeasure { round } = Deserialize::deserialize(MapAccessDeserializer::new(map))?;
                if round == 0 {
                    return Err(de::Error::custom("`round` takes a number above 0"));
                }
                Ok(Operator::Round(round))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_told_to_whoever_wrote_another() {
        let words: Vec<&str> = WORDS.iter().map(|operator| operator.name()).collect();
        assert_eq!(TAKEN.split_last().map(|(_, words)| words), Some(words.as_slice()));
        let said = |text: &str| crate::model::yaml::read_yaml::<Operator>("x", text).unwrap_err().message;
        assert!(said("yaer").ends_with("did you mean `year`?"), "{}", said("yaer"));
        assert!(said("round").ends_with("did you mean `{ round: 1000 }`?"), "{}", said("round"));
    }

    #[test]
    fn a_surrogate_is_of_a_kind_that_is_made() {
        for entity in SURROGATES {
            assert_eq!(forbidden(Some(entity), Operator::Surrogate), None, "{entity}");
        }
        for (entity, instead) in [
            (Some("DATE"), "write `shift`"),
            (Some("ADDRESS"), "write `pseudonym`"),
            (None, "such as `entity: PERSON`"),
        ] {
            let why = forbidden(entity, Operator::Surrogate).unwrap();
            assert!(
                why.contains("PERSON, EMAIL, PHONE, US_SSN, PAN alone") && why.contains(instead),
                "{why}"
            );
            assert_eq!(forbidden(entity, Operator::Mask), None);
        }
    }
}
