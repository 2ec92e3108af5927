//! Arrays of arrays that carry their keys in themselves: rows under a header row, rows of a
//! name and its value. No more of them is looked at than tells which.

use super::label::is_key;
use super::members::{elements, head, string};
use super::siblings::{MOST_COLUMNS, REACH, of_persons};
use super::vocabulary::{is_bare_name, tells_of_a_person};

/// Whether the first cells of rows name the second, as the first rows of an array tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pairs {
    /// Some do.
    pub(crate) named: bool,
    /// The first row is one of them and no header.
    pub(crate) from_first: bool,
    /// They are such as only persons have.
    personal: bool,
}

impl Pairs {
    /// `knows` says whether a name tells anything of its value.
    pub(crate) fn of(array: &str, knows: impl Fn(&str) -> bool) -> Self {
        const ROWS: usize = 8;
        let rows: Vec<_> = elements(head(array, REACH)).take(ROWS).map(pair).collect();
        let known = |row: &Option<(String, &str)>| row.as_ref().is_some_and(|(key, _)| knows(key));
        let count = rows.iter().filter(|row| known(row)).count();
        let named = count >= 2 || count == rows.len() && count == 1;
        let is_header = |second: &str| string(second).is_some_and(|key| knows(&key));
        let first = rows.first().and_then(Option::as_ref);
        let from_first = first.is_some_and(|(key, second)| knows(key) && !is_header(second));
        let personal = rows.iter().flatten().any(|(key, _)| tells_of_a_person(key));
        Self { named, from_first: named && from_first && count * 2 > rows.len(), personal }
    }

    /// What the first cell of a row names its second.
    pub(crate) fn key(self, row: &str) -> Option<String> {
        let (key, _) = pair(row).filter(|_| self.named)?;
        Some(if self.personal && is_bare_name(&key) { "person.name".to_owned() } else { key })
    }
}

/// The first cell of a row and the source of the second, beside which is nothing that the
/// first may name as well.
fn pair(row: &str) -> Option<(String, &str)> {
    let mut cells = elements(head(row, REACH));
    let key = string(cells.next()?).filter(|key| is_key(key))?;
    let second = cells.next()?;
    cells.take(MOST_COLUMNS).all(|cell| !cell.starts_with(['"', '[', '{'])).then_some((key, second))
}

/// The keys in the first row of an array of arrays, if it reads like a header: short
/// words alone, over a row of as many cells.
pub(crate) fn header(array: &str) -> Option<Vec<String>> {
    let mut rows = elements(head(array, REACH));
    let cells: Vec<&str> = elements(rows.next()?).take(MOST_COLUMNS).collect();
    let second = rows.next().map(|row| elements(row).take(MOST_COLUMNS).count());
    // A second row that goes on beyond the reach may have as many.
    if cells.len() < 2 || second.map_or(array.len() <= REACH, |count| count != cells.len()) {
        return None;
    }
    let keys: Option<Vec<String>> = cells.into_iter().map(string).collect();
    keys.filter(|keys| keys.iter().all(|key| is_key(key) && key.split(' ').count() <= 4)).map(of_persons)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_pairs_where_some_begin_with_what_is_known() {
        let knows = |key: &str| matches!(key, "LNAME" | "SSN" | "Name");
        let of = |array: &str| Pairs::of(array, knows);
        for (array, named, from_first) in [
            (r#"[["LNAME","Ek"],["SSN","1"],["x",2]]"#, true, true),
            (r#"[["LNAME","Ek",null],["SSN","1",null]]"#, true, true),
            (r#"[["SSN","1"]]"#, true, true),
            (r#"[["Field","Value"],["LNAME","Ek"],["SSN","1"]]"#, true, false),
            (r#"[["LNAME","SSN"],["SSN","Ek"],["Ek","1"]]"#, true, false),
            (r#"[["LNAME","ward"],["SSN","Ek"],["a","1"],["b","1"],["c","1"]]"#, true, false),
            (r#"[["LNAME","SSN"],["Ek","1"]]"#, false, false),
            (r#"[["LNAME","Ek"],["x","1"]]"#, false, false),
            (r#"[["LNAME","SSN","x"],["SSN","1","y"]]"#, false, false),
            (r#"[["LNAME"],["SSN"]]"#, false, false),
            ("[[],[]]", false, false),
            ("[[", false, false),
        ] {
            assert_eq!((of(array).named, of(array).from_first), (named, from_first), "{array}");
        }
        let persons = of(r#"[["Name","Ek"],["SSN","1"]]"#);
        assert_eq!(persons.key(r#"["Name","Ek"],["#).as_deref(), Some("person.name"));
        assert_eq!(persons.key(r#"["SSN",[1]]"#).as_deref(), Some("SSN"));
        assert_eq!(of("[]").key(r#"["SSN","1"]"#), None);
    }

    #[test]
    fn a_first_row_of_short_words_is_a_header() {
        let keys = |array: &str| header(array).map(|keys| keys.join("|"));
        assert_eq!(keys(r#"[["name","ssn"],["Ann Lee","536904399"]]"#).as_deref(), Some("person.name|ssn"));
        let long = format!(r#"[["ward","ssn"],["{}","1"]]"#, "x".repeat(REACH));
        assert_eq!(keys(&long).as_deref(), Some("ward|ssn"));
        for other in [
            r#"[["name","ssn"]]"#,
            r#"[["name","ssn"],["x"]]"#,
            r#"[["a",1],["b",2]]"#,
            "[[],[]]",
            "[1]",
            "[",
        ] {
            assert_eq!(keys(other), None, "{other}");
        }
    }
}
