//! Rules that change while the gate serves: taken whole, or not at all.

use super::upkeep::misfits;
use crate::config::Faults;
use crate::config::rulebook::{Places, Texts};
use crate::model::fault::SourceFault;
use crate::model::ids::ServerName;
use crate::pipeline::Gate;
use crate::redact::rules::Rules;
use std::sync::Arc;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(1);

/// Watches the rule files of a gate before these servers by content, which holds on every kind
/// of volume, and takes a changed set only if a start would. Calls under way keep the set they
/// began with.
pub async fn watch_rules(gate: Arc<Gate>, servers: Vec<ServerName>, places: Places, mut last: Texts) {
    // What cannot be read is said once, however often it is tried.
    let mut said = None;
    loop {
        tokio::time::sleep(EVERY).await;
        let place = places.clone();
        let texts = match tokio::task::spawn_blocking(move || place.read()).await {
            Ok(Ok(texts)) => texts,
            Ok(Err(faults)) => {
                let why = faults.to_string();
                if said.as_ref() != Some(&why) {
                    tracing::error!("rules not read, the last good ones stay:\n{why}");
                }
                said = Some(why);
                continue;
            }
            Err(_) => continue,
        };
        if said.take().is_some() {
            tracing::info!("the rules can be read again");
        }
        if texts == last {
            continue;
        }
        last = texts.clone();
        let load = move || texts.load().inspect(|rulebook| rulebook.rules.prepare());
        match tokio::task::spawn_blocking(load).await {
            Ok(Ok(rulebook)) => match faults(&gate, &servers, &rulebook.rules) {
                faults if faults.is_empty() => {
                    tracing::info!(version = %rulebook.version, "rules taken");
                    rulebook.rules.notes().iter().for_each(|note| tracing::warn!("{note}"));
                    gate.rulebook.store(Arc::new(rulebook));
                }
                faults => tracing::error!("rules not taken, the last good ones stay:\n{}", Faults(faults)),
            },
            Ok(Err(faults)) => tracing::error!("rules not taken, the last good ones stay:\n{faults}"),
            Err(_) => tracing::error!("rules not taken: loading them failed"),
        }
    }
}

/// What a gate before these servers cannot serve by rules that are sound in themselves.
fn faults(gate: &Gate, servers: &[ServerName], rules: &Rules) -> Vec<SourceFault> {
    let bare = servers.iter().filter(|server| rules.server(server).is_none()).map(|server| {
        let message = "there are no tool rules for it any more: without them no tool of it is served";
        SourceFault::whole(server.as_str(), message)
    });
    bare.chain(rules.servers().flat_map(|server| misfits(gate, rules, &server.server))).collect()
}
