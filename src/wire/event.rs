//! Server-sent events, split as they come (WHATWG HTML §9.2.6).
//!
//! One event is one message; nothing is held longer than that. Lines end in LF,
//! CR or CRLF, and any of them may be cut between two chunks.

/// The largest event taken.
pub const MAX_EVENT_BYTES: usize = 8 << 20;
/// The longest name or id of an event taken.
pub const MAX_FIELD_BYTES: usize = 1 << 10;

/// One event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its type; None stands for `message`.
    pub name: Option<String>,
    /// The last `id` seen since the event before; None where there was none. An empty
    /// one takes back what was set.
    pub id: Option<String>,
    pub data: Vec<u8>,
}

/// An event beyond [`MAX_EVENT_BYTES`], or a name or id beyond [`MAX_FIELD_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventTooLarge;

/// Collects chunks and yields each event.
#[derive(Default)]
pub struct Splitter {
    line: Vec<u8>,
    event: Event,
    has_data: bool,
    after_cr: bool,
}

impl Splitter {
    /// Takes a chunk and returns the events it completes.
    ///
    /// # Errors
    /// [`EventTooLarge`]; the stream cannot be read any further.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<Vec<Event>, EventTooLarge> {
        let mut events = Vec::new();
        for &byte in chunk {
            let second_half = std::mem::take(&mut self.after_cr) && byte == b'\n';
            match byte {
                b'\n' if second_half => {}
                b'\n' | b'\r' => {
                    self.after_cr = byte == b'\r';
                    events.extend(self.end_line()?);
                }
                _ => self.line.push(byte),
            }
            if self.line.len() + self.event.data.len() > MAX_EVENT_BYTES {
                return Err(EventTooLarge);
            }
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Result<Option<Event>, EventTooLarge> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return Ok(self.end_event());
        }
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (field, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                if self.has_data {
                    self.event.data.push(b'\n');
                }
                self.has_data = true;
                self.event.data.extend_from_slice(value);
            }
            b"event" => self.event.name = Some(text(value)?).filter(|name| !name.is_empty()),
            // An id that cannot be sent back as it came is none.
            b"id" if !value.contains(&0) && value.is_ascii() => self.event.id = Some(text(value)?),
            // Comments, retry times and what is not known end here.
            _ => {}
        }
        Ok(None)
    }

    /// A block without data is no event: its name goes, its id waits for the next.
    fn end_event(&mut self) -> Option<Event> {
        if std::mem::take(&mut self.has_data) {
            return Some(std::mem::take(&mut self.event));
        }
        self.event.name = None;
        None
    }
}

fn text(value: &[u8]) -> Result<String, EventTooLarge> {
    if value.len() > MAX_FIELD_BYTES {
        return Err(EventTooLarge);
    }
    Ok(String::from_utf8_lossy(value).into_owned())
}

/// One message as an event.
pub fn write(message: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"event: message\n");
    for line in message.split(|byte| *byte == b'\n') {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        out.push(b'\n');
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_whole_wherever_the_chunks_are_cut() {
        let stream = b": hi\r\nid: 7\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\nevent: x\rdata:2\r\rid:8\n\nid\nevent: y\n\ndata: 3\n\nid: 9\ndata\n\n\ndata: half";
        let event = |name: Option<&str>, id: Option<&str>, data: &str| Event {
            name: name.map(str::to_owned),
            id: id.map(str::to_owned),
            data: data.into(),
        };
        let expected = [
            event(None, Some("7"), "{\"a\":\n1}"),
            event(Some("x"), None, "2"),
            event(None, Some(""), "3"),
            event(None, Some("9"), ""),
        ];
        for cut in 0..=stream.len() {
            let mut splitter = Splitter::default();
            let mut events = splitter.feed(&stream[..cut]).unwrap();
            events.extend(splitter.feed(&stream[cut..]).unwrap());
            assert_eq!(events, expected, "cut at {cut}");
        }
    }

    #[test]
    fn an_id_that_cannot_be_sent_back_is_none() {
        for id in [&b"a\0b"[..], b"\xff", "\u{fc}".as_bytes()] {
            let stream = [b"id: ", id, b"\ndata: 1\n\n"].concat();
            let events = Splitter::default().feed(&stream).unwrap();
            assert_eq!(events[0].id, None);
        }
    }

    #[test]
    fn an_event_past_the_bound_is_refused() {
        let mut splitter = Splitter::default();
        assert!(splitter.feed(b"data: ").is_ok());
        assert!(splitter.feed(&vec![b'x'; MAX_EVENT_BYTES]).is_err());
    }

    #[test]
    fn a_name_or_id_past_the_bound_is_refused() {
        for field in ["event", "id"] {
            let long = |bytes: usize| format!("{field}: {}\n", "x".repeat(bytes));
            assert!(Splitter::default().feed(long(MAX_FIELD_BYTES).as_bytes()).is_ok());
            assert!(Splitter::default().feed(long(MAX_FIELD_BYTES + 1).as_bytes()).is_err());
        }
    }
}
