//! JSON that carries its keys as values: `{"name": "ssn", "value": "…"}`, a list of
//! columns beside a list of rows. What is found here is the key under which the value beside
//! it, or the cell, is to be read.
//!
//! The functions take the source of values, and look no further than they need.

use super::label::{endings, is_key};
use super::members::{behind, elements, head, members, members_in, string, value_length};
use super::vocabulary::{is_a_persons, is_bare_name, is_name, plain, tells_of_a_person};
use std::borrow::Cow;

/// How far behind a value a label is looked for: each object around may ask for the same
/// bytes. What stands before the value was read already and has no bound.
pub(crate) const REACH: usize = 1 << 16;
/// The same where the value is an object or array, which must be stepped over.
const REACH_OVER_CONTAINER: usize = 1 << 12;
pub(super) const MOST_COLUMNS: usize = 4096;
/// A longer source of a label is not read: keys are short.
const LONGEST_LABEL: usize = 1 << 12;
/// Labels of one object that are asked, before a value and behind it.
pub(crate) const MOST_LABELS: usize = 6;

/// What members of a name may be to those beside them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Role(u8);

impl Role {
    pub(crate) const NAMES: Self = Self(1);
    pub(crate) const VALUE: Self = Self(1 << 1);
    pub(crate) const COLUMNS: Self = Self(1 << 2);
    pub(crate) const ROWS: Self = Self(1 << 3);
    /// A name that is a person's if those beside it are.
    pub(crate) const NAME: Self = Self(1 << 4);
    /// What only persons have.
    pub(crate) const PERSONAL: Self = Self(1 << 5);

    pub(crate) fn of(member: &str) -> Self {
        let is_plain = member.bytes().all(|byte| byte.is_ascii_lowercase());
        let name: Cow<'_, str> = if is_plain { member.into() } else { plain(member).into() };
        let roles = [
            (NAMING.contains(&&*name), Self::NAMES),
            (is_value(member, &name), Self::VALUE),
            (COLUMNS.contains(&&*name), Self::COLUMNS),
            (ROWS.contains(&&*name), Self::ROWS),
            (is_name(&name), Self::NAME),
            (is_a_persons(&name), Self::PERSONAL),
        ];
        Self(roles.into_iter().filter(|(holds, _)| *holds).fold(0, |all, (_, role)| all | role.0))
    }

    /// Whether what stands beside members of the name says what they are.
    pub(crate) fn asks(self) -> bool {
        self.0 & (Self::VALUE.0 | Self::ROWS.0 | Self::NAME.0) != 0
    }

    /// Whether they say what others are.
    pub(crate) fn answers(self) -> bool {
        self.0 & (Self::NAMES.0 | Self::COLUMNS.0 | Self::PERSONAL.0) != 0
    }

    pub(crate) fn is(self, role: Self) -> bool {
        self.0 & role.0 != 0
    }
}

/// Members that name the value beside them, the surest first.
const NAMING: [&str; 26] = [
    "key",
    "name",
    "field",
    "fieldname",
    "fieldid",
    "label",
    "attribute",
    "property",
    "parameter",
    "question",
    "column",
    "columnname",
    "variable",
    "title",
    "code",
    "linkid",
    "type",
    "kind",
    "system",
    "url",
    "prompt",
    "text",
    "id",
    "k",
    // Of many words as a rule: what else names the value is surer.
    "desc",
    "description",
];

const COLUMNS: [&str; 8] =
    ["columns", "columnnames", "cols", "fields", "fieldnames", "headers", "header", "schema"];
const ROWS: [&str; 8] = ["rows", "data", "values", "records", "results", "items", "body", "tuples"];
const VALUES: [&str; 15] = [
    "value",
    "values",
    "val",
    "v",
    "content",
    "text",
    "data",
    "answer",
    "response",
    "result",
    "rawvalue",
    "displayvalue",
    "stringvalue",
    "fieldvalue",
    "value1",
];

/// `valueString` is one of FHIR's choice types.
fn is_value(member: &str, plain: &str) -> bool {
    let typed = member
        .strip_prefix("value")
        .is_some_and(|kind| kind.starts_with(|c: char| c.is_uppercase() || c == '_'));
    typed || VALUES.contains(&plain)
}

/// The sources of what names the value that begins here, among the members behind it. None
/// if it is too long to be stepped over.
pub(crate) fn behind_value(source: &str) -> Option<impl Iterator<Item = &str>> {
    let container = source.starts_with(['{', '[']);
    let reach = if container { head(source, REACH_OVER_CONTAINER) } else { source };
    let rest = behind(source, value_length(reach)?);
    let naming = members_in(head(rest, REACH)).filter(|(name, _)| names_others(name));
    Some(naming.map(|(_, value)| value).take(MOST_LABELS))
}

/// Whether members behind the value that begins here are such as only persons have.
pub(crate) fn person_behind(source: &str) -> bool {
    let near = head(source, REACH_OVER_CONTAINER);
    let rest = value_length(near).map_or("", |length| behind(near, length));
    members_in(rest).any(|(name, _)| tells_of_a_person(name))
}

/// The source of the list of columns behind the rows that begin here.
pub(crate) fn columns_behind(rows: &str) -> Option<Vec<String>> {
    let rest = behind(rows, value_length(rows)?);
    let mut lists = members_in(head(rest, REACH)).filter(|(name, _)| role(name).is(Role::COLUMNS));
    lists.find_map(|(_, list)| columns(list))
}

/// The keys that the source of a label says: as a whole, and by its last words.
pub(crate) fn keys(label: &str) -> impl Iterator<Item = String> {
    let label = if label.len() > LONGEST_LABEL { "" } else { label };
    let said = string(label).or_else(|| concept(label));
    let key = said.as_deref().map(last_segment).filter(|key| is_key(key)).map(str::to_owned);
    let last = key.clone().unwrap_or_default();
    let ends: Vec<String> =
        endings(&last, &(0..last.len())).filter_map(|end| last.get(end).map(str::to_owned)).collect();
    key.into_iter().chain(ends)
}

/// The key that an object gives its value, from a sibling such as `name` or `code.text`.
fn label(object: &str) -> Option<String> {
    let naming = |name: &str| NAMING.iter().position(|naming| *naming == plain(name));
    let labels = members(head(object, REACH_OVER_CONTAINER));
    let ranked = labels.filter_map(|(name, value)| Some((naming(name)?, keys(value).next()?)));
    ranked.min_by_key(|(rank, _)| *rank).map(|(_, key)| key)
}

/// The keys in a list of columns: strings, or objects with a name. A column without a
/// name has the empty key.
pub(crate) fn columns(array: &str) -> Option<Vec<String>> {
    let keys: Vec<String> = elements(array)
        .take(MOST_COLUMNS)
        .map(|column| string(column).or_else(|| label(column)).unwrap_or_default())
        .collect();
    keys.iter().any(|key| is_key(key)).then(|| of_persons(keys))
}

/// Beside a birth date a bare `name` is a person's.
pub(super) fn of_persons(mut keys: Vec<String>) -> Vec<String> {
    if keys.iter().any(|key| tells_of_a_person(key)) {
        for key in keys.iter_mut().filter(|key| is_bare_name(key)) {
            "person.name".clone_into(key);
        }
    }
    keys
}

/// `{"text": "SSN"}`, `{"coding": [{"display": "SSN"}]}`: what a FHIR concept says.
fn concept(value: &str) -> Option<String> {
    let said = |wanted: &str| members(value).find(|(name, _)| *name == wanted).map(|(_, value)| value);
    let coded = || {
        let coding = elements(said("coding")?).next()?;
        string(members(coding).find(|(name, _)| *name == "display")?.1)
    };
    ["text", "display", "name"].into_iter().find_map(|member| string(said(member)?)).or_else(coded)
}

/// URIs name things in their last segment: `…/sid/us-ssn`.
fn last_segment(text: &str) -> &str {
    if !text.contains("://") {
        return text;
    }
    let last = text.rsplit(['/', '#']).next().unwrap_or_default();
    last.strip_prefix("patient-").unwrap_or(last)
}

/// Whether a member names those beside it, by its name as written.
fn names_others(name: &str) -> bool {
    // Each is asked once for each value before it, and most are long.
    const LONGEST: usize = 11;
    let is_plain = name.bytes().all(|byte| byte.is_ascii_lowercase());
    let letters = || name.bytes().filter(u8::is_ascii_alphanumeric).count();
    match () {
        () if is_plain => NAMING.contains(&name),
        () if !name.contains('\\') && letters() > LONGEST => false,
        () => role(name).is(Role::NAMES),
    }
}

/// The role of a member by its name as written.
fn role(name: &str) -> Role {
    let decoded = if name.contains('\\') { string(&format!("\"{name}\"")) } else { None };
    Role::of(decoded.as_deref().unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_others_is_told_however_it_is_written() {
        assert!(NAMING.iter().all(|naming| names_others(naming) && names_others(&naming.to_uppercase())));
        assert!(["column_name", "Column-Name", r"\u006eame"].into_iter().all(names_others));
        assert!(!["effectiveDateTime", "resourceType", "names of all"].into_iter().any(names_others));
    }

    #[test]
    fn a_sibling_names_the_value() {
        for (object, key) in [
            (r#"{"name":"ssn","value":"536904399"}"#, Some("ssn")),
            (r#"{"value":"536904399", "key" : "ssn"}"#, Some("ssn")),
            (r#"{"type":"string","name":"ssn","value":1}"#, Some("ssn")),
            (r#"{"label":"Date of Birth","text":"x"}"#, Some("Date of Birth")),
            (r#"{"code":{"text":"SSN"},"valueString":"x"}"#, Some("SSN")),
            (r#"{"code":{"coding":[{"code":"1","display":"SSN"}]},"valueString":"x"}"#, Some("SSN")),
            (r#"{"use":"home","system":"phone","value":"x"}"#, Some("phone")),
            (r#"{"system":"http://hl7.org/fhir/sid/us-ssn","value":"x"}"#, Some("us-ssn")),
            (
                r#"{"url":"http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName"}"#,
                Some("mothersMaidenName"),
            ),
            (r#"{"a":[1,{"name":"x"}],"b":"}\"","name":"\u0073sn"} {"#, Some("ssn")),
            (r#"{"name":12,"value":1}"#, None),
            (r#"{"name":"a sentence that is much too long to be the key of any value","value":1}"#, None),
            (r#"{"value":1}"#, None),
            (r#"{"name":"ss"#, None),
            ("", None),
        ] {
            assert_eq!(label(object).as_deref(), key, "{object}");
        }
    }

    #[test]
    fn members_have_roles() {
        for (member, role, holds) in [
            ("value", Role::VALUE, true),
            ("Value", Role::VALUE, true),
            ("valueString", Role::VALUE, true),
            ("value_date", Role::VALUE, true),
            ("valued", Role::VALUE, false),
            ("text", Role::VALUE, true),
            ("name", Role::VALUE, false),
            ("name", Role::NAMES, true),
            ("text", Role::NAMES, true),
            ("fieldName", Role::NAMES, true),
            ("column_names", Role::COLUMNS, true),
            ("data", Role::ROWS, true),
            ("row_count", Role::ROWS, false),
            ("name", Role::NAME, true),
            ("file_name", Role::NAME, false),
            ("dateOfBirth", Role::PERSONAL, true),
        ] {
            assert_eq!(Role::of(member).is(role), holds, "{member}");
        }
    }

    #[test]
    fn what_only_persons_have_makes_a_name_theirs() {
        assert!(person_behind(r#""Ann Lee", "address": {"x": [1]}, "email": "a@b.org"}, {"#));
        assert!(!person_behind(r#""Blue Kettle", "price": 3}, {"email": 1}"#));
        assert!(!person_behind(r#""Ann Lee""#));
    }

    #[test]
    fn labels_behind_a_value_are_found_as_far_as_the_reach() {
        let behind =
            |source: &str| behind_value(source).into_iter().flatten().flat_map(keys).collect::<Vec<_>>();
        assert_eq!(behind(r#""536904399" , "n":{"name":"x"}, "k\u0065y": "ssn"} {"name":"y"}"#), ["ssn"]);
        assert_eq!(behind(r#"["1"],"name":"Home Phone"}"#), ["Home Phone", "Phone"]);
        assert_eq!(behind(&format!(r#""{}","name":"ssn"}}"#, "é".repeat(REACH))), ["ssn"]);
        assert!(behind(&format!(r#"["{}"],"name":"ssn"}}"#, "é".repeat(REACH))).is_empty());
        assert!(behind(r#""1","name":"ss"#).is_empty());
    }

    #[test]
    fn columns_are_strings_or_objects_with_a_name() {
        let keys = |array: &str| columns(array).map(|keys| keys.join("|"));
        assert_eq!(keys(r#"["name", "ssn"] , "#).as_deref(), Some("person.name|ssn"));
        assert_eq!(
            keys(r#"[{"type":"text","name":"ssn"},{"x":1},{"id":"dob"}]"#).as_deref(),
            Some("ssn||dob")
        );
        assert_eq!(keys("[1,2]"), None);
        assert_eq!(keys("[]"), None);
    }
}
