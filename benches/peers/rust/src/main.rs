//! The peers that are crates: JSON lines in, JSON lines out, the time between.

mod cloakrs;
mod datafog;
mod leaves;

use serde_json::{Value, json};
use std::error::Error;
use std::time::{Duration, Instant};

const WARM_UP: Duration = Duration::from_secs(10);

type Fallible<T> = Result<T, Box<dyn Error>>;
/// Start and end in bytes, and the type.
type Span = (usize, usize, &'static str);

/// What a peer finds in a text, which is timed, and where that is, which is not.
trait Peer {
    type Findings;
    fn find(&self, text: &str) -> Fallible<Self::Findings>;
    fn spans(&self, text: &str, findings: Self::Findings) -> Fallible<Vec<Span>>;
}

fn main() -> Fallible<()> {
    match std::env::args().nth(1).as_deref() {
        Some("datafog-core") => run(&datafog::Text),
        Some("datafog-core-json") => run(&datafog::Json),
        Some("cloakrs") => run(&cloakrs::scanner()?),
        _ => Err("usage: peers datafog-core|datafog-core-json|cloakrs".into()),
    }
}

fn run<P: Peer>(peer: &P) -> Fallible<()> {
    let records = read()?;
    warm_up(peer, &records)?;
    let begun = Instant::now();
    let found: Vec<P::Findings> =
        records.iter().map(|(_, text)| peer.find(text)).collect::<Result<_, _>>()?;
    eprintln!("seconds {}", begun.elapsed().as_secs_f64());
    for ((id, text), findings) in records.iter().zip(found) {
        let spans = peer.spans(text, findings)?;
        let spans: Vec<Value> = spans.iter().map(|span| in_points(text, span)).collect();
        println!("{}", json!({"id": id, "spans": spans}));
    }
    Ok(())
}

fn read() -> Fallible<Vec<(Value, String)>> {
    let record = |line: std::io::Result<String>| {
        let mut record: Value = serde_json::from_str(&line?)?;
        let text = record["text"].as_str().ok_or("a record without a text")?.to_owned();
        Ok((record["id"].take(), text))
    };
    std::io::stdin().lines().map(record).collect()
}

/// Once over the texts, as long as that is short: what is built on first use is no work of theirs.
fn warm_up<P: Peer>(peer: &P, records: &[(Value, String)]) -> Fallible<()> {
    let begun = Instant::now();
    for (_, text) in records.iter().take_while(|_| begun.elapsed() < WARM_UP) {
        peer.find(text)?;
    }
    Ok(())
}

fn in_points(text: &str, &(start, end, kind): &Span) -> Value {
    let point = |byte: usize| text[..byte].chars().count();
    json!([point(start), point(end), kind])
}
