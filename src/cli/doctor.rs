//! `portcullis doctor`: what a configuration needs of the world, tried out. One line each:
//! what is well, or what is wrong and what to do.
//!
//! Invariant: nothing of the deployment is changed. The state is a folder of its own, and
//! no call is made to a tool.

mod state;
mod tools;

use crate::cli::Exit;
use crate::cli::style::Style;
use crate::cli::temporary::Run;
use crate::config::build::{Built, Checked};
use crate::exchange::client::GRANT;
use crate::exchange::issuance::Mode;
use crate::model::clock::Clock;
use crate::model::ids::ServerName;
use crate::pipeline::Gate;
use crate::server::upkeep::CatalogueReader;
use std::path::{Path, PathBuf};
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
    checked.notes().iter().for_each(|said| println!("note   {said}"));
    let mut run = Run::begin()?;
    let trial = run.folder("doctor")?;
    let Some(looked) = run.until_stopped(look(&mut findings, checked, trial)) else {
        eprintln!("portcullis: stopped before all was tried out");
        return Ok(Exit::Failed);
    };
    looked?;
    Ok(if findings.wrong == 0 { Exit::Ok } else { Exit::Failed })
}

/// Tries everything out, with `trial` as the state.
async fn look(findings: &mut Findings, checked: Checked, trial: PathBuf) -> anyhow::Result<()> {
    let kept = checked.state();
    state::directory(findings, &kept);
    state::pins(findings, &kept, &trial);
    let Built { gate, servers, .. } = checked.with_state(trial).build(&Clock::System)?;
    shared(findings, &gate).await;
    issuers(findings, &gate).await;
    client(findings, &gate).await;
    upstreams(findings, &gate, servers, &kept).await;
    gate.upstream.shut_down().await;
    Ok(())
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

/// That what replicas share can be shared.
async fn shared(findings: &mut Findings, gate: &Gate) {
    let Some(shared) = &gate.shared else { return };
    match shared.reach().await {
        Ok(()) => findings.well("shared", "the server answers, and forgets nothing"),
        Err(fault) => {
            let until =
                format!("{}; until then calls with proofs (DPoP) are refused", shared_advice(fault.0));
            findings.wrong("shared", fault.0, &until);
        }
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

async fn upstreams(findings: &mut Findings, gate: &Arc<Gate>, servers: Vec<ServerName>, state: &Path) {
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
            Ok(_) => tools::look(findings, gate, &server, state),
            Err(fault) => findings.wrong(&name, fault, advice(fault)),
        }
    }
}

/// What to do about the shared server, by its fault.
fn shared_advice(fault: &str) -> &'static str {
    match fault {
        "the shared server refuses the password" => "write the `user` and `password` that it knows",
        "the shared server does not let the gate's user run a command" => {
            "allow the commands in that user's ACL: docs/access.md names them"
        }
        "the shared server is a replica that cannot be written to" => "name its primary in `redis`",
        "the shared server does not answer in time" => {
            "see that it runs and is near, or raise `timeout_milliseconds`"
        }
        "the shared server cannot be reached" => {
            "see that it runs at `redis`, that this machine reaches it and, for rediss://, that its certificate is \
             trusted here (`ca_file`)"
        }
        fault if fault.contains("maxmemory-policy") => "CONFIG SET maxmemory-policy noeviction",
        _ => "see that `redis` names a Redis server of version 6.2 or later, and no other program's database",
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
        "the pins cannot be kept" => {
            "see that the files in `pins` of the state directory are as the gate wrote them"
        }
        fault if fault.starts_with("delegated") => {
            "let the authorization server issue exactly what is asked for"
        }
        _ => "docs/delegation.md says what is needed",
    }
}
