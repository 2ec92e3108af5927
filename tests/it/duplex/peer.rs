//! The child of these tests: this very program, run for one ignored test that is a
//! server on its standard input and output.

use portcullis::model::sensitive::Sensitive;
use portcullis::upstream::stdio::ChildSettings;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Says what the child is to be; set for it alone.
const ROLE: &str = "PEER";
/// Where those who show that they live connect to.
const PORT: &str = "PORT";
pub(super) const GRACE: Duration = Duration::from_millis(300);
pub(super) const MAX_MESSAGE_BYTES: usize = 64 << 10;

pub(super) fn settings(role: &str) -> ChildSettings {
    ChildSettings {
        command: command(),
        environment: BTreeMap::from([(ROLE.to_owned(), Sensitive::new(role.to_owned()))]),
        folder: None,
        max_message_bytes: MAX_MESSAGE_BYTES,
        grace: GRACE,
    }
}

/// A child that does not end when asked to, and connects to `port`.
pub(super) fn stubborn(port: u16) -> ChildSettings {
    let mut settings = settings("stubborn");
    settings.environment.insert(PORT.to_owned(), Sensitive::new(port.to_string()));
    settings
}

fn command() -> Vec<String> {
    let program = std::env::current_exe().unwrap().to_str().unwrap().to_owned();
    let only = ["--exact", "duplex::peer::peer", "--ignored", "--nocapture", "--quiet", "--test-threads=1"];
    std::iter::once(program).chain(only.map(str::to_owned)).collect()
}

#[test]
#[ignore = "the other side of the tests beside it"]
fn peer() {
    match std::env::var(ROLE).as_deref() {
        Ok("server") => serve(),
        Ok("stubborn") => stay(),
        Ok("tied") => tied(),
        Ok("broken") => {}
        _ => panic!("this is no test of its own"),
    }
    std::process::exit(3);
}

/// Ends when its input does.
fn serve() {
    // What the test harness wrote may not have ended its line.
    say_bytes(b"\n");
    let mut held = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let message: Value = serde_json::from_str(&line.unwrap()).expect("a message is one line");
        take(&message, &mut held);
    }
}

fn take(message: &Value, held: &mut Vec<Value>) {
    let (id, params) = (&message["id"], &message["params"]);
    match message["method"].as_str() {
        Some("echo") => reply(id, &json!({ "id": id, "params": params })),
        Some("hold") => held.push(id.clone()),
        Some("release") => {
            held.drain(..).rev().for_each(|id| reply(&id, &json!({ "held": id })));
            reply(id, &json!({}));
        }
        Some("notifications/cancelled") => {
            reply(&params["requestId"], &json!({ "reason": params["reason"] }));
        }
        Some("progress") => {
            let token = &params["_meta"]["progressToken"];
            for done in 0..params["times"].as_u64().unwrap() {
                let padding =
                    "x".repeat(params["padding"].as_u64().map_or(0, |bytes| usize::try_from(bytes).unwrap()));
                notify(
                    "notifications/progress",
                    &json!({"progressToken": token, "progress": done, "message": padding}),
                );
            }
            reply(id, &json!({ "token": token }));
        }
        Some("ask") => {
            say(&json!({"jsonrpc": "2.0", "id": 1, "method": "roots/list"}));
            reply(id, &json!({}));
        }
        None => notify("notifications/message", &json!({ "data": message })),
        Some("garbage") => {
            say_bytes(b"Listening...\n\xff\xfe\n\n[1,\n\"text\"\n{\"jsonrpc\":\"2.0\"}\n");
            reply(id, &json!({}));
        }
        Some("line") => {
            let empty = json!({"jsonrpc": "2.0", "id": id, "result": ""}).to_string();
            let bytes = usize::try_from(params["bytes"].as_u64().unwrap()).unwrap();
            reply(id, &json!("x".repeat(bytes - empty.len())));
        }
        Some("complain") => {
            let lines = "patient 4711 not found\n".repeat(100_000);
            std::io::stderr().write_all(lines.as_bytes()).unwrap();
            reply(id, &json!({}));
        }
        Some("environment") => {
            let all: BTreeMap<String, String> = std::env::vars().collect();
            reply(id, &json!({"variables": all, "folder": std::env::current_dir().unwrap()}));
        }
        Some("offspring") => {
            let mut child = Command::new(&command()[0]);
            child.args(&command()[1..]).env(ROLE, "tied").env(PORT, params["port"].to_string());
            let mut child = child.stdin(Stdio::null()).stdout(Stdio::inherit()).spawn().unwrap();
            std::thread::spawn(move || child.wait());
            reply(id, &json!({}));
        }
        Some("leave") => std::process::exit(0),
        Some("leave after") => {
            reply(id, &json!({}));
            std::process::exit(0);
        }
        Some(other) => panic!("{other}"),
    }
}

/// Stays when its input ends, and when it is asked to end.
fn stay() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut asked = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap();
        let _line = line();
        loop {
            asked.recv().await;
        }
    });
}

/// A grandchild: lives as long as its line to the test does, which ends with it.
fn tied() {
    let _ = line().read(&mut [0]);
}

/// A connection to the test, by which it knows that the process lives.
fn line() -> TcpStream {
    let port = std::env::var(PORT).unwrap().parse().unwrap();
    let mut line = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    line.write_all(b"!").unwrap();
    line
}

fn reply(id: &Value, result: &Value) {
    say(&json!({"jsonrpc": "2.0", "id": id, "result": result}));
}

fn notify(method: &str, params: &Value) {
    say(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
}

fn say(message: &Value) {
    say_bytes(format!("{message}\n").as_bytes());
}

fn say_bytes(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).unwrap();
}
