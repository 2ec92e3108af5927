use super::peer::{MAX_MESSAGE_BYTES, settings, stubborn};
use super::{answer, ask, next, notification, progressing, within};
use portcullis::model::sensitive::Sensitive;
use portcullis::upstream::duplex::{Duplex, DuplexFault, HOLD, Outbound};
use portcullis::upstream::stdio::{ChildSettings, spawn};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

fn server() -> Duplex {
    spawn(&settings("server")).unwrap()
}

#[tokio::test]
async fn answers_find_their_requests_in_whatever_order_they_come() {
    let duplex = server();
    let mut first = ask(&duplex, "a", "hold", json!({})).await;
    let mut second = ask(&duplex, 2, "hold", json!({})).await;
    assert_eq!(answer(&duplex, 3, "echo", json!({"x": 1})).await["result"]["params"], json!({"x": 1}));
    answer(&duplex, 4, "release", json!({})).await;
    let (first, second) = (next(&mut first).await.unwrap(), next(&mut second).await.unwrap());
    assert_eq!((&first["id"], &second["id"]), (&json!("a"), &json!(2)));
    assert_ne!(first["result"], second["result"]);
}

#[tokio::test]
async fn equal_ids_of_several_callers_are_told_apart() {
    let duplex = server();
    let mut calls = tokio::task::JoinSet::new();
    for caller in 0..50 {
        let duplex = duplex.of(&caller.to_string());
        calls.spawn(async move { (caller, answer(&duplex, 1, "echo", json!({ "caller": caller })).await) });
    }
    let mut numbers = BTreeSet::new();
    while let Some(call) = within(calls.join_next()).await {
        let (caller, answer) = call.unwrap();
        assert_eq!(answer["id"], 1);
        assert_eq!(answer["result"]["params"]["caller"], caller);
        numbers.insert(answer["result"]["id"].as_u64().unwrap());
    }
    assert_eq!(numbers.len(), 50);
}

#[tokio::test]
async fn a_cancellation_reaches_the_request_of_the_one_who_cancels() {
    let duplex = server();
    answer(&duplex, 1, "echo", json!({})).await;
    let before = duplex.dropped();
    let (anna, ben) = (duplex.of("anna"), duplex.of("ben"));
    let mut annas = ask(&anna, 1, "hold", json!({})).await;
    let mut bens = ask(&ben, 1, "hold", json!({})).await;
    let cancel =
        |id: Value| notification("notifications/cancelled", json!({"requestId": id, "reason": "why"}));
    // Neither a number of the gate's own nor another's id means anything.
    for unknown in [json!(2), json!("1"), json!(null), json!({})] {
        within(anna.send(cancel(unknown))).await.unwrap();
    }
    within(duplex.send(cancel(json!(1)))).await.unwrap();
    within(anna.send(cancel(json!(1)))).await.unwrap();
    let cancelled = next(&mut annas).await.unwrap();
    assert_eq!((&cancelled["id"], &cancelled["result"]["reason"]), (&json!(1), &json!("why")));
    answer(&duplex, 7, "release", json!({})).await;
    assert_eq!(next(&mut bens).await.unwrap()["result"]["reason"], Value::Null);
    // Of the release, Anna's was answered twice; nothing else was ever cancelled.
    assert_eq!(duplex.dropped() - before, 1);
}

#[tokio::test]
async fn equal_progress_tokens_are_told_apart() {
    let duplex = server();
    let mut first = ask(&duplex, 1, "progress", progressing("t")).await;
    let mut second = ask(&duplex, 1, "progress", progressing("t")).await;
    let mut numbered = ask(&duplex, 1, "progress", progressing(1)).await;
    let mut seen = BTreeSet::new();
    for (replies, token) in [(&mut first, json!("t")), (&mut second, json!("t")), (&mut numbered, json!(1))] {
        for done in 0..3 {
            let progress = next(replies).await.unwrap();
            assert_eq!(progress["method"], "notifications/progress");
            assert_eq!(progress["params"]["progressToken"], token);
            assert_eq!(progress["params"]["progress"], done);
        }
        let last = next(replies).await.unwrap();
        assert_eq!(last["id"], 1);
        seen.insert(last["result"]["token"].as_u64().unwrap());
        assert_eq!(replies.recv().await, None);
    }
    assert_eq!(seen.len(), 3);
}

#[tokio::test]
async fn the_server_may_ask_and_is_answered_under_its_own_id() {
    let duplex = server();
    let mut standing = duplex.standing().unwrap();
    answer(&duplex, 1, "ask", json!({})).await;
    let asked: Value = serde_json::from_slice(&within(standing.recv()).await.unwrap()).unwrap();
    assert_eq!((&asked["id"], &asked["method"]), (&json!(1), &json!("roots/list")));
    let response = json!({"jsonrpc": "2.0", "id": 1, "result": {"roots": []}});
    within(duplex.send(response.to_string().into_bytes().into())).await.unwrap();
    let told: Value = serde_json::from_slice(&within(standing.recv()).await.unwrap()).unwrap();
    assert_eq!(told["params"]["data"], response);
}

#[tokio::test]
async fn a_message_with_line_ends_stays_one_message() {
    let duplex = server();
    let body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":{\n\"smuggled\":\r\n{\"jsonrpc\":\"2.0\",\"method\":\"leave\"}\n}}";
    let mut replies = within(duplex.request(Outbound::from(body.as_bytes().to_vec()))).await.unwrap();
    assert_eq!(next(&mut replies).await.unwrap()["result"]["params"]["smuggled"]["method"], "leave");
}

#[tokio::test]
async fn a_crash_fails_all_who_wait_and_what_was_said_before_is_heard() {
    let duplex = server();
    let mut held = ask(&duplex, 1, "hold", json!({})).await;
    let mut other = ask(&duplex, 2, "hold", json!({})).await;
    let mut last = ask(&duplex, 3, "leave after", json!({})).await;
    assert_eq!(next(&mut last).await.unwrap()["id"], 3);
    assert_eq!(next(&mut held).await, Err(DuplexFault::Ended));
    assert_eq!(next(&mut other).await, Err(DuplexFault::Ended));
    assert_eq!(within(held.recv()).await, None);
    within(duplex.closed()).await;
    assert!(duplex.is_closed() && duplex.standing().is_none());
    let late = duplex.request(super::request(4, "echo", json!({}))).await;
    assert_eq!(late.unwrap_err(), DuplexFault::Ended);
}

#[tokio::test]
async fn garbage_is_counted_and_does_no_harm() {
    let duplex = server();
    answer(&duplex, 1, "echo", json!({})).await;
    let before = duplex.dropped();
    answer(&duplex, 2, "garbage", json!({})).await;
    assert_eq!(duplex.dropped() - before, 5);
}

#[tokio::test]
async fn a_line_one_past_the_bound_ends_the_child() {
    let duplex = server();
    let mut fits = ask(&duplex, 1, "line", json!({"bytes": MAX_MESSAGE_BYTES})).await;
    assert!(next(&mut fits).await.is_ok());
    let mut waits = ask(&duplex, 2, "hold", json!({})).await;
    let mut large = ask(&duplex, 3, "line", json!({"bytes": MAX_MESSAGE_BYTES + 1})).await;
    assert_eq!(next(&mut large).await, Err(DuplexFault::TooLarge));
    assert_eq!(next(&mut waits).await, Err(DuplexFault::TooLarge));
    within(duplex.closed()).await;
}

#[tokio::test]
async fn complaints_are_read_away() {
    let duplex = server();
    answer(&duplex, 1, "complain", json!({})).await;
    answer(&duplex, 2, "echo", json!({})).await;
}

#[tokio::test]
async fn the_environment_is_what_was_configured() {
    let mut settings = settings("server");
    settings.environment.insert("TOKEN".into(), Sensitive::new("given".into()));
    settings.folder = Some(env!("CARGO_MANIFEST_DIR").into());
    let duplex = spawn(&settings).unwrap();
    let seen = answer(&duplex, 1, "environment", json!({})).await["result"].clone();
    let names: BTreeSet<&str> = seen["variables"].as_object().unwrap().keys().map(String::as_str).collect();
    assert!(names.is_subset(&BTreeSet::from(["HOME", "PATH", "PEER", "TOKEN"])), "{names:?}");
    assert_eq!(seen["variables"]["TOKEN"], "given");
    assert_eq!(seen["variables"]["PATH"], json!(std::env::var("PATH").unwrap()));
    assert_eq!(seen["folder"], env!("CARGO_MANIFEST_DIR"));
    // There was something to keep from it.
    assert!(std::env::vars().any(|(name, _)| !names.contains(name.as_str())));
}

#[tokio::test]
async fn a_grandchild_ends_with_the_connection() {
    let duplex = server();
    let mut line = offspring(&duplex).await;
    drop(duplex);
    assert_eq!(within(line.read(&mut [0])).await.unwrap_or(0), 0, "the grandchild ended");
}

#[tokio::test]
async fn a_grandchild_ends_with_a_child_that_left_it_behind() {
    let duplex = server();
    let mut line = offspring(&duplex).await;
    let mut waits = ask(&duplex, 1, "hold", json!({})).await;
    let mut leaves = ask(&duplex, 2, "leave", json!({})).await;
    // It also holds the child's output open, which must not keep anyone waiting.
    assert_eq!(next(&mut waits).await, Err(DuplexFault::Ended));
    assert_eq!(next(&mut leaves).await, Err(DuplexFault::Ended));
    assert_eq!(within(line.read(&mut [0])).await.unwrap_or(0), 0, "the grandchild ended");
}

#[test]
fn a_grandchild_ends_with_the_gate() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (duplex, line) = runtime.block_on(async {
        let duplex = server();
        let line = offspring(&duplex).await;
        (duplex, line.into_std().unwrap())
    });
    drop(runtime);
    line.set_nonblocking(false).unwrap();
    line.set_read_timeout(Some(super::SOON)).unwrap();
    // Children of other tests end too, and their signals may interrupt the reading.
    let ended = std::io::Read::read_to_end(&mut &line, &mut Vec::new());
    assert!(ended.as_ref().is_ok_and(|bytes| *bytes == 0), "{ended:?}");
    drop(duplex);
}

/// Lets the child have a child, and returns the line that ends with it.
async fn offspring(duplex: &Duplex) -> tokio::net::TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    answer(duplex, 0, "offspring", json!({"port": listener.local_addr().unwrap().port()})).await;
    let (mut line, _) = within(listener.accept()).await.unwrap();
    assert_eq!(within(line.read(&mut [0])).await.unwrap(), 1);
    line
}

#[tokio::test]
async fn a_slow_reader_fails_alone() {
    let duplex = server();
    let mut slow = ask(&duplex, 1, "progress", flood()).await;
    let began = Instant::now();
    let mut quick = ask(&duplex, 1, "echo", json!({})).await;
    assert_eq!(next(&mut quick).await.unwrap()["id"], 1);
    assert!(began.elapsed() < HOLD + Duration::from_secs(5));
    let mut taken = 0;
    let fault = loop {
        match next(&mut slow).await {
            Ok(_) => taken += 1,
            Err(fault) => break fault,
        }
    };
    assert_eq!(fault, DuplexFault::Unread);
    assert!(taken < 200, "{taken}");
    assert_eq!(answer(&duplex, 2, "echo", json!({})).await["id"], 2);
}

#[tokio::test]
async fn a_child_that_reads_nothing_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let duplex = spawn(&stubborn(listener.local_addr().unwrap().port())).unwrap();
    let large = json!({"data": "x".repeat(1 << 16)});
    let mut sent = 0;
    let fault = loop {
        match within(duplex.send(notification("notifications/progress", large.clone()))).await {
            Ok(()) => sent += 1,
            Err(fault) => break fault,
        }
    };
    assert_eq!(fault, DuplexFault::TimedOut);
    assert!(sent < 100, "{sent}");
}

#[tokio::test]
async fn a_burst_is_no_harm_to_who_reads_it() {
    let duplex = server();
    let mut replies = ask(&duplex, 1, "progress", flood()).await;
    for done in 0..200 {
        assert_eq!(next(&mut replies).await.unwrap()["params"]["progress"], done);
    }
    assert_eq!(next(&mut replies).await.unwrap()["id"], 1);
}

fn flood() -> Value {
    json!({"times": 200, "padding": 10_000, "_meta": {"progressToken": "t"}})
}

#[tokio::test]
async fn a_request_that_is_dropped_is_forgotten() {
    let duplex = server();
    drop(ask(&duplex, 1, "hold", json!({})).await);
    let cancel = notification("notifications/cancelled", json!({"requestId": 1}));
    within(duplex.send(cancel)).await.unwrap();
    let before = duplex.dropped();
    answer(&duplex, 2, "release", json!({})).await;
    assert!(duplex.dropped() > before, "its late answer was dropped");
}

#[tokio::test]
async fn what_cannot_be_started_says_so() {
    let missing = ChildSettings { command: vec!["/nonexistent/server".into()], ..settings("server") };
    assert_eq!(spawn(&missing).unwrap_err(), DuplexFault::Unreachable);
    let nothing = ChildSettings { command: Vec::new(), ..settings("server") };
    assert_eq!(spawn(&nothing).unwrap_err(), DuplexFault::Unreachable);
    let nowhere = ChildSettings { folder: Some("/nonexistent".into()), ..settings("server") };
    assert_eq!(spawn(&nowhere).unwrap_err(), DuplexFault::Unreachable);
}
