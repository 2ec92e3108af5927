//! A gate with two issuers before one server, all real and all over sockets.

use super::craft::{Key, changed};
use crate::support::issuer::Issuer;
use crate::support::upstream::{self, Upstream};
use crate::support::{Answer, PROGRAM, exchange, folder, free_address, modern, records};
use portcullis::jose::random_id;
use portcullis::jose::sign::SigningKey;
use serde_json::{Map, Value, json};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The gate's own name at its issuers.
pub(crate) const OWN_CLIENT: &str = "portcullis";
const RULES: &str = "server: notes\ntools:\n  \
     read: { scopes: ['notes:read'], release: all, profile: hipaa-safe-harbor }\n  \
     burn: { scopes: ['notes:read'], release: all, profile: hipaa-safe-harbor }\n  \
     chart: { scopes: ['user/Observation.rs'], release: all, profile: hipaa-safe-harbor }\n";
const GUARD: &str = "guard: { calls_per_second: 10000, call_burst: 10000, tool_calls_per_second: 10000, tool_call_burst: 10000 }\n";

/// Made once, since it takes a while.
static RSA: LazyLock<Key> = LazyLock::new(|| Key::rs256("rsa"));

/// What is asked of a world beyond the usual.
#[derive(Default)]
pub(crate) struct Wanted {
    /// Further members of the first issuer's entry: `, keys: { … }`.
    pub(crate) issuer: String,
    /// Further entries of `issuers:`, a line each.
    pub(crate) issuers: Vec<String>,
    /// Further lines of configuration.
    pub(crate) more: String,
    /// Rego in place of the default policy.
    pub(crate) policy: Option<&'static str>,
    /// For the gate's process.
    pub(crate) environment: Vec<(&'static str, String)>,
}

pub(crate) struct World {
    /// `host:port` of the gate.
    pub(crate) gate: String,
    pub(crate) state: PathBuf,
    pub(crate) child: Child,
    /// Takes ES256 alone, and serves [`World::key`].
    pub(crate) issuer: Issuer,
    pub(crate) key: Key,
    /// Takes RS256 too, and serves [`World::rsa`] and whatever a group adds.
    pub(crate) tenant: Issuer,
    pub(crate) rsa: &'static Key,
    calls: Arc<AtomicUsize>,
    environment: Vec<(&'static str, String)>,
}

impl World {
    pub(crate) fn start(name: &str) -> Self {
        Self::with(name, Wanted::default())
    }

    pub(crate) fn with(name: &str, wanted: Wanted) -> Self {
        Self::before(name, Issuer::start(), wanted)
    }

    /// A world whose first issuer is already there.
    pub(crate) fn before(name: &str, issuer: Issuer, wanted: Wanted) -> Self {
        let Wanted { issuer: members, issuers, more, policy, environment } = wanted;
        let (state, gate) = (folder(&format!("catalogue-{name}")), free_address().to_string());
        let (key, rsa) = (Key::es256("one"), &*RSA);
        let tenant = Issuer::start();
        issuer.serve_keys(&[key.jwk()]);
        tenant.serve_keys(&[rsa.jwk()]);
        let calls = Arc::new(AtomicUsize::new(0));
        let notes = notes(calls.clone());
        std::fs::create_dir_all(state.join("rules/tools")).unwrap();
        std::fs::write(state.join("rules/tools/notes.yaml"), RULES).unwrap();
        let policies = policy.map(|policy| {
            std::fs::create_dir_all(state.join("policies")).unwrap();
            std::fs::write(state.join("policies/authz.rego"), policy).unwrap();
            "policies: policies\n"
        });
        let own = state.join("own.pem");
        std::fs::write(&own, SigningKey::generate().unwrap().to_pem()).unwrap();
        std::fs::set_permissions(&own, std::fs::Permissions::from_mode(0o600)).unwrap();
        let others: String = issuers.iter().map(|entry| format!("  - {entry}\n")).collect();
        let configuration = format!(
            "listen: {gate}\npublic_url: http://{gate}\nstate_dir: .\nrules: rules\n\
             issuers:\n  - {{ issuer: '{}', algorithms: [ES256]{} }}\n  \
             - {{ issuer: '{}', algorithms: [ES256, RS256, PS256] }}\n{others}\
             client: {{ client_id: {OWN_CLIENT}, private_key_file: own.pem }}\n\
             upstreams:\n  notes: {{ url: '{}', auth: none }}\n{}{GUARD}{}",
            issuer.url,
            members,
            tenant.url,
            notes.url,
            policies.unwrap_or_default(),
            more,
        );
        std::fs::write(state.join("portcullis.yaml"), configuration).unwrap();
        let child = launch(&state, "portcullis.yaml", &gate, &environment);
        Self { gate, state, child, issuer, key, tenant, rsa, calls, environment }
    }

    /// Ends the gate and starts it again as it was.
    pub(crate) fn restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = launch(&self.state, "portcullis.yaml", &self.gate, &self.environment);
    }

    /// Another gate of the same configuration, with a state of its own of this name.
    pub(crate) fn replica(&self, name: &str) -> (String, Child) {
        let address = free_address().to_string();
        let text = std::fs::read_to_string(self.state.join("portcullis.yaml")).unwrap();
        let text = text.replace(&format!("listen: {}", self.gate), &format!("listen: {address}"));
        let file = format!("{name}.yaml");
        let text = text.replace("state_dir: .", &format!("state_dir: {name}"));
        std::fs::write(self.state.join(&file), text).unwrap();
        let child = launch(&self.state, &file, &address, &self.environment);
        (address, child)
    }

    /// The resource that tokens are for.
    pub(crate) fn resource(&self) -> String {
        format!("http://{}/notes/mcp", self.gate)
    }

    /// Claims that the gate takes, by its first issuer.
    pub(crate) fn claims(&self) -> Map<String, Value> {
        let claims = json!({
            "iss": self.issuer.url, "aud": self.resource(), "sub": "alice", "client_id": "agent",
            "scope": "notes:read", "jti": random_id(), "iat": now(), "exp": now() + 300,
        });
        claims.as_object().unwrap().clone()
    }

    /// Claims of the first issuer, changed; null takes one away.
    pub(crate) fn claims_with(&self, changes: &Value) -> Map<String, Value> {
        changed(&self.claims(), changes)
    }

    /// Claims of the second issuer.
    pub(crate) fn tenant_claims(&self) -> Map<String, Value> {
        self.claims_with(&json!({"iss": self.tenant.url}))
    }

    /// A good token.
    pub(crate) fn token(&self) -> String {
        self.key.token(&self.claims())
    }

    /// Everything the gate has written to its log.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.state.join("log")).unwrap_or_default()
    }

    /// How many calls the server behind the gate has had.
    pub(crate) fn forwarded(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    pub(crate) fn records(&self) -> Vec<Value> {
        records(&self.state)
    }

    pub(crate) fn send(&self, bytes: &[u8]) -> Answer {
        exchange(&self.gate, bytes)
    }

    /// A call of `read` with this `Authorization`.
    pub(crate) fn call(&self, authorization: &str) -> Answer {
        self.send(&Call::default().header("Authorization", authorization).bytes(&self.gate))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request of MCP 2026-07-28 that is well-formed but for what a case does to it.
#[derive(Clone)]
pub(crate) struct Call {
    target: String,
    headers: Vec<(String, String)>,
    tool: &'static str,
    body: Option<Vec<u8>>,
    params: Value,
}

impl Default for Call {
    fn default() -> Self {
        let headers = [
            ("Content-Type", "application/json"),
            ("Accept", "application/json, text/event-stream"),
            ("MCP-Protocol-Version", "2026-07-28"),
            ("Mcp-Method", "tools/call"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self { target: "/notes/mcp".to_owned(), headers, tool: "read", body: None, params: json!({}) }
    }
}

impl Call {
    /// Adds a header line.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Puts a header's value in place of the usual one.
    pub(crate) fn instead(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(found, _)| !found.eq_ignore_ascii_case(name));
        self.header(name, value)
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn query(mut self, query: &str) -> Self {
        self.target = format!("{}?{query}", self.target);
        self
    }

    pub(crate) fn tool(mut self, tool: &'static str) -> Self {
        self.tool = tool;
        self
    }

    /// Further members of `params`.
    pub(crate) fn params(mut self, params: Value) -> Self {
        self.params = params;
        self
    }

    pub(crate) fn body(mut self, body: &str) -> Self {
        self.body = Some(body.as_bytes().to_vec());
        self
    }

    pub(crate) fn bytes(&self, gate: &str) -> Vec<u8> {
        let mut params = json!({"name": self.tool, "arguments": {}});
        params.as_object_mut().unwrap().extend(self.params.as_object().unwrap().clone());
        let message = modern("tools/call", params).to_string().into_bytes();
        let body = self.body.as_ref().unwrap_or(&message);
        let mut head = format!("POST {} HTTP/1.1\r\nHost: {gate}\r\nConnection: close\r\n", self.target);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Mcp-Name: {}\r\nContent-Length: {}\r\n\r\n", self.tool, body.len()));
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        bytes
    }
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The server behind the gate: it lists its tools, and counts every call.
fn notes(calls: Arc<AtomicUsize>) -> Upstream {
    let tool = |name: &str| json!({"name": name, "inputSchema": {"type": "object"}});
    Upstream::start(json!([tool("read"), tool("burn"), tool("chart")]), move |message, stream| {
        if message["method"] == "initialize" {
            let hello = json!({
                "protocolVersion": message["params"]["protocolVersion"], "capabilities": {},
                "serverInfo": {"name": "notes", "version": "1"},
            });
            return upstream::whole(stream, message, &hello);
        }
        calls.fetch_add(1, Ordering::SeqCst);
        let result = json!({"content": [{"type": "text", "text": "a note"}], "resultType": "complete"});
        upstream::whole(stream, message, &result);
    })
}

fn launch(state: &Path, file: &str, gate: &str, environment: &[(&'static str, String)]) -> Child {
    let log = std::fs::File::create(state.join("log")).unwrap();
    let mut child = Command::new(PROGRAM)
        .args(["serve", "--config"])
        .arg(state.join(file))
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stderr(Stdio::from(log))
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    let health = format!("GET /healthz HTTP/1.1\r\nHost: {gate}\r\nConnection: close\r\n\r\n");
    while TcpStream::connect(gate).is_err() || exchange(gate, health.as_bytes()).status != 200 {
        let log = || std::fs::read_to_string(state.join("log")).unwrap_or_default();
        let ended = child.try_wait().unwrap();
        assert!(ended.is_none() && Instant::now() < deadline, "the gate did not come up: {}", log());
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}
