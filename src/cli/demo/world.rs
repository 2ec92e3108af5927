//! Everything the demo needs, started and stopped together.

use super::authorization_server::{AuthorizationServer, Settings};
use super::mcp_server::Server;
use super::{clinic, ledger};
use crate::cli::serve;
use crate::config::build::Checked;
use crate::downstream::{Pinned, Verifier};
use crate::jose::private;
use crate::jose::sign::SigningKey;
use crate::model::clock::Clock;
use crate::net::HttpClient;
use crate::server::drain::Drain;
use crate::server::listener;
use anyhow::{Context as _, anyhow};
use axum::Router;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Every run of the demo shows the same people.
const SEED: u64 = 0x0070_6f72_7463;
const GATE_CLIENT: &str = "portcullis";

/// The running demo.
pub(super) struct World {
    /// URLs without a trailing slash.
    pub(super) gate: String,
    pub(super) issuer: String,
    pub(super) clinic: Arc<Server>,
    pub(super) ledger: Arc<Server>,
    authorization: Arc<AuthorizationServer>,
    clinic_url: String,
    ledger_url: String,
    state: PathBuf,
    drain: Drain,
    tasks: Vec<JoinHandle<()>>,
}

impl World {
    /// Listens on four ports from `port` on, or on free ones if it is 0.
    pub(super) async fn start(port: u16, state: PathBuf, further: &[String]) -> anyhow::Result<Self> {
        let listen = |offset: u16| async move {
            let port = if port == 0 { 0 } else { port + offset };
            TcpListener::bind(("127.0.0.1", port))
                .await
                .with_context(|| format!("listen on 127.0.0.1:{port}; --port takes another, and 0 free ones"))
        };
        let (gate_at, issuer_at, clinic_at, ledger_at) =
            (listen(0).await?, listen(1).await?, listen(2).await?, listen(3).await?);
        let url = |listener: &TcpListener| listener.local_addr().map(|address| format!("http://{address}"));
        let (gate, issuer) = (url(&gate_at)?, url(&issuer_at)?);

        let key = SigningKey::generate().map_err(|what| anyhow!(what))?;
        let key_file = state.join("gate-key.pem");
        private::write(&key_file, key.to_pem().as_bytes())
            .with_context(|| format!("write {}", key_file.display()))?;
        let downstreams = ["urn:demo:clinic", "urn:demo:ledger"];
        let own = [gate.clone(), format!("{gate}/clinic/mcp"), format!("{gate}/ledger/mcp")];
        let authorization = AuthorizationServer::new(Settings {
            issuer: issuer.clone(),
            resources: own.into_iter().chain(further.iter().cloned()).collect(),
            downstreams: downstreams.map(str::to_owned).to_vec(),
            gate_client: GATE_CLIENT.to_owned(),
            gate_key: key.public_jwk(),
        });
        let authorization = authorization.map_err(|what| anyhow!(what))?;
        let http = HttpClient::new().context("read the system's trust roots")?;
        let verifier = |server: &str, audience: &str| {
            let (issuer, gate) = (issuer.clone(), GATE_CLIENT.to_owned());
            let pinned = Pinned { issuer, audience: audience.to_owned(), gate, server: server.to_owned() };
            Verifier::with(pinned, http.clone(), Clock::System)
        };
        let clinic = Server::new("clinic", clinic::tools(SEED), verifier("clinic", downstreams[0]));
        let ledger = Server::new("ledger", ledger::tools(SEED), verifier("ledger", downstreams[1]));

        let (clinic_url, ledger_url) = (url(&clinic_at)?, url(&ledger_at)?);
        let config = configuration(&gate_at, &gate, &issuer, &clinic_url, &ledger_url)?;
        let path = state.join("portcullis.yaml");
        std::fs::write(&path, &config).with_context(|| format!("write {}", path.display()))?;
        let checked = Checked::from_text(&path.display().to_string(), &config, &state, true)?;

        let drain = Drain::default();
        let serve = |listener: TcpListener, router: Router| {
            tokio::spawn(listener::serve(listener, router, listener::Limits::default(), None, drain.clone()))
        };
        let mut tasks = vec![
            serve(issuer_at, authorization.clone().router()),
            serve(clinic_at, clinic.clone().router()),
            serve(ledger_at, ledger.clone().router()),
        ];
        let closing = drain.clone();
        tasks.push(tokio::spawn(async move {
            if let Err(error) = serve::gate(checked, gate_at, None, closing).await {
                eprintln!("portcullis: {error:#}");
            }
        }));
        let world =
            Self { gate, issuer, clinic, ledger, authorization, clinic_url, ledger_url, state, drain, tasks };
        world.ready(&http).await?;
        Ok(world)
    }

    /// The URL that clients call for a server; also its resource identifier.
    pub(super) fn resource(&self, server: &str) -> String {
        format!("{}/{server}/mcp", self.gate)
    }

    /// The sample servers' own endpoints, behind the gate.
    pub(super) fn servers(&self) -> serde_json::Value {
        serde_json::json!({"clinic": format!("{}/mcp", self.clinic_url), "ledger": format!("{}/mcp", self.ledger_url)})
    }

    pub(super) fn state_dir(&self) -> String {
        self.state.display().to_string()
    }

    pub(super) fn mint(&self, login: &str, resource: &str, life: u64) -> anyhow::Result<String> {
        self.authorization.mint(login, "ready-made", resource, life).map_err(|what| anyhow!(what))
    }

    pub(super) async fn stop(self) {
        self.drain.begin();
        for task in self.tasks {
            let _ = task.await;
        }
    }

    /// Waits until the gate answers, which it does once it has read the servers' tools.
    async fn ready(&self, http: &HttpClient) -> anyhow::Result<()> {
        let limits = crate::net::Limits { max_bytes: 1024, timeout: std::time::Duration::from_secs(1) };
        for _ in 0..200 {
            let request = http::Request::get(format!("{}/healthz", self.gate)).body(bytes::Bytes::new())?;
            if http.fetch(request, limits).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        Err(anyhow!("the gate did not come up"))
    }
}

fn configuration(
    gate_at: &TcpListener,
    gate: &str,
    issuer: &str,
    clinic: &str,
    ledger: &str,
) -> anyhow::Result<String> {
    let listen = gate_at.local_addr()?;
    Ok(format!(
        "# The demo's configuration. A token may live a day here, for the ready-made clients.\n\
         listen: {listen}\n\
         public_url: {gate}\n\
         state_dir: .\n\
         issuers:\n  - issuer: {issuer}\n    algorithms: [ES256]\n    max_token_life: 86400\n\
         client:\n  client_id: {GATE_CLIENT}\n  private_key_file: gate-key.pem\n\
         upstreams:\n  \
           clinic: {{ url: {clinic}/mcp, auth: exchange, audience: 'urn:demo:clinic' }}\n  \
           ledger: {{ url: {ledger}/mcp, auth: exchange, audience: 'urn:demo:ledger' }}\n"
    ))
}
