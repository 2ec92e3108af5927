//! The server and the pass-through, each a process of its own.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::io::{BufRead, BufReader};
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};

/// Which process this is.
pub(super) const ROLE: &str = "BENCH_STREAMS_ROLE";
const TARGET: &str = "BENCH_STREAMS_TARGET";

type Body = BoxBody<Bytes, hyper::Error>;

/// One of them, running. Ends with the value.
pub(super) struct Peer {
    pub(super) address: String,
    child: Child,
}

impl Peer {
    pub(super) fn start(role: &str, target: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(ROLE, role)
            .env(TARGET, target)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { address: address.trim().to_owned(), child }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Lets all open streams speak.
    pub(super) async fn go(&self) {
        self.get("/go").await;
    }

    /// Waits until so many streams are open.
    pub(super) async fn wait_for(&self, streams: usize) {
        for _ in 0..2_000 {
            if self.get("/open").await == streams.to_string() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{streams} streams were expected, {} are open", self.get("/open").await);
    }

    async fn get(&self, path: &str) -> String {
        let client = Client::builder(TokioExecutor::new()).build::<_, Full<Bytes>>(HttpConnector::new());
        let answer = client.get(format!("http://{}{path}", self.address).parse().unwrap()).await.unwrap();
        String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a process has used.
#[derive(Clone, Copy, Default)]
pub(super) struct Usage {
    /// Kilobytes.
    pub(super) resident: f64,
    /// Kilobytes.
    pub(super) peak: f64,
    pub(super) cpu: Duration,
}

pub(super) fn usage(process: u32) -> Usage {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let kilobytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap()
    };
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // After the command's name: user and system time are the 12th and 13th, in hundredths.
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Usage { resident: kilobytes("VmRSS:"), peak: kilobytes("VmHWM:"), cpu: Duration::from_millis(10 * ticks) }
}

pub(super) async fn run(role: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    let feed = Arc::new(Feed::default());
    let target: Arc<str> = std::env::var(TARGET).unwrap().into();
    let client = Client::builder(TokioExecutor::new()).build::<_, Incoming>(HttpConnector::new());
    let passes = role == "pass-through";
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (feed, target, client) = (feed.clone(), target.clone(), client.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let (feed, target, client) = (feed.clone(), target.clone(), client.clone());
            async move {
                if passes { pass(&client, &target, request).await } else { Ok(feed.answer(request).await) }
            }
        });
        tokio::spawn(async move {
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// Hands a request on and its answer back, unread.
async fn pass(
    client: &Client<HttpConnector, Incoming>,
    target: &str,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, hyper_util::client::legacy::Error> {
    *request.uri_mut() = format!("http://{target}{}", request.uri().path()).parse().unwrap();
    client.request(request).await.map(|answer| answer.map(Incoming::boxed))
}

/// An MCP server whose one tool says what it is doing.
#[derive(Default)]
struct Feed {
    open: AtomicUsize,
    go: Notify,
}

impl Feed {
    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Response<Body> {
        match request.uri().path() {
            "/go" => self.go.notify_waiters(),
            "/open" => return whole(self.open.load(Ordering::SeqCst).to_string()),
            _ => {
                let body = request.into_body().collect().await.unwrap().to_bytes();
                let message: Value = serde_json::from_slice(&body).unwrap();
                let result = match message["method"].as_str() {
                    Some("server/discover") => {
                        json!({"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, "resultType": "complete"})
                    }
                    Some("tools/list") => {
                        json!({"tools": [{"name": "watch", "inputSchema": {"type": "object"}}], "resultType": "complete"})
                    }
                    _ => return self.stream(message),
                };
                return whole(json!({"jsonrpc": "2.0", "id": message["id"], "result": result}).to_string());
            }
        }
        whole("ok".into())
    }

    fn stream(self: Arc<Self>, message: Value) -> Response<Body> {
        let (sender, receiver) = mpsc::channel::<Bytes>(1);
        tokio::spawn(async move {
            let go = self.go.notified();
            let events = message["params"]["arguments"]["events"].as_u64().unwrap();
            self.open.fetch_add(1, Ordering::SeqCst);
            go.await;
            for number in 0..events {
                let note = format!(
                    "Row {number} of the register: member {number}, SSN 536-90-4399, seen in clinic and stable; \
                    the next visit is due, the pharmacy has the order and the desk has called twice about it."
                );
                let params =
                    json!({"progressToken": "p", "progress": number, "total": events, "message": note});
                let event = json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params});
                if sender.send(format!("data: {event}\n\n").into()).await.is_err() {
                    break;
                }
            }
            let content = json!([{"type": "text", "text": "done"}]);
            let last = json!({"jsonrpc": "2.0", "id": message["id"], "result": {"content": content, "resultType": "complete"}});
            let _ = sender.send(format!("data: {last}\n\n").into()).await;
            self.open.fetch_sub(1, Ordering::SeqCst);
        });
        let body = Said(receiver).map_err(|never: Infallible| match never {}).boxed();
        Response::builder().header("content-type", "text/event-stream").body(body).unwrap()
    }
}

/// An answer's events as they are said.
struct Said(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Said {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|next| next.map(|bytes| Ok(Frame::data(bytes))))
    }
}

fn whole(text: String) -> Response<Body> {
    let body = Full::new(Bytes::from(text)).map_err(|never: Infallible| match never {}).boxed();
    Response::builder().header("content-type", "application/json").body(body).unwrap()
}
