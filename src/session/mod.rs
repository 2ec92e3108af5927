//! Stage 2: what is asked, and in what standing.
//!
//! Reads the body, binds it to the caller's session and lineage, opens what the gate has
//! sealed for this caller, and keeps the guard: rates, and the kill of a lineage that
//! vacuumed data.
//!
//! Invariants: a killed lineage gets nothing, whatever session or token it brings; a
//! handle (request state, task, cursor, event id) is good for its owner alone.

mod federated;
mod handles;
mod limits;

use crate::catalogue::Catalogue;
use crate::identity::Authenticated;
use crate::model::call::{Asked, Call, Taken};
use crate::model::denial::{Denial, MessageFault};
use crate::model::ids::SessionId;
use crate::model::principal::Principal;
use crate::model::sensitive::Sensitive;
use crate::model::stage::Stage;
use crate::model::trail::Event;
use crate::request::conversation::Question;
use crate::request::{OpenSession, Request, Stated, Target, Task};
use crate::store::lineages::Lineages;
use crate::store::revocations::{Known, Revocations};
use crate::store::seals::Seals;
use crate::store::sessions::Sessions;
use crate::store::tasks::Tasks;
use crate::wire::arrival::{Head, Transport};
use crate::wire::form;
use crate::wire::message::Message;
use crate::wire::method::Method;
use crate::wire::revision::{Era, Revision};
use handles::Opener;
pub use limits::{Limits, Rate};
use serde_json::Value;
use std::sync::Arc;

/// The guard before every request.
pub struct Guard {
    pub limits: Limits,
    pub lineages: Arc<Lineages>,
    pub revocations: Arc<Revocations>,
    pub sessions: Arc<Sessions>,
    pub seals: Arc<Seals>,
    pub tasks: Arc<Tasks>,
    pub catalogue: Arc<Catalogue>,
}

/// A message bound to its caller's session. Made only by [`Guard::bind`].
pub struct Bound {
    request: Request,
    token: Sensitive<String>,
}

impl Guard {
    /// # Errors
    /// [`Denial::TokenRefused`] where a signal has revoked the token, [`Denial::Killed`] and
    /// [`Denial::RateLimited`] before the body is read, then
    /// what is wrong with the message, its session or its handles.
    pub async fn bind(&self, call: &mut Call, authenticated: Authenticated) -> Result<Bound, Denial> {
        call.enter(Stage::Session);
        let (principal, token, arrival) = authenticated.into_parts();
        let lineage = principal.lineage.clone();
        if self.revocations.holds(&Known::of(&principal)) {
            return Err(Denial::TokenRefused("revoked"));
        }
        if let Some(left) = self.lineages.killed(&lineage, call.clock.now()) {
            return Err(Denial::Killed(left));
        }
        self.limits.caller(&lineage)?;
        let body = arrival.body.await.map_err(Denial::MessageMalformed)?;
        let mut message = Message::decode(&arrival.head, &body).inspect_err(|_| {
            call.asked.id = Message::id_of(&body);
            call.asked.modern = declares_modern(&arrival.head);
            call.asked.revision =
                arrival.head.single("mcp-protocol-version").ok().flatten().map(str::to_owned);
        })?;
        let Asked { by_dpop, nonce, .. } = std::mem::take(&mut call.asked);
        call.asked = Asked { by_dpop, nonce, ..asked(&message) };
        let (revision, session) = self.standing(call, &principal, &arrival.head, &message)?;
        call.client.tell(if call.asked.id.is_some() { Taken::Request } else { Taken::Message });
        let answers = question(&message, session.as_ref())?;
        let server = self.addressed(arrival.head.server, &mut message, answers.as_ref(), &lineage)?;
        let stated = Stated::read(&message.params);
        let request = Request {
            principal,
            server,
            message,
            revision,
            session,
            target: None,
            answers,
            tasks: Vec::new(),
            hidden: None,
            resumes: None,
            stated,
        };
        let request = self.opened(request)?;
        call.trail.add(Event::Bound {
            server: request.server.clone(),
            method: request.method().as_str(),
            revision: revision.as_str(),
            tool: request.tool(),
        });
        if let Some(tool) = request.message.tool() {
            self.limits.tool(&lineage, &request.server, tool)?;
        }
        Ok(Bound { request, token })
    }

    /// The revision in force, and the session where the revision has them.
    fn standing(
        &self,
        call: &Call,
        principal: &Principal,
        head: &Head,
        message: &Message,
    ) -> Result<(Revision, Option<OpenSession>), Denial> {
        let not_batched = Denial::MessageMalformed(MessageFault::NotJsonRpc(
            "this message may not come in a batch; batches belong to sessions of 2025-03-26",
        ));
        if head.by == Transport::Batch && message.method == Method::Initialize {
            return Err(not_batched);
        }
        if let Some(revision) = message.revision.filter(|revision| revision.era() == Era::Modern) {
            return if head.by == Transport::EventStream {
                Err(Denial::RevisionUnsupported)
            } else if message.method.is_legacy() {
                Err(Denial::MethodUnknown)
            } else {
                tasks_declared(message).map(|()| (revision, None))
            };
        }
        if message.method == Method::OpenEventStream {
            return Ok((Revision::V2024_11_05, None));
        }
        if message.method == Method::Initialize {
            let asked = message.params.get("protocolVersion").and_then(Value::as_str);
            let known = asked.and_then(Revision::parse).filter(|revision| revision.era() == Era::Legacy);
            // Here the stream has opened the session already.
            let by_stream = head.by == Transport::EventStream;
            let waiting = by_stream.then(|| self.session(call, principal, head, false)).transpose()?;
            let session = waiting.map(|(_, session)| session);
            return Ok((known.unwrap_or(Revision::NEWEST_LEGACY), session));
        }
        if message.method == Method::Discover {
            return Err(Denial::RevisionUnsupported);
        }
        if message.method.is_modern() {
            return Err(Denial::MethodUnknown);
        }
        let (revision, session) = self.session(call, principal, head, true)?;
        if head.by == Transport::Batch && revision != Revision::V2025_03_26 {
            return Err(not_batched);
        }
        if message.revision.is_some_and(|declared| declared != revision) {
            return Err(Denial::RevisionUnsupported);
        }
        Ok((revision, Some(session)))
    }

    /// The session that the head names, if it is this caller's and has begun, or has not.
    fn session(
        &self,
        call: &Call,
        principal: &Principal,
        head: &Head,
        begun: bool,
    ) -> Result<(Revision, OpenSession), Denial> {
        let id = head
            .single("mcp-session-id")
            .map_err(|_| Denial::SessionUnknown)?
            .ok_or(Denial::SessionAbsent)?;
        let found = self.sessions.find(id, &principal.lineage, &head.server, call.clock.now());
        let session = found.filter(|session| session.begun == begun).ok_or(Denial::SessionUnknown)?;
        let open = OpenSession {
            id: SessionId::new(id),
            upstream: session.upstream,
            stateless: session.stateless,
            conversation: session.conversation,
        };
        Ok((session.revision, open))
    }

    /// Opens the handles, keeps of the parameters what their form lists, and finds out what
    /// the message is about.
    fn opened(&self, mut request: Request) -> Result<Request, Denial> {
        let (lineage, server) = (&request.principal.lineage, &request.server);
        request.target = target(&request.message);
        let mut opener = Opener::new(&self.seals, lineage, server, &request.message, request.target.as_ref());
        if let (Some(session), Some(sealed)) = (&request.session, &request.message.resume) {
            let (of, event) = opener.position(session.id.as_str(), sealed)?;
            if of.as_ref().is_some_and(|of| session.conversation.is_cancelled(of)) {
                return Err(Denial::StreamOver);
            }
            (request.resumes, request.message.resume) = (of, Some(event));
        }
        request.message.params = opener.open(&request.message)?;
        if let (Some(question), Some(Value::Object(result))) =
            (&request.answers, request.message.params.get("result"))
        {
            // An answer has the form of what was asked, and of nothing else.
            let answer = form::rebuild(question.asking.answer(), result, &mut opener)?;
            request.message.params.insert("result".to_owned(), Value::Object(answer));
        }
        let known = |task: &str| self.tasks.get(lineage, server, task).ok_or(Denial::HandleUnknown);
        if let Some(task) = request.message.task() {
            let Task { tool, hidden } = known(task)?;
            (request.target, request.hidden) = (Some(Target::Tool(tool)), hidden);
        }
        request.tasks = (request.message.tasks_listened())
            .map(|task| Ok((task.to_owned(), known(task)?)))
            .collect::<Result<_, Denial>>()?;
        Ok(request)
    }
}

/// What a response answers. A response to nothing is refused: it could only be meant
/// for somebody else's question.
fn question(message: &Message, session: Option<&OpenSession>) -> Result<Option<Question>, Denial> {
    if message.method != Method::Response {
        return Ok(None);
    }
    let (Some(id), Some(session)) = (&message.id, session) else { return Err(Denial::AnswerUnexpected) };
    session.conversation.answered(id.as_value()).map(Some).ok_or(Denial::AnswerUnexpected)
}

/// The tasks extension is used only by clients that declare it.
fn tasks_declared(message: &Message) -> Result<(), Denial> {
    let uses = matches!(message.method, Method::TasksGet | Method::TasksCancel | Method::TasksUpdate);
    let declares = || {
        let extensions = message.capabilities.as_ref().and_then(|declared| declared.get("extensions"));
        extensions.is_some_and(|extensions| extensions.get("io.modelcontextprotocol/tasks").is_some())
    };
    if uses && !declares() { Err(Denial::CapabilityMissing) } else { Ok(()) }
}

fn target(message: &Message) -> Option<Target> {
    let text = |pointer: &[&str]| {
        let first = message.params.get(*pointer.first()?)?;
        let value = pointer.iter().skip(1).try_fold(first, |value, name| value.get(*name))?;
        value.as_str().map(str::to_owned)
    };
    match message.method {
        Method::ToolsCall => message.tool().map(|name| Target::Tool(name.to_owned())),
        Method::PromptsGet => text(&["name"]).map(Target::Prompt),
        Method::ResourcesRead
        | Method::ResourcesSubscribe
        | Method::ResourcesUnsubscribe
        | Method::DirectoryRead => text(&["uri"]).map(Target::Resource),
        Method::Complete => match text(&["ref", "type"]).as_deref() {
            Some("ref/prompt") => text(&["ref", "name"]).map(Target::Prompt),
            Some("ref/resource") => text(&["ref", "uri"]).map(Target::Resource),
            _ => None,
        },
        _ => None,
    }
}

fn declares_modern(head: &Head) -> bool {
    head.headers.contains_key("mcp-method")
        || head.single("mcp-protocol-version") == Ok(Some(Revision::V2026_07_28.as_str()))
}

fn asked(message: &Message) -> Asked {
    Asked {
        id: message.id.as_ref().filter(|_| message.method.is_request()).map(|id| id.as_value().clone()),
        modern: message.revision.is_some_and(|revision| revision.era() == Era::Modern),
        calls_tool: message.method == Method::ToolsCall,
        revision: message.revision.map(|revision| revision.as_str().to_owned()),
        ..Asked::default()
    }
}

impl Bound {
    pub fn request(&self) -> &Request {
        &self.request
    }

    pub fn into_parts(self) -> (Request, Sensitive<String>) {
        (self.request, self.token)
    }
}
