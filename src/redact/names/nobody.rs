//! Words that look like somebody's name and are nobody's: days and months, and those whom
//! signs, tests and devices are called after.

/// Those that no person is called by.
const CALENDAR: [&str; 14] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "january",
    "february",
    "july",
    "september",
    "october",
    "november",
    "december",
];

/// In order. Names that many have are not here: whoever is called so may be a patient.
const EPONYMS: [&str; 27] = [
    "apgar",
    "babinski",
    "brudzinski",
    "chvostek",
    "dix-hallpike",
    "fridericia",
    "hashimoto",
    "hawkins-kennedy",
    "hounsfield",
    "jackson-pratt",
    "karnofsky",
    "kernig",
    "korsakoff",
    "kussmaul",
    "mallampati",
    "papanicolaou",
    "raynaud",
    "reed-sternberg",
    "rey-osterrieth",
    "romberg",
    "roux-en-y",
    "swan-ganz",
    "trendelenburg",
    "valsalva",
    "wechsler",
    "wernicke",
    "winston-lutz",
];

/// What is called after somebody, and no verb: one name right before it is of the thing.
const THINGS: [&str; 18] = [
    "agar",
    "catheter",
    "classification",
    "coefficient",
    "criteria",
    "disc",
    "equation",
    "forceps",
    "maneuver",
    "manoeuvre",
    "nomogram",
    "retractor",
    "scissors",
    "speculum",
    "stain",
    "staining",
    "syndrome",
    "theorem",
];

/// Whether a word is of what is called after somebody.
pub(super) fn is_thing(word: &str) -> bool {
    THINGS.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Whether a word is the name of a day or a month, and of nobody.
pub(crate) fn is_of_calendar(word: &str) -> bool {
    CALENDAR.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Whether a sign, a test or a device is called so.
pub(super) fn is_eponym(name: &str) -> bool {
    EPONYMS.binary_search(&name.to_lowercase().as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eponyms_are_in_order_and_found() {
        assert!(EPONYMS.is_sorted());
        assert!(is_eponym("Hawkins-Kennedy") && !is_eponym("Kennedy"));
        assert!(is_thing("Catheter") && !is_thing("called"));
        assert!(is_of_calendar("Monday") && !is_of_calendar("April"));
    }
}
