//! Key paths: the strongest sign of personal data in a JSON result.

use crate::redact::detect::fold::fold;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

const WRAPPERS: [&str; 15] = [
    "value",
    "values",
    "val",
    "v",
    "raw",
    "number",
    "text",
    "formatted",
    "plain",
    "data",
    // FHIR's `value[x]` where x is text, a number or a date.
    "value_string",
    "value_integer",
    "value_date",
    "value_date_time",
    "string_value",
];

/// The member names from the root of a document to a value, each normalised:
/// `dateOfBirth`, `date-of-birth` and `Date Of Birth` all read `date_of_birth`.
#[derive(Clone, Debug, Default)]
pub struct KeyPath {
    names: Vec<Arc<str>>,
}

/// What a key of one thing ends with, if several of it are never a count.
const NUMBERED: [&str; 7] = ["ssn", "mrn", "npi", "iban", "number", "_id", "email"];

impl KeyPath {
    /// Reads a dotted path, as rule files write it.
    pub fn dotted(text: &str) -> Self {
        Self { names: text.split('.').map(|name| normalise(name).into()).collect() }
    }

    pub fn push(&mut self, name: &str) {
        self.names.push(normalise(name).into());
    }

    pub fn pop(&mut self) {
        self.names.pop();
    }

    /// The path without a last name that only wraps a value: `ssn.value` is `ssn`.
    pub(crate) fn unwrapped(&self) -> Option<Self> {
        let (last, names) = self.names.split_last()?;
        let wraps = !names.is_empty() && Self::wraps(last);
        wraps.then(|| Self { names: names.to_vec() })
    }

    /// The path to one of several: `ssns` hold what is an `ssn`.
    pub(crate) fn singular(&self) -> Option<Self> {
        let (last, names) = self.names.split_last()?;
        let one = last.strip_suffix('s').filter(|one| one.len() > 2 && !one.ends_with('s'))?;
        // Counts and sums stand under other plurals: `accounts: 154233`.
        if !NUMBERED.iter().any(|end| one.ends_with(end)) {
            return None;
        }
        let mut names = names.to_vec();
        names.push(one.into());
        Some(Self { names })
    }

    /// The path without so many of its last names. None if nothing is left.
    pub(crate) fn above_by(&self, levels: usize) -> Option<Self> {
        let left = self.names.len().checked_sub(levels).filter(|left| *left > 0)?;
        Some(Self { names: self.names.get(..left)?.to_vec() })
    }

    /// Whether a name only wraps the value of the name before it.
    pub(crate) fn wraps(name: &str) -> bool {
        WRAPPERS.contains(&name)
    }

    pub(crate) fn last(&self) -> Option<&str> {
        self.names.last().map(AsRef::as_ref)
    }

    /// The name before the last.
    pub(crate) fn above(&self) -> Option<&str> {
        self.names.iter().nth_back(1).map(AsRef::as_ref)
    }
}

/// A key or the end of a key path in a rule: `ssn`, `name.family`, `*_ssn`.
#[derive(Clone, Debug)]
pub(crate) struct KeyPattern {
    names: Vec<String>,
    /// `*`: the first name may be the end of a longer one.
    open: bool,
}

impl KeyPattern {
    /// Reads a pattern, or all that it stands for: `{owner,payee}_name` is two.
    pub(crate) fn read_all(text: &str) -> Vec<Self> {
        let Some((head, (choices, tail))) =
            text.split_once('{').and_then(|(head, rest)| Some((head, rest.split_once('}')?)))
        else {
            return vec![Self::read(text)];
        };
        choices
            .split(',')
            .flat_map(|choice| Self::read_all(&format!("{head}{}{tail}", choice.trim())))
            .collect()
    }

    fn read(text: &str) -> Self {
        let (open, text) = text.strip_prefix('*').map_or((false, text), |rest| (true, rest));
        let names = text.split('.').map(|name| name.trim_matches('_').to_owned()).collect();
        Self { names, open }
    }

    /// The last name, if it is a fixed one.
    pub(crate) fn fixed_last(&self) -> Option<&str> {
        if self.open && self.names.len() == 1 { None } else { self.names.last().map(String::as_str) }
    }

    /// What the last name ends with.
    pub(crate) fn open_end(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }

    /// The words of all its names.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.names.iter().flat_map(|name| name.split('_'))
    }

    /// The name that must stand above the last.
    pub(crate) fn above(&self) -> Option<&str> {
        self.names.iter().nth_back(1).map(String::as_str)
    }

    pub(crate) fn matches(&self, path: &KeyPath) -> bool {
        let Some(skip) = path.names.len().checked_sub(self.names.len()) else { return false };
        let mut pairs = path.names.iter().skip(skip).zip(&self.names).enumerate();
        pairs.all(|(position, (name, wanted))| {
            **name == **wanted
                || (self.open
                    && position == 0
                    && name.strip_suffix(wanted.as_str()).is_some_and(|head| head.ends_with('_')))
        })
    }
}

/// What Salesforce writes behind the names of fields that its users add.
const ADDED: [&str; 3] = ["__c", "__pc", "__r"];

/// Splits camel case and punctuation into words, lower-cased, joined by `_`. Letters that
/// only look like others, and such as are not seen, are read as a model reads them.
pub(super) fn normalise(name: &str) -> String {
    let decoded =
        if name.contains('%') { percent_encoding::percent_decode_str(name).decode_utf8().ok() } else { None };
    let name = decoded.as_deref().unwrap_or(name);
    let name = ADDED.iter().find_map(|mark| name.strip_suffix(mark)).unwrap_or(name);
    if name.is_ascii() { ascii_words(name) } else { words(&fold(name).text) }
}

/// As [`words`] does, for names that most are.
fn ascii_words(name: &str) -> String {
    let bytes = name.as_bytes();
    let mut out = String::with_capacity(name.len() + 4);
    let (mut before, mut ends) = (b'_', true);
    for (place, &byte) in bytes.iter().enumerate() {
        if byte.is_ascii_alphanumeric() {
            let starts_word = byte.is_ascii_uppercase()
                && (before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase()
                        && bytes.get(place + 1).is_some_and(u8::is_ascii_lowercase)
                        && !is_plural(bytes.get(place + 1..).unwrap_or_default())));
            if starts_word && !ends {
                out.push('_');
            }
            out.push(char::from(byte.to_ascii_lowercase()));
            ends = false;
        } else if !ends {
            out.push('_');
            ends = true;
        }
        before = byte;
    }
    out.truncate(out.trim_end_matches('_').len());
    out
}

/// Whether nothing but an `s` ends the capitals before it: `patientIDs` are ids.
fn is_plural(behind: &[u8]) -> bool {
    matches!(behind, [b's', rest @ ..] if !rest.first().is_some_and(u8::is_ascii_lowercase))
}

fn words(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    // `prénom` and `prenom` are one key.
    let mut chars = name.nfd().filter(|c| !is_combining_mark(*c)).peekable();
    let mut before = '_';
    while let Some(c) = chars.next() {
        if c.is_alphanumeric() {
            // fooBar → foo_bar, SSNNumber → ssn_number.
            let leads = || {
                let mut next = chars.clone();
                let (first, second) = (next.next(), next.next());
                let plural = first == Some('s') && !second.is_some_and(char::is_lowercase);
                first.is_some_and(char::is_lowercase) && !plural
            };
            let starts_word = c.is_uppercase()
                && (before.is_lowercase() || before.is_ascii_digit() || before.is_uppercase() && leads());
            if starts_word && !out.ends_with('_') && !out.is_empty() {
                out.push('_');
            }
            match c {
                'ß' | 'ẞ' => out.push_str("ss"),
                'ø' | 'Ø' => out.push('o'),
                'ł' | 'Ł' => out.push('l'),
                c => out.extend(c.to_lowercase()),
            }
        } else if !out.ends_with('_') && !out.is_empty() {
            out.push('_');
        }
        before = c;
    }
    out.truncate(out.trim_end_matches('_').len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_a_key_are_one() {
        for name in [
            "dateOfBirth",
            "date-of-birth",
            "Date Of Birth",
            "DATE_OF_BIRTH",
            "date__of.birth_",
            "DateOFBirth",
        ] {
            assert_eq!(normalise(name), "date_of_birth", "{name}");
        }
        assert_eq!(normalise("SSN"), "ssn");
        for (name, words) in
            [("SSNs", "ssns"), ("patientIDsOld", "patient_ids_old"), ("IDStatus", "id_status")]
        {
            assert_eq!(normalise(name), words);
            assert_eq!(normalise(&format!("é {name}")), format!("e_{words}"));
        }
        for name in ["ѕѕn", "ｓｓｎ", "𝐬𝐬𝐧", "s\u{200b}sn", "s%73n"] {
            assert_eq!(normalise(name), "ssn", "{name}");
        }
        for (name, plain) in
            [("мrn", "mrn"), ("раѕswоrd", "password"), ("dateОfВirтh", "date_of_birth"), ("рhοne", "phone")]
        {
            assert_eq!(normalise(name), plain, "{name}");
        }
        assert_eq!(normalise("имя"), "имя");
        assert_eq!(normalise("телефон"), "телефон");
        assert_eq!(normalise("Prénom"), "prenom");
        assert_eq!(normalise("numérodeTéléphone"), "numerode_telephone");
        assert_eq!(normalise("Straße"), "strasse");
        assert_eq!(normalise("customerSSNNumber"), "customer_ssn_number");
        assert_eq!(normalise("FinServ__PolicyNumber__c"), "fin_serv_policy_number");
        assert_eq!(normalise("address1Line"), "address1_line");
    }

    proptest! {
        #[test]
        fn ascii_names_are_read_as_others_are(name in "[a-cA-C0-1 _.-]{0,12}") {
            prop_assert_eq!(ascii_words(&name), words(&name));
        }
    }

    #[test]
    fn braces_stand_for_each_of_a_list() {
        let all = KeyPattern::read_all("*_{owner, payee}.{name,nm}");
        assert_eq!(all.len(), 4);
        for path in ["account_owner.name", "owner.nm", "x.payee.name", "first_payee.nm"] {
            assert_eq!(all.iter().filter(|key| key.matches(&KeyPath::dotted(path))).count(), 1, "{path}");
        }
        assert_eq!(KeyPattern::read_all("ssn").len(), 1);
    }

    #[test]
    fn a_pattern_matches_the_end_of_a_path() {
        let path = KeyPath::dotted("patient.name.family");
        assert!(KeyPattern::read("family").matches(&path));
        assert!(KeyPattern::read("name.family").matches(&path));
        assert!(!KeyPattern::read("product.family").matches(&path));
        assert!(!KeyPattern::read("a.patient.name.family").matches(&path));
        assert!(KeyPattern::read("*_ssn").matches(&KeyPath::dotted("customer_ssn")));
        assert!(KeyPattern::read("*_ssn").matches(&KeyPath::dotted("x.spouseSsn")));
        assert!(KeyPattern::read("*_ssn").matches(&KeyPath::dotted("ssn")));
        assert!(!KeyPattern::read("*_ssn").matches(&KeyPath::dotted("lossn")));
    }
}
