//! The listener's TLS and HTTP/2, over sockets: who gets in, what survives a change of
//! certificates, and what an HTTP/2 client that breaks the rules costs the others.

use crate::support::{PROGRAM, folder, free_address};
use bytes::Bytes;
use http::{Request, Response};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;

pub(crate) fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for localhost and its key, as PEM.
pub(crate) fn issued(by: &Authority) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    (params.signed_by(&key, by).unwrap().pem(), key.serialize_pem())
}

/// A gate with TLS. Ends with the value.
struct Gate {
    address: String,
    folder: PathBuf,
    child: Child,
}

impl Gate {
    fn start(name: &str, server: &Authority, clients: Option<&Authority>) -> Self {
        let folder = folder(name);
        let address = free_address().to_string();
        let mut gate = Self { address, folder, child: Command::new("true").spawn().unwrap() };
        gate.replace(&issued(server));
        let client_ca = clients.map(|authority| {
            std::fs::write(gate.folder.join("clients.pem"), authority.pem()).unwrap();
            ", client_ca_file: clients.pem"
        });
        let (_, port) = gate.address.split_once(':').unwrap();
        let configuration = format!(
            "listen: {}\npublic_url: https://localhost:{port}\nstate_dir: state\n\
             issuers: [{{ issuer: 'http://127.0.0.1:1' }}]\n\
             tls: {{ certificate_file: cert.pem, private_key_file: key.pem{} }}\n\
             rules: rules\nupstreams:\n  feed: {{ url: 'http://127.0.0.1:1/mcp', auth: none }}\n",
            gate.address,
            client_ca.unwrap_or_default()
        );
        std::fs::create_dir_all(gate.folder.join("rules/tools")).unwrap();
        std::fs::write(
            gate.folder.join("rules/tools/feed.yaml"),
            "server: feed\ntools:\n  look: { release: all }\n",
        )
        .unwrap();
        std::fs::write(gate.folder.join("portcullis.yaml"), configuration).unwrap();
        let _ = gate.child.wait();
        let log = std::fs::File::create(gate.folder.join("log")).unwrap();
        gate.child = Command::new(PROGRAM)
            .args(["serve", "--config"])
            .arg(gate.folder.join("portcullis.yaml"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(&gate.address).is_err() {
            assert!(Instant::now() < deadline, "{}", gate.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        gate
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Puts another certificate and key in place.
    fn replace(&self, (certificate, key): &(String, String)) {
        std::fs::write(self.folder.join("cert.pem"), certificate).unwrap();
        let path = self.folder.join("key.pem");
        std::fs::write(&path, key).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// A connection, if both sides find the other's certificate good.
    async fn connect(
        &self,
        trusted: &Authority,
        own: Option<&(String, String)>,
        protocol: &[u8],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(trusted.pem().as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots);
        let mut config = match own {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                config.with_client_auth_cert(vec![certificate], key).unwrap()
            }
        };
        config.alpn_protocols = vec![protocol.to_vec()];
        let stream = TcpStream::connect(&self.address).await?;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    /// Asks over HTTP/1.1 whether the gate is well; the status line.
    async fn healthy(&self, stream: &mut TlsStream<TcpStream>) -> std::io::Result<String> {
        let (_, port) = self.address.split_once(':').unwrap();
        stream
            .write_all(format!("GET /healthz HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n").as_bytes())
            .await?;
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).await?;
        Ok(String::from_utf8_lossy(&buffer[..count]).lines().next().unwrap_or_default().to_owned())
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const WELL: &str = "HTTP/1.1 200 OK";

#[tokio::test]
async fn a_client_certificate_is_asked_for_where_an_authority_is_named() {
    let (server, clients) = (authority(), authority());
    let gate = Gate::start("tls-clients", &server, Some(&clients));
    let asked = async |own: Option<&(String, String)>| {
        let mut stream = gate.connect(&server, own, b"http/1.1").await?;
        gate.healthy(&mut stream).await
    };
    assert_eq!(asked(Some(&issued(&clients))).await.unwrap(), WELL);
    for (name, own) in [
        ("none", None),
        ("of another authority", Some(issued(&authority()))),
        ("the server's", Some(issued(&server))),
    ] {
        let answer = asked(own.as_ref()).await;
        assert!(answer.as_ref().map_or(true, String::is_empty), "{name}: {answer:?}");
    }
    // Plain HTTP gets nothing of MCP.
    let mut plain = TcpStream::connect(&gate.address).await.unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn certificates_change_without_losing_a_connection() {
    let (first, second) = (authority(), authority());
    let gate = Gate::start("tls-reload", &first, None);
    let mut kept = gate.connect(&first, None, b"http/1.1").await.unwrap();
    assert_eq!(gate.healthy(&mut kept).await.unwrap(), WELL);
    // A key that does not fit its certificate is not taken.
    gate.replace(&(issued(&second).0, issued(&second).1));
    let deadline = Instant::now() + Duration::from_secs(10);
    while !gate.log().to_lowercase().contains("certificate") {
        assert!(Instant::now() < deadline, "nothing is said of it: {}", gate.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(gate.connect(&first, None, b"http/1.1").await.is_ok(), "the last good one stays");
    gate.replace(&issued(&second));
    while gate.connect(&second, None, b"http/1.1").await.is_err() {
        assert!(Instant::now() < deadline + Duration::from_secs(10), "{}", gate.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(gate.connect(&first, None, b"http/1.1").await.is_err(), "the old one is not shown any more");
    assert_eq!(gate.healthy(&mut kept).await.unwrap(), WELL, "the old connection goes on");
}

type Sender = h2::client::SendRequest<Bytes>;

async fn http2(gate: &Gate, trusted: &Authority) -> Sender {
    let stream = gate.connect(trusted, None, b"h2").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn ask(sender: &Sender, request: Request<()>) -> Result<Response<h2::RecvStream>, h2::Error> {
    let mut sender = sender.clone().ready().await?;
    sender.send_request(request, true)?.0.await
}

fn at(gate: &Gate, path: &str) -> http::request::Builder {
    let (_, port) = gate.address.split_once(':').unwrap();
    Request::builder().uri(format!("https://localhost:{port}{path}"))
}

#[tokio::test]
async fn http2_is_as_strict_as_http1() {
    let server = authority();
    let gate = Gate::start("tls-http2", &server, None);
    let sender = http2(&gate, &server).await;
    let status = async |request: http::request::Builder| {
        ask(&sender, request.body(()).unwrap()).await.map_or(0, |answer| answer.status().as_u16())
    };
    assert_eq!(status(at(&gate, "/healthz")).await, 200);
    let call = || at(&gate, "/feed/mcp").method("POST").header("content-type", "application/json");
    assert_eq!(status(call()).await, 401);
    assert_eq!(status(Request::builder().uri("https://elsewhere.example/healthz")).await, 421);
    assert_ne!(status(at(&gate, "/healthz").header("host", "elsewhere.example")).await, 200);
    assert_eq!(status(at(&gate, "/feed/mcp").method("PUT")).await, 405);
    assert_eq!(status(call().header("origin", "https://evil.example")).await, 403);
    assert_eq!(status(at(&gate, "/healthz").method("CONNECT")).await / 100, 4);
}

#[tokio::test]
async fn streams_reset_in_a_flood_cost_that_connection_alone() {
    let server = authority();
    let gate = Gate::start("tls-reset", &server, None);
    let mut flood = http2(&gate, &server).await;
    let mut opened = 0;
    while opened < 5_000 {
        let Ok(ready) = flood.clone().ready().await else { break };
        flood = ready;
        let request = at(&gate, "/feed/mcp").method("POST").body(()).unwrap();
        let Ok((_, mut stream)) = flood.send_request(request, false) else { break };
        stream.send_reset(h2::Reason::CANCEL);
        opened += 1;
        if opened % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
    assert!(opened < 5_000, "the connection is ended in the midst of it");
    let other = http2(&gate, &server).await;
    let answer = ask(&other, at(&gate, "/healthz").body(()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200, "others are served");
}
