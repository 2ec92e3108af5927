//! Redaction markers on their way back: a model that copies `[US_SSN_1]` into a
//! write would overwrite the number with the marker.

use crate::model::ids::Entity;
use crate::redact::REDACTED;

/// Whether a text carries `[REDACTED]` or `[ENTITY_n]`.
pub(super) fn contains(text: &str) -> bool {
    text.contains(REDACTED)
        || text.split('[').skip(1).any(|rest| rest.split_once(']').is_some_and(|(word, _)| is_marker(word)))
}

fn is_marker(word: &str) -> bool {
    let Some((entity, number)) = word.rsplit_once('_') else { return false };
    Entity::is_well_formed(entity)
        && !number.is_empty()
        && number.len() <= 4
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::contains;

    #[test]
    fn markers_are_known_and_brackets_are_not() {
        for text in ["[US_SSN_1]", "to [PERSON_12], please", "x[REDACTED]y", "[[PAN_3]]"] {
            assert!(contains(text), "{text}");
        }
        for text in ["[1]", "[TODO]", "[a_1]", "[US_SSN_]", "array[I_]", "[NOTE_x]", "[US_SSN_12345]"] {
            assert!(!contains(text), "{text}");
        }
    }
}
