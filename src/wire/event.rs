//! Server-sent events, split as they come (WHATWG HTML §9.2.6).
//!
//! One event is one message; nothing is held longer than that. Lines end in LF,
//! CR or CRLF, and any of them may be cut between two chunks.

use std::time::Duration;

/// The largest event taken.
pub const MAX_EVENT_BYTES: usize = 8 << 20;
/// The longest event id kept; a longer one cannot be resumed from.
const MAX_ID_BYTES: usize = 1024;
/// A peer that wants to be polled less often than this is not believed.
const LONGEST_RETRY: Duration = Duration::from_secs(600);

/// An event beyond [`MAX_EVENT_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventTooLarge;

/// One event. Without data it only moves the stream's position (a priming event).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// None stands for `message`.
    pub name: Option<String>,
    pub id: Option<String>,
    /// How long a client should wait before it connects again.
    pub retry: Option<Duration>,
    pub data: Option<Vec<u8>>,
}

impl Event {
    pub fn message(data: Vec<u8>) -> Self {
        Self { data: Some(data), ..Self::default() }
    }
}

/// Collects chunks and yields the events that they complete.
#[derive(Default)]
pub struct Splitter {
    line: Vec<u8>,
    event: Event,
    started: bool,
    after_cr: bool,
}

impl Splitter {
    /// Takes a chunk and returns the events it completes.
    ///
    /// # Errors
    /// [`EventTooLarge`].
    pub fn feed(&mut self, chunk: &[u8]) -> Result<Vec<Event>, EventTooLarge> {
        let mut events = Vec::new();
        let mut rest = chunk;
        while let Some(first) = rest.first() {
            if std::mem::take(&mut self.after_cr) && *first == b'\n' {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let held = self.line.len() + self.event.data.as_ref().map_or(0, Vec::len);
            if held + end.unwrap_or(rest.len()) > MAX_EVENT_BYTES {
                return Err(EventTooLarge);
            }
            let (line, after) = rest.split_at(end.unwrap_or(rest.len()));
            self.line.extend_from_slice(line);
            if let Some((ending, after)) = after.split_first() {
                self.after_cr = *ending == b'\r';
                events.extend(self.end_line());
                rest = after;
            } else {
                rest = after;
            }
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return std::mem::take(&mut self.started).then_some(event);
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => (line.get(..colon), line.get(colon + 1..)),
            None => (Some(&line[..]), None),
        };
        let value = value.unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let text = || String::from_utf8(value.to_vec()).ok();
        match field.unwrap_or_default() {
            b"data" => {
                match &mut self.event.data {
                    Some(data) => data.push(b'\n'),
                    none => *none = Some(Vec::new()),
                }
                self.event.data.get_or_insert_default().extend_from_slice(value);
                self.started = true;
            }
            b"id" if value.len() <= MAX_ID_BYTES && !value.contains(&0) => {
                self.event.id = text();
                self.started = true;
            }
            b"event" => self.event.name = text().filter(|name| name.len() <= 64),
            b"retry" => {
                let milliseconds = text().and_then(|text| text.parse().ok());
                self.event.retry = milliseconds.map(|time| Duration::from_millis(time).min(LONGEST_RETRY));
                self.started = true;
            }
            // Comments, and fields that do not exist.
            _ => {}
        }
        None
    }
}

/// Writes an event. Its id must not hold a line end; sealed ids do not.
pub fn write(event: &Event, out: &mut Vec<u8>) {
    let mut field = |name: &str, value: &[u8]| {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.push(b'\n');
    };
    if let Some(name) = &event.name {
        field("event", name.as_bytes());
    }
    if let Some(id) = &event.id {
        field("id", id.as_bytes());
    }
    if let Some(retry) = event.retry {
        field("retry", retry.as_millis().to_string().as_bytes());
    }
    for line in event.data.iter().flat_map(|data| data.split(|byte| *byte == b'\n')) {
        field("data", line.strip_suffix(b"\r").unwrap_or(line));
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_whole_wherever_the_chunks_are_cut() {
        let stream =
            b": hi\r\nid: 7\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\nevent: x\rdata:2\r\rid: 8\nretry: 250\ndata\n\n\n:\n\ndata: half";
        let expected = vec![
            Event { id: Some("7".into()), ..Event::message(b"{\"a\":\n1}".to_vec()) },
            Event { name: Some("x".into()), ..Event::message(b"2".to_vec()) },
            Event {
                id: Some("8".into()),
                retry: Some(Duration::from_millis(250)),
                ..Event::message(Vec::new())
            },
        ];
        for cut in 0..=stream.len() {
            let mut splitter = Splitter::default();
            let mut events = splitter.feed(&stream[..cut]).unwrap();
            events.extend(splitter.feed(&stream[cut..]).unwrap());
            assert_eq!(events, expected, "cut at {cut}");
        }
        let mut written = Vec::new();
        for event in &expected {
            write(event, &mut written);
        }
        assert_eq!(Splitter::default().feed(&written).unwrap(), expected);
    }

    #[test]
    fn an_event_past_the_bound_is_refused() {
        let mut splitter = Splitter::default();
        assert!(splitter.feed(b"data: ").is_ok());
        assert!(splitter.feed(&vec![b'x'; MAX_EVENT_BYTES]).is_err());
    }
}
