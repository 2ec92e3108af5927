//! `portcullis score`: how well the detectors do on annotated texts.

mod measure;
pub(in crate::cli) mod record;
mod table;

use crate::cli::Exit;
use crate::cli::detect::{self, Types};
use crate::model::ids::Entity;
use crate::redact::locate::Locator;
use measure::Measure;
use record::{Record, Span};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[derive(clap::Args)]
pub(super) struct Options {
    /// Annotated texts, a JSON object a line: {"id", "text", "spans": [[start, end, "TYPE"]]}.
    /// The types of rules count as the coarse ones that they are of: see `detect --types`
    #[arg(value_name = "GOLD", required = true)]
    gold: Vec<PathBuf>,
    /// What another tool found in the same texts, to stand beside; for one GOLD
    #[arg(long, value_name = "OTHER")]
    baseline: Option<PathBuf>,
    /// Only what a profile looks for; may be given several times
    #[arg(long, value_name = "NAME")]
    profile: Vec<String>,
    /// A folder of rules to add to those that ship with the gate
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// One JSON object for each corpus, and one for --baseline
    #[arg(long)]
    json: bool,
    /// Print each span that was missed or found in vain, with its text: for tuning
    #[arg(long)]
    misses: bool,
}

/// How one set of predictions does on one corpus.
struct Scored {
    name: String,
    measure: Measure,
    /// Bytes of text, and how long they took; None for another tool's predictions.
    took: Option<(usize, Duration)>,
}

pub(super) fn run(options: &Options) -> anyhow::Result<Exit> {
    anyhow::ensure!(
        options.baseline.is_none() || options.gold.len() == 1,
        "--baseline stands beside one corpus: give one GOLD"
    );
    let rules = detect::load(options.rules.clone())?;
    let locator = detect::locator(detect::detection(&rules, &options.profile)?);
    let entities = rules.detectors.entities();
    // As a gate that has served for a while, and as what other tools are timed by.
    locator.warm();
    for path in &options.gold {
        let gold = read(path, &entities)?;
        anyhow::ensure!(!gold.is_empty(), "{}: there is no text in it", path.display());
        if let Some(record) = gold.iter().find(|record| record.text.is_empty()) {
            anyhow::bail!("{}: {}: it has no `text`", path.display(), record.id);
        }
        let beyond = |record: &&Record| {
            let length = record.text.chars().count();
            record.spans.iter().any(|span| span.end > length)
        };
        if let Some(record) = gold.iter().find(beyond) {
            anyhow::bail!("{}: {}: a span ends behind its text", path.display(), record.id);
        }
        let mut all = vec![own(path, &gold, &locator, options.misses)?];
        if let Some(other) = &options.baseline {
            let found = read(other, &entities)?;
            let ids: HashSet<String> = gold.iter().map(|record| record.id.to_string()).collect();
            anyhow::ensure!(
                found.iter().any(|record| ids.contains(&record.id.to_string())),
                "{}: none of its ids is one of {}",
                other.display(),
                path.display()
            );
            all.push(others(&found, other, &gold));
        }
        for scored in &all {
            if options.json {
                println!("{}", table::json(scored));
            } else {
                print!("{}", table::text(scored));
            }
        }
    }
    Ok(Exit::Ok)
}

fn own(path: &Path, gold: &[Record], locator: &Locator, misses: bool) -> anyhow::Result<Scored> {
    let types = types(gold);
    let (mut measure, mut took, mut bytes) = (Measure::default(), Duration::ZERO, 0);
    for record in gold {
        let begun = Instant::now();
        let found = detect::spans(locator, &record.text, Types::Coarse);
        took += begun.elapsed();
        bytes += record.text.len();
        let found = found.map_err(|why| anyhow::anyhow!("{}: {why}", record.id))?;
        let found: Vec<Span> =
            found.into_iter().filter_map(|span| serde_json::from_value(span).ok()).collect();
        if misses {
            table::misses(record, &found, &types);
        }
        measure.add(record, &found, &types);
    }
    Ok(Scored { name: path.display().to_string(), measure, took: Some((bytes, took)) })
}

/// Annotated texts, with coarse types. What no rule names is a type of the corpus itself.
fn read(path: &Path, entities: &BTreeSet<Entity>) -> anyhow::Result<Vec<Record>> {
    let mut records = record::read(path)?;
    for span in records.iter_mut().flat_map(|record| &mut record.spans) {
        if entities.contains(span.kind.as_str()) {
            span.kind = detect::coarse(&span.kind).to_owned();
        }
    }
    Ok(records)
}

fn others(found: &[Record], path: &Path, gold: &[Record]) -> Scored {
    let types = types(gold);
    let found: HashMap<String, &[Span]> =
        found.iter().map(|record| (record.id.to_string(), record.spans.as_slice())).collect();
    let mut measure = Measure::default();
    for record in gold {
        measure.add(record, found.get(&record.id.to_string()).copied().unwrap_or_default(), &types);
    }
    Scored { name: path.display().to_string(), measure, took: None }
}

/// What is asked for: the types of the gold spans.
fn types(gold: &[Record]) -> BTreeSet<String> {
    let kinds = gold.iter().flat_map(|record| &record.spans).map(|span| span.kind.clone());
    kinds.filter(|kind| !measure::LEFT_OUT.contains(&kind.as_str())).collect()
}
