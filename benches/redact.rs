//! How fast results are filtered, as ratios within one run.
//!
//! Each row checks its answer before it is timed, then is compared with two things on
//! the same document in the same run: copying it (memcpy, the limit), and parsing and
//! printing it with serde_json (what any filter that builds a tree must pay first).
//!
//! `cargo bench --bench redact`
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a measurement prints, and stops at the first surprise"
)]

use portcullis::config::builtin;
use portcullis::model::ids::ServerName;
use portcullis::model::scope::Scopes;
use portcullis::redact::Redactor;
use portcullis::redact::plan::Plan;
use portcullis::redact::rules::{Rules, Source};
use portcullis::redact::tools::Narrowing;
use std::hint::black_box;
use std::time::{Duration, Instant};

const ROWS: usize = 4_000;

fn document() -> String {
    let row = |n: usize| {
        format!(
            r#"{{"id":"p-{n}","name":"Maria Halloran","ssn":"{}-45-{:04}","birthDate":"19{:02}-02-03","code":"E11.9","display":"Type 2 diabetes mellitus","value":{n}.10,"note":"Seen in clinic, stable, call (212) 555-01{:02} if worse."}}"#,
            101 + n % 500,
            n % 9000 + 1000,
            n % 100,
            n % 100
        )
    };
    format!("[{}]", (0..ROWS).map(row).collect::<Vec<_>>().join(","))
}

fn plan(rules: &Rules, tool: &str) -> Plan {
    let rules_of = rules.tool(&ServerName::new("bench"), tool).unwrap();
    rules.plan(rules_of, &Scopes::parse("s").unwrap(), None, &Narrowing::default()).unwrap()
}

/// The median of several runs.
fn time(mut work: impl FnMut()) -> Duration {
    let mut runs: Vec<Duration> = (0..9)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    runs.sort();
    runs[runs.len() / 2]
}

fn main() {
    let text = "server: bench\ntools:\n  copy: { release: all }\n  allowlist: { release: { s: ['$[*].id', '$[*].code', '$[*].value'] } }\n  allowlist-hipaa: { release: { s: ['$[*].id', '$[*].code', '$[*].value'] }, profile: hipaa-safe-harbor }\n  all-hipaa: { release: all, profile: hipaa-safe-harbor }\n";
    let mut sources = builtin::rules();
    sources.tools = vec![Source { file: "bench".into(), text: text.into() }];
    let rules = Rules::load(&sources).unwrap_or_else(|faults| panic!("{faults:?}"));
    let document = document();
    let copying = time(|| drop(black_box(black_box(&document).as_bytes().to_vec())));
    let tree = time(|| {
        let value: serde_json::Value = serde_json::from_str(black_box(&document)).unwrap();
        drop(black_box(value.to_string()));
    });
    let rate = |took: Duration| document.len() as f64 / took.as_secs_f64() / 1e6;
    println!(
        "{} bytes; memcpy {:.0} MB/s, serde_json parse and print {:.0} MB/s",
        document.len(),
        rate(copying),
        rate(tree)
    );
    println!("{:<18} {:>9} {:>12} {:>14}", "plan", "MB/s", "× of memcpy", "× of serde_json");
    for tool in ["copy", "allowlist", "allowlist-hipaa", "all-hipaa"] {
        let plan = plan(&rules, tool);
        let out = Redactor::new(&plan, 2026).structure(document.as_bytes()).unwrap().unwrap();
        let out = String::from_utf8(out).unwrap();
        match tool {
            "copy" => assert_eq!(out, document),
            "all-hipaa" => {
                assert!(!out.contains("-45-") && !out.contains(") 555-") && out.contains("E11.9"));
            }
            _ => assert!(!out.contains("ssn") && out.contains(r#""id":"p-17","code":"E11.9","value":17.10"#)),
        }
        let took =
            time(|| drop(black_box(Redactor::new(&plan, 2026).structure(black_box(document.as_bytes())))));
        let ratio = |other: Duration| other.as_secs_f64() / took.as_secs_f64();
        println!("{tool:<18} {:>9.1} {:>12.4} {:>14.2}", rate(took), ratio(copying), ratio(tree));
    }
}
