//! What goes on beside the calls: reading the servers' catalogues, and what others decided.

use crate::catalogue::Definition;
use crate::config::Faults;
use crate::model::denial::Denial;
use crate::model::fault::SourceFault;
use crate::model::ids::ServerName;
use crate::pipeline::Gate;
use crate::redact::rules::Rules;
use crate::upstream::http::{Answer, Outgoing};
use crate::wire::answer::{self, Incoming};
use crate::wire::message::RequestId;
use crate::wire::method::Method;
use crate::wire::revision::{Era, Revision};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const CATALOGUE_EVERY: Duration = Duration::from_secs(60);
/// What reviewers and other replicas decided is looked for.
const VERDICTS_EVERY: Duration = Duration::from_secs(1);
const CATALOGUE_RETRY: Duration = Duration::from_secs(2);
/// MCP 2026-07-28: the error of a server that does not speak the revision asked for.
const UNSUPPORTED_REVISION: i64 = -32_022;
const REVISION_REFUSED: &str = "the server does not speak this revision";
/// Pages of one tools/list.
const MOST_PAGES: usize = 100;

/// Puts the verdicts of reviewers into the journal, which the gate alone may write.
pub async fn watch_reviews(gate: Arc<Gate>) {
    loop {
        gate.audit.verdicts(&gate.reviews).await;
        tokio::time::sleep(VERDICTS_EVERY).await;
    }
}

/// Learns what was revoked at other replicas.
pub async fn watch_revocations(gate: Arc<Gate>) {
    let mut well = true;
    while gate.guard.revocations.is_shared() {
        let learned = gate.guard.revocations.learn(gate.clock.unix_seconds()).await;
        if let (Err(fault), true) = (&learned, well) {
            tracing::error!(fault = fault.0, "what other replicas revoke is not learned");
        }
        if learned.is_ok() && !well {
            tracing::info!("what other replicas revoke is learned again");
        }
        well = learned.is_ok();
        tokio::time::sleep(VERDICTS_EVERY).await;
    }
}

/// Reads servers' tools in the gate's own name.
pub struct CatalogueReader {
    pub gate: Arc<Gate>,
    pub servers: Vec<ServerName>,
}

impl CatalogueReader {
    /// Reads every server once, then again from time to time.
    pub async fn run(self) {
        loop {
            let unread = self.read_all().await;
            tokio::time::sleep(if unread == 0 { CATALOGUE_EVERY } else { CATALOGUE_RETRY }).await;
        }
    }

    /// Reads every server; returns how many could not be read.
    pub async fn read_all(&self) -> usize {
        let mut unread = 0;
        for server in &self.servers {
            match self.read(server).await {
                Ok(changed) if changed.is_empty() => {}
                Ok(changed) => {
                    tracing::error!(%server, tools = ?changed, "tools changed since they were pinned; they are blocked");
                }
                Err(fault) => {
                    unread += 1;
                    tracing::warn!(%server, fault, "read a server's tools");
                }
            }
        }
        unread
    }

    /// Reads one server's tools; returns those that changed since they were pinned.
    ///
    /// # Errors
    /// A word for the log.
    pub async fn read(&self, server: &ServerName) -> Result<Vec<String>, &'static str> {
        // The era is the server's to choose: the modern form first, then the handshake.
        let pinned = self.gate.upstream.pinned(server);
        let modern = match pinned {
            Some(Era::Legacy) => Err("pinned to the legacy era"),
            // Some servers of the legacy era list their tools to anyone; what every server of
            // the modern one has is `server/discover`.
            _ => match self.discover(server).await {
                Ok(()) => self.list(server, Revision::V2026_07_28, None).await,
                Err(why) => Err(why),
            },
        };
        let (tools, era) = match modern {
            Ok(tools) => (tools, Era::Modern),
            Err(why) if pinned == Some(Era::Modern) => return Err(why),
            Err(_) => {
                let session = self.handshake(server).await?;
                let tools = self.list(server, Revision::NEWEST_LEGACY, session.as_deref()).await;
                (tools?, Era::Legacy)
            }
        };
        self.gate.upstream.found(server, era);
        let changed = self.gate.catalogue.take(server, &tools).map_err(|error| {
            tracing::error!(%server, %error, "keep the pins of a server's tools");
            "the pins cannot be kept"
        })?;
        let misfits = misfits(&self.gate, &self.gate.rulebook.load().rules, server);
        if !misfits.is_empty() {
            tracing::error!(%server, "tools are blocked whose rules do not fit their schemas:\n{}", Faults(misfits));
        }
        Ok(changed)
    }

    /// Asks whether the server speaks 2026-07-28. One that refuses in that revision's own
    /// words speaks it, and is asked once more.
    async fn discover(&self, server: &ServerName) -> Result<(), &'static str> {
        let ask = || self.call(server, Method::Discover, Revision::V2026_07_28, None, about());
        match ask().await {
            Err(REVISION_REFUSED) => ask().await.map(drop),
            asked => asked.map(drop),
        }
    }

    async fn list(
        &self,
        server: &ServerName,
        revision: Revision,
        session: Option<&str>,
    ) -> Result<Vec<Value>, &'static str> {
        let (mut tools, mut cursor) = (Vec::new(), Value::Null);
        for _ in 0..MOST_PAGES {
            let mut params = if revision.era() == Era::Modern { about() } else { json!({}) };
            if !cursor.is_null() {
                params["cursor"] = cursor;
            }
            let (result, _) = self.call(server, Method::ToolsList, revision, session, params).await?;
            tools.extend(result.get("tools").and_then(Value::as_array).into_iter().flatten().cloned());
            cursor = result.get("nextCursor").cloned().unwrap_or(Value::Null);
            if cursor.is_null() {
                return Ok(tools);
            }
        }
        Err("too many pages of tools")
    }

    async fn handshake(&self, server: &ServerName) -> Result<Option<String>, &'static str> {
        let revision = Revision::NEWEST_LEGACY;
        let params =
            json!({"protocolVersion": revision.as_str(), "capabilities": {}, "clientInfo": own_name()});
        let (_, session) = self.call(server, Method::Initialize, revision, None, params).await?;
        let body = json!({"jsonrpc": "2.0", "method": Method::Initialized.as_str()});
        self.send(server, Method::Initialized, revision, session.as_deref(), &body).await?;
        Ok(session)
    }

    async fn call(
        &self,
        server: &ServerName,
        method: Method,
        revision: Revision,
        session: Option<&str>,
        params: Value,
    ) -> Result<(Value, Option<String>), &'static str> {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method.as_str(), "params": params});
        let mut answer = self.send(server, method, revision, session, &body).await?;
        let id = RequestId::read(&json!(1));
        while let Some(event) = answer.source.next().await.map_err(|denial| denial.code())? {
            match answer::read(event.data.as_deref().unwrap_or_default()) {
                Ok(Incoming::Result { id: answered, result }) if Some(&answered) == id.as_ref() => {
                    return serde_json::from_str(result.get())
                        .map(|value| (value, answer.session))
                        .map_err(|_| "not JSON");
                }
                Ok(Incoming::Error { error, .. }) if error.code == UNSUPPORTED_REVISION => {
                    return Err(REVISION_REFUSED);
                }
                Ok(Incoming::Error { .. }) => return Err("the server refused"),
                Ok(_) | Err(_) => {}
            }
        }
        Err("the server gave no result")
    }

    async fn send(
        &self,
        server: &ServerName,
        method: Method,
        revision: Revision,
        session: Option<&str>,
        body: &Value,
    ) -> Result<Answer, &'static str> {
        let credential = self.gate.exchange.issuance.own(server, method.as_str()).await?;
        let outgoing = Outgoing {
            method,
            name: None,
            headers: &[],
            resume: None,
            revision,
            session,
            holder: "gate",
            credential: credential.as_ref(),
            body: body.to_string().into_bytes(),
        };
        self.gate.upstream.ask(server, outgoing).await.map_err(|denial: Denial| denial.code())
    }
}

/// The rules that can never fire, by what is known of a server's tools.
pub(super) fn misfits(gate: &Gate, rules: &Rules, server: &ServerName) -> Vec<SourceFault> {
    let tools = gate.catalogue.tools(server).unwrap_or_default();
    let of = |tool: &Arc<Definition>| rules.misfits(server, &tool.name, tool.shape.as_deref(), &tool.input);
    tools.iter().flat_map(of).collect()
}

/// What a request of 2026-07-28 says of its client.
fn about() -> Value {
    json!({"_meta": {
        "io.modelcontextprotocol/protocolVersion": Revision::V2026_07_28.as_str(),
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": own_name(),
    }})
}

fn own_name() -> Value {
    json!({"name": "portcullis", "version": env!("CARGO_PKG_VERSION")})
}
