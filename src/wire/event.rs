//! Server-sent events, split as they come (WHATWG HTML §9.2.6).
//!
//! One event is one message; nothing is held longer than that. Lines end in LF,
//! CR or CRLF, and any of them may be cut between two chunks.

/// The largest event taken.
pub const MAX_EVENT_BYTES: usize = 8 << 20;

/// An event beyond [`MAX_EVENT_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventTooLarge;

/// Collects chunks and yields the data of each event.
#[derive(Default)]
pub struct Splitter {
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    after_cr: bool,
}

impl Splitter {
    /// Takes a chunk and returns the data of the events it completes.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<Vec<Vec<u8>>, EventTooLarge> {
        let mut events = Vec::new();
        for &byte in chunk {
            let second_half = std::mem::take(&mut self.after_cr) && byte == b'\n';
            match byte {
                b'\n' if second_half => {}
                b'\n' | b'\r' => {
                    self.after_cr = byte == b'\r';
                    events.extend(self.end_line());
                }
                _ => self.line.push(byte),
            }
            if self.line.len() + self.data.len() > MAX_EVENT_BYTES {
                return Err(EventTooLarge);
            }
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Option<Vec<u8>> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            let event = std::mem::take(&mut self.data);
            return std::mem::take(&mut self.has_data).then_some(event);
        }
        // Only `data` carries a message; ids, names, retry times and comments of an
        // upstream end here.
        if let Some(value) = line.strip_prefix(b"data:") {
            if self.has_data {
                self.data.push(b'\n');
            }
            self.has_data = true;
            self.data.extend_from_slice(value.strip_prefix(b" ").unwrap_or(value));
        }
        None
    }
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
        let stream = b": hi\r\nid: 7\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\nevent: x\rdata:2\r\r\ndata: 3\n\n\ndata: half";
        let expected: Vec<Vec<u8>> = vec![b"{\"a\":\n1}".to_vec(), b"2".to_vec(), b"3".to_vec()];
        for cut in 0..=stream.len() {
            let mut splitter = Splitter::default();
            let mut events = splitter.feed(&stream[..cut]).unwrap();
            events.extend(splitter.feed(&stream[cut..]).unwrap());
            assert_eq!(events, expected, "cut at {cut}");
        }
    }

    #[test]
    fn an_event_past_the_bound_is_refused() {
        let mut splitter = Splitter::default();
        assert!(splitter.feed(b"data: ").is_ok());
        assert!(splitter.feed(&vec![b'x'; MAX_EVENT_BYTES]).is_err());
    }
}
