//! An authorization server inside a test, down to the bytes: its metadata and its keys are
//! what the test says, and it counts who asks.

use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) const METADATA: &str = "/.well-known/oauth-authorization-server";
pub(crate) const OPENID: &str = "/.well-known/openid-configuration";
pub(crate) const KEYS: &str = "/jwks";

/// What is served at a path.
#[derive(Clone)]
pub(crate) enum Page {
    Json(Value),
    /// A whole HTTP answer.
    Raw(Vec<u8>),
    /// Nothing, and the connection stays open.
    Silence,
    /// The head, and then a byte now and then.
    Drip,
    /// The head, and then bytes without an end.
    Endless,
}

/// A running authorization server. It listens until the test's process ends.
pub(crate) struct Issuer {
    /// Its issuer identifier.
    pub(crate) url: String,
    pages: Arc<Mutex<HashMap<String, Page>>>,
    /// The paths that were asked for, in order. A connection that says nothing counts as "".
    asked: Arc<Mutex<Vec<String>>>,
}

impl Issuer {
    /// Serves metadata for itself, and no keys yet.
    pub(crate) fn start() -> Self {
        Self::listening("http", "127.0.0.1", None)
    }

    /// As [`Issuer::start`], known by another name of this machine, and with TLS where there
    /// is a configuration of it.
    pub(crate) fn listening(scheme: &str, host: &str, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{scheme}://{host}:{}", listener.local_addr().unwrap().port());
        let issuer = Self { url, pages: Arc::default(), asked: Arc::default() };
        issuer.serve(METADATA, Page::Json(issuer.metadata()));
        let (pages, asked) = (issuer.pages.clone(), issuer.asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (pages, asked, tls) = (pages.clone(), asked.clone(), tls.clone());
                std::thread::spawn(move || match tls {
                    None => answer(stream, &pages, &asked),
                    Some(tls) => {
                        let Ok(connection) = rustls::ServerConnection::new(tls) else { return };
                        answer(rustls::StreamOwned::new(connection, stream), &pages, &asked);
                    }
                });
            }
        });
        issuer
    }

    /// What good metadata says (RFC 8414 §2).
    pub(crate) fn metadata(&self) -> Value {
        json!({"issuer": self.url, "jwks_uri": format!("{}{KEYS}", self.url), "response_types_supported": ["code"]})
    }

    pub(crate) fn serve(&self, path: &str, page: Page) {
        self.pages.lock().unwrap().insert(path.to_owned(), page);
    }

    pub(crate) fn serve_keys(&self, keys: &[Value]) {
        self.serve(KEYS, Page::Json(json!({"keys": keys})));
    }

    /// How often a path was asked for.
    pub(crate) fn asked_for(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == path).count()
    }

    /// How often it was connected to.
    pub(crate) fn connections(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

/// A whole answer of HTTP with this body.
pub(crate) fn whole(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes =
        format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn answer(stream: impl Read + Write, pages: &Mutex<HashMap<String, Page>>, asked: &Mutex<Vec<String>>) {
    let mut requests = BufReader::new(stream);
    let mut line = String::new();
    let read = requests.read_line(&mut line);
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    asked.lock().unwrap().push(path.clone());
    if read.is_err() || line.is_empty() {
        return;
    }
    let mut length = 0;
    while line.trim_end() != "" {
        line.clear();
        if requests.read_line(&mut line).is_err() || line.is_empty() {
            return;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    if requests.read_exact(&mut body).is_err() {
        return;
    }
    let page = pages.lock().unwrap().get(&path).cloned();
    let stream = requests.get_mut();
    let head = "Content-Type: application/json\r\nConnection: close\r\n";
    let begun = format!("HTTP/1.1 200 OK\r\n{head}Transfer-Encoding: chunked\r\n\r\n");
    let _ = match page {
        Some(Page::Json(document)) => {
            stream.write_all(&whole("200 OK", head, document.to_string().as_bytes()))
        }
        Some(Page::Raw(bytes)) => stream.write_all(&bytes),
        None => stream.write_all(&whole("404 Not Found", head, b"{}")),
        Some(Page::Silence) => {
            std::thread::sleep(Duration::from_secs(60));
            Ok(())
        }
        Some(Page::Drip) => go_on(stream, begun.as_bytes(), b"1\r\n \r\n", Duration::from_millis(200)),
        Some(Page::Endless) => {
            let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
            go_on(stream, begun.as_bytes(), chunk.as_bytes(), Duration::ZERO)
        }
    };
    let _ = stream.flush();
}

/// Writes the same again and again until the peer has gone, or for a minute.
fn go_on(stream: &mut impl Write, begun: &[u8], piece: &[u8], pause: Duration) -> std::io::Result<()> {
    stream.write_all(begun)?;
    let since = std::time::Instant::now();
    while since.elapsed() < Duration::from_secs(60) {
        stream.write_all(piece)?;
        stream.flush()?;
        std::thread::sleep(pause);
    }
    Ok(())
}

/// Whoever connects here has been led astray. Counts them, and says nothing.
pub(crate) struct Bystander {
    pub(crate) port: u16,
    met: Arc<Mutex<usize>>,
}

impl Bystander {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let met = Arc::new(Mutex::new(0));
        let count = met.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::<TcpStream, _>::ok) {
                *count.lock().unwrap() += 1;
                drop(stream);
            }
        });
        Self { port, met }
    }

    pub(crate) fn met(&self) -> usize {
        *self.met.lock().unwrap()
    }
}
