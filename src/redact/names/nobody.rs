//! Words that look like somebody's name and are nobody's: days and months, and those whom
//! signs, tests, methods and devices are called after.

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
const EPONYMS: [&str; 108] = [
    "alzheimer",
    "amsler",
    "apgar",
    "asperger",
    "babinski",
    "barthel",
    "bayes",
    "behcet",
    "behçet",
    "benford",
    "bonferroni",
    "braden",
    "brudzinski",
    "brugada",
    "budd-chiari",
    "charcot",
    "charcot-marie-tooth",
    "child-pugh",
    "churg-strauss",
    "chvostek",
    "cockcroft-gault",
    "coxsackie",
    "creutzfeldt-jakob",
    "crohn",
    "diffie-hellman",
    "dix-hallpike",
    "doppler",
    "dupuytren",
    "ehlers-danlos",
    "epstein-barr",
    "fridericia",
    "gauss",
    "giemsa",
    "gleason",
    "goodpasture",
    "groshong",
    "guillain-barre",
    "guillain-barré",
    "hashimoto",
    "hawkins-kennedy",
    "hirschsprung",
    "holter",
    "hounsfield",
    "ishihara",
    "jackson-pratt",
    "jaro-winkler",
    "kaplan-meier",
    "kaposi",
    "karnofsky",
    "kehr",
    "kernig",
    "klinefelter",
    "kolmogorov-smirnov",
    "korsakoff",
    "kruskal-wallis",
    "kussmaul",
    "lachman",
    "legg-calve-perthes",
    "levenberg-marquardt",
    "levenshtein",
    "lhermitte",
    "luhn",
    "mallampati",
    "mallory-weiss",
    "mann-whitney",
    "marfan",
    "markov",
    "meckel",
    "merkle",
    "michelson-morley",
    "navier-stokes",
    "neer",
    "newton-raphson",
    "osgood-schlatter",
    "papanicolaou",
    "parkinson",
    "phalen",
    "poisson",
    "raynaud",
    "reed-sternberg",
    "rey-osterrieth",
    "rinne",
    "romberg",
    "roux-en-y",
    "rovsing",
    "runge-kutta",
    "schirmer",
    "shapiro-wilk",
    "sjogren",
    "sjögren",
    "snellen",
    "spearman",
    "spurling",
    "swan-ganz",
    "tinel",
    "tourette",
    "trendelenburg",
    "valsalva",
    "waterlow",
    "wechsler",
    "wernicke",
    "wilcoxon",
    "wilms",
    "winston-lutz",
    "wolff-parkinson-white",
    "wright-giemsa",
    "ziehl-neelsen",
    "zollinger-ellison",
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

/// Whether a sign, a test, a method or a device is called so.
pub(super) fn is_eponym(name: &str) -> bool {
    EPONYMS.binary_search(&name.to_lowercase().as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eponyms_are_in_order_and_found() {
        assert!(EPONYMS.is_sorted());
        assert!(is_eponym("Hawkins-Kennedy") && is_eponym("Guillain-Barré") && !is_eponym("Kennedy"));
        assert!(is_thing("Catheter") && !is_thing("called"));
        assert!(is_of_calendar("Monday") && !is_of_calendar("April"));
    }
}
