//! The few words that decide whether something that looks like a key is one.

/// Letters and digits alone, in lower case.
pub(super) fn plain(key: &str) -> String {
    if key.is_ascii() {
        let letters = key.bytes().filter(u8::is_ascii_alphanumeric);
        return letters.map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    }
    key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a record with this key is a record of a person, so that its bare `name` is
/// that person's.
pub(super) fn tells_of_a_person(key: &str) -> bool {
    key.len() <= 40 && is_a_persons(&plain(key))
}

/// The same of a key in plain letters.
pub(super) fn is_a_persons(key: &str) -> bool {
    const KEYS: [&str; 24] = [
        "ssn",
        "socialsecuritynumber",
        "socialsecurity",
        "dob",
        "dateofbirth",
        "birthdate",
        "birthday",
        "born",
        "mrn",
        "medicalrecordnumber",
        "patientid",
        "memberid",
        "subscriberid",
        "patientnumber",
        "gender",
        "sex",
        "age",
        "maritalstatus",
        "email",
        "emailaddress",
        "nationality",
        "passport",
        "passportnumber",
        "driverslicense",
    ];
    KEYS.contains(&key)
}

pub(super) fn is_bare_name(key: &str) -> bool {
    key.len() <= 8 && is_name(&plain(key))
}

/// The same of a key in plain letters.
pub(super) fn is_name(key: &str) -> bool {
    matches!(key, "name" | "names" | "nm")
}

/// The common name of an element that a standard abbreviates: ISO 20022 postal addresses
/// and contact details, HL7 CDA header elements.
pub(super) fn alias(element: &str) -> Option<&'static str> {
    Some(match element {
        "StrtNm" | "BldgNb" | "PstBx" | "streetAddressLine" | "AdrLine" => "street_address",
        "PstCd" => "postal_code",
        "TwnNm" | "TwnLctnNm" => "city",
        "PhneNb" => "phone",
        "MobNb" => "mobile",
        "FaxNb" => "fax",
        "EmailAdr" => "email",
        "BirthDt" | "birthTime" => "birth_date",
        "CityOfBirth" | "PrvcOfBirth" => "birth_place",
        _ => return None,
    })
}

/// Words that begin a sentence as often as they name a field: "Given: a patient who".
pub(super) fn is_common_word(key: &str) -> bool {
    const WORDS: [&str; 16] = [
        "given", "family", "secret", "born", "issued", "pin", "cell", "mobile", "holder", "prefix", "suffix",
        "contact", "provider", "client", "member", "owner",
    ];
    WORDS.iter().any(|word| key.eq_ignore_ascii_case(word))
}

/// What stands for a value in code and forms, and is none.
pub(super) fn is_placeholder(value: &str) -> bool {
    const WORDS: [&str; 22] = [
        "string",
        "str",
        "text",
        "int",
        "integer",
        "number",
        "float",
        "bool",
        "boolean",
        "object",
        "any",
        "none",
        "null",
        "nil",
        "undefined",
        "true",
        "false",
        "required",
        "optional",
        "unknown",
        "n/a",
        "date",
    ];
    let value = value.trim_end_matches([';', ',', ')', '?']);
    value.is_empty() || (value.len() <= 10 && WORDS.iter().any(|word| value.eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_in_any_spelling() {
        assert!(tells_of_a_person("Date of Birth") && tells_of_a_person("date_of_birth"));
        assert!(!tells_of_a_person("product") && !tells_of_a_person("birth plan"));
        assert!(is_bare_name("**Name**") && !is_bare_name("file_name"));
        assert!(is_common_word("Given") && !is_common_word("ssn"));
        assert!(is_placeholder("string;") && is_placeholder("N/A") && !is_placeholder("Ann"));
    }
}
