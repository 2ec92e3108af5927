//! Streams: what must hold however they are cut, stalled or broken.

#[path = "streams/cuts.rs"]
mod cuts;
#[path = "streams/resumption.rs"]
mod resumption;

use crate::support::upstream::{self, Upstream};
use crate::support::{Gate, records};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const RULES: &str = "server: feed\ntools:\n  watch: { release: all }\nresources:\n  'feed://*': { release: all }\nmessages:\n  allow: [subscriptions]\n";

/// A gate before an upstream whose answers to all but `tools/list` the test writes.
fn gate(
    name: &str,
    rules: &str,
    more: &str,
    answer: impl Fn(&Value, &mut TcpStream) + Send + Sync + 'static,
) -> (Gate, String) {
    let tools = json!([{"name": "watch", "inputSchema": {"type": "object"}}]);
    let upstream = Upstream::start(tools, answer);
    let gate =
        Gate::start_with(name, &format!("feed: {{ url: '{}', auth: none }}", upstream.url), rules, more);
    let token = gate.token("feed", "amara", "patient:read phi:read");
    (gate, token)
}

/// Opens a change feed.
fn listen(gate: &Gate, token: &str) -> TcpStream {
    let wanted = json!({"notifications": {"resourceSubscriptions": ["feed://rows"]}});
    gate.open("feed", token, "subscriptions/listen", wanted)
}

fn watch() -> Value {
    json!({"name": "watch", "arguments": {}, "_meta": {"progressToken": "p"}})
}

fn acknowledged() -> Value {
    let wanted = json!({"resourceSubscriptions": ["feed://rows"]});
    let method = "notifications/subscriptions/acknowledged";
    json!({"jsonrpc": "2.0", "method": method, "params": {"notifications": wanted}})
}

fn progress(message: &str) -> Value {
    let params = json!({"progressToken": "p", "progress": 1, "message": message});
    json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})
}

/// Reads until the text has come so many times; what was read till then.
fn read_until(stream: &mut TcpStream, text: &str, times: usize) -> String {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let so_far = String::from_utf8_lossy(&read).into_owned();
        if so_far.matches(text).count() >= times {
            return so_far;
        }
        let length = stream.read(&mut buffer).unwrap_or_else(|error| panic!("{error} after {so_far}"));
        assert!(length > 0, "ended after {so_far}");
        read.extend_from_slice(&buffer[..length]);
    }
}

/// The outcome of the last call of a method. It may be written a moment after the client
/// has all it gets.
fn outcome(gate: &Gate, method: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let records = records(&gate.state);
        let decided = records.iter().rfind(|record| record["what"]["method"] == method).cloned();
        let call = decided.expect("a decision")["call"].clone();
        let ended = |record: &&Value| record["call"] == call && record["event"] == "outcome";
        if let Some(outcome) = records.iter().find(ended) {
            return outcome.clone();
        }
        assert!(Instant::now() < deadline, "no outcome of {call} in {records:#?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A line to an upstream's thread: each message lets it take one step.
fn steps() -> (std::sync::mpsc::Sender<()>, Mutex<Receiver<()>>) {
    let (step, steps) = channel();
    (step, Mutex::new(steps))
}

fn next(steps: &Mutex<Receiver<()>>) {
    steps.lock().unwrap().recv_timeout(Duration::from_secs(15)).unwrap();
}

#[test]
fn a_reader_who_reads_nothing_costs_no_memory_and_holds_up_the_upstream() {
    const POURED: u64 = 200 << 20;
    let sent = Arc::new(AtomicU64::new(0));
    let counter = sent.clone();
    let (go, steps) = steps();
    let (gate, token) = gate("streams-slow", RULES, "", move |_, stream| {
        let mut pour = || {
            upstream::begin_events(stream)?;
            upstream::event(stream, &acknowledged())?;
            next(&steps);
            let params = json!({"uri": format!("feed://rows/{}", "x".repeat(4000))});
            let updated =
                json!({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": params});
            let several = format!("data: {updated}\n\n").repeat(8);
            while counter.load(Ordering::Relaxed) < POURED {
                upstream::chunk(stream, several.as_bytes())?;
                counter.fetch_add(several.len() as u64, Ordering::Relaxed);
            }
            upstream::end_events(stream)
        };
        let _ = pour();
    });
    let mut client = listen(&gate, &token);
    // The head and the first event: all is in place, and nothing more is read.
    read_until(&mut client, "acknowledged", 1);
    let before = gate.resident_kb();
    go.send(()).unwrap();
    let settled = || {
        let (mut last, mut since) = (0, Instant::now());
        while since.elapsed() < Duration::from_secs(1) {
            let now = sent.load(Ordering::Relaxed);
            if now != last {
                (last, since) = (now, Instant::now());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        last
    };
    let held = settled();
    let grown = gate.resident_kb().saturating_sub(before);
    assert!((1..32 << 20).contains(&held), "the upstream could send {held} bytes");
    assert!(grown < 4 << 10, "the gate grew by {grown} kB");
    // It was held up, not broken: reading lets it go on.
    let (mut buffer, mut read) = (vec![0; 1 << 16], 0);
    while sent.load(Ordering::Relaxed) < held + (4 << 20) {
        read += client.read(&mut buffer).unwrap();
        assert!(read < 64 << 20, "reading {read} bytes lets no more through");
    }
    let grown = gate.resident_kb().saturating_sub(before);
    assert!(grown < 4 << 10, "the gate grew by {grown} kB");
}

#[test]
fn a_silent_stream_has_a_heartbeat() {
    let more = "limits: { heartbeat_seconds: 1 }";
    let (gate, token) = gate("streams-heartbeat", RULES, more, |_, stream| {
        upstream::begin_events(stream).unwrap();
        upstream::event(stream, &acknowledged()).unwrap();
        std::thread::sleep(Duration::from_secs(20));
    });
    let mut client = listen(&gate, &token);
    read_until(&mut client, "acknowledged", 1);
    let began = Instant::now();
    let read = read_until(&mut client, ": \n\n", 2);
    assert!(!read.contains("data"), "{read}");
    let took = began.elapsed().as_secs_f64();
    assert!((1.5..4.0).contains(&took), "two heartbeats came in {took} s");
}

#[test]
fn a_client_that_hangs_up_ends_the_upstreams_stream() {
    for (moment, method) in [
        ("events", "subscriptions/listen"),
        ("events", "tools/call"),
        ("head", "tools/call"),
        ("nothing", "tools/call"),
    ] {
        let (left, seen) = channel();
        let left = Mutex::new(left);
        let (gate, token) = gate("streams-hang-up", RULES, "", move |_, stream| {
            let left = left.lock().unwrap();
            if moment != "nothing" {
                upstream::begin_events(stream).unwrap();
            }
            if moment == "events" {
                let event = if method == "tools/call" { progress("begun") } else { acknowledged() };
                upstream::event(stream, &event).unwrap();
            }
            left.send(None).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            left.send(Some(stream.read(&mut [0]).is_ok_and(|length| length == 0))).unwrap();
        });
        let mut client = match method {
            "tools/call" => gate.open("feed", &token, method, watch()),
            _ => listen(&gate, &token),
        };
        assert_eq!(seen.recv_timeout(Duration::from_secs(10)), Ok(None));
        if moment == "events" {
            read_until(&mut client, "\n\n", 1);
        }
        let began = Instant::now();
        drop(client);
        let closed = seen.recv_timeout(Duration::from_secs(10));
        let took = began.elapsed();
        assert_eq!(closed, Ok(Some(true)), "{method}, after {moment}: the upstream's stream stays open");
        assert!(took < Duration::from_secs(1), "{method}, after {moment}: {took:?}");
        assert_eq!(outcome(&gate, method)["status"], "client_left", "{method}, after {moment}");
    }
}

#[test]
fn an_upstream_that_breaks_off_leaves_nobody_waiting() {
    // What it does after one progress notification, and what the journal calls it.
    let cases = [
        ("cuts the connection inside an event", "upstream_malformed"),
        ("ends without a response", "upstream_malformed"),
        ("says what is not JSON", "upstream_malformed"),
        ("answers another request", "upstream_malformed"),
        ("falls silent", "upstream_timed_out"),
    ];
    let (gate, token) =
        gate("streams-broken", RULES, "limits: { upstream_seconds: 1 }", move |message, stream| {
            upstream::begin_events(stream).unwrap();
            if message["method"] == "subscriptions/listen" {
                upstream::event(stream, &acknowledged()).unwrap();
                let _ = stream.write_all(b"100\r\ndata: {\"jsonrpc\"");
                return stream.shutdown(std::net::Shutdown::Both).unwrap();
            }
            upstream::event(stream, &progress("begun")).unwrap();
            match message["params"]["arguments"]["case"].as_u64().unwrap() {
                0 => {
                    stream.write_all(b"100\r\ndata: {\"jsonrpc\"").unwrap();
                    stream.shutdown(std::net::Shutdown::Both).unwrap();
                }
                1 => upstream::end_events(stream).unwrap(),
                2 => upstream::chunk(stream, b"data: {\"jsonrpc\": \"2.0\", \"id\": 7, \"result\"\n\n")
                    .unwrap(),
                3 => upstream::event(stream, &json!({"jsonrpc": "2.0", "id": 8, "result": {"content": []}}))
                    .unwrap(),
                _ => drop(stream.read(&mut [0])),
            }
        });
    for (case, (what, status)) in cases.into_iter().enumerate() {
        let mut params = watch();
        params["arguments"]["case"] = json!(case);
        let answer = gate.ask("feed", &token, "tools/call", params);
        let events = answer.events();
        assert_eq!(events.len(), 2, "{what}: {answer:?}");
        assert_eq!(events[0]["method"], "notifications/progress", "{what}: {answer:?}");
        assert_eq!((&events[1]["id"], &events[1]["result"]["isError"]), (&json!(7), &json!(true)), "{what}");
        assert_eq!(outcome(&gate, "tools/call")["status"], status, "{what}");
    }
    let mut rest = String::new();
    listen(&gate, &token).read_to_string(&mut rest).unwrap();
    assert!(rest.contains("acknowledged") && rest.contains("error"), "{rest}");
    assert_eq!(outcome(&gate, "subscriptions/listen")["status"], "upstream_malformed");
}
