//! `portcullis coverage`.

use crate::cli::Exit;
use crate::cli::style::Style;
use crate::wire::coverage::{Direction, Entry, Treatment, statement};
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};

pub(super) fn run(json: bool) -> anyhow::Result<Exit> {
    let statement = statement();
    let text = if json { serde_json::to_string_pretty(&statement)? + "\n" } else { table(&statement) };
    match std::io::stdout().write_all(text.as_bytes()) {
        // Whoever reads it, such as `head`, may have seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Exit::Ok),
        written => Ok(written.map(|()| Exit::Ok)?),
    }
}

fn table(statement: &[Entry]) -> String {
    let mut table = String::new();
    let style = Style::detect();
    let mut heading = None;
    for entry in statement {
        let here = (entry.message.as_str(), entry.kind, entry.direction);
        if heading.replace(here) != Some(here) {
            let way = match entry.direction {
                Direction::ToServer => "client to server",
                Direction::ToClient => "server to client",
            };
            let kind = format!("{:?}", entry.kind).to_lowercase();
            let how = style.dim(&format!("{kind}, {way}"));
            let _ = writeln!(table, "\n{}  {how}", style.bold(&entry.message));
        }
        let treatment = match entry.treatment {
            Treatment::Filtered => style.green("filtered"),
            Treatment::PassedByRule => "passed by rule".to_owned(),
            Treatment::Refused => style.red("refused"),
        };
        let requires = entry.requires.map(|feature| format!(" (where rules allow {feature})"));
        let requires = requires.unwrap_or_default();
        let _ = writeln!(table, "  {:<44} {treatment}: {}{requires}", entry.part, entry.how);
    }
    table
}
