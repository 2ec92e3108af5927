//! What a thousand open streams cost, beside a bare hyper pass-through in the same run.
//!
//! A server holds 1,000 answers of `tools/call` open, then says 200 progress messages on
//! each of them, as fast as they are taken, and answers. The same client reads them
//! directly, through a proxy that only copies bytes, and through the gate with and without
//! detectors. Each row is checked before it is believed: every message has come, and with
//! detectors no number that was in them.
//!
//! Server and pass-through are processes of their own (this program again, by `ROLE`), so
//! that memory and processor time are each one's.
//!
//! `cargo bench --bench streams`
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a measurement prints, and stops at the first surprise"
)]

mod peers;
#[path = "../../tests/it/support.rs"]
#[allow(dead_code, reason = "shared with the tests, which use all of it")]
mod support;

use peers::{Peer, Usage, usage};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use support::Gate;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const STREAMS: usize = 1_000;
const EVENTS: usize = 200;
const SSN: &str = "536-90-4399";
const LIMITS: &str = "limits: { connections: 4000, connections_per_peer: 4000, upstream_seconds: 120 }";

/// Where to send a call, and who is between.
struct Way {
    name: &'static str,
    address: String,
    path: &'static str,
    token: String,
    process: Option<u32>,
    filtered: bool,
}

#[tokio::main]
async fn main() {
    if let Ok(role) = std::env::var(peers::ROLE) {
        return peers::run(&role).await;
    }
    let server = Peer::start("server", "");
    let pass_through = Peer::start("pass-through", &server.address);
    let gate = |name: &str, profile: &str| {
        let rules = format!(
            "server: feed\ntools:\n  watch: {{ release: all{profile} }}\nmessages: {{ allow: [logging]{profile} }}\n"
        );
        let upstream = format!("feed: {{ url: 'http://{}/mcp', auth: none }}", server.address);
        Gate::start_with(name, &upstream, &rules, LIMITS)
    };
    let plain = gate("bench-plain", "");
    let hipaa = gate("bench-hipaa", ", profile: hipaa-safe-harbor");
    let through = |name, gate: &Gate, filtered| Way {
        name,
        address: gate.address.clone(),
        path: "/feed/mcp",
        token: gate.token("feed", "amara", "patient:read phi:read"),
        process: Some(gate.child.id()),
        filtered,
    };
    let own = |name, peer: &Peer, process| Way {
        name,
        address: peer.address.clone(),
        path: "/mcp",
        token: "none".into(),
        process,
        filtered: false,
    };
    let ways = [
        own("direct", &server, None),
        own("pass-through (hyper)", &pass_through, Some(pass_through.id())),
        through("gate, release: all", &plain, false),
        through("gate, hipaa-safe-harbor", &hipaa, true),
    ];
    println!("{STREAMS} streams x {EVENTS} events");
    println!(
        "{:<26} {:>10} {:>7} {:>8} {:>12} {:>14} {:>11}",
        "", "events/s", "MB/s", "ratio", "CPU us/event", "idle kB/stream", "peak MB"
    );
    let mut base = None;
    for way in &ways {
        let row = measure(way, &server).await;
        if way.name.starts_with("pass-through") {
            base = Some(row.rate);
        }
        let ratio = base.map_or("-".into(), |base| format!("{:.2}", row.rate / base));
        println!(
            "{:<26} {:>10.0} {:>7.1} {:>8} {:>12.1} {:>14.1} {:>11.1}",
            way.name, row.rate, row.megabytes, ratio, row.cpu, row.idle, row.peak
        );
    }
    for way in &ways[1..] {
        println!(
            "{:<26} {:>6.1} kB held for each of 100 readers that stand still",
            way.name,
            unread(way, &server).await
        );
    }
}

struct Row {
    /// Events a second.
    rate: f64,
    megabytes: f64,
    /// Microseconds of processor time an event.
    cpu: f64,
    /// Resident kilobytes that an open, silent stream adds.
    idle: f64,
    /// Resident megabytes at most.
    peak: f64,
}

async fn measure(way: &Way, server: &Peer) -> Row {
    let before = of(way);
    let mut streams = Vec::new();
    for number in 0..STREAMS {
        streams.push(open(way, number, EVENTS).await);
    }
    server.wait_for(STREAMS).await;
    let idle = of(way);
    let start = Instant::now();
    server.go().await;
    let readers: Vec<_> = streams.into_iter().map(|stream| tokio::spawn(read(stream))).collect();
    let mut answers = Vec::new();
    for reader in readers {
        let read = tokio::time::timeout(Duration::from_secs(60), reader).await;
        answers.push(read.expect("a stream stands still").unwrap());
    }
    let took = start.elapsed().as_secs_f64();
    let after = of(way);
    for answer in &answers {
        let text = String::from_utf8_lossy(answer);
        assert_eq!(
            text.matches("notifications/progress").count(),
            EVENTS,
            "{}: messages are missing",
            way.name
        );
        assert!(text.contains("\"done\""), "{}: no answer", way.name);
        assert_eq!(text.contains(SSN), !way.filtered, "{}: what was to be filtered", way.name);
    }
    let events = (STREAMS * EVENTS) as f64;
    let bytes: usize = answers.iter().map(Vec::len).sum();
    Row {
        rate: events / took,
        megabytes: bytes as f64 / 1e6 / took,
        cpu: after.cpu.saturating_sub(idle.cpu).as_secs_f64() * 1e6 / events,
        idle: (idle.resident - before.resident) / STREAMS as f64,
        peak: after.peak / 1e3,
    }
}

/// Resident kilobytes that each reader adds who reads nothing of six megabytes.
async fn unread(way: &Way, server: &Peer) -> f64 {
    const READERS: usize = 100;
    let mut streams = Vec::new();
    for number in 0..READERS {
        streams.push(open(way, number, 100 * EVENTS).await);
    }
    server.wait_for(READERS).await;
    let before = of(way);
    server.go().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let held = of(way).resident - before.resident;
    drop(streams);
    server.wait_for(0).await;
    let each = held / READERS as f64;
    assert!(each < 200.0, "{}: {each} kB are held for a reader that stands still", way.name);
    each
}

fn of(way: &Way) -> Usage {
    way.process.map(usage).unwrap_or_default()
}

/// Makes the call; returns when it is sent.
async fn open(way: &Way, number: usize, events: usize) -> TcpStream {
    let params: Value = json!({
        "name": "watch", "arguments": {"events": events},
        "_meta": {
            "progressToken": "p",
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    });
    let body = json!({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}).to_string();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n\
         Mcp-Method: tools/call\r\nMcp-Name: watch\r\nContent-Length: {}\r\n\r\n",
        way.path,
        way.address,
        way.token,
        body.len()
    );
    let mut stream = TcpStream::connect(&way.address).await.unwrap();
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    stream
}

/// Everything to the end of the chunked body.
async fn read(mut stream: TcpStream) -> Vec<u8> {
    let mut all = Vec::with_capacity(64 * 1024);
    while !all.ends_with(b"\r\n0\r\n\r\n") {
        let count = stream.read_buf(&mut all).await.unwrap();
        assert!(count > 0, "the stream broke off: {}", String::from_utf8_lossy(&all));
    }
    all
}
