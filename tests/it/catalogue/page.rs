//! The table of `docs/identity.md`, made from the cases.

use super::{Case, Challenge, GROUPS};
use std::path::Path;

const BEGIN: &str = "<!-- catalogue: made by the test `catalogue` -->\n";
const END: &str = "<!-- end of the catalogue -->\n";

fn row(case: &Case) -> String {
    let refusal = case.refusal;
    let error = match refusal.error {
        Challenge::None => "none".to_owned(),
        Challenge::Plain => "without an error".to_owned(),
        Challenge::Error(error) => format!("`{error}`"),
    };
    let code = refusal.code.map_or("none: no request came to be".to_owned(), |code| format!("`{code}`"));
    format!("| {} | {} | {} | {error} | {code} |\n", case.number, case.name, refusal.status)
}

fn table() -> String {
    let mut text = String::new();
    for group in GROUPS {
        text.push_str(&format!(
            "\n### {}\n\n| | what is presented | status | challenge | reason on record |\n|---|---|---|---|---|\n",
            group.title
        ));
        text.extend((group.cases)().iter().map(row));
    }
    text.push('\n');
    text
}

/// `UPDATE_DOCS=1` writes it anew.
#[test]
fn the_page_has_every_case_as_it_is_tested() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/identity.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("where the table begins");
    let (found, after) = rest.split_once(END).expect("where the table ends");
    let table = table();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
    } else {
        assert!(found == table, "docs/identity.md is not current: run this test with UPDATE_DOCS=1");
    }
}
