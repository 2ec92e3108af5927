//! HTTP+SSE of MCP 2024-11-05, towards older clients: a GET opens a stream, which first
//! names where to post; each posted message answers 202, and its answer comes on the
//! stream.
//!
//! Only the carrying differs. The GET is a call, on record until the stream ends; each
//! message is a call as over Streamable HTTP, with its own token check; and the stream is a
//! session, good for the lineage that opened it. Invariant: a stream carries answers to
//! that lineage's messages alone, since nothing is sent there before the session stage has
//! told that the message is one of the session's.

use crate::audit::{Answer, Reply};
use crate::model::call::{Client, Taken};
use crate::model::ids::SessionId;
use crate::release::Body as Released;
use crate::server::listener::InFlight;
use crate::server::router::{App, Asking, failed};
use crate::server::{reply, stream};
use crate::wire::arrival::{Arrival, Head, HttpMethod, PendingBody, Transport};
use crate::wire::event::{self, Event};
use axum::body::{Body, Bytes};
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Frame;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::mpsc::Sender;
use tokio::sync::{Semaphore, watch};
use tokio::task::AbortHandle;
use url::Url;

/// Messages of one stream whose answers are still to come, or to be read.
const MOST_OPEN: u32 = 64;

const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");

/// The open streams, by session.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Mutex<HashMap<String, Line>>>);

/// One stream, as those see it that write to it.
#[derive(Clone)]
struct Line {
    events: Sender<Bytes>,
    room: Arc<Semaphore>,
    /// What brings what the server says unasked.
    unasked: Arc<OnceLock<AbortHandle>>,
    /// Of the newest message, or of the GET.
    head: Arc<Mutex<Head>>,
}

/// A GET opens a stream, a POST brings a message of one.
pub(super) async fn serve(app: App, mut asking: Asking) -> Response {
    if asking.head.method == HttpMethod::Get {
        return open(app, asking).await;
    }
    let session = named(&asking.head).unwrap_or_default();
    let line = app.lines.lock().get(&session).cloned();
    // Without a stream there is no session that a message could be of.
    let session = line.as_ref().map_or("", |_| session.as_str());
    asking.head.headers.insert(SESSION, header_value(session));
    post(app, asking, line).await
}

/// The session in the query.
fn named(head: &Head) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(head.query.as_deref()?.as_bytes());
    pairs.find(|(name, _)| name == "session").map(|(_, value)| value.into_owned())
}

fn header_value(session: &str) -> HeaderValue {
    HeaderValue::from_str(session).unwrap_or(const { HeaderValue::from_static("") })
}

async fn open(app: App, asking: Asking) -> Response {
    let Asking { mut head, body, in_flight } = asking;
    let arrival = Arrival { head: head.clone(), body: app.pending(body), client: Client::patient() };
    let Ok(sealed) = app.call(arrival, in_flight.clone()).await else { return failed() };
    let mut opened = app.write(sealed, &head.server, in_flight.clone());
    let Some(session) = opened.headers_mut().remove(SESSION) else { return opened };
    let Ok(session) = session.to_str().map(SessionId::new) else { return failed() };
    // The stream's own path, as clients see it.
    let resource = app.gate.identity.resources.identifier(&head.server);
    let Ok(resource) = Url::parse(&resource) else { return failed() };
    let endpoint = format!("{}/sse?session={}", resource.path(), session.as_str());
    let endpoint = Event { name: Some("endpoint".to_owned()), ..Event::message(endpoint.into_bytes()) };
    head.headers.insert(SESSION, header_value(session.as_str()));
    let (events, body) = stream::joined();
    let room = Arc::new(Semaphore::new(MOST_OPEN as usize));
    let line = Line { events, room, unasked: Arc::default(), head: Arc::new(Mutex::new(head)) };
    app.lines.lock().insert(session.as_str().to_owned(), line.clone());
    tokio::spawn(async move {
        if line.say(&endpoint).await {
            line.keep(&app, &session, opened.into_body()).await;
        }
        line.end(&app, &session, in_flight).await;
    });
    reply::streaming(body)
}

async fn post(app: App, asking: Asking, line: Option<Line>) -> Response {
    let Asking { head, body, in_flight } = asking;
    let room = line.as_ref().map(|line| line.room.clone().try_acquire_owned());
    let Ok(room) = room.transpose() else { return reply::crowded() };
    let (taken, mut told) = watch::channel(Taken::NotYet);
    let arrival = Arrival { head: head.clone(), body: app.pending(body), client: Client::telling(taken) };
    let mut call = app.call(arrival, in_flight.clone());
    // A request may ask something of the client before it is answered, and the client may
    // post one message after another: so it is not kept waiting for that answer. What is no
    // request has reached the server before the next message comes.
    let finished = tokio::select! {
        biased;
        Ok(_) = told.wait_for(|taken| *taken == Taken::Request) => None,
        sealed = &mut call => Some(sealed),
    };
    let taken = *told.borrow() != Taken::NotYet;
    let (Some(line), Some(room), true) = (line, room, taken) else {
        // Nobody's session, and so nobody's stream: whoever posts is told.
        return match finished {
            Some(Ok(sealed)) => app.write(sealed, &head.server, in_flight),
            Some(Err(_)) | None => failed(),
        };
    };
    tokio::spawn(async move {
        let sealed = match finished {
            Some(sealed) => sealed,
            None => call.await,
        };
        if let Ok(sealed) = sealed {
            line.answer(&app, sealed, in_flight, head).await;
        }
        drop(room);
    });
    reply::respond(StatusCode::ACCEPTED, "", Vec::new())
}

fn nothing() -> PendingBody {
    Box::pin(std::future::ready(Ok(Bytes::new())))
}

impl Line {
    /// Keeps the session until the stream ends or the gate closes, of which `beats`, the
    /// stream's own body, tells.
    async fn keep(&self, app: &App, session: &SessionId, mut beats: Body) {
        while app.gate.guard.sessions.keep(session, app.gate.clock.now()) {
            let beat = tokio::select! {
                beat = beats.frame() => beat,
                () = self.events.closed() => return,
            };
            let Some(Ok(beat)) = beat.map(|beat| beat.map(Frame::into_data)) else { return };
            if !stream::send(&self.events, beat.unwrap_or_default()).await {
                return;
            }
        }
    }

    /// Takes no more messages, lets open ones be answered, and ends the session, at the
    /// server too.
    async fn end(self, app: &App, session: &SessionId, in_flight: Option<InFlight>) {
        app.lines.lock().remove(session.as_str());
        tokio::select! {
            _ = self.room.acquire_many(MOST_OPEN) => {}
            () = self.events.closed() => {}
        }
        if let Some(unasked) = self.unasked.get() {
            unasked.abort();
        }
        let head = self.own(HttpMethod::Delete);
        drop(self);
        let sessions = &app.gate.guard.sessions;
        if sessions.has_begun(session) {
            let arrival = Arrival { head, body: nothing(), client: Client::patient() };
            let _ = app.call(arrival, in_flight).await;
        }
        // Also where the token has expired meanwhile, and the server was not told.
        sessions.end(session.as_str());
    }

    /// Puts a call's answer on the stream. `head` is that of the call.
    async fn answer(&self, app: &App, sealed: Reply, in_flight: Option<InFlight>, head: Head) {
        *self.newest() = head;
        let (outcome, _, asked) = sealed.into_parts();
        match outcome {
            Ok(Answer::Whole(Released::Json { message, .. })) => {
                self.say(&Event::message(message)).await;
            }
            // The first that has no answer is the notification that the client is ready.
            Ok(Answer::Whole(_)) => {
                let listen = || tokio::spawn(self.clone().listen(app.clone(), in_flight)).abort_handle();
                self.unasked.get_or_init(listen);
            }
            Ok(Answer::Streaming(recorded)) => {
                let body = stream::body(*recorded, asked, app.carriage(in_flight, false));
                stream::pass_on(body, &self.events).await;
            }
            Err(denial) if asked.id.is_some() => {
                self.say(&Event::message(reply::message(&denial, &asked))).await;
            }
            Err(_) => {}
        }
    }

    /// Asks for what the server says unasked, as a client of Streamable HTTP would.
    async fn listen(self, app: App, in_flight: Option<InFlight>) {
        let mut head = self.own(HttpMethod::Get);
        head.headers.insert(header::ACCEPT, HeaderValue::from_static("text/event-stream"));
        let arrival = Arrival { head, body: nothing(), client: Client::patient() };
        let Ok(sealed) = app.call(arrival, in_flight.clone()).await else { return };
        // Many servers have no such stream.
        let (Ok(Answer::Streaming(recorded)), _, asked) = sealed.into_parts() else { return };
        let body = stream::body(*recorded, asked, app.carriage(in_flight, false));
        stream::pass_on(body, &self.events).await;
    }

    /// Of a call that the gate makes for the client of this stream, with the token that it
    /// sent last.
    fn own(&self, method: HttpMethod) -> Head {
        let mut head = self.newest().clone();
        (head.method, head.by, head.query) = (method, Transport::StreamableHttp, None);
        head.again = true;
        head.headers.remove("mcp-protocol-version");
        head.headers.remove("last-event-id");
        head
    }

    async fn say(&self, event: &Event) -> bool {
        let mut bytes = Vec::new();
        event::write(event, &mut bytes);
        stream::send(&self.events, bytes.into()).await
    }

    fn newest(&self) -> MutexGuard<'_, Head> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Line>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
