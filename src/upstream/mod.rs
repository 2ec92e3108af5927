//! Stage 7: asking the MCP server behind the gate.
//!
//! Invariants: no header of the client reaches an upstream but the mirrored arguments
//! that it must have, and none of an upstream's reaches a client; what comes back stays
//! unread bytes until `release`.

mod backoff;
mod bridge;
pub mod children;
mod connections;
pub mod duplex;
pub mod endpoint;
pub mod event_stream;
mod federated;
pub mod http;
mod process_group;
pub mod source;
pub mod stdio;
mod switchboard;
mod table;
mod turn;

use crate::exchange::{Delegated, Renewal};
use crate::jose::credential::Credential;
use crate::model::call::Call;
use crate::model::denial::Denial;
use crate::model::ids::ServerName;
use crate::model::stage::Stage;
use crate::model::trail::Event;
use crate::net::{HttpClient, Limits};
use crate::request::{Grant, Pending, Request, Stateless};
use crate::wire::message::RequestId;
use crate::wire::method::{Method, Passage};
use crate::wire::outgoing;
use crate::wire::revision::Era;
use ::http::StatusCode;
use bridge::to_legacy::ToLegacy;
use bridge::to_modern::{self, ToModern};
use children::{Bounds, Children};
use connections::{Connections, Kind};
use endpoint::Endpoint;
use http::{Answer, Outgoing};
use source::Source;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use turn::Turn;

/// The servers behind the gate.
pub struct Upstream {
    client: HttpClient,
    servers: HashMap<ServerName, Endpoint>,
    connections: Connections,
    limits: Limits,
    /// The era of each server, where it is configured.
    pinned: HashMap<ServerName, Era>,
    /// The servers that were found to speak a legacy revision only.
    legacy: RwLock<HashSet<ServerName>>,
    to_legacy: Arc<ToLegacy>,
}

/// What an upstream answered, unread. Made only by [`Upstream::forward`].
pub struct Answered {
    pub(crate) request: Request,
    pub(crate) grant: Arc<Grant>,
    /// For a request: what its response is read by.
    pub(crate) pending: Option<Arc<Pending>>,
    pub(crate) source: Source,
    /// The upstream's own session id, where it opened one.
    pub(crate) session: Option<String>,
    /// What its session is to remember for a server that keeps none.
    pub(crate) stateless: Option<Arc<Stateless>>,
    pub(crate) status: StatusCode,
}

impl Upstream {
    pub fn new(
        client: HttpClient,
        servers: HashMap<ServerName, Endpoint>,
        pinned: HashMap<ServerName, Era>,
        limits: Limits,
        children: Bounds,
    ) -> Self {
        let child = |(name, endpoint): (&ServerName, &Endpoint)| match endpoint {
            Endpoint::Child(settings) => Some((name.clone(), settings.clone())),
            Endpoint::StreamableHttp(_) | Endpoint::EventStream(_) | Endpoint::Federation => None,
        };
        let children = Children::new(servers.iter().filter_map(child).collect(), children);
        let streams = Mutex::default();
        let connections = Connections { children, client: client.clone(), limits, streams };
        let (legacy, to_legacy) = (RwLock::default(), Arc::default());
        Self { client, servers, connections, limits, pinned, legacy, to_legacy }
    }

    /// Ends all children, and starts no more.
    pub async fn shut_down(&self) {
        self.connections.children.shut_down().await;
    }

    /// Notes what era a server was found to speak.
    pub fn found(&self, server: &ServerName, era: Era) {
        let mut legacy = self.legacy.write().unwrap_or_else(PoisonError::into_inner);
        if era == Era::Legacy {
            legacy.insert(server.clone());
        } else {
            legacy.remove(server);
        }
    }

    /// # Errors
    /// The `Upstream…` denials, [`Denial::StreamRefused`] where the server has no standing
    /// stream, and [`Denial::SessionUnknown`] when it has lost a session, so that the
    /// client opens a new one.
    pub async fn forward(
        self: &Arc<Self>,
        call: &mut Call,
        delegated: Delegated,
    ) -> Result<Answered, Denial> {
        call.enter(Stage::Upstream);
        let (request, grant, credential, renewal) = delegated.into_parts();
        let grant = Arc::new(grant);
        let mut answered = Answered {
            pending: None,
            source: Source::Nothing,
            session: None,
            stateless: None,
            status: StatusCode::OK,
            request,
            grant,
        };
        match answered.request.method().passage() {
            Passage::Forwarded => {}
            Passage::Answered => return Ok(answered),
            Passage::Opened => return Ok(Answered { source: Source::Silent, ..answered }),
        }
        let (request, grant) = (&answered.request, &answered.grant);
        let pending = pending(request, grant);
        if let (Some(session), Some(pending)) = (&request.session, &pending) {
            session.conversation.opened(pending.clone());
        }
        if let (Some(session), Some(id)) = (&request.session, cancelled(request)) {
            session.conversation.cancel(id);
        }
        // From 2026-07-28 on, hanging up is how a client cancels; before, it says nothing.
        let cancels = request.revision.era() == Era::Modern;
        let turn = self.turn(request, renewal);
        let asked = self.reach(request, grant, credential.as_ref(), turn);
        let (answer, stateless) = tokio::select! {
            answer = asked => answer?,
            () = call.client.left(), if cancels => return Err(Denial::ClientLeft),
        };
        call.trail.add(Event::Answered { status: answer.status.as_u16(), bytes: answer.source.len() });
        judge(request, &answer)?;
        (answered.pending, answered.stateless) = (pending, stateless);
        (answered.source, answered.session, answered.status) = (answer.source, answer.session, answer.status);
        Ok(answered)
    }

    /// Asks in the client's own era where the server speaks it, and over a bridge where
    /// it does not.
    async fn reach(
        &self,
        request: &Request,
        grant: &Grant,
        credential: Option<&Credential>,
        turn: Turn,
    ) -> Result<(Answer, Option<Arc<Stateless>>), Denial> {
        let over = |source| Answer { status: StatusCode::OK, session: None, source };
        if let Some(Endpoint::Federation) = self.servers.get(&request.server) {
            let (source, client) = federated::answer(request, grant)?;
            return Ok((over(source), client));
        }
        if request.revision.era() == Era::Modern && self.is_legacy(&request.server) {
            let source = self.to_legacy.clone().forward(turn, request, grant).await?;
            return Ok((over(source), None));
        }
        if let Some(client) = request.session.as_ref().and_then(|session| session.stateless.clone()) {
            // At a federation one session has members of both eras behind it.
            let source = if self.is_legacy(&request.server) {
                self.to_legacy.clone().within(turn, request, grant, client).await?
            } else {
                ToModern::new(turn, client, grant).forward(request, mirrored(request, grant))?
            };
            return Ok((over(source), None));
        }
        let opens = request.method() == Method::Initialize;
        if opens && self.pinned(&request.server) == Some(Era::Modern) {
            let (source, client) = to_modern::initialize(turn, request, grant).await?;
            return Ok((over(source), Some(client)));
        }
        let answer = self.same_era(request, grant, credential).await?;
        let refused = answer.status.is_client_error()
            && answer.status != StatusCode::UNAUTHORIZED
            && answer.status != StatusCode::FORBIDDEN;
        if opens && refused && !self.is_legacy(&request.server) {
            let (source, client) = to_modern::initialize(turn, request, grant).await?;
            return Ok((over(source), Some(client)));
        }
        Ok((answer, None))
    }

    async fn same_era(
        &self,
        request: &Request,
        grant: &Grant,
        credential: Option<&Credential>,
    ) -> Result<Answer, Denial> {
        let upstream_id = request.answers.as_ref().map(|question| &question.upstream);
        let allows = |feature| grant.messages.allows(feature);
        let headers = mirrored(request, grant);
        let outgoing = Outgoing {
            method: request.method(),
            name: request.message.name(),
            headers: &headers,
            resume: request.message.resume.as_deref(),
            revision: request.revision,
            session: request.session.as_ref().and_then(|session| session.upstream.as_deref()),
            holder: request.principal.lineage.as_str(),
            credential,
            body: outgoing::write(&request.message, request.revision, upstream_id, allows),
        };
        self.ask(&request.server, outgoing).await
    }

    fn turn(self: &Arc<Self>, request: &Request, renewal: Arc<Renewal>) -> Turn {
        let (upstream, server) = (self.clone(), request.server.clone());
        let lineage = request.principal.lineage.clone();
        Turn { upstream, server, lineage, renewal, revision: request.revision, session: None }
    }

    /// The era that a server is configured to have.
    pub fn pinned(&self, server: &ServerName) -> Option<Era> {
        self.pinned.get(server).copied()
    }

    fn is_legacy(&self, server: &ServerName) -> bool {
        if let Some(era) = self.pinned(server) {
            return era == Era::Legacy;
        }
        self.legacy.read().unwrap_or_else(PoisonError::into_inner).contains(server)
    }

    /// Sends one message and takes the head of what comes back.
    ///
    /// # Errors
    /// The `Upstream…` denials.
    pub async fn ask(&self, server: &ServerName, outgoing: Outgoing<'_>) -> Result<Answer, Denial> {
        match self.servers.get(server).ok_or(Denial::UpstreamUnreachable)? {
            Endpoint::StreamableHttp(url) => http::ask(&self.client, url, self.limits, outgoing).await,
            Endpoint::EventStream(url) => {
                self.connections.ask(server, Kind::EventStream(url), outgoing).await
            }
            Endpoint::Child(_) => self.connections.ask(server, Kind::Child, outgoing).await,
            Endpoint::Federation => Err(Denial::UpstreamUnreachable),
        }
    }
}

/// The request that a client cancels.
fn cancelled(request: &Request) -> Option<RequestId> {
    let params = (request.method() == Method::Cancelled).then_some(&request.message.params)?;
    params.get("requestId").and_then(RequestId::read)
}

fn pending(request: &Request, grant: &Arc<Grant>) -> Option<Arc<Pending>> {
    let id = request.message.id.clone().filter(|_| request.method().is_request())?;
    Some(Arc::new(Pending {
        id,
        method: request.method(),
        target: request.target.clone(),
        about: request.about(),
        progress: request.message.progress_token().cloned(),
        scopes: request.principal.scopes.clone(),
        grant: grant.clone(),
    }))
}

/// The headers that mirror arguments: those that the tool's pinned schema names, made anew
/// from the arguments that leave, and those that only the client knows of.
fn mirrored(request: &Request, grant: &Grant) -> Vec<(String, String)> {
    let definition = grant.item.as_ref().and_then(|item| item.definition.as_ref());
    let Some(definition) = definition.filter(|_| request.method() == Method::ToolsCall) else {
        return Vec::new();
    };
    let arguments = request.message.arguments();
    let known = definition
        .mirrored
        .iter()
        .filter_map(|mirrored| mirrored.value(&arguments).map(|value| (mirrored.header.clone(), value)));
    let named = |name: &str| definition.mirrored.iter().any(|mirrored| mirrored.header == name);
    let others = request.message.mirrored.iter().filter(|(name, _)| !named(name)).cloned();
    known.chain(others).collect()
}

fn judge(request: &Request, answer: &Answer) -> Result<(), Denial> {
    let carries = !matches!(answer.source, Source::Nothing);
    match answer.status {
        StatusCode::NOT_FOUND if request.session.is_some() && request.method() != Method::EndSession => {
            Err(Denial::SessionUnknown)
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Err(Denial::UpstreamRefused(answer.status.as_u16()))
        }
        _ if request.method() == Method::EndSession => Ok(()),
        StatusCode::METHOD_NOT_ALLOWED if request.method() == Method::OpenStream => {
            Err(Denial::StreamRefused)
        }
        status if status.is_success() => Ok(()),
        // From 2026-07-28 on an error has a status of its own beside its JSON-RPC code.
        _ if carries && request.method().is_request() && request.revision.era() == Era::Modern => Ok(()),
        _ if carries && request.method().is_request() => Ok(()),
        status => Err(Denial::UpstreamRefused(status.as_u16())),
    }
}
