//! A server of MCP 2024-11-05 over real sockets, and the gate as its client.

use super::{answer, ask, next, notification, progressing, request, within};
use portcullis::jose::credential::Credential;
use portcullis::model::sensitive::Sensitive;
use portcullis::net::{HttpClient, Limits};
use portcullis::upstream::duplex::{Duplex, DuplexFault, Outbound};
use portcullis::upstream::event_stream::connect;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const LIMITS: Limits = Limits { max_bytes: 4096, timeout: Duration::from_secs(5) };

/// What is said on the stream; None breaks it off.
type Said = Option<String>;

/// A request line with its `Authorization`.
type Seen = (String, Option<String>);

#[derive(Clone)]
struct Server {
    url: String,
    stream: mpsc::UnboundedSender<Said>,
    /// In order.
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Begins its stream with these bytes.
    async fn start(beginning: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/sse", listener.local_addr().unwrap());
        let (stream, mut said) = mpsc::unbounded_channel::<Said>();
        let server = Self { url, stream, seen: Arc::default() };
        let (own, beginning) = (server.clone(), beginning.to_owned());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            own.read(&mut stream).await;
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n";
            let _ = stream.write_all(format!("{head}{beginning}").as_bytes()).await;
            tokio::spawn(async move {
                while let Some(Some(text)) = said.recv().await {
                    if stream.write_all(text.as_bytes()).await.is_err() {
                        break;
                    }
                }
            });
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(own.clone().take_post(stream));
            }
        });
        server
    }

    async fn ready() -> Self {
        Self::start(": hello\n\nevent: endpoint\ndata: /messages?session=7\n\n").await
    }

    async fn read(&self, stream: &mut TcpStream) -> Vec<u8> {
        let (mut stream, mut line, mut length) = (BufReader::new(stream), String::new(), 0);
        stream.read_line(&mut line).await.unwrap();
        let (asked, mut authorization) = (line.trim().to_owned(), None);
        loop {
            line.clear();
            stream.read_line(&mut line).await.unwrap();
            let Some((name, value)) = line.trim().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "authorization" => authorization = Some(value.to_owned()),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        self.seen.lock().unwrap().push((asked, authorization));
        body
    }

    async fn take_post(self, mut stream: TcpStream) {
        let message: Value = serde_json::from_slice(&self.read(&mut stream).await).unwrap();
        let (id, params) = (&message["id"], &message["params"]);
        let mut status = "202 Accepted";
        match message["method"].as_str() {
            Some("echo") => self.say(&json!({"jsonrpc": "2.0", "id": id, "result": {"params": params}})),
            Some("plain") => {
                status = "200 OK";
                self.say(&json!({"jsonrpc": "2.0", "id": id, "result": {}}));
            }
            Some("progress") => {
                let token = &params["_meta"]["progressToken"];
                let params = json!({"progressToken": token, "progress": 1});
                self.say(&json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params}));
                self.say(&json!({"jsonrpc": "2.0", "id": id, "result": {}}));
            }
            Some("notifications/cancelled") => {
                self.say(
                    &json!({"jsonrpc": "2.0", "id": params["requestId"], "result": {"cancelled": true}}),
                );
            }
            Some("break") => self.stream.send(None).unwrap(),
            Some("large") => {
                let text = "x".repeat(usize::try_from(params["bytes"].as_u64().unwrap()).unwrap());
                self.stream.send(Some(format!("data: {text}\n\n"))).unwrap();
            }
            Some("refuse") => status = "401 Unauthorized",
            Some("redirect") => status = "307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/",
            Some("hold") => {}
            other => panic!("{other:?}"),
        }
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        stream.write_all(answer.as_bytes()).await.unwrap();
    }

    fn say(&self, message: &Value) {
        let pretty = serde_json::to_string_pretty(message).unwrap().replace('\n', "\r\ndata: ");
        self.stream.send(Some(format!(": ping\r\n\r\nevent: message\r\ndata: {pretty}\r\n\r\n"))).unwrap();
    }

    async fn connect(&self) -> Result<Duplex, DuplexFault> {
        within(connect(&HttpClient::new().unwrap(), &self.url, None, LIMITS)).await
    }

    fn seen(&self) -> Vec<(String, Option<String>)> {
        self.seen.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn messages_are_posted_and_answered_on_the_stream() {
    let server = Server::ready().await;
    let duplex = server.connect().await.unwrap();
    let (first, second) = tokio::join!(
        answer(&duplex, 1, "echo", json!({"x": 1})),
        answer(&duplex, 1, "echo", json!({"x": 2}))
    );
    assert_eq!((first["id"].clone(), first["result"]["params"]["x"].clone()), (json!(1), json!(1)));
    assert_eq!((second["id"].clone(), second["result"]["params"]["x"].clone()), (json!(1), json!(2)));
    assert_eq!(answer(&duplex, "p", "plain", json!({})).await["id"], "p");
    let mut replies = ask(&duplex, 1, "progress", progressing("t")).await;
    assert_eq!(next(&mut replies).await.unwrap()["params"]["progressToken"], "t");
    assert_eq!(next(&mut replies).await.unwrap()["id"], 1);
    let mut held = ask(&duplex, 5, "hold", json!({})).await;
    within(duplex.send(notification("notifications/cancelled", json!({"requestId": 5})))).await.unwrap();
    assert_eq!(next(&mut held).await.unwrap()["result"]["cancelled"], true);
    assert_eq!(server.seen()[1].0, "POST /messages?session=7 HTTP/1.1");
    assert_eq!(duplex.dropped(), 0);
}

#[tokio::test]
async fn each_message_brings_its_own_credential() {
    let server = Server::ready().await;
    let token = |text: &str| {
        let token = Sensitive::new(text.to_owned());
        Some(Credential::new(token, None, portcullis::model::clock::Clock::System))
    };
    let client = HttpClient::new().unwrap();
    let duplex = within(connect(&client, &server.url, token("stream").as_ref(), LIMITS)).await.unwrap();
    for credential in [token("one"), token("two"), None] {
        let outbound = Outbound { credential, ..request(1, "echo", json!({})) };
        let mut replies = within(duplex.request(outbound)).await.unwrap();
        next(&mut replies).await.unwrap();
    }
    let bearers: Vec<Option<String>> = server.seen().into_iter().map(|(_, bearer)| bearer).collect();
    let expected = [Some("Bearer stream"), Some("Bearer one"), Some("Bearer two"), None];
    assert_eq!(bearers, expected.map(|bearer| bearer.map(str::to_owned)));
    let broken = Outbound { credential: token("a\nb"), ..request(1, "echo", json!({})) };
    assert!(matches!(within(duplex.request(broken)).await, Err(DuplexFault::Malformed(_))));
}

#[tokio::test]
async fn an_endpoint_elsewhere_is_refused_and_gets_nothing() {
    let stranger = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = stranger.local_addr().unwrap();
    for endpoint in [format!("http://{address}/messages"), format!("//{address}/m")] {
        let server = Server::start(&format!("event: endpoint\ndata: {endpoint}\n\n")).await;
        assert_eq!(server.connect().await.unwrap_err(), DuplexFault::ForeignEndpoint);
    }
    // One that comes later changes nothing.
    let server = Server::ready().await;
    let duplex = server.connect().await.unwrap();
    server.stream.send(Some(format!("event: endpoint\ndata: http://{address}/m\n\n"))).unwrap();
    answer(&duplex, 1, "echo", json!({})).await;
    answer(&duplex, 1, "echo", json!({})).await;
    let silence = tokio::time::timeout(Duration::from_millis(100), stranger.accept()).await;
    assert!(silence.is_err());
}

#[tokio::test]
async fn a_stream_that_begins_otherwise_is_refused() {
    for beginning in ["data: {}\n\n", "event: message\ndata: /m\n\n"] {
        let server = Server::start(beginning).await;
        assert!(matches!(server.connect().await, Err(DuplexFault::Malformed(_))), "{beginning}");
    }
    let client = HttpClient::new().unwrap();
    let silent = Server::start("").await;
    let limits = Limits { timeout: Duration::from_millis(200), ..LIMITS };
    let late = within(connect(&client, &silent.url, None, limits)).await;
    assert_eq!(late.unwrap_err(), DuplexFault::TimedOut);
    let nobody = connect(&client, "http://127.0.0.1:1/sse", None, LIMITS);
    assert_eq!(within(nobody).await.unwrap_err(), DuplexFault::Unreachable);
}

#[tokio::test]
async fn a_stream_that_breaks_off_fails_all_who_wait() {
    let server = Server::ready().await;
    let duplex = server.connect().await.unwrap();
    let mut held = ask(&duplex, 1, "hold", json!({})).await;
    server.stream.send(Some("event: message\ndata: {\"jsonrpc\"".into())).unwrap();
    let mut last = ask(&duplex, 2, "break", json!({})).await;
    assert_eq!(next(&mut held).await, Err(DuplexFault::Ended));
    assert_eq!(next(&mut last).await, Err(DuplexFault::Ended));
    within(duplex.closed()).await;
    let late = duplex.request(request(3, "echo", json!({}))).await;
    assert_eq!(late.unwrap_err(), DuplexFault::Ended);
}

#[tokio::test]
async fn a_refused_post_fails_its_request_alone() {
    let server = Server::ready().await;
    let duplex = server.connect().await.unwrap();
    let refused = within(duplex.request(request(1, "refuse", json!({})))).await;
    assert_eq!(refused.unwrap_err(), DuplexFault::Refused(401));
    let redirected = within(duplex.request(request(1, "redirect", json!({})))).await;
    assert_eq!(redirected.unwrap_err(), DuplexFault::Refused(307));
    answer(&duplex, 1, "echo", json!({})).await;
}

#[tokio::test]
async fn an_event_one_past_the_bound_ends_the_connection() {
    let server = Server::ready().await;
    let duplex = server.connect().await.unwrap();
    let _fits = ask(&duplex, 1, "large", json!({"bytes": LIMITS.max_bytes})).await;
    answer(&duplex, 2, "echo", json!({})).await;
    assert_eq!(duplex.dropped(), 1);
    let mut large = ask(&duplex, 3, "large", json!({"bytes": LIMITS.max_bytes + 1})).await;
    assert_eq!(next(&mut large).await, Err(DuplexFault::TooLarge));
}

#[tokio::test]
async fn the_stream_ends_with_its_last_holder() {
    let server = Server::ready().await;
    let duplex = server.connect().await.unwrap();
    let replies = ask(&duplex, 1, "hold", json!({})).await;
    drop(duplex);
    assert!(!server.stream.is_closed());
    drop(replies);
    let noticed = async {
        // The server notices when it writes.
        while !server.stream.is_closed() {
            let _ = server.stream.send(Some(": ping\n\n".into()));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    within(noticed).await;
}
