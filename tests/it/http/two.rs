//! HTTP/2 down to a server: a call like any other, and bounds that end nobody else's.

use super::{CLAIMS, RULES, call, sent, server};
use crate::support::{Gate, folder, modern_headers, records};
use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use http::Request;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A gate with TLS, and who trusts its certificate.
fn start(name: &str, feed: &str) -> (Gate, Arc<ClientConfig>) {
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let files = folder(&format!("{name}-tls"));
    let (public, private) = (files.join("cert.pem"), files.join("key.pem"));
    std::fs::write(&public, certificate.pem()).unwrap();
    std::fs::write(&private, key.serialize_pem()).unwrap();
    std::fs::set_permissions(&private, std::fs::Permissions::from_mode(0o600)).unwrap();
    let tls = format!(
        "tls: {{ certificate_file: '{}', private_key_file: '{}' }}",
        public.display(),
        private.display()
    );
    let gate = Gate::start_with(name, &format!("feed: {{ url: '{feed}', auth: none }}"), RULES, &tls);
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    (gate, Arc::new(config))
}

async fn secured(gate: &Gate, config: &Arc<ClientConfig>) -> TlsStream<TcpStream> {
    let stream = TcpStream::connect(&gate.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(config.clone()).connect(name, stream).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()), "preferred to HTTP/1.1");
    stream
}

async fn connect(gate: &Gate, config: &Arc<ClientConfig>) -> SendRequest<Bytes> {
    let stream = secured(gate, config).await;
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn port(gate: &Gate) -> &str {
    gate.address.split_once(':').unwrap().1
}

fn post(gate: &Gate, token: &str) -> http::request::Builder {
    let uri = format!("https://localhost:{}/feed/mcp", port(gate));
    let authorization = format!("Bearer {token}");
    let headers = modern_headers(&authorization, "tools/call");
    let request = Request::builder().method("POST").uri(uri).header("mcp-name", "look");
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

/// Sends a request with its whole body.
async fn send(sender: &SendRequest<Bytes>, request: http::request::Builder, body: String) -> ResponseFuture {
    let mut ready = sender.clone().ready().await.unwrap();
    let (response, mut stream) = ready.send_request(request.body(()).unwrap(), false).unwrap();
    stream.send_data(body.into(), true).unwrap();
    response
}

async fn read(response: ResponseFuture) -> Result<(u16, String), h2::Error> {
    let response = response.await?;
    let (status, mut body, mut bytes) = (response.status().as_u16(), response.into_body(), Vec::new());
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        bytes.extend_from_slice(&data);
    }
    Ok((status, String::from_utf8(bytes).unwrap()))
}

fn token(gate: &Gate) -> String {
    gate.token_for(&format!("https://localhost:{}/feed/mcp", port(gate)), "amara", "patient:read")
}

#[tokio::test]
async fn a_call_over_http2_is_a_call() {
    let server = server();
    let (gate, config) = start("http-two", &server.url);
    let (token, sender) = (token(&gate), connect(&gate, &config).await);
    let claiming =
        CLAIMS.iter().fold(post(&gate, &token), |request, (name, value)| request.header(*name, *value));
    let (status, body) = read(send(&sender, claiming, call("honest").to_string()).await).await.unwrap();
    assert!(status == 200 && body.contains("seen"), "{status}: {body}");
    let went = sent(&server);
    assert!(went.contains("honest"), "{went}");
    for (name, value) in CLAIMS {
        assert!(
            !went.contains(&format!("{name}:")) && (value == "DELETE" || !went.contains(value)),
            "{name}: {went}"
        );
    }
    for (name, request) in [
        ("another host", post(&gate, &token).header("host", "elsewhere.example")),
        ("two tokens", post(&gate, &token).header("authorization", "Bearer other")),
        ("a foreign origin", post(&gate, &token).header("origin", "https://elsewhere.example")),
        ("a version twice", post(&gate, &token).header("mcp-protocol-version", "2026-07-28")),
        ("another length", post(&gate, &token).header("content-length", "3")),
        ("a head too large", post(&gate, &token).header("x-one", "a".repeat(40 << 10))),
        ("no token", post(&gate, "")),
    ] {
        let answer = read(send(&sender, request, call("odd").to_string()).await).await;
        assert!(
            answer.as_ref().map_or(true, |(status, _)| (400..500).contains(status)),
            "{name}: {answer:?}"
        );
        assert!(!sent(&server).contains("odd"), "{name} reached the server");
    }
    let (status, _) =
        read(send(&sender, post(&gate, &token), call("after").to_string()).await).await.unwrap();
    assert_eq!(status, 200, "a fault of one stream is not the connection's");
}

/// Case 77 of the catalogue: over HTTP/1.1 there is no trailer, since there are no chunks.
#[tokio::test]
async fn a_token_in_a_trailer_is_none() {
    let server = server();
    let (gate, config) = start("http-trailer", &server.url);
    let (token, sender) = (token(&gate), connect(&gate, &config).await);
    let mut ready = sender.clone().ready().await.unwrap();
    let mut request = post(&gate, &token).header("trailer", "authorization").body(()).unwrap();
    let authorization = request.headers_mut().remove("authorization").unwrap();
    let (response, mut stream) = ready.send_request(request, false).unwrap();
    stream.send_data(call("trailed").to_string().into(), false).unwrap();
    let _ = stream.send_trailers([(http::header::AUTHORIZATION, authorization)].into_iter().collect());
    let (status, body) = read(response).await.unwrap();
    assert!(status == 401 && body.contains("token_absent"), "{status}: {body}");
    let last = records(&gate.state).pop().unwrap();
    assert_eq!(last["status"], "token_absent", "{last}");
    assert!(!sent(&server).contains("trailed"), "it reached the server");
}

#[tokio::test]
async fn streams_past_the_bound_are_refused_and_the_others_go_on() {
    const STREAMS: u32 = 100;
    let server = server();
    let (gate, config) = start("http-streams", &server.url);
    let token = token(&gate);
    // By hand, since a client that keeps the rules waits with one stream too many.
    let mut rude = secured(&gate, &config).await;
    rude.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    rude.write_all(&frame(SETTINGS, 0, 0, b"")).await.unwrap();
    let authority = format!("localhost:{}", port(&gate));
    let mut block = Vec::new();
    for (name, value) in
        [(":method", "POST"), (":scheme", "https"), (":path", "/feed/mcp"), (":authority", &authority)]
    {
        literal(&mut block, name, value);
    }
    for (name, value) in post(&gate, &token).headers_ref().unwrap() {
        literal(&mut block, name.as_str(), value.to_str().unwrap());
    }
    let last = 2 * STREAMS + 1;
    for stream in (1..=last).step_by(2) {
        rude.write_all(&frame(HEADERS, END_HEADERS, stream, &block)).await.unwrap();
    }
    let (stream, payload) = wait_for(&mut rude, RST_STREAM).await;
    assert_eq!((stream, payload.as_slice()), (last, REFUSED_STREAM.as_slice()));
    let other = connect(&gate, &config).await;
    let (status, _) = read(send(&other, post(&gate, &token), call("other").to_string()).await).await.unwrap();
    assert_eq!(status, 200, "others are served");
    let body = call("late").to_string();
    rude.write_all(&frame(DATA, END_STREAM, last - 2, body.as_bytes())).await.unwrap();
    let (stream, _) = wait_for(&mut rude, HEADERS).await;
    assert_eq!(stream, last - 2, "and so is what it had open");
    assert!(sent(&server).contains("late"));
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const REFUSED_STREAM: [u8; 4] = [0, 0, 0, 7];

/// A frame (RFC 9113, 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// A field without an index (RFC 7541, 6.2.2).
fn literal(block: &mut Vec<u8>, name: &str, value: &str) {
    block.push(0);
    for text in [name, value] {
        match text.len().checked_sub(127) {
            None => block.push(u8::try_from(text.len()).unwrap()),
            Some(mut rest) => {
                block.push(127);
                while rest >= 128 {
                    block.push(u8::try_from(rest % 128 + 128).unwrap());
                    rest /= 128;
                }
                block.push(u8::try_from(rest).unwrap());
            }
        }
        block.extend_from_slice(text.as_bytes());
    }
}

/// The next frame of a kind: its stream and what it holds.
async fn wait_for(stream: &mut TlsStream<TcpStream>, kind: u8) -> (u32, Vec<u8>) {
    let next = async {
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await.unwrap();
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length as usize];
            stream.read_exact(&mut payload).await.unwrap();
            if head[3] == kind {
                return (u32::from_be_bytes([head[5], head[6], head[7], head[8]]), payload);
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), next).await.unwrap()
}
