//! How fast results are filtered, as ratios within one run.
//!
//! Each row checks its answer before it is timed, then is compared on the same document in
//! the same run with copying it (memcpy, the limit), with parsing and printing it (serde_json,
//! what any filter that builds a tree must pay first), and with the tree approach: parse,
//! select with jsonpath-rust, run each pattern on each string, print.
//!
//! `cargo bench --bench redact`, or `… -- all` for one row only.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a measurement prints, and stops at the first surprise"
)]

mod documents;
mod fresh;
mod scale;
mod tree;

use portcullis::config::builtin;
use portcullis::model::ids::ServerName;
use portcullis::model::scope::Scopes;
use portcullis::redact::Redactor;
use portcullis::redact::plan::Plan;
use portcullis::redact::rules::{Rules, Source, Sources};
use portcullis::redact::tools::Narrowing;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

const YEAR: u16 = 2026;

/// All profiles there are, so that every detector runs.
const ALL: &str = "all-detectors";

fn tools() -> String {
    let quarter = [
        "$.entry[*].resource.resourceType",
        "$.entry[*].resource.status",
        "$.entry[*].resource.code",
        "$.entry[*].resource.name",
        "$.entry[*].resource.effectiveDateTime",
    ];
    let quarter = quarter.map(|path| format!("'{path}'")).join(", ");
    format!(
        "server: bench\ntools:\n  copy: {{ release: all }}\n  quarter: {{ release: {{ s: [{quarter}] }} }}\n  \
         quarter-detected: {{ release: {{ s: [{quarter}] }}, profile: {ALL} }}\n  \
         all: {{ release: all, profile: {ALL} }}\n"
    )
}

/// What ships, a profile that names every entity, and the tools of the bench.
fn sources(tools: String) -> Sources {
    let mut sources = builtin::rules();
    sources.tools = Vec::new();
    let rules = Rules::load(&sources).unwrap_or_else(|faults| panic!("{faults:?}"));
    let entities: Vec<String> = rules
        .detectors
        .entities()
        .iter()
        .map(|entity| {
            format!("  {entity}: {}\n", if entity.as_str() == "CARD_SECURITY" { "drop" } else { "replace" })
        })
        .collect();
    sources.profiles.push(Source::new(
        "bench-profile",
        format!("name: {ALL}\ntitle: t\nreference: r\nknown_limits: none\nentities:\n{}", entities.concat()),
    ));
    sources.tools = vec![Source::new("bench", tools)];
    sources
}

fn plan(rules: &Rules, tool: &str) -> Arc<Plan> {
    let rules_of = rules.tool(&ServerName::new("bench"), tool).unwrap();
    rules.plan(rules_of, &Scopes::parse("s").unwrap(), None, &Narrowing::default()).unwrap()
}

/// Filters as the gate does: once more if a name was learned late.
fn filter(plan: &Plan, document: &str) -> String {
    let mut redactor = Redactor::new(plan, YEAR);
    let mut out = redactor.structure(document.as_bytes()).unwrap();
    if redactor.must_repeat() {
        out = redactor.structure(document.as_bytes()).unwrap();
    }
    out.unwrap_or_default().into_owned()
}

/// The median of several runs, each on another of the documents. A profiler can tell it from
/// what goes before.
#[inline(never)]
fn time<T>(documents: &[T], mut work: impl FnMut(&T)) -> Duration {
    let each = |document: &T| {
        let start = Instant::now();
        work(black_box(document));
        start.elapsed()
    };
    let mut runs: Vec<Duration> = documents.iter().map(each).collect();
    runs.sort();
    runs[runs.len() / 2]
}

fn rate(bytes: usize, took: Duration) -> f64 {
    bytes as f64 / took.as_secs_f64() / 1e6
}

fn main() {
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let wanted = |row: &str| only.as_ref().is_none_or(|only| only == row);
    let rules = Rules::load(&sources(tools())).unwrap_or_else(|faults| panic!("{faults:?}"));
    // What was filtered before must not be what is timed: the engine remembers.
    let bundle = documents::bundle(0);
    let bundles: Vec<String> = (1..16).map(documents::bundle).collect();
    let copying = time(&bundles, |document| drop(black_box(document.clone())));
    let printing = time(&bundles, |document| {
        let value: serde_json::Value = serde_json::from_str(document).unwrap();
        drop(black_box(value.to_string()));
    });
    println!(
        "bundle of {} bytes, {} detectors; memcpy {:.0} MB/s, serde_json parse and print {:.0} MB/s",
        bundle.len(),
        rules.detectors.iter().count(),
        rate(bundle.len(), copying),
        rate(bundle.len(), printing)
    );
    if wanted("tree") {
        let scanners = tree::scanners(&rules);
        let took = time(&bundles[..3], |document| drop(black_box(tree::filter(&scanners, document))));
        println!("tree approach, every pattern: {:.1} MB/s", rate(bundle.len(), took));
    }
    println!(
        "{:<18} {:>9} {:>13} {:>15} {:>12}",
        "plan", "MB/s", "of memcpy, %", "× of serde_json", "allocations"
    );
    for tool in ["copy", "quarter", "quarter-detected", "all"].into_iter().filter(|tool| wanted(tool)) {
        let plan = plan(&rules, tool);
        check(tool, &bundle, &filter(&plan, &bundle));
        let region = Region::new(ALLOCATOR);
        drop(filter(&plan, &bundle));
        let allocations = region.change().allocations;
        let took = time(&bundles, |document| drop(black_box(filter(&plan, document))));
        println!(
            "{tool:<18} {:>9.1} {:>13.2} {:>15.2} {allocations:>12}",
            rate(bundle.len(), took),
            100.0 * copying.as_secs_f64() / took.as_secs_f64(),
            printing.as_secs_f64() / took.as_secs_f64()
        );
    }
    if wanted("chart") {
        scale::charts(&rules);
    }
    if wanted("fresh") {
        fresh::texts(&rules);
    }
    if wanted("scale") {
        scale::tools();
        scale::detectors();
    }
}

fn check(tool: &str, document: &str, out: &str) {
    match tool {
        "copy" => assert_eq!(out, document),
        "quarter" => {
            let kept = out.len() as f64 / document.len() as f64;
            assert!((0.2..0.3).contains(&kept), "{kept} of the bundle is kept");
            assert!(!out.contains("us-ssn") && out.contains("Halloran"), "{kept}");
        }
        "quarter-detected" => assert!(!out.contains("Halloran") && out.contains("Body height")),
        _ => {
            for secret in ["Halloran", "555-01", "@example.org", "Elm Grove"] {
                assert!(!out.contains(secret), "{secret} is left");
            }
            assert!(!documents::holds_ssn(out));
            assert!(out.contains("Essential hypertension") && out.contains("no oedema"));
        }
    }
}
