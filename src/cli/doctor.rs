//! `portcullis doctor`: what a configuration needs of the world, tried out. One line each:
//! what is well, or what is wrong and what to do.
//!
//! Invariant: nothing of the deployment is changed. The state is a folder of its own, and
//! no call is made to a tool.

mod advice;
mod reach;
mod scopes;
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
use advice::{TIMED_OUT, UNREACHABLE, advice, is_unreached, shared_advice};
use reach::{Places, Trouble};
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
    let Some(looked) = run.until_stopped(look(&mut findings, checked, config, trial)) else {
        eprintln!("portcullis: stopped before all was tried out");
        return Ok(Exit::Failed);
    };
    looked?;
    Ok(if findings.wrong == 0 { Exit::Ok } else { Exit::Failed })
}

/// Tries everything out, with `trial` as the state.
async fn look(
    findings: &mut Findings,
    checked: Checked,
    config: &Path,
    trial: PathBuf,
) -> anyhow::Result<()> {
    let kept = checked.state();
    let places = Places::of(&checked.file, config.parent().unwrap_or(Path::new("")));
    let named = scopes::named(&checked);
    state::directory(findings, &kept);
    state::pins(findings, &kept, &trial);
    let Built { gate, servers, .. } = checked.with_state(trial).build(&Clock::System)?;
    shared(findings, &gate, &places).await;
    issuers(findings, &gate).await;
    scopes::look(&gate, &named).await;
    client(findings, &gate).await;
    upstreams(findings, &gate, servers, &kept, &places).await;
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

    /// As `wrong`, with what became of a try to get there, if that says more.
    fn unreached(&mut self, what: &str, fault: &str, trouble: Option<Trouble>) {
        match trouble {
            Some(Trouble { fault: why, instead }) => self.wrong(what, &format!("{fault}: {why}"), &instead),
            None => self.wrong(what, fault, advice(fault)),
        }
    }
}

fn note(what: &str, said: &str) {
    println!("note   {what}: {said}");
}

/// That what replicas share can be shared.
async fn shared(findings: &mut Findings, gate: &Gate, places: &Places) {
    let Some(shared) = &gate.shared else { return };
    match shared.reach().await {
        Ok(()) => findings.well("shared", "the server answers, and forgets nothing"),
        Err(fault) => {
            let trouble = if is_unreached(fault.0) { places.shared().await } else { None };
            let (fault, instead) = match trouble {
                Some(trouble) => (format!("{}: {}", fault.0, trouble.fault), trouble.instead),
                None => (fault.0.to_owned(), shared_advice(fault.0).to_owned()),
            };
            let until = format!("{instead}; until then calls with proofs (DPoP) are refused");
            findings.wrong("shared", &fault, &until);
        }
    }
}

async fn issuers(findings: &mut Findings, gate: &Gate) {
    for issuer in gate.identity.issuers() {
        let name = format!("issuer {}", issuer.settings.issuer);
        match issuer.reach().await {
            Ok(()) => findings.well(&name, "metadata and keys"),
            Err(fault) => {
                let trouble = if is_unreached(fault.0) { reach::issuer(issuer, None).await } else { None };
                findings.unreached(&name, fault.0, trouble);
            }
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

async fn upstreams(
    findings: &mut Findings,
    gate: &Arc<Gate>,
    servers: Vec<ServerName>,
    state: &Path,
    places: &Places,
) {
    let reader = CatalogueReader { gate: gate.clone(), servers: servers.clone() };
    for server in servers {
        let name = format!("upstream {server}");
        let issuance = &gate.exchange.issuance;
        if let Some(issuer) = issuance.sts.as_ref().filter(|sts| sts.key_set(&server).is_some()) {
            note(&name, &format!("it is to trust the issuer {} (auth: local_sts)", issuer.issuer(&server)));
        }
        if let Err(fault) = issuance.own(&server, "server/discover").await {
            let trouble = if is_unreached(fault) { authority(gate).await } else { None };
            match trouble {
                Some(trouble) => {
                    findings.unreached(&name, &format!("no token for it: {fault}"), Some(trouble));
                }
                None => findings.wrong(&name, &format!("no token for it: {fault}"), advice(fault)),
            }
            continue;
        }
        if matches!(issuance.modes.get(&server), Some(Mode::LocalSts(_))) {
            // The keys of this trial are nobody's: the server would rightly refuse them.
            note(&name, "its answers are not tried: it takes the running gate's tokens alone");
            continue;
        }
        match reader.read(&server).await {
            Ok(_) => tools::look(findings, gate, &server, state),
            Err(UNREACHABLE) => {
                findings.unreached(&name, "it cannot be reached", places.upstream(&server).await);
            }
            Err(TIMED_OUT) => {
                findings.unreached(&name, "it does not answer in time", places.upstream(&server).await);
            }
            Err(fault) => findings.wrong(&name, fault, advice(fault)),
        }
    }
}

/// Of the token endpoint, when it gives no answer.
async fn authority(gate: &Gate) -> Option<Trouble> {
    let client = gate.exchange.issuance.client.as_ref()?.client();
    let endpoint = client.endpoint("token_endpoint").await.ok();
    reach::issuer(&client.issuer, endpoint.as_ref()).await
}
