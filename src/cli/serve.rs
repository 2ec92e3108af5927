//! `portcullis serve`.

use crate::cli::Exit;
use crate::config::build::{Built, Checked};
use crate::model::clock::Clock;
use crate::server::drain::Drain;
use crate::server::listener;
use crate::server::metrics;
use crate::server::reload::watch_rules;
use crate::server::router;
use crate::server::upkeep::{CatalogueReader, watch_reviews, watch_revocations};
use anyhow::{Context as _, anyhow};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// How long the first reading of the servers' tools may hold up the start.
const FIRST_READING: Duration = Duration::from_secs(5);

pub(super) fn run(config: &Path, json: bool) -> anyhow::Result<Exit> {
    logs(json);
    let checked = match Checked::read(config) {
        Ok(checked) => checked,
        Err(faults) => {
            eprintln!("{faults}");
            return Ok(Exit::Failed);
        }
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the runtime")?;
    runtime.block_on(async {
        let listener = bind("listen", checked.listen).await?;
        let scraped = match checked.metrics {
            None => None,
            Some(address) => Some(bind("metrics", address).await?),
        };
        tracing::info!(address = %checked.listen, url = %checked.file.public_url.value, "the gate is up");
        let drain = Drain::default();
        on_signals(drain.clone())?;
        gate(checked, listener, scraped, drain).await?;
        tracing::info!("the gate is down");
        Ok(Exit::Ok)
    })
}

/// An address of the configuration to listen on.
async fn bind(name: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let why = match error.kind() {
            ErrorKind::AddrInUse => "another program has it, perhaps another gate: end that one, or write another port",
            ErrorKind::AddrNotAvailable => {
                "this machine has no such address: write one of its own, such as 127.0.0.1, or 0.0.0.0 for all"
            }
            ErrorKind::PermissionDenied => "this user may not take it: write a port above 1023",
            _ => return anyhow!("`{name}: {address}` cannot be listened on: {error}"),
        };
        anyhow!("`{name}: {address}` cannot be listened on: {why}")
    })
}

/// Builds a checked configuration and serves it until `drain` begins.
pub(super) async fn gate(
    checked: Checked,
    listener: TcpListener,
    scraped: Option<TcpListener>,
    drain: Drain,
) -> anyhow::Result<()> {
    let (places, texts) = (checked.places.clone(), checked.texts.clone());
    let Built { gate, servers, served, body, connections, tls, heartbeat } = checked.build(&Clock::System)?;
    gate.rulebook.load().rules.prepare();
    let reader = CatalogueReader { gate: gate.clone(), servers: servers.clone() };
    // A server that is not up yet is read later; until then its tools are unknown.
    let _ = tokio::time::timeout(FIRST_READING, reader.read_all()).await;
    let catalogue = tokio::spawn(reader.run());
    // What others revoked before this one started; if it cannot be learned now, it is later.
    let _ =
        tokio::time::timeout(FIRST_READING, gate.guard.revocations.learn(gate.clock.unix_seconds())).await;
    let rules = tokio::spawn(watch_rules(gate.clone(), servers, places, texts));
    let reviews = tokio::spawn(watch_reviews(gate.clone()));
    let revocations = tokio::spawn(watch_revocations(gate.clone()));
    let certificates = tls.clone().map(|tls| tokio::spawn(async move { tls.watch().await }));
    let metrics = scraped
        .map(|listener| tokio::spawn(metrics::serve(listener, gate.audit.metrics.clone(), drain.clone())));
    let router = router::router(gate.clone(), served, body, heartbeat);
    listener::serve(listener, router, connections, tls, drain).await;
    catalogue.abort();
    rules.abort();
    reviews.abort();
    revocations.abort();
    for task in certificates.into_iter().chain(metrics) {
        task.abort();
    }
    gate.upstream.shut_down().await;
    Ok(())
}

/// The first signal closes the gate gently, the second at once.
fn on_signals(drain: Drain) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
    // To many a SIGHUP means "read your files again", which the gate does unasked.
    let mut hang_up = signal(SignalKind::hangup()).context("listen for SIGHUP")?;
    tokio::spawn(async move {
        while hang_up.recv().await.is_some() {
            tracing::info!("SIGHUP: rules, policies and certificates are taken again whenever they change");
        }
    });
    let mut next = async move || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    tokio::spawn(async move {
        next().await;
        tracing::info!("the gate is closing: open calls may end");
        drain.begin();
        next().await;
        tracing::warn!("the gate is closing at once");
        drain.end();
    });
    Ok(())
}

pub(super) fn logs(json: bool) {
    let builder = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing::Level::INFO)
        .with_target(false);
    // A second start in one process keeps the first one's logs.
    let _ = if json { builder.json().try_init() } else { builder.with_ansi(false).try_init() };
}
