//! `portcullis doctor`: what a configuration needs of the world, tried out. One line each:
//! what is well, or what is wrong and what to do.
//!
//! Invariant: nothing of the deployment is changed. The state is a folder of its own, and
//! no call is made to a tool.

use crate::cli::Exit;
use crate::cli::style::Style;
use crate::config::build::{Built, Checked};
use crate::exchange::client::GRANT;
use crate::exchange::issuance::Mode;
use crate::model::clock::Clock;
use crate::model::ids::ServerName;
use crate::pipeline::Gate;
use crate::server::upkeep::CatalogueReader;
use anyhow::Context as _;
use std::path::Path;
use std::sync::Arc;

pub(super) fn run(config: &Path) -> anyhow::Result<Exit> {
    let mut findings = Findings { style: Style::detect(), wrong: 0 };
    let checked = match Checked::read(config) {
        Ok(checked) => checked,
        Err(faults) => {
            eprintln!("{faults}");
            return Ok(Exit::Failed);
        }
    };
    findings.well("configuration", &config.display().to_string());
    state(&mut findings, &checked.state());
    let folder = std::env::temp_dir().join(format!("portcullis-doctor-{}", crate::jose::random_id()));
    std::fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the runtime")?;
    let tried = runtime.block_on(async {
        let Built { gate, servers, .. } = checked.with_state(folder.clone()).build(&Clock::System)?;
        shared(&mut findings, &gate).await;
        issuers(&mut findings, &gate).await;
        client(&mut findings, &gate).await;
        upstreams(&mut findings, &gate, servers).await;
        gate.upstream.shut_down().await;
        anyhow::Ok(())
    });
    let _ = std::fs::remove_dir_all(folder);
    tried?;
    Ok(if findings.wrong == 0 { Exit::Ok } else { Exit::Failed })
}

struct Findings {
    style: Style,
    wrong: usize,
}

impl Findings {
    fn well(&self, what: &str, said: &str) {
        println!("{}     {what}: {said}", self.style.green("ok"));
    }

    fn wrong(&mut self, what: &str, fault: &str, instead: &str) {
        self.wrong += 1;
        println!("{}  {what}: {fault} — {instead}", self.style.red("wrong"));
    }
}

fn note(what: &str, said: &str) {
    println!("note   {what}: {said}");
}

/// That the state directory can be written to, or will be made.
fn state(findings: &mut Findings, path: &Path) {
    let shown = path.display().to_string();
    if !path.exists() {
        note("state_dir", &format!("{shown} will be made at the first start"));
        return;
    }
    let trial = path.join(format!(".doctor-{}", crate::jose::random_id()));
    match std::fs::write(&trial, b"") {
        Ok(()) => {
            let _ = std::fs::remove_file(trial);
            findings.well("state_dir", &shown);
        }
        Err(error) => {
            findings.wrong("state_dir", &format!("{shown}: {error}"), "let the gate's user write to it");
        }
    }
}

/// That what replicas share can be shared.
async fn shared(findings: &mut Findings, gate: &Gate) {
    let Some(shared) = &gate.shared else { return };
    match shared.reach().await {
        Ok(()) => findings.well("shared", "the server answers, and forgets nothing"),
        Err(fault) => findings.wrong("shared", fault.0, "proofs (DPoP) are refused until then"),
    }
}

async fn issuers(findings: &mut Findings, gate: &Gate) {
    for issuer in gate.identity.issuers() {
        let name = format!("issuer {}", issuer.settings.issuer);
        match issuer.reach().await {
            Ok(()) => findings.well(&name, "metadata and keys"),
            Err(fault) => findings.wrong(&name, fault.0, advice(fault.0)),
        }
    }
}

/// That the token endpoint knows the client, and offers what is configured.
async fn client(findings: &mut Findings, gate: &Gate) {
    let issuance = &gate.exchange.issuance;
    let Some(tokens) = &issuance.client else { return };
    let client = tokens.client();
    let name = format!("client {}", client.id);
    let exchanges = issuance.modes.values().any(|mode| matches!(mode, Mode::Exchange(_)));
    match client.issuer.endpoint("token_endpoint").await {
        Ok(endpoint) => findings.well(&name, &format!("its token endpoint is {endpoint}")),
        Err(fault) => return findings.wrong(&name, fault.0, advice(fault.0)),
    }
    if !exchanges {
        return;
    }
    match client.issuer.offers("grant_types_supported", GRANT).await {
        Ok(Some(true)) => findings.well("exchange", "the authorization server says that it exchanges tokens"),
        Ok(None) => note("exchange", "the authorization server does not say which grants it has"),
        Ok(Some(false)) => findings.wrong(
            "exchange",
            "the authorization server does not offer token exchange (RFC 8693)",
            "enable it there, or write `auth: local_sts` for upstreams whose tokens the gate is to sign itself",
        ),
        Err(fault) => findings.wrong("exchange", fault.0, advice(fault.0)),
    }
}

async fn upstreams(findings: &mut Findings, gate: &Arc<Gate>, servers: Vec<ServerName>) {
    let reader = CatalogueReader { gate: gate.clone(), servers: servers.clone() };
    for server in servers {
        let name = format!("upstream {server}");
        let issuance = &gate.exchange.issuance;
        if let Some(issuer) = issuance.sts.as_ref().filter(|sts| sts.key_set(&server).is_some()) {
            note(&name, &format!("it is to trust the issuer {} (auth: local_sts)", issuer.issuer(&server)));
        }
        if let Err(fault) = issuance.own(&server, "server/discover").await {
            findings.wrong(&name, &format!("no token for it: {fault}"), advice(fault));
            continue;
        }
        if matches!(issuance.modes.get(&server), Some(Mode::LocalSts(_))) {
            // The keys of this trial are nobody's: the server would rightly refuse them.
            note(&name, "its answers are not tried: it takes the running gate's tokens alone");
            continue;
        }
        match reader.read(&server).await {
            Ok(_) => {
                let tools = gate.catalogue.tools(&server).map_or(0, |tools| tools.len());
                findings.well(&name, &format!("tools: {tools}"));
            }
            Err(fault) => findings.wrong(&name, fault, advice(fault)),
        }
    }
}

/// What to do about a fault, by its word.
fn advice(fault: &str) -> &'static str {
    match fault {
        "the issuer cannot be reached"
        | "the issuer did not answer in time"
        | "the issuer's certificate is not to be trusted"
        | "the authorization server cannot be reached" => {
            "see that it runs and that this machine reaches it; for https, that its certificate is trusted here \
             (SSL_CERT_FILE)"
        }
        "the issuer does not serve the document" | "the issuer's metadata cannot be fetched" => {
            "write the issuer exactly as it names itself, its path included"
        }
        "the issuer's address is in a network that `networks` does not name" => {
            "name its network beneath the issuer: `networks: [10.1.0.0/16]`"
        }
        "jwks_uri is on another host than the issuer" | "an endpoint is on another host than the issuer" => {
            "name that host beneath the issuer, as docs/identity.md says"
        }
        "the metadata names another issuer" => "write `issuer` exactly as its metadata does, to the slash",
        "the authorization server does not know the client" => {
            "register the client id with the public half of its key, its certificate, or its secret"
        }
        "refused by the authorization server" => {
            "let the client have the grants client_credentials and token-exchange for this audience, with scopes \
             such as SERVER:tools/list"
        }
        "upstream_unreachable" | "upstream_timed_out" => {
            "see that the server runs at its `url`, or the program of its `command`"
        }
        "upstream_refused" => "let the server take the gate's tokens: its issuer, audience and scope",
        fault if fault.starts_with("delegated") => {
            "let the authorization server issue exactly what is asked for"
        }
        _ => "docs/delegation.md says what is needed",
    }
}
