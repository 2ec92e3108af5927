//! Scores for people, and for machines.

use super::Scored;
use super::measure::Tally;
use super::record::{Record, Span};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;

pub(super) fn text(scored: &Scored) -> String {
    let measure = &scored.measure;
    let mut out = format!("{}\n", scored.name);
    let _ = writeln!(
        out,
        "  {:<8} {:>6} {:>6} {:>6} {:>6} {:>6} {:>7}",
        "", "gold", "P", "R", "F1", "F2", "masked"
    );
    let rows = measure.types.iter().map(|(kind, tally)| (kind.as_str(), *tally));
    for (kind, tally) in rows.chain([("all", measure.micro())]) {
        let _ = writeln!(
            out,
            "  {kind:<8} {:>6} {:>6.3} {:>6.3} {:>6.3} {:>6.3} {:>7.3}",
            tally.met + tally.missed,
            tally.precision(),
            tally.recall(),
            tally.f(1.0),
            tally.f(2.0),
            tally.masked_share(),
        );
    }
    let _ =
        write!(out, "  character precision {:.3}, leak {:.4}", measure.character_precision(), measure.leak());
    if measure.clean_records > 0 {
        let _ = write!(out, ", {} spans in {} clean texts", measure.clean_spans, measure.clean_records);
    }
    if let Some(speed) = speed(scored) {
        let _ = write!(out, ", {speed:.1} MB/s");
    }
    out.push_str("\n\n");
    out
}

pub(super) fn json(scored: &Scored) -> Value {
    let measure = &scored.measure;
    let row = |tally: Tally| {
        json!({
            "gold": tally.met + tally.missed, "precision": tally.precision(), "recall": tally.recall(),
            "f1": tally.f(1.0), "f2": tally.f(2.0), "masked": tally.masked_share(),
        })
    };
    let types: Map<String, Value> =
        measure.types.iter().map(|(kind, tally)| (kind.clone(), row(*tally))).collect();
    json!({
        "corpus": scored.name, "types": types, "all": row(measure.micro()),
        "character_precision": measure.character_precision(), "leak": measure.leak(),
        "clean_texts": measure.clean_records, "clean_spans": measure.clean_spans,
        "megabytes_per_second": speed(scored),
    })
}

#[allow(clippy::cast_precision_loss, reason = "corpora are far smaller than 2^52 bytes")]
fn speed(scored: &Scored) -> Option<f64> {
    let (bytes, took) = scored.took?;
    Some(bytes as f64 / 1e6 / took.as_secs_f64().max(1e-9))
}

/// Prints what was missed (`-`) and what was found in vain (`+`).
pub(super) fn misses(record: &Record, found: &[Span], types: &BTreeSet<String>) {
    let letters: Vec<char> = record.text.chars().collect();
    let part = |from: usize, to: usize| -> String {
        let part = letters.get(from.min(letters.len())..to.min(letters.len())).unwrap_or_default();
        part.iter().map(|c| if c.is_control() { ' ' } else { *c }).collect()
    };
    let id = record.id.as_str().map_or_else(|| record.id.to_string(), str::to_owned);
    let show = |mark: char, span: &Span| {
        let (before, after) =
            (part(span.start.saturating_sub(30), span.start), part(span.end, span.end + 20));
        println!("{mark} {id} {} {before}⟦{}⟧{after}", span.kind, part(span.start, span.end));
    };
    let close = |span: &Span, others: &[Span]| {
        others.iter().any(|other| other.kind == span.kind && other.together(span) >= 0.5)
    };
    for span in record.spans.iter().filter(|span| types.contains(&span.kind) && !close(span, found)) {
        show('-', span);
    }
    for span in found.iter().filter(|span| !close(span, &record.spans)) {
        show('+', span);
    }
}
