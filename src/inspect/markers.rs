//! Redaction markers on their way back: a model that copies `[US_SSN_1]` into a
//! write would overwrite the number with the marker.

use crate::redact::{REDACTED, marker};

/// Whether a text carries `[REDACTED]` or `[ENTITY_n]`.
pub(super) fn contains(text: &str) -> bool {
    text.contains(REDACTED)
        || text
            .split('[')
            .skip(1)
            .any(|rest| rest.split_once(']').is_some_and(|(word, _)| marker::parts(word).is_some()))
}

#[cfg(test)]
mod tests {
    use super::contains;

    #[test]
    fn markers_are_known_and_brackets_are_not() {
        for text in ["[US_SSN_1]", "to [PERSON_12], please", "x[REDACTED]y", "[[PAN_3]]", "[US_SSN_12345]"] {
            assert!(contains(text), "{text}");
        }
        for text in ["[1]", "[TODO]", "[a_1]", "[US_SSN_]", "array[I_]", "[NOTE_x]", "[US_SSN_1234567]"] {
            assert!(!contains(text), "{text}");
        }
    }
}
