//! `portcullis coverage`.

use crate::cli::Exit;
use crate::cli::style::Style;
use crate::wire::coverage::{Direction, Treatment, statement};

pub(super) fn run(json: bool) -> anyhow::Result<Exit> {
    let statement = statement();
    if json {
        println!("{}", serde_json::to_string_pretty(&statement)?);
        return Ok(Exit::Ok);
    }
    let style = Style::detect();
    let mut heading = None;
    for entry in &statement {
        let here = (entry.message.as_str(), entry.kind, entry.direction);
        if heading.replace(here) != Some(here) {
            let way = match entry.direction {
                Direction::ToServer => "client to server",
                Direction::ToClient => "server to client",
            };
            let kind = format!("{:?}", entry.kind).to_lowercase();
            println!("\n{}  {}", style.bold(&entry.message), style.dim(&format!("{kind}, {way}")));
        }
        let treatment = match entry.treatment {
            Treatment::Filtered => style.green("filtered"),
            Treatment::PassedByRule => "passed by rule".to_owned(),
            Treatment::Refused => style.red("refused"),
        };
        let requires = entry.requires.map(|feature| format!(" (where rules allow {feature})"));
        println!("  {:<44} {treatment}: {}{}", entry.part, entry.how, requires.unwrap_or_default());
    }
    Ok(Exit::Ok)
}
