//! `portcullis detect`: where personal data stands in texts.

use crate::cli::Exit;
use crate::config::rulebook::Places;
use crate::model::clock::Clock;
use crate::model::ids::Entity;
use crate::redact::locate::{Located, Locator};
use crate::redact::plan::Detection;
use crate::redact::profile;
use crate::redact::rules::Rules;
use anyhow::{Context as _, anyhow};
use clap::ValueEnum;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead as _, Read as _, Write as _};
use std::path::PathBuf;

#[derive(clap::Args)]
pub(super) struct Options {
    /// Standard input is one text instead of a JSON object a line
    #[arg(long)]
    text: bool,
    /// Name what is found as the rules do, or by the few types of common corpora
    #[arg(long, value_enum, default_value_t = Types::Fine)]
    types: Types,
    /// Only what a profile looks for; may be given several times
    #[arg(long, value_name = "NAME")]
    profile: Vec<String>,
    /// A folder of rules to add to those that ship with the gate
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Types {
    /// `US_SSN`, `MEDICAL_ID`, …
    Fine,
    /// PERSON LOC DATE ID SSN PAN PHONE EMAIL URL IP IBAN BANK, AGE and SECRET
    Coarse,
}

/// A line of the input. One without its text would be found to hold nothing.
#[derive(Deserialize)]
struct Asked {
    id: Value,
    text: String,
}

pub(super) fn run(options: &Options) -> anyhow::Result<Exit> {
    let rules = load(options.rules.clone())?;
    let locator = locator(detection(&rules, &options.profile)?);
    let mut input = std::io::stdin().lock();
    let mut out = std::io::stdout().lock();
    let mut failed = false;
    let mut answer = |id: &Value, text: &str| -> anyhow::Result<()> {
        let found = match spans(&locator, text, options.types) {
            Ok(spans) => json!({"id": id, "spans": spans}),
            Err(why) => {
                failed = true;
                json!({"id": id, "error": why})
            }
        };
        writeln!(out, "{found}").context("write standard output")
    };
    if options.text {
        let mut text = String::new();
        input.read_to_string(&mut text).context("read standard input")?;
        answer(&Value::Null, &text)?;
    } else {
        for (number, line) in input.lines().enumerate() {
            let line = line.context("read standard input")?;
            if line.trim().is_empty() {
                continue;
            }
            let asked: Asked = serde_json::from_str(&line).map_err(|_| {
                anyhow!("line {}: expected {{\"id\": …, \"text\": …}}, or give --text", number + 1)
            })?;
            answer(&asked.id, &asked.text)?;
        }
    }
    Ok(if failed { Exit::Blocked } else { Exit::Ok })
}

/// The rules that ship, with a folder's beside them.
pub(super) fn load(folder: Option<PathBuf>) -> anyhow::Result<Rules> {
    let places = Places { rules: folder, policies: None, demo: false };
    let texts = places.read().map_err(|faults| anyhow!("{faults}"))?;
    Ok(texts.load().map_err(|faults| anyhow!("{faults}"))?.rules)
}

/// What profiles look for, or everything that any detector finds.
pub(super) fn detection(rules: &Rules, profiles: &[String]) -> anyhow::Result<Detection> {
    if profiles.is_empty() {
        let mask = |entity: Entity| (entity, crate::redact::operator::Operator::Mask);
        let operators: HashMap<_, _> = rules.detectors.entities().into_iter().map(mask).collect();
        return Ok(profile::detection(&rules.detectors, operators));
    }
    let found = rules.detection(profiles).map_err(|fault| anyhow!("{fault}"))?;
    found.ok_or_else(|| anyhow!("name a profile"))
}

/// What finds what a profile looks for.
pub(super) fn locator(detection: Detection) -> Locator {
    let year = u16::try_from(1970 + Clock::System.unix_seconds() / 31_556_952).unwrap_or(u16::MAX);
    Locator::new(detection, year)
}

/// `[start, end, TYPE, score, rule]` for each; offsets count code points.
pub(super) fn spans(locator: &Locator, text: &str, types: Types) -> Result<Vec<Value>, &'static str> {
    let located = locator.locate(text).map_err(crate::redact::Blocked::reason)?;
    let (mut bytes, mut points) = (0, 0);
    let mut point = |byte: usize| {
        if byte < bytes {
            (bytes, points) = (0, 0);
        }
        points += text.get(bytes..byte).map_or(0, |part| part.chars().count());
        bytes = byte;
        points
    };
    let span = |Located { range, entity, rule, score }: Located| {
        let kind = if types == Types::Coarse { coarse(entity.as_str()) } else { entity.as_str() };
        json!([point(range.start), point(range.end), kind, score, rule.as_str()])
    };
    Ok(located.into_iter().map(span).collect())
}

/// The type of common corpora that an entity is of.
pub(super) fn coarse(entity: &str) -> &str {
    match entity {
        "PERSON" | "EMAIL" | "PHONE" | "URL" | "IP" | "IBAN" | "PAN" | "AGE" | "SECRET" => entity,
        "WEB_LINK" => "URL",
        "DATE" | "DATE_OF_BIRTH" => "DATE",
        "ADDRESS" | "LOCATION" => "LOC",
        "US_SSN" => "SSN",
        "BANK_ACCOUNT" | "US_ROUTING" => "BANK",
        // A bank's code is nobody's: it is found, and is of no type that corpora annotate.
        "BIC" => "BIC",
        _ => "ID",
    }
}
