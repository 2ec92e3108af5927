//! HTTP/1.1 heads, seen before hyper sees them. It ends a line at a bare LF, and takes
//! a Content-Length that is given twice for one; a proxy in front may do neither, and
//! then the two disagree where a request ends (RFC 9112, 2.2 and 11.2). Its bound on a
//! head is one on its buffer, and a head that comes in one read may have twice as much.
//!
//! What must be refused is made unreadable: a NUL takes the place of one byte, and
//! hyper answers 400 and closes. Of a head that is too large the rest is made of one
//! letter, so that it never ends: hyper's buffer is full, and it answers 431 and closes.
//! Nothing else is changed.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Of each line only so much is kept: room for a Content-Length with some blanks.
const KEPT: usize = 64;

/// A connection whose incoming heads are screened.
pub(super) struct Screened<S> {
    inner: S,
    screen: Screen,
}

impl<S> Screened<S> {
    /// Of a head, and the empty lines before it, at most `most` bytes pass.
    pub(super) fn new(inner: S, most: usize) -> Self {
        Self { inner, screen: Screen::new(most) }
    }
}

/// Where in the stream of requests we are.
#[derive(Default)]
enum Place {
    #[default]
    Head,
    /// Bytes of a body still to come.
    Body(u64),
    /// Behind what will be refused; the connection ends there.
    Refused,
    /// Beyond what a head may have.
    TooLarge,
}

#[derive(Default)]
struct Screen {
    place: Place,
    /// Bytes of this head so far, and how many it may have.
    size: usize,
    most: usize,
    line: Vec<u8>,
    last: u8,
    /// Whether the request line was seen.
    begun: bool,
    chunked: bool,
    length: Option<u64>,
}

impl Screen {
    fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    fn pass(&mut self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            let used = match &mut self.place {
                Place::Refused => return,
                Place::TooLarge => return bytes.fill(b'a'),
                Place::Body(left) => {
                    let used = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                    *left -= used as u64;
                    if *left == 0 {
                        self.place = Place::Head;
                    }
                    used
                }
                Place::Head => self.head(bytes),
            };
            bytes = bytes.get_mut(used..).unwrap_or_default();
        }
    }

    /// Up to the end of the head; returns how many bytes that were.
    fn head(&mut self, bytes: &mut [u8]) -> usize {
        for (index, byte) in bytes.iter_mut().enumerate() {
            self.size += 1;
            if self.size > self.most {
                self.place = Place::TooLarge;
                return index;
            }
            // CR and LF come as a pair or not at all.
            let paired = (self.last == b'\r') == (*byte == b'\n');
            let good = paired && (*byte != b'\n' || self.line_ends());
            if !good {
                *byte = 0;
                self.place = Place::Refused;
                return index + 1;
            }
            if *byte == b'\n' && !matches!(self.place, Place::Head) {
                return index + 1;
            }
            if *byte != b'\n' && *byte != b'\r' && self.line.len() < KEPT {
                self.line.push(*byte);
            }
            self.last = *byte;
        }
        bytes.len()
    }

    /// False if the line must not be read.
    fn line_ends(&mut self) -> bool {
        let line = std::mem::take(&mut self.line);
        if !self.begun {
            // Empty lines before a request are skipped.
            self.begun = !line.is_empty();
            return true;
        }
        if line.is_empty() {
            self.head_ends();
            return true;
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.chunked = true;
        }
        if !name.eq_ignore_ascii_case(b"content-length") {
            return true;
        }
        let length = Some(value).filter(|_| line.len() < KEPT).and_then(length);
        length.is_some() && std::mem::replace(&mut self.length, length).is_none()
    }

    fn head_ends(&mut self) {
        // Its length is unknown here, and `strict` refuses it.
        let place = if self.chunked { Place::Refused } else { Place::Body(self.length.unwrap_or(0)) };
        *self = Self { place, ..Self::new(self.most) };
    }
}

/// Digits behind a colon, and blanks around them.
fn length(value: &[u8]) -> Option<u64> {
    let digits = value.strip_prefix(b":")?.trim_ascii();
    let text = std::str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_digit))?;
    text.parse().ok()
}

impl<S: AsyncRead + Unpin> AsyncRead for Screened<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(context, buffer))?;
        this.screen.pass(buffer.filled_mut().get_mut(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Screened<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many bytes pass, for every way of cutting the input in two.
    fn check(input: &str, passed: usize) {
        check_within(usize::MAX, input, passed);
    }

    fn check_within(most: usize, input: &str, passed: usize) {
        for cut in 0..=input.len() {
            let (mut screen, mut bytes) = (Screen::new(most), input.as_bytes().to_vec());
            let (first, second) = bytes.split_at_mut(cut);
            screen.pass(first);
            screen.pass(second);
            let large = matches!(screen.place, Place::TooLarge);
            let spoiled = bytes.iter().zip(input.bytes()).position(|(after, before)| *after != before);
            assert_eq!(spoiled.unwrap_or(input.len()), passed, "{input:?} cut at {cut}");
            let changed =
                bytes.iter().zip(input.bytes()).filter(|(after, before)| **after != *before).count();
            assert!(changed <= 1 || large);
            assert!(!large || bytes.iter().skip(passed).all(|byte| *byte == b'a'), "{input:?} cut at {cut}");
        }
    }

    #[test]
    fn one_reading_or_none() {
        let whole = |input: &str| check(input, input.len());
        whole("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
        whole("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n\n\r\nGET / HTTP/1.1\r\nA: b\r\n\r\n");
        whole("POST / HTTP/1.1\r\ncontent-LENGTH:\t 0 \r\n\r\nGET / HTTP/1.1\r\n\r\n");
        whole("POST / HTTP/1.1\r\nTransfer-Encoding: x\r\n\r\n\n\n\n");
        for (input, passed) in [
            ("\nGET / HTTP/1.1\r\n\r\n", 0),
            ("GET / HTTP/1.1\nHost: a\r\n\r\n", 14),
            ("GET / HTTP/1.1\r\nA: b\n\nGET", 20),
            ("GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", 21),
            ("GET / HTTP/1.1\r\n\r\r\n", 17),
            ("P / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 51),
            ("P / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n", 35),
            ("P / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 33),
            ("P / HTTP/1.1\r\nContent-Length:\r\n\r\n", 30),
            ("P / HTTP/1.1\r\nContent-Length\r\n\r\n", 29),
            ("P / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\n", 51),
            // A body ends where its length says, and what follows is a head again.
            ("P / HTTP/1.1\r\nContent-Length: 1\r\n\r\n\n\n", 36),
        ] {
            check(input, passed);
        }
        let blanks = format!("P / HTTP/1.1\r\nContent-Length:{}1\r\n\r\n", " ".repeat(KEPT));
        check(&blanks, blanks.len() - 3);
    }

    #[test]
    fn a_head_has_so_many_bytes_and_the_next_one_again() {
        let head = "P / HTTP/1.1\r\nContent-Length: 9\r\n\r\n";
        let two = format!("{head}123456789{head}");
        check_within(head.len(), &two, two.len());
        check_within(head.len() - 1, &two, head.len() - 1);
    }
}
