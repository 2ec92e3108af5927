//! What comes over the wire is decoded or refused, whatever it is.
#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use portcullis::model::ids::ServerName;
use portcullis::wire::arrival::{Head, HttpMethod, Transport};
use portcullis::wire::event::{Event, Splitter, write};
use portcullis::wire::message::Message;
use portcullis::wire::splice::{Envelope, Tie, split};
use portcullis::wire::{answer, headers};
use std::net::{IpAddr, Ipv4Addr};

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    match kind % 4 {
        0 => message(rest),
        1 => incoming(rest),
        2 => events(rest),
        _ => drop(std::str::from_utf8(rest).map(headers::encode)),
    }
});

/// Headers line by line, an empty line, a body.
fn message(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (head, body) = text.split_once("\n\n").unwrap_or(("", &text));
    let mut headers = HeaderMap::new();
    for line in head.lines() {
        let Some((name, value)) = line.split_once(": ") else { continue };
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.append(name, value);
        }
    }
    for method in [HttpMethod::Post, HttpMethod::Get, HttpMethod::Delete] {
        let head = Head {
            method,
            server: ServerName::new("s"),
            query: None,
            headers: headers.clone(),
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
            by: Transport::StreamableHttp,
            certificate: None,
            again: false,
        };
        let _ = Message::decode(&head, body.as_bytes()).map(|message| message.arguments());
    }
    let _ = Message::id_of(body.as_bytes());
}

/// A spliced message differs in its ties alone.
fn incoming(data: &[u8]) {
    let _ = (answer::read(data).is_ok(), answer::batch(data).is_ok(), answer::is_response(data));
    for one in split(data) {
        let Some(envelope) = Envelope::read(one) else { continue };
        for tie in [Tie::Id, Tie::AsksProgress, Tie::Progress, Tie::Cancels, Tie::Subscription] {
            let Some(was) = envelope.tie(tie).map(str::to_owned) else { continue };
            let other = envelope.with(&[(tie, "\"tie-7\"")]);
            let read = Envelope::read(&other).expect("a message stays one");
            assert_eq!(read.tie(tie), Some("\"tie-7\""));
            assert_eq!(read.with(&[(tie, &was)]), one, "put back");
        }
    }
}

/// Events are the same wherever the stream is cut, and read back as they were written.
fn events(data: &[u8]) {
    let (cut, stream) = data.split_first().map_or((0, data), |(cut, rest)| (usize::from(*cut), rest));
    let (before, after) = stream.split_at(cut.min(stream.len()));
    let mut whole = Splitter::default();
    let Ok(expected) = whole.feed(stream) else { return };
    let mut parts = Splitter::default();
    let mut got = parts.feed(before).unwrap_or_default();
    got.extend(parts.feed(after).unwrap_or_default());
    assert_eq!(got, expected);
    let mut out = Vec::new();
    // One that says nothing, or nothing but its name, is none to its reader.
    let says = |event: &&Event| event.data.is_some() || event.id.is_some() || event.retry.is_some();
    expected.iter().filter(says).for_each(|event| write(event, &mut out));
    let again = Splitter::default().feed(&out).unwrap_or_default();
    assert_eq!(again.len(), expected.iter().filter(says).count(), "{:?}", String::from_utf8_lossy(&out));
}
