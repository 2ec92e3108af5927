//! A gate of its own before a test's own upstreams. The demo stands beside it as its
//! authorization server.

use super::{Answer, Demo, PROGRAM, exchange, folder, free_address, modern, modern_headers};
use portcullis::jose::{base64url, random_id, sha256};
use serde_json::{Value, json};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use url::form_urlencoded::Serializer;

/// Generous, so that a test meets no rate limit by accident.
const GUARD: &str = "guard: { calls_per_second: 10000, call_burst: 10000, tool_calls_per_second: 10000, tool_call_burst: 10000 }\n";

/// A running `portcullis serve`. Ends with the value.
pub(crate) struct Gate {
    /// `host:port`.
    pub(crate) address: String,
    /// Its configuration, rules, journal (`audit/`) and logs (`log`).
    pub(crate) state: PathBuf,
    pub(crate) child: Child,
    /// Its authorization server, unless it was given another.
    demo: Option<Demo>,
}

impl Gate {
    /// `upstreams` is what stands beneath `upstreams:`, a server a line; `rules` is a
    /// file of tool rules, or several, with a line `---` between two. Returns once the
    /// gate answers, which it does when it has asked each upstream for its tools.
    pub(crate) fn start(name: &str, upstreams: &str, rules: &str) -> Self {
        Self::start_with(name, upstreams, rules, "")
    }

    /// As [`Gate::start`], with further lines of configuration. A federation among them is
    /// called `all`; with `tls:` the gate is known as localhost.
    pub(crate) fn start_with(name: &str, upstreams: &str, rules: &str, more: &str) -> Self {
        let state = folder(name);
        let address = free_address().to_string();
        let public_url = match address.split_once(':') {
            Some((_, port)) if more.contains("tls:") => format!("https://localhost:{port}"),
            _ => format!("http://{address}"),
        };
        let servers = upstreams.lines().filter_map(|line| line.trim().split_once(": ")).map(|(name, _)| name);
        let servers = servers.chain(more.contains("federations:").then_some("all"));
        let resources = servers.map(|server| format!("{public_url}/{server}/mcp")).collect::<Vec<_>>();
        let demo = Demo::for_resources(folder(&format!("{name}-demo")), &resources);
        std::fs::create_dir_all(state.join("rules/tools")).unwrap();
        for rules in rules.split("\n---\n") {
            let server = rules.lines().find_map(|line| line.strip_prefix("server: ")).expect("`server:`");
            std::fs::write(state.join(format!("rules/tools/{}.yaml", server.trim())), rules).unwrap();
        }
        let indented: String = upstreams.lines().map(|line| format!("  {}\n", line.trim())).collect();
        let guard = if more.contains("guard:") { "" } else { GUARD };
        let configuration = format!(
            "listen: {address}\npublic_url: {public_url}\nstate_dir: .\nrules: rules\n\
             issuers:\n  - {{ issuer: '{}' }}\n\
             client: {{ client_id: portcullis, private_key_file: '{}' }}\n\
             upstreams:\n{indented}{guard}{more}\n",
            demo.authorization_server(),
            demo.state.join("gate-key.pem").display(),
        );
        std::fs::write(state.join("portcullis.yaml"), configuration).unwrap();
        Self::launch(address, state, Some(demo), &[], !more.contains("tls:"))
    }

    /// A gate that trusts another issuer than the demo's. `prepare` is told the folder, puts
    /// files there, and gives what the configuration lacks: `client:` and what else there is.
    pub(crate) fn beside(
        name: &str,
        issuer: &str,
        upstreams: &str,
        rules: &str,
        variables: &[(&str, &str)],
        prepare: impl FnOnce(&Path) -> String,
    ) -> Self {
        let state = folder(name);
        let address = free_address().to_string();
        std::fs::create_dir_all(state.join("rules/tools")).unwrap();
        let server = rules.lines().find_map(|line| line.strip_prefix("server: ")).expect("`server:`");
        std::fs::write(state.join(format!("rules/tools/{}.yaml", server.trim())), rules).unwrap();
        let more = prepare(&state);
        let configuration = format!(
            "listen: {address}\npublic_url: http://{address}\nstate_dir: .\nrules: rules\n\
             issuers:\n  - {{ issuer: '{issuer}' }}\nupstreams:\n  {upstreams}\n{GUARD}{more}"
        );
        std::fs::write(state.join("portcullis.yaml"), configuration).unwrap();
        Self::launch(address, state, None, variables, true)
    }

    fn launch(
        address: String,
        state: PathBuf,
        demo: Option<Demo>,
        variables: &[(&str, &str)],
        in_clear: bool,
    ) -> Self {
        let log = std::fs::File::create(state.join("log")).unwrap();
        let child = Command::new(PROGRAM)
            .args(["serve", "--config"])
            .arg(state.join("portcullis.yaml"))
            .envs(variables.iter().copied())
            .stderr(Stdio::from(log))
            .spawn()
            .unwrap();
        let mut gate = Self { address, state, child, demo };
        gate.wait_until_up();
        if in_clear {
            // It listens at once, and answers when it has read the upstreams' tools.
            let health = get(&format!("http://{}/healthz", gate.address));
            let log = std::fs::read_to_string(gate.state.join("log")).unwrap_or_default();
            assert_eq!(health.status, 200, "{health:?}\n{log}");
        }
        gate
    }

    /// Signs in as any client would: metadata, registration, PKCE, and a person of the
    /// demo who consents. The token is good for a quarter of an hour.
    pub(crate) fn token(&self, server: &str, login: &str, scopes: &str) -> String {
        let found =
            get(&format!("http://{}/.well-known/oauth-protected-resource/{server}/mcp", self.address));
        let resource = text(&found.json(), "/resource");
        self.token_for(&resource, login, scopes)
    }

    /// As [`Gate::token`], where the resource is known.
    pub(crate) fn token_for(&self, resource: &str, login: &str, scopes: &str) -> String {
        let issuer = self.demo.as_ref().expect("the demo").authorization_server();
        let endpoints = get(&format!("{issuer}/.well-known/oauth-authorization-server")).json();
        let redirect_uri = "http://127.0.0.1/callback";
        let registration = json!({"client_name": "tests", "redirect_uris": [redirect_uri]}).to_string();
        let registered =
            post(&text(&endpoints, "/registration_endpoint"), "application/json", &registration).json();
        let client_id = text(&registered, "/client_id");
        let verifier = format!("{}{}", random_id(), random_id());
        let query = Serializer::new(String::new())
            .extend_pairs([("response_type", "code"), ("code_challenge_method", "S256"), ("state", "s")])
            .extend_pairs([("client_id", client_id.as_str()), ("redirect_uri", redirect_uri)])
            .extend_pairs([("scope", scopes), ("resource", resource), ("login_hint", login)])
            .append_pair("code_challenge", &base64url(&sha256(verifier.as_bytes())))
            .finish();
        let redirect = get(&format!("{}?{query}", text(&endpoints, "/authorization_endpoint")));
        let location = redirect.header("location").expect("a redirect");
        let location = url::Url::parse(location).unwrap();
        let code = location.query_pairs().find(|(name, _)| name == "code").expect("a code").1;
        let body = Serializer::new(String::new())
            .extend_pairs([("grant_type", "authorization_code"), ("code", &code)])
            .extend_pairs([("client_id", client_id.as_str()), ("redirect_uri", redirect_uri)])
            .extend_pairs([("code_verifier", verifier.as_str()), ("resource", resource)])
            .finish();
        let form = "application/x-www-form-urlencoded";
        text(&post(&text(&endpoints, "/token_endpoint"), form, &body).json(), "/access_token")
    }

    /// Sends one message of MCP 2026-07-28 and leaves the connection to the caller.
    pub(crate) fn open(&self, server: &str, token: &str, method: &str, params: Value) -> TcpStream {
        let name = params["name"].as_str().map(str::to_owned);
        let body = modern(method, params).to_string();
        let authorization = format!("Bearer {token}");
        let mut headers = modern_headers(&authorization, method).to_vec();
        headers.extend(name.as_deref().map(|name| ("Mcp-Name", name)));
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        let request = super::request(&self.address, server, &headers, body.as_bytes());
        std::io::Write::write_all(&mut &stream, &request).unwrap();
        stream
    }

    /// Ends it and starts it again as it was.
    pub(crate) fn restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let log = std::fs::File::create(self.state.join("log")).unwrap();
        let mut command = Command::new(PROGRAM);
        command.args(["serve", "--config"]).arg(self.state.join("portcullis.yaml"));
        self.child = command.stderr(Stdio::from(log)).spawn().unwrap();
        self.wait_until_up();
    }

    /// As [`Gate::open`], and reads the answer to its end.
    pub(crate) fn ask(&self, server: &str, token: &str, method: &str, params: Value) -> Answer {
        Answer::read(&mut self.open(server, token, method, params))
    }

    /// Its resident memory.
    pub(crate) fn resident_kb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    fn wait_until_up(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(&self.address).is_err() {
            let ended = self.child.try_wait().unwrap();
            let log = || std::fs::read_to_string(self.state.join("log")).unwrap_or_default();
            assert!(ended.is_none() && Instant::now() < deadline, "the gate did not come up: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(document: &Value, pointer: &str) -> String {
    document
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("{pointer}: {document}"))
        .to_owned()
}

fn get(url: &str) -> Answer {
    let (address, path) = parts(url);
    exchange(
        &address,
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes(),
    )
}

fn post(url: &str, kind: &str, body: &str) -> Answer {
    let (address, path) = parts(url);
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    exchange(&address, format!("{head}{body}").as_bytes())
}

fn parts(url: &str) -> (String, String) {
    let rest = url.strip_prefix("http://").expect("plain http");
    let (address, path) = rest.split_once('/').unwrap_or((rest, ""));
    (address.to_owned(), format!("/{path}"))
}
