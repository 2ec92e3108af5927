//! A secret that arrives in two pieces, whatever the pieces, is still seen whole.

use super::{gate, progress};
use crate::support::upstream;
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const RULES: &str =
    "server: feed\ntools:\n  watch: { release: all, profile: hipaa-safe-harbor, text: detect }\n";
const SSN: &str = "536-90-4399";
const CARD: &str = "4111 1111 1111 1111";

/// The events of one answer: a secret in the progress message, both in the result, as
/// text and as structure.
fn events(id: &Value) -> Vec<u8> {
    let message = progress(&format!("read SSN {SSN} of card {CARD}, done"));
    let row = json!({"id": "p-1", "ssn": SSN, "note": format!("paid by card {CARD} today")});
    let text = format!("The patient's SSN is {SSN}, the card is {CARD}, all is well.");
    let content = json!([{"type": "text", "text": text}, {"type": "text", "text": row.to_string()}]);
    let result = json!({"content": content, "structuredContent": row, "resultType": "complete"});
    let response = json!({"jsonrpc": "2.0", "id": id, "result": result});
    format!(": hello\n\ndata: {message}\n\nevent: message\ndata: {response}\n\n").into_bytes()
}

/// Sends the answer cut in two at `at`: as two HTTP chunks, or as one chunk in two
/// pieces of TCP.
fn answer(stream: &mut TcpStream, id: &Value, at: usize, chunks: bool) -> std::io::Result<()> {
    let events = events(id);
    upstream::begin_events(stream)?;
    if !chunks {
        write!(stream, "{:x}\r\n", events.len())?;
    }
    let (first, second) = events.split_at(at);
    for piece in [first, second] {
        if chunks {
            upstream::chunk(stream, piece)?;
        } else {
            stream.write_all(piece)?;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    if !chunks {
        stream.write_all(b"\r\n")?;
    }
    upstream::end_events(stream)
}

#[test]
fn a_secret_cut_at_any_byte_never_appears() {
    let (gate, token) = gate("streams-cuts", RULES, "", |message, stream| {
        let arguments = &message["params"]["arguments"];
        let at = usize::try_from(arguments["at"].as_u64().unwrap()).unwrap();
        let _ = answer(stream, &message["id"], at, arguments["chunks"] == json!(true));
    });
    let whole = events(&json!(7)).len();
    let next = AtomicUsize::new(0);
    let seen = std::sync::Mutex::new(None);
    let ask = || {
        loop {
            let turn = next.fetch_add(1, Ordering::Relaxed);
            let (at, chunks) = (turn / 2, turn.is_multiple_of(2));
            if at > whole {
                return;
            }
            let params = json!({"name": "watch", "arguments": {"at": at, "chunks": chunks}, "_meta": {"progressToken": "p"}});
            let answer = gate.ask("feed", &token, "tools/call", params);
            for secret in [SSN, "536904399", "90-4399", CARD, "4111111111111111", "1111 1111"] {
                assert!(!answer.body.contains(secret), "{secret} came, cut at {at}: {answer:?}");
            }
            let mut seen = seen.lock().unwrap();
            let first: &mut String = seen.get_or_insert_with(|| answer.body.clone());
            assert_eq!(*first, answer.body, "cut at {at}");
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
        for worker in workers {
            worker.join().unwrap();
        }
    });
    let seen = seen.into_inner().unwrap().expect("an answer");
    for rest in ["read SSN [US_SSN_1] of card [PAN_1], done", "SSN is [US_SSN_1]", "all is well", "\"p-1\""] {
        assert!(seen.contains(rest), "{rest} is missing in {seen}");
    }
}
