//! Tokens that are bound to a certificate (RFC 8705), over connections that show one,
//! another, or none.

use crate::support::authority::Authority;
use crate::support::upstream::{Upstream, whole};
use crate::support::{PROGRAM, folder, free_address, modern, records};
use crate::tls::{authority, issued};
use portcullis::jose::{base64url, sha256};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

struct World {
    port: String,
    state: PathBuf,
    child: Child,
    issuer: Authority,
    trusted: String,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn private(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

impl World {
    fn start(clients: &str) -> Self {
        let (state, address, issuer, server) =
            (folder("mtls"), free_address(), Authority::start(), authority());
        let (certificate, key) = issued(&server);
        std::fs::write(state.join("cert.pem"), certificate).unwrap();
        std::fs::write(state.join("clients.pem"), clients).unwrap();
        private(&state.join("key.pem"), &key);
        let tools = json!([{"name": "read", "inputSchema": {"type": "object"}}]);
        let upstream = Upstream::start(tools, |message, stream| {
            whole(stream, message, &json!({"content": [], "resultType": "complete"}));
        });
        std::fs::create_dir_all(state.join("rules/tools")).unwrap();
        let rules = "server: records\ntools:\n  read: { scopes: ['tools:call'], release: all }\n";
        std::fs::write(state.join("rules/tools/records.yaml"), rules).unwrap();
        let port = address.port().to_string();
        let configuration = format!(
            "listen: {address}\npublic_url: https://localhost:{port}\nstate_dir: .\nrules: rules\n\
             issuers: [{{ issuer: '{}' }}]\nupstreams:\n  records: {{ url: '{}', auth: none }}\n\
             tls: {{ certificate_file: cert.pem, private_key_file: key.pem, client_ca_file: clients.pem, \
             client_certificate_optional: true }}\n",
            issuer.url(),
            upstream.url
        );
        std::fs::write(state.join("portcullis.yaml"), configuration).unwrap();
        let log = std::fs::File::create(state.join("log")).unwrap();
        let child = Command::new(PROGRAM)
            .args(["serve", "--config"])
            .arg(state.join("portcullis.yaml"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { port, state, child, issuer, trusted: server.pem() }
    }

    async fn ready(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.send(None, "").await.is_err() {
            assert!(
                Instant::now() < deadline,
                "{}",
                std::fs::read_to_string(self.state.join("log")).unwrap()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn token(&self, confirmation: &Value) -> String {
        let resource = format!("https://localhost:{}/records/mcp", self.port);
        self.issuer.token(&resource, &json!({"cnf": confirmation}))
    }

    /// Calls the tool; the whole answer.
    async fn send(&self, own: Option<&(String, String)>, headers: &str) -> std::io::Result<String> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.trusted.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots);
        let config = match own {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                config.with_client_auth_cert(vec![certificate], key).unwrap()
            }
        };
        let stream = TcpStream::connect(format!("127.0.0.1:{}", self.port)).await?;
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        let body = modern("tools/call", json!({"name": "read", "arguments": {}})).to_string();
        let head = format!(
            "POST /records/mcp HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n{headers}\
             Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\
             MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: read\r\nContent-Length: {}\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).await?;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

fn hash(certificate: &str) -> String {
    base64url(&sha256(&CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()))
}

#[tokio::test]
async fn a_token_is_good_on_a_connection_that_shows_its_certificate() {
    let clients = authority();
    let (own, other) = (issued(&clients), issued(&clients));
    let world = World::start(&clients.pem());
    world.ready().await;
    let bound = format!("Authorization: Bearer {}\r\n", world.token(&json!({"x5t#S256": hash(&own.0)})));
    let good = world.send(Some(&own), &bound).await.unwrap();
    assert!(good.starts_with("HTTP/1.1 200"), "{good}");
    let decided =
        records(&world.state).into_iter().rev().find(|record| record["event"] == "decision").unwrap();
    assert_eq!(decided["who"]["cnf"], "mtls");
    let der = CertificateDer::from_pem_slice(own.0.as_bytes()).unwrap();
    let shown = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &der);
    let with_header = format!("{bound}Client-Cert: :{shown}:\r\nX-SSL-Client-Cert: {shown}\r\n");
    for (what, certificate, headers, detail) in [
        ("another certificate", Some(&other), &bound, "another certificate"),
        ("none", None, &bound, "no certificate"),
        ("one in a header", None, &with_header, "no certificate"),
        ("one in a header beside another", Some(&other), &with_header, "another certificate"),
    ] {
        let answer = world.send(certificate, headers).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 401"), "{what}: {answer}");
        assert!(answer.contains("Bearer error=\"invalid_token\""), "{what}: {answer}");
        let last = records(&world.state).pop().unwrap();
        assert_eq!((&last["status"], &last["detail"]), (&json!("binding_refused"), &json!(detail)), "{what}");
    }
    let loose = format!("Authorization: Bearer {}\r\n", world.token(&Value::Null));
    assert!(world.send(None, &loose).await.unwrap().starts_with("HTTP/1.1 200"), "a loose one needs none");
}
